// SPDX-License-Identifier: MIT OR Apache-2.0

//! Requests about types.

use crate::connection::Handle;
use crate::generated::{Type, TypeAttr};
use crate::id::ParentRef;
use crate::parent::OnParent;
use crate::request::{Dump, Get};

/// Requests about types: what could be created on a parent.
#[derive(Debug, Clone)]
pub struct TypeHandle(Handle);

impl TypeHandle {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }

    /// Gets the type `name`; without a parent, of the only one, which is asked
    /// for first.
    pub fn get(&self, name: impl Into<String>) -> Get<Type> {
        Get::new(self.0.clone(), vec![TypeAttr::Name(name.into())]).on(on_parent(None))
    }

    /// Gets the catalogues of all parents.
    pub fn dump(&self) -> Dump<Type> {
        Dump::new(self.0.clone())
    }
}

impl Get<Type> {
    /// The type of that name on that parent.
    pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
        self.on(on_parent(Some(parent.into())))
    }
}

impl Dump<Type> {
    /// Only the catalogue of that parent.
    pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
        self.on(on_parent(Some(parent.into())))
    }
}

fn on_parent(named: Option<ParentRef>) -> OnParent<TypeAttr> {
    OnParent::new(named, TypeAttr::ParentIndex, TypeAttr::Parent)
}
