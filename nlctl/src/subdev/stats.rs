// SPDX-License-Identifier: MIT OR Apache-2.0

//! Statistics of subdevs.

use super::SubdevHandle;
use crate::generated::{SubdevStats, SubdevStatsAttr, SubdevWqAttr};
use crate::id::{Id, ParentRef};
use crate::parent::OnParent;
use crate::request::{Dump, Get};

impl SubdevHandle {
    /// Gets the statistics of one subdev.
    pub fn stats(&self, id: impl Into<Id>) -> Get<SubdevStats> {
        let attribute = match id.into() {
            Id::Index(index) => SubdevStatsAttr::Index(index),
            Id::Name(name) => SubdevStatsAttr::Name(name),
            Id::Uuid(uuid) => SubdevStatsAttr::Uuid(uuid),
        };
        Get::new(self.0.clone(), vec![attribute])
    }

    /// Gets the statistics of the subdevs of all parents.
    pub fn dump_stats(&self) -> Dump<SubdevStats> {
        Dump::new(self.0.clone())
    }
}

impl Dump<SubdevStats> {
    /// Only those of the subdevs of that parent.
    pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
        self.on(OnParent::new(
            Some(parent.into()),
            SubdevStatsAttr::ParentIndex,
            SubdevStatsAttr::Parent,
        ))
    }

    /// Only those of subdevs that use the work queue of that number; said more
    /// than once, one of those.
    pub fn wq(mut self, id: u32) -> Self {
        let wq = SubdevStatsAttr::Wq(vec![SubdevWqAttr::Id(id)]);
        self.attributes.push(wq);
        self
    }
}
