// SPDX-License-Identifier: GPL-2.0

//! Deleting a subdev: dead to its user first, then gone.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    attach::Attachment,
    events,
    registry::{
        Id,
        Registry,
        REGISTRY, //
    },
    Field,
    Kind,
    Refusal, //
};

/// What is left to do for a subdev that is no longer in the registry.
pub(super) struct Leftover {
    attachment: Option<Arc<Attachment>>,
    open: bool,
}

/// Deletes the subdev that `id` names; `force` although a VFIO user has it open.
///
/// On return the work queues are free for others. A VFIO device that somebody has open is dead
/// and goes away when it is closed.
pub(crate) fn delete(id: Id<'_>, force: bool) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let at = registry.find(id)?;
    let field = match id {
        Id::Index(_) => Field::Index,
        Id::Name(_) => Field::Name,
        Id::Uuid(_) => Field::Uuid,
    };
    let leftover = registry.remove(at, force).ok_or_else(|| {
        Refusal::new(
            EBUSY,
            field,
            format_args!("a VFIO user has the subdev open; close it, or delete with force"),
        )
    })?;
    registry.detach(&leftover);
    drop(registry);
    leftover.wait();
    Ok(())
}

impl Leftover {
    /// Waits until the VFIO device is gone, unless somebody has it open. Not to be called with the
    /// registry's lock held.
    pub(super) fn wait(&self) {
        if let Some(attachment) = self.attachment.as_ref().filter(|_| !self.open) {
            attachment.wait_until_gone();
        }
    }
}

/// Deletes all subdevs of a parent, waiting for VFIO users to let go.
pub(super) fn delete_all(parent: u32) {
    loop {
        let mut registry = REGISTRY.lock();
        let Some(at) = registry.subdevs.iter().position(|e| e.parent == parent) else {
            return;
        };
        // Forced removal is not refused.
        let leftover = registry.remove(at, true);
        drop(registry);
        if let Some(attachment) = leftover.and_then(|leftover| leftover.attachment) {
            attachment.detach();
        }
    }
}

impl Registry {
    /// Starts to take away the VFIO device of a subdev that was removed.
    pub(super) fn detach(&self, leftover: &Leftover) {
        if let (Some(attachment), Some(queue)) = (&leftover.attachment, &self.queue) {
            attachment.detach_later(queue);
        }
    }

    /// Takes a subdev out of the registry and its function out of use. `None` if it is open and
    /// not to be forced.
    pub(super) fn remove(&mut self, at: usize, force: bool) -> Option<Leftover> {
        let open = self.subdevs.get(at)?.subdev.begin_removal(force).ok()?;
        let entry = self.subdevs.remove(at).ok()?;
        entry.subdev.function().kill();
        let identity = entry.subdev.identity();
        if let Some(parent) = self.parents.iter_mut().find(|p| p.index == entry.parent) {
            parent.give_back(&identity.wqs, identity.entries);
        }
        events::report(Kind::Deleted, &entry.subdev);
        Some(Leftover {
            attachment: entry.attachment,
            open,
        })
    }
}
