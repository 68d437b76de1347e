// SPDX-License-Identifier: MIT OR Apache-2.0

//! Requests about work queues.

use crate::connection::Handle;
use crate::generated::{Wq, WqAttr};
use crate::id::WqRef;
use crate::request::{Dump, Get};

/// Requests about hardware work queues.
#[derive(Debug, Clone)]
pub struct WqHandle(Handle);

impl WqHandle {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }

    /// Gets one work queue.
    pub fn get(&self, queue: impl Into<WqRef>) -> Get<Wq> {
        let queue = queue.into();
        let parent = queue.parent.map(WqAttr::Parent);
        let id = WqAttr::Id(queue.id);
        Get::new(self.0.clone(), parent.into_iter().chain([id]).collect())
    }

    /// Gets the work queues of all parents.
    pub fn dump(&self) -> Dump<Wq> {
        Dump::new(self.0.clone())
    }
}

impl Dump<Wq> {
    /// Only the work queues of the parent of that name.
    pub fn parent(mut self, name: impl Into<String>) -> Self {
        self.attributes.push(WqAttr::Parent(name.into()));
        self
    }
}
