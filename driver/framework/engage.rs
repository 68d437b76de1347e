// SPDX-License-Identifier: GPL-2.0

//! What the hardware has of a subdev while it is active: work queues that are enabled for it, and
//! the virtual device on them.
//!
//! A work queue is enabled for the first active subdev on it, and disabled with the last one. The
//! shares of inactive ones are reserved all the same.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    identity::{
        Settings,
        WqShare,
        Wqs, //
    },
    meters::meters,
    node::{
        Config,
        Node, //
    },
    provider::WorkQueue,
    refusal::Refusal,
    registry::REGISTRY,
    subdev::Subdev, //
};

/// Enables the work queues of a subdev, and makes its virtual device with these settings. A
/// failure leaves nothing behind.
pub(super) fn engage(
    node: &Node,
    config: &mut Config,
    subdev: &Arc<Subdev>,
    settings: &Settings,
) -> Result<(), Refusal> {
    REGISTRY.lock().get()?.check_stays(subdev)?;
    let shares = settings.wqs.as_slice();
    let mut entered = 0;
    let mut enter_all = || {
        for share in shares {
            enter(node, config, subdev, share.id)?;
            entered += 1;
        }
        let meters = meters(node, subdev, shares)?;
        let limits = settings.limits.as_ref();
        Ok(node.provider.function(shares, limits, meters)?)
    };
    match enter_all() {
        Ok(function) => {
            subdev.set_function(function);
            subdev.set_engaged(true);
            Ok(())
        }
        Err(refusal) => {
            for share in shares.iter().take(entered) {
                leave(config, subdev, share.id);
            }
            Err(refusal)
        }
    }
}

impl Subdev {
    /// Takes a subdev that is dead off the hardware. Nothing is done if it is not on it.
    pub(super) fn disengage(&self, config: &mut Config) {
        self.disengage_from(config, &self.settings().wqs);
    }

    /// As [`Self::disengage`], of one that was put on these work queues.
    pub(super) fn disengage_from(&self, config: &mut Config, wqs: &Wqs<WqShare>) {
        if !self.is_engaged() {
            return;
        }
        self.set_engaged(false);
        if let Some(function) = self.function() {
            function.kill();
            function.quiesce();
        }
        for share in wqs.as_slice() {
            leave(config, self, share.id);
        }
    }
}

/// Refuses what [`engage`] would refuse before it does anything.
pub(super) fn check(node: &Node, subdev: &Subdev, wqs: &Wqs<WqShare>) -> Result<(), Refusal> {
    REGISTRY.lock().get()?.check_stays(subdev)?;
    for share in wqs.as_slice() {
        find_disabled(node, share.id)?;
    }
    Ok(())
}

/// A work queue that has to be enabled for a subdev, and can be.
fn find_disabled(node: &Node, id: u32) -> Result<Option<Arc<dyn WorkQueue>>, Refusal> {
    let disabled = {
        let mut registry = REGISTRY.lock();
        let parent = registry.get()?.parents.get(&node.index).ok_or(ENODEV)?;
        let entry = parent.wqs.get(&id).ok_or(ENODEV)?;
        (!entry.enabled).then(|| entry.wq.clone())
    };
    if let Some(wq) = &disabled {
        // It may have been configured since the subdev was created.
        wq.check()?;
    }
    Ok(disabled)
}

/// One more active subdev is on a work queue, which is enabled for the first one.
fn enter(node: &Node, config: &mut Config, subdev: &Subdev, id: u32) -> Result<(), Refusal> {
    if let Some(wq) = find_disabled(node, id)? {
        config.enable(&*wq, subdev.identity().pasid_mode)?;
    }
    let mut registry = REGISTRY.lock();
    let parents = &mut registry.get()?.parents;
    let parent = parents.get_mut(&node.index).ok_or(ENODEV)?;
    let entry = parent.wqs.get_mut(&id).ok_or(ENODEV)?;
    entry.enabled = true;
    entry.active = entry.active.saturating_add(1);
    Ok(())
}

/// One active subdev less is on a work queue, which is disabled with the last one.
fn leave(config: &mut Config, subdev: &Subdev, id: u32) {
    let idle = {
        let mut registry = REGISTRY.lock();
        let parent = subdev.identity().parent_index;
        let parent = registry
            .get()
            .ok()
            .and_then(|registry| registry.parents.get_mut(&parent));
        let Some(entry) = parent.and_then(|parent| parent.wqs.get_mut(&id)) else {
            return;
        };
        entry.active = entry.active.saturating_sub(1);
        if entry.active > 0 || !entry.enabled {
            return;
        }
        entry.enabled = false;
        entry.wq.clone()
    };
    config.disable(&*idle);
}
