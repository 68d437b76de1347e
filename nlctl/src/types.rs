// SPDX-License-Identifier: MIT OR Apache-2.0

//! Requests about types.

use crate::connection::Handle;
use crate::generated::{Type, TypeAttr};
use crate::request::{Dump, Get};

/// Requests about types: what could be created on a parent.
#[derive(Debug, Clone)]
pub struct TypeHandle(Handle);

impl TypeHandle {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }

    /// Gets the type `name` of the only parent.
    pub fn get(&self, name: impl Into<String>) -> Get<Type> {
        Get::new(self.0.clone(), vec![TypeAttr::Name(name.into())])
    }

    /// Gets the catalogues of all parents.
    pub fn dump(&self) -> Dump<Type> {
        Dump::new(self.0.clone())
    }
}

impl Get<Type> {
    /// The type of that name on the parent of that name.
    pub fn parent(mut self, name: impl Into<String>) -> Self {
        self.attributes.push(TypeAttr::Parent(name.into()));
        self
    }
}

impl Dump<Type> {
    /// Only the catalogue of the parent of that name.
    pub fn parent(mut self, name: impl Into<String>) -> Self {
        self.attributes.push(TypeAttr::Parent(name.into()));
        self
    }
}
