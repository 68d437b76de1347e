// SPDX-License-Identifier: GPL-2.0

//! Bringing a parent back that halted, with its work queues and the subdevs on them.

use kernel::sync::Arc;

use super::{
    events::Cause,
    node::{
        Config,
        Node, //
    },
    provider::{
        ParentState,
        WorkQueue, //
    },
    registry::{
        for_each,
        ParentEntry,
        REGISTRY, //
    },
    subdev::Subdev, //
};
use crate::subdev_core::share::PasidMode;

/// Brings the parent with that index back if it is halted; all subdevs on it were told of that.
///
/// Whoever has a subdev open finds its virtual device halted until it resets it. A parent that is
/// going is left alone.
pub(super) fn recover(index: u32) {
    let Some(node) = on_parent(index, |parent| parent.node.clone()) else {
        return;
    };
    let state = node.provider.state();
    if state != ParentState::Halted {
        // It is gone since it was told of as halted.
        if state == ParentState::Lost {
            tell(index, state);
        }
        return;
    }
    // Held to the end: nobody creates or removes a subdev meanwhile.
    let mut config = node.config.lock();
    // What is going has waited for the lock, or waits for it.
    if on_parent(index, |_| ()).is_none() {
        return;
    }
    let recovered = config.recover(&*node.provider);
    if recovered.is_ok() {
        enable_wqs(&node, &mut config);
    }
    let state = node.provider.state();
    // Else it has stopped again, and comes here again.
    if state != ParentState::Halted {
        tell(index, state);
    }
    if state == ParentState::Enabled {
        for_each(index, None, |subdev| {
            if works(subdev) {
                subdev.recover();
            }
        });
    }
}

/// Looks at the parent, unless it is going.
fn on_parent<R>(index: u32, look: impl FnOnce(&mut ParentEntry) -> R) -> Option<R> {
    let mut registry = REGISTRY.lock();
    let parent = registry.get().ok()?.parents.get_mut(&index)?;
    (!parent.removing).then(|| look(parent))
}

/// Enables the work queues that subdevs use.
fn enable_wqs(node: &Node, config: &mut Config) {
    let mut from = 0;
    while let Some((id, wq, mode)) = on_parent(node.index, |parent| next_wq(parent, from)).flatten()
    {
        if config.enable(&*wq, mode).is_err() {
            if node.provider.state() != ParentState::Enabled {
                // It is not the work queue's fault, and there is another attempt.
                return;
            }
            // The subdevs on it stay halted.
            on_parent(node.index, |parent| {
                if let Some(wq) = parent.wqs.get_mut(&id) {
                    wq.enabled = false;
                }
            });
        }
        let Some(next) = id.checked_add(1) else {
            return;
        };
        from = next;
    }
}

/// The first work queue with a number from `from` on that subdevs use, and how.
fn next_wq(parent: &ParentEntry, from: u32) -> Option<(u32, Arc<dyn WorkQueue>, PasidMode)> {
    let mut wqs = parent.wqs.iter();
    wqs.find_map(|(&id, entry)| {
        let mode = entry.share.mode()?;
        (id >= from && entry.enabled).then(|| (id, entry.wq.clone(), mode))
    })
}

/// Reports the parent, which is in `state` now, and the work queues that were told of as enabled.
fn tell(index: u32, state: ParentState) {
    let cause = match state {
        ParentState::Enabled | ParentState::Disabled => Cause::Recovery,
        ParentState::Halted | ParentState::Lost => Cause::Fault,
    };
    on_parent(index, |parent| {
        parent.tell(state, cause);
        for wq in parent.wqs.values_mut() {
            wq.told &= wq.enabled;
        }
    });
}

/// Whether all work queues of a subdev are enabled.
fn works(subdev: &Subdev) -> bool {
    let (identity, settings) = (subdev.identity(), subdev.settings());
    let enabled = on_parent(identity.parent_index, |parent| {
        let mut wqs = settings.wqs.as_slice().iter();
        wqs.all(|share| parent.wqs.get(&share.id).is_some_and(|wq| wq.enabled))
    });
    enabled.unwrap_or(false)
}
