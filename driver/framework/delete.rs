// SPDX-License-Identifier: GPL-2.0

//! Deleting a subdev: dead to its user first, then gone.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    events::{
        self,
        Kind,
        Origin, //
    },
    handover::wait_until_detached,
    identity::Snapshot,
    node::{
        Config,
        Node, //
    },
    refusal::Refusal,
    registry::REGISTRY,
    request::Id,
    subdev::Subdev, //
};

/// Deletes the subdev that `id` names; `force` although a VFIO user has it open.
///
/// On return the work queues are free for others. A VFIO device that somebody has open is dead
/// and goes away when it is closed. `reply` gets the subdev as it was last, and the generation that
/// shows it gone.
pub(crate) fn delete(
    id: Id<'_>,
    force: bool,
    origin: Origin,
    reply: impl FnOnce(&Snapshot<'_>, u64),
) -> Result<(), Refusal> {
    let (node, subdev) = {
        let mut registry = REGISTRY.lock();
        let registry = registry.get()?;
        let subdev = registry.find(id)?.clone();
        let parent = registry
            .parents
            .get(&subdev.identity().parent_index)
            .ok_or(ENODEV)?;
        let node = parent.node.clone();
        subdev
            .begin_removal(force)
            .map_err(|conflict| Refusal::new(EBUSY, id.field(), format_args!("{conflict}")))?;
        (node, subdev)
    };
    // Somebody else may have removed it at the same time, with its parent.
    let (generation, last) =
        remove(&node, &subdev, origin).unwrap_or_else(|| (events::generation(), subdev.snapshot()));
    reply(&last, generation);
    Ok(())
}

/// Removes a subdev that is dead, and takes it back from VFIO, for which it waits a moment if nobody
/// has it open. Returns what [`Subdev::retire`] does.
pub(super) fn remove<'a>(
    node: &Node,
    subdev: &'a Arc<Subdev>,
    origin: Origin,
) -> Option<(u64, Snapshot<'a>)> {
    let last = end(node, subdev, origin);
    subdev.let_go();
    wait_until_detached(core::slice::from_ref(subdev));
    last
}

/// As [`remove`], and leaves it to others to take the subdev back from VFIO.
pub(super) fn end<'a>(
    node: &Node,
    subdev: &'a Arc<Subdev>,
    origin: Origin,
) -> Option<(u64, Snapshot<'a>)> {
    subdev.doom();
    subdev.retire(&mut node.config.lock(), origin)
}

/// Removes subdevs of a parent that are dead, as [`remove`] does one.
pub(super) fn remove_all(node: &Node, subdevs: &[Arc<Subdev>], origin: Origin) {
    for subdev in subdevs {
        subdev.doom();
    }
    {
        let mut config = node.config.lock();
        for subdev in subdevs {
            subdev.retire(&mut config, origin);
        }
    }
    for subdev in subdevs {
        subdev.let_go();
    }
    wait_until_detached(subdevs);
}

impl Subdev {
    /// Takes a subdev that is dead off the hardware and out of the registry. Nothing is done if
    /// somebody else has done so. Returns the number of its event, and what that showed.
    pub(super) fn retire(
        self: &Arc<Self>,
        config: &mut Config,
        origin: Origin,
    ) -> Option<(u64, Snapshot<'_>)> {
        let index = self.identity().index;
        let present = REGISTRY
            .lock()
            .get()
            .is_ok_and(|registry| registry.subdevs.get(&index).is_some());
        if !present {
            return None;
        }
        self.disengage(config);
        let mut last = None;
        if let Ok(registry) = REGISTRY.lock().get() {
            let wqs = self.settings().wqs;
            for share in wqs.as_slice() {
                registry.leave_wq(self, share);
            }
            registry.remove(self);
            last = self.report(Kind::Deleted, origin);
            for share in wqs.as_slice() {
                registry.tell_wq(self.identity().parent_index, share.id, origin);
            }
        }
        // Nothing more becomes due for a subdev that nobody knows of.
        self.flush_report();
        if self.is_detached() {
            self.drop_function();
        }
        self.presence.leave();
        last
    }
}
