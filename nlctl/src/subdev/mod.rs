// SPDX-License-Identifier: MIT OR Apache-2.0

//! Requests about subdevs.

mod add;
mod del;

pub use add::Add;
pub use del::Del;

use crate::connection::Handle;
use crate::generated::{Subdev, SubdevAttr};
use crate::id::Id;
use crate::request::{Dump, Get};

/// Requests about subdevs: the virtual devices.
#[derive(Debug, Clone)]
pub struct SubdevHandle(Handle);

impl SubdevHandle {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }

    /// Creates a subdev; needs a work queue or a type.
    pub fn add(&self) -> Add {
        Add::new(self.0.clone())
    }

    /// Deletes a subdev.
    pub fn del(&self, id: impl Into<Id>) -> Del {
        Del::new(self.0.clone(), attribute(id.into()))
    }

    /// Gets one subdev.
    pub fn get(&self, id: impl Into<Id>) -> Get<Subdev> {
        Get::new(self.0.clone(), vec![attribute(id.into())])
    }

    /// Gets the subdevs of all parents.
    pub fn dump(&self) -> Dump<Subdev> {
        Dump::new(self.0.clone())
    }
}

fn attribute(id: Id) -> SubdevAttr {
    match id {
        Id::Index(index) => SubdevAttr::Index(index),
        Id::Name(name) => SubdevAttr::Name(name),
        Id::Uuid(uuid) => SubdevAttr::Uuid(uuid),
    }
}

impl Dump<Subdev> {
    /// Only the subdevs of the parent of that name.
    pub fn parent(mut self, name: impl Into<String>) -> Self {
        self.attributes.push(SubdevAttr::Parent(name.into()));
        self
    }
}
