// SPDX-License-Identifier: GPL-2.0

//! Changing a subdev: its name, its shares of work queues and how it is served there, and whether
//! VFIO has it. All that is asked for, or nothing.
//!
//! What is decided is reserved beside what the subdev has, so that nothing can be refused any more
//! once the steps that wait are done; then one of the two is given up. [`decide`] decides, and [`steps`]
//! are the steps that wait.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    create::check_usable,
    delete,
    engage,
    events::{
        self,
        Cause,
        Origin, //
    },
    handover::Maker,
    identity::{
        Settings,
        Snapshot,
        WqShare, //
    },
    node::Node,
    refusal::{
        Field,
        Refusal, //
    },
    registry::{
        NamePlace,
        Registry,
        WqPlace,
        REGISTRY, //
    },
    request::Set,
    subdev::Subdev, //
};
use crate::subdev_core::state::{
    AdminState,
    Conflict, //
};

mod decide;
mod steps;

/// Changes the subdev that the request names. `reply` gets the subdev as it is then, and the
/// generation that shows it so. Where nothing is to be changed, nothing is done.
///
/// After a deactivation the hardware has nothing of the subdev, which keeps its shares. A VFIO device
/// that somebody has open is dead and goes away when it is closed.
pub(crate) fn set(
    set: &Set<'_>,
    origin: Origin,
    reply: impl FnOnce(&Snapshot<'_>, u64),
) -> Result<(), Refusal> {
    set_on(set, None, origin, reply)
}

/// As [`set`]; `maker` has made the device that an inactive subdev is to be handed over on, or that an
/// active one is handed over on. Then what a user sees of the latter can be changed as well: nobody has
/// it open, and VFIO gets another device.
pub(super) fn set_on(
    set: &Set<'_>,
    maker: Option<&dyn Maker>,
    origin: Origin,
    reply: impl FnOnce(&Snapshot<'_>, u64),
) -> Result<(), Refusal> {
    if set.dry_run {
        return rehearse(set, reply);
    }
    // What is allocated is allocated before the registry's lock is taken.
    let mut places = Places::new(set)?;
    let node = Change::find_node(set)?;
    let config = set.relies_on_config().then(|| node.config.lock());
    let is_held = maker.is_some_and(|maker| maker.is_held());
    let change = {
        let mut guard = REGISTRY.lock();
        let registry = guard.get()?;
        let change = Change::decide(registry, set, maker.is_some())?;
        if change.restarts && is_held && !change.subdev.is_open() {
            return Err(refuse_held());
        }
        change.begin(registry, set, &mut places)?;
        if change.state.is_none() && !change.restarts {
            change.commit(registry, origin, reply);
            drop(guard);
            change.serve();
            return Ok(());
        }
        change
    };
    drop(config);
    let done = match (change.state, maker) {
        (Some(AdminState::Active), maker) => change.activate(maker),
        (None, Some(maker)) => change.restart(maker),
        _ => {
            change.deactivate();
            Ok(())
        }
    };
    // A maker waits for this before it lets go of its device.
    let is_made = maker.is_some();
    let refusal = {
        let mut registry = REGISTRY.lock();
        let registry = registry.get()?;
        match (done, change.check_stays(registry)) {
            (Ok(()), Ok(())) => {
                change.commit(registry, origin, reply);
                return Ok(());
            }
            (Err(refusal), Ok(())) => {
                change.undo(registry);
                if change.restarts {
                    // It was active.
                    let _ = change.subdev.amend(origin, |life, _| life.settle());
                    for (old, new) in change.pairs() {
                        registry.tell_wq(change.node.index, old.id, origin);
                        registry.tell_wq(change.node.index, new.id, origin);
                    }
                } else {
                    change.subdev.settle();
                }
                return Err(refusal);
            }
            (_, Err(refusal)) => refusal,
        }
    };
    // Whoever removes the parent or the work queue, or ends the lease, has left it to us. First of all it
    // leaves the work queues that only this change knows of.
    let wqs = &change.new.wqs;
    change
        .subdev
        .disengage_from(&mut change.node.config.lock(), wqs);
    let origin = {
        let mut registry = REGISTRY.lock();
        change.undo(registry.get()?);
        change.subdev.abandon();
        if change.subdev.is_forsaken() {
            Cause::Lease.into()
        } else {
            Origin::removal()
        }
    };
    if is_made {
        delete::end(&change.node, &change.subdev, origin);
        if change.restarts {
            change.subdev.let_go();
        }
    } else {
        delete::remove(&change.node, &change.subdev, origin);
    }
    Err(refusal)
}

/// Decides all that a change decides, and has `reply` report what would come of it.
fn rehearse(set: &Set<'_>, reply: impl FnOnce(&Snapshot<'_>, u64)) -> Result<(), Refusal> {
    let node = Change::find_node(set)?;
    let config = set.relies_on_config().then(|| node.config.lock());
    let (change, generation) = {
        let mut registry = REGISTRY.lock();
        let change = Change::decide(registry.get()?, set, false)?;
        (change, events::generation())
    };
    drop(config);
    let snapshot = change.foresee(set)?;
    if change.state == Some(AdminState::Active) {
        check_usable(&change.node)?;
        change.check_gone()?;
        engage::check(&change.node, &change.subdev, &change.new.wqs)?;
    }
    reply(&snapshot, generation);
    Ok(())
}

/// What becomes of a subdev.
struct Change {
    node: Arc<Node>,
    subdev: Arc<Subdev>,
    old: Settings,
    new: Settings,
    /// Another state than it is in.
    state: Option<AdminState>,
    /// It is active and stays so, with another VFIO device.
    restarts: bool,
}

/// What has to be allocated for a change.
struct Places {
    name: Option<NamePlace>,
    wqs: KVec<WqPlace>,
}

impl Places {
    fn new(set: &Set<'_>) -> Result<Self> {
        let moved = set.moved.as_slice();
        let mut wqs = KVec::with_capacity(moved.len(), GFP_KERNEL)?;
        for _ in moved {
            wqs.push(WqPlace::new(GFP_KERNEL)?, GFP_KERNEL)?;
        }
        let name = set.new_name.map(|_| NamePlace::new(GFP_KERNEL));
        Ok(Self {
            name: name.transpose()?,
            wqs,
        })
    }
}

impl Change {
    /// The parent of the subdev that is to be changed.
    fn find_node(set: &Set<'_>) -> Result<Arc<Node>, Refusal> {
        let mut registry = REGISTRY.lock();
        let registry = registry.get()?;
        let parent = registry.find(set.id)?.identity().parent_index;
        let parent = registry.parents.get(&parent).ok_or(ENODEV)?;
        Ok(parent.node.clone())
    }

    /// Refuses a change of a subdev whose parent, work queues or lease are going.
    fn check_stays(&self, registry: &Registry) -> Result<(), Refusal> {
        registry.check_stays(&self.subdev)?;
        registry.check_stays_on(&self.subdev, &self.new.wqs)
    }

    /// Nobody else changes the subdev from here on, and what was decided is reserved.
    fn begin(
        &self,
        registry: &mut Registry,
        set: &Set<'_>,
        places: &mut Places,
    ) -> Result<(), Refusal> {
        let begun = match self.state {
            Some(AdminState::Active) => self.subdev.begin_activation(),
            Some(AdminState::Inactive) => self.subdev.begin_deactivation(set.force),
            None if self.restarts => self.subdev.begin_deactivation(false),
            None => Ok(()),
        };
        begun.map_err(|conflict| refuse_conflict(set, conflict))?;
        if let (true, Some(place)) = (self.renames(), places.name.take()) {
            registry.reserve_name(&self.subdev, self.new.name, place);
        }
        for (id, old, new) in self.shares() {
            registry.resize(&self.subdev, id, old, old.max(new));
        }
        for (_, to) in self.moves() {
            // There is one for each of them.
            if let Some(place) = places.wqs.pop() {
                registry.join_wq(&self.subdev, to, place);
            }
        }
        Ok(())
    }

    /// All of it is done, or there is nothing to wait for.
    fn commit(
        &self,
        registry: &mut Registry,
        origin: Origin,
        reply: impl FnOnce(&Snapshot<'_>, u64),
    ) {
        if self.renames() {
            registry.release_name(&self.old.name);
        }
        for (id, old, new) in self.shares() {
            registry.resize(&self.subdev, id, old.max(new), new);
        }
        for (from, _) in self.moves() {
            registry.leave_wq(&self.subdev, from);
        }
        let stays = self.old.wqs.as_slice() == self.new.wqs.as_slice();
        let limits = self.old.limits != self.new.limits;
        let face = self.old.face != self.new.face;
        if self.state.is_none() && !self.renames() && stays && !limits && !face {
            let generation = events::generation();
            reply(&self.subdev.snapshot(), generation);
            return;
        }
        let (generation, snapshot) = self.subdev.amend(origin, |life, settings| {
            *settings = self.new;
            life.settle();
        });
        for (id, _, _) in self.shares() {
            registry.tell_wq(self.node.index, id, origin);
        }
        for (from, to) in self.moves() {
            registry.tell_wq(self.node.index, from.id, origin);
            registry.tell_wq(self.node.index, to.id, origin);
        }
        reply(&snapshot, generation);
    }

    /// The subdev as it would be after the change; refuses what [`Self::begin`] refuses.
    fn foresee(&self, set: &Set<'_>) -> Result<Snapshot<'_>, Refusal> {
        let snapshot = self.subdev.foresee(self.new, |life| {
            match self.state {
                Some(AdminState::Active) => {
                    life.begin_activation()?;
                    life.revive();
                    life.works();
                    // An active one can have a VFIO device.
                    let _ = life.attach();
                }
                Some(AdminState::Inactive) => life.begin_deactivation(set.force)?,
                None => (),
            }
            life.settle();
            Ok(())
        });
        snapshot.map_err(|conflict| refuse_conflict(set, conflict))
    }

    /// Has the virtual device, if there is one, served as was decided; what its user has in flight
    /// goes on. The parent's configuration lock is held if something was.
    fn serve(&self) {
        let Some(function) = self.subdev.function() else {
            return;
        };
        let pairs = self.old.wqs.as_slice().iter().zip(self.new.wqs.as_slice());
        for (place, (old, new)) in pairs.enumerate() {
            if old.quality != new.quality {
                function.set_quality(place, new.quality);
            }
        }
    }

    /// Gives up what was reserved.
    fn undo(&self, registry: &mut Registry) {
        if self.renames() {
            registry.release_name(&self.new.name);
        }
        for (id, old, new) in self.shares() {
            registry.resize(&self.subdev, id, old.max(new), old);
        }
        for (_, to) in self.moves() {
            registry.leave_wq(&self.subdev, to);
        }
    }

    fn renames(&self) -> bool {
        self.old.name != self.new.name
    }

    /// What the subdev has of each work queue, and what it gets instead.
    fn pairs(&self) -> impl Iterator<Item = (&WqShare, &WqShare)> {
        let (old, new) = (self.old.wqs.as_slice(), self.new.wqs.as_slice());
        old.iter().zip(new)
    }

    /// The number of each work queue that stays, what the subdev has of it, and what it gets.
    fn shares(&self) -> impl Iterator<Item = (u32, u32, u32)> + '_ {
        let stay = self.pairs().filter(|(old, new)| old.id == new.id);
        stay.map(|(old, new)| (old.id, old.entries, new.entries))
    }

    /// What it has of each work queue that it leaves, and what it gets of the one in its place.
    fn moves(&self) -> impl Iterator<Item = (&WqShare, &WqShare)> {
        self.pairs().filter(|(old, new)| old.id != new.id)
    }
}

impl Set<'_> {
    /// Whether how work queues are configured matters: whoever changes that relies on what is reserved
    /// of them. And the virtual device is to be served as the last of the requests says.
    fn relies_on_config(&self) -> bool {
        let wqs = !self.wqs.as_slice().is_empty() || !self.moved.as_slice().is_empty();
        wqs || self.vendor.is_some()
    }
}

/// Explains who is in the way of another VFIO device.
fn refuse_held() -> Refusal {
    Refusal::new(
        EBUSY,
        Field::State,
        format_args!(
            "a program has its VFIO device open, without using it; it must be closed first"
        ),
    )
}

/// Explains what is in the way of a change.
fn refuse_conflict(set: &Set<'_>, conflict: Conflict) -> Refusal {
    let field = match conflict {
        Conflict::Open => Field::State,
        _ => set.id.field(),
    };
    Refusal::new(EBUSY, field, format_args!("{conflict}"))
}
