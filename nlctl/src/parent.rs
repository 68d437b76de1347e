// SPDX-License-Identifier: MIT OR Apache-2.0

//! Requests about parents.

use crate::connection::Handle;
use crate::generated::{Parent, ParentAttr};
use crate::id::Id;
use crate::request::{Dump, Get};

/// Requests about parents: the devices that subdevs are carved from.
#[derive(Debug, Clone)]
pub struct ParentHandle(Handle);

impl ParentHandle {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }

    /// Gets one parent.
    pub fn get(&self, id: impl Into<Id>) -> Get<Parent> {
        let id = match id.into() {
            Id::Index(index) => ParentAttr::Index(index),
            Id::Name(name) | Id::Uuid(name) => ParentAttr::Name(name),
        };
        Get::new(self.0.clone(), vec![id])
    }

    /// Gets all parents.
    pub fn dump(&self) -> Dump<Parent> {
        Dump::new(self.0.clone())
    }
}
