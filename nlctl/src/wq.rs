// SPDX-License-Identifier: MIT OR Apache-2.0

//! Requests about work queues.

mod set;

use crate::connection::Handle;
use crate::generated::{Wq, WqAttr, WqStats, WqStatsAttr};
use crate::id::{ParentRef, WqRef};
use crate::parent::OnParent;
use crate::request::{Dump, Get};

pub use self::set::WqSet;

/// Requests about hardware work queues.
#[derive(Debug, Clone)]
pub struct WqHandle(Handle);

impl WqHandle {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }

    /// Gets one work queue; without a parent, that of the only one, which is
    /// asked for first.
    pub fn get(&self, queue: impl Into<WqRef>) -> Get<Wq> {
        let queue = queue.into();
        Get::new(self.0.clone(), vec![WqAttr::Id(queue.id)]).on(on_parent(queue.parent))
    }

    /// Configures one work queue; without a parent, that of the only one, which
    /// is asked for first.
    pub fn set(&self, queue: impl Into<WqRef>) -> WqSet {
        let queue = queue.into();
        WqSet::new(self.0.clone(), queue.id, on_parent(queue.parent))
    }

    /// Gets the work queues of all parents.
    pub fn dump(&self) -> Dump<Wq> {
        Dump::new(self.0.clone())
    }

    /// Gets the statistics of one work queue; without a parent, of that of the
    /// only one, which is asked for first.
    pub fn stats(&self, queue: impl Into<WqRef>) -> Get<WqStats> {
        let queue = queue.into();
        Get::new(self.0.clone(), vec![WqStatsAttr::Id(queue.id)]).on(stats_on_parent(queue.parent))
    }

    /// Gets the statistics of the work queues of all parents.
    pub fn dump_stats(&self) -> Dump<WqStats> {
        Dump::new(self.0.clone())
    }
}

impl Dump<Wq> {
    /// Only the work queues of that parent.
    pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
        self.on(on_parent(Some(parent.into())))
    }
}

impl Dump<WqStats> {
    /// Only those of the work queues of that parent.
    pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
        self.on(stats_on_parent(Some(parent.into())))
    }
}

fn stats_on_parent(named: Option<ParentRef>) -> OnParent<WqStatsAttr> {
    OnParent::new(named, WqStatsAttr::ParentIndex, WqStatsAttr::Parent)
}

fn on_parent(named: Option<ParentRef>) -> OnParent<WqAttr> {
    OnParent::new(named, WqAttr::ParentIndex, WqAttr::Parent)
}
