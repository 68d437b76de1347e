// SPDX-License-Identifier: GPL-2.0

//! Parents and work queues as they are shown.

use kernel::{
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNode, //
    },
    sync::Arc, //
};

use super::{
    node::Node,
    provider::{
        Description,
        Parent,
        ParentState,
        WorkQueue,
        WqChange,
        WqDescription, //
    },
    stats::Stats,
    vendor::Visitor, //
};
use crate::subdev_core::share::{
    PasidMode,
    Share, //
};

/// A work queue of a parent.
pub(super) struct WqEntry {
    pub(super) wq: Arc<dyn WorkQueue>,
    /// Who has how much of it.
    pub(super) share: Share,
    /// Indexes of the subdevs on it.
    pub(super) subdevs: RBTree<u32, ()>,
    /// Number of active subdevs on it, for which the hardware has it enabled; changed under the
    /// parent's configuration lock as well.
    pub(super) active: u32,
    /// Of all virtual work queues that are, or were, on it.
    pub(super) stats: Arc<Stats>,
    /// Whether the hardware has it enabled for subdevs; changed under the parent's configuration
    /// lock as well.
    pub(super) enabled: bool,
    /// Whether userspace was told that it is enabled.
    pub(super) told: bool,
    /// It is going: no further subdev may use it.
    pub(super) removing: bool,
}

impl WqEntry {
    /// A work queue that no subdev uses.
    pub(super) fn node(wq: Arc<dyn WorkQueue>) -> Result<RBTreeNode<u32, Self>> {
        let id = wq.id();
        let size = wq.describe().size;
        let entry = Self {
            wq,
            share: Share::new(size),
            subdevs: RBTree::new(),
            active: 0,
            stats: Stats::new()?,
            enabled: false,
            told: false,
            removing: false,
        };
        RBTreeNode::new(id, entry, GFP_KERNEL)
    }
}

/// A parent as it is now.
pub(crate) struct ParentView {
    pub(super) node: Arc<Node>,
    pub(crate) state: ParentState,
    pub(crate) wqs: u32,
    pub(crate) subdevs: u32,
}

impl ParentView {
    pub(crate) fn index(&self) -> u32 {
        self.node.index
    }

    pub(crate) fn name(&self) -> &str {
        self.node.name.as_str()
    }

    /// Name of the device on its bus.
    pub(crate) fn device(&self) -> Result<&str> {
        self.node.device_name()
    }

    pub(crate) fn description(&self) -> &Description {
        &self.node.description
    }

    pub(crate) fn provider(&self) -> &dyn Parent {
        &*self.node.provider
    }
}

/// The statistics of a parent, and which one it is.
pub(crate) struct ParentStats(pub(super) Arc<Node>);

impl ParentStats {
    pub(crate) fn index(&self) -> u32 {
        self.0.index
    }

    pub(crate) fn name(&self) -> &str {
        self.0.name.as_str()
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.0.stats
    }
}

/// A work queue as it is now, or as it would be after a change.
pub(crate) struct WqView<'a> {
    parent: &'a Node,
    entry: &'a WqEntry,
    planned: Option<&'a WqChange<'a>>,
    pub(crate) id: u32,
    pub(crate) description: WqDescription,
}

impl<'a> WqView<'a> {
    pub(super) fn new(parent: &'a Node, id: u32, entry: &'a WqEntry) -> Self {
        Self {
            parent,
            entry,
            planned: None,
            id,
            description: entry.wq.describe(),
        }
    }

    /// As it would be after a change that it accepts.
    pub(super) fn after(self, change: &'a WqChange<'a>) -> Self {
        let description = WqDescription {
            size: change.size.unwrap_or(self.description.size),
            mode: change.mode.unwrap_or(self.description.mode),
            ..self.description
        };
        Self {
            planned: Some(change),
            description,
            ..self
        }
    }

    pub(crate) fn parent_index(&self) -> u32 {
        self.parent.index
    }

    pub(crate) fn parent(&self) -> &str {
        self.parent.name.as_str()
    }

    pub(crate) fn vendor(&self) -> &'static str {
        self.parent.description.vendor
    }

    /// Reports what only the vendor's work queues have.
    pub(crate) fn attributes(&self, visitor: &mut dyn Visitor) -> Result {
        self.entry.wq.attributes(self.planned, visitor)
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.entry.stats
    }

    /// PASID mode of the subdevs on it, if there are any.
    pub(crate) fn pasid_mode(&self) -> Option<PasidMode> {
        self.entry.share.mode()
    }

    /// Entries that further subdevs could have.
    pub(crate) fn available(&self) -> u32 {
        if self.planned.is_some() {
            let mut share = self.entry.share;
            // It is at least what subdevs have.
            let resized = share.set_size(self.description.size);
            return if resized { share.available() } else { 0 };
        }
        match self.entry.wq.check() {
            Ok(()) => self.entry.share.available(),
            Err(_) => 0,
        }
    }

    /// Number of subdevs on it.
    pub(crate) fn count(&self) -> u32 {
        self.entry.share.users()
    }

    /// Indexes of the subdevs on it, in order.
    pub(crate) fn subdevs(&self) -> impl Iterator<Item = u32> + '_ {
        self.entry.subdevs.keys().copied()
    }
}
