// SPDX-License-Identifier: GPL-2.0

//! Changing a subdev: its name, its shares of work queues and how it is served there, and whether
//! VFIO has it. All that is asked for, or nothing.
//!
//! What is decided is reserved beside what the subdev has, so that nothing can be refused any more
//! once the steps that wait are done; then one of the two is given up.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    choose::{
        choose_quality,
        free_name,
        named_twice,
        refuse_share, //
    },
    create::check_usable,
    delete,
    engage::{
        self,
        engage, //
    },
    events::{
        self,
        Cause,
        Origin, //
    },
    handover::{
        attach,
        wait_until_detached, //
    },
    identity::{
        Settings,
        Snapshot, //
    },
    node::Node,
    refusal::{
        Field,
        Numbers,
        Refusal, //
    },
    registry::{
        NamePlace,
        Registry,
        REGISTRY, //
    },
    request::Set,
    subdev::{
        Lingers,
        Subdev, //
    },
    vendor::Attributes, //
};
use crate::subdev_core::state::{
    AdminState,
    Conflict, //
};

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
    if set.dry_run {
        return rehearse(set, reply);
    }
    // What is allocated is allocated before the registry's lock is taken.
    let place = set.new_name.map(|_| NamePlace::new(GFP_KERNEL));
    let place = place.transpose()?;
    let node = Change::find_node(set)?;
    let config = set.relies_on_config().then(|| node.config.lock());
    let change = {
        let mut guard = REGISTRY.lock();
        let registry = guard.get()?;
        let change = Change::decide(registry, set)?;
        change.begin(registry, set, place)?;
        if change.state.is_none() {
            change.commit(registry, origin, reply);
            drop(guard);
            change.serve();
            return Ok(());
        }
        change
    };
    drop(config);
    let done = match change.state {
        Some(AdminState::Active) => change.activate(),
        _ => {
            change.deactivate();
            Ok(())
        }
    };
    let (refusal, forsaken) = {
        let mut registry = REGISTRY.lock();
        let registry = registry.get()?;
        match (done, registry.check_stays(&change.subdev)) {
            (Ok(()), Ok(())) => {
                change.commit(registry, origin, reply);
                return Ok(());
            }
            (Err(refusal), Ok(())) => {
                change.undo(registry);
                change.subdev.settle();
                return Err(refusal);
            }
            (_, Err(refusal)) => {
                change.undo(registry);
                change.subdev.abandon();
                (refusal, change.subdev.is_forsaken())
            }
        }
    };
    // Whoever removes the parent or the work queue, or ends the lease, has left it to us.
    let origin = if forsaken {
        Cause::Lease.into()
    } else {
        Origin::removal()
    };
    delete::remove(&change.node, &change.subdev, origin);
    Err(refusal)
}

/// Decides all that a change decides, and has `reply` report what would come of it.
fn rehearse(set: &Set<'_>, reply: impl FnOnce(&Snapshot<'_>, u64)) -> Result<(), Refusal> {
    let node = Change::find_node(set)?;
    let config = set.relies_on_config().then(|| node.config.lock());
    let (change, generation) = {
        let mut registry = REGISTRY.lock();
        let change = Change::decide(registry.get()?, set)?;
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

    /// Decides what is to be changed.
    fn decide(registry: &Registry, set: &Set<'_>) -> Result<Self, Refusal> {
        let subdev = registry.find(set.id)?.clone();
        let in_the_way = |conflict| refuse_conflict(set, conflict);
        subdev.check_present().map_err(in_the_way)?;
        let parent = subdev.identity().parent_index;
        let parent = registry.parents.get(&parent).ok_or(ENODEV)?;
        let old = subdev.settings();
        let now = subdev.snapshot().state;
        let mut new = old;
        // And stays so.
        let is_used = now == AdminState::Active && set.state != Some(AdminState::Inactive);
        if let Some(text) = set.new_name.filter(|text| *text != old.name.as_bytes()) {
            new.name = free_name(registry, text, Field::NewName)?;
        }
        for (n, request) in set.wqs.as_slice().iter().enumerate() {
            let id = request.id.ok_or_else(|| {
                let text = format_args!("the number of a work queue is needed");
                Refusal::missing(Field::WqId(n), text)
            })?;
            let mut before = set.wqs.as_slice().iter().take(n);
            if before.any(|it| it.id == Some(id)) {
                return Err(named_twice(id));
            }
            let field = Field::Wq(Some(id));
            if (request.size, request.weight, request.max_rate) == (None, None, None) {
                return Err(Refusal::new(
                    EINVAL,
                    field,
                    format_args!("a size, a weight or a max-rate is needed for wq {id}"),
                ));
            }
            let ids = || old.wqs.as_slice().iter().map(|share| share.id);
            let share = new.wqs.as_mut_slice().iter_mut().find(|it| it.id == id);
            let share = share.ok_or_else(|| {
                let has = Numbers(ids);
                Refusal::new(
                    EINVAL,
                    field,
                    format_args!("the subdev does not use wq {id}; it uses {has}"),
                )
            })?;
            share.quality = choose_quality(share.quality, request, n)?;
            let Some(size) = request.size.filter(|size| *size != share.entries) else {
                continue;
            };
            if is_used {
                return Err(Refusal::new(
                    EBUSY,
                    Field::WqSize(n),
                    format_args!("a user sees the size in registers; deactivate the subdev first"),
                ));
            }
            let wq = parent.wqs.get(&id).ok_or(ENODEV)?;
            let granted = wq.share.readmit(share.entries, size);
            share.entries = granted.map_err(|refusal| refuse_share(refusal, id, n))?;
        }
        if let Some(asked) = parent.node.own(set.vendor)? {
            let (shares, old) = (new.wqs.as_slice(), old.limits.as_ref());
            new.limits = parent.node.provider.limit(shares, old, asked)?;
            if new.limits.as_ref() != old && is_used {
                return Err(Refusal::new(
                    EBUSY,
                    first(asked)?,
                    format_args!("a user sees it in registers; deactivate the subdev first"),
                ));
            }
        }
        let state = set.state.filter(|state| *state != now);
        if state.is_some() {
            registry.check_stays(&subdev)?;
        }
        Ok(Self {
            node: parent.node.clone(),
            subdev,
            old,
            new,
            state,
        })
    }

    /// Nobody else changes the subdev from here on, and what was decided is reserved.
    fn begin(
        &self,
        registry: &mut Registry,
        set: &Set<'_>,
        place: Option<NamePlace>,
    ) -> Result<(), Refusal> {
        let begun = match self.state {
            Some(AdminState::Active) => self.subdev.begin_activation(),
            Some(AdminState::Inactive) => self.subdev.begin_deactivation(set.force),
            None => Ok(()),
        };
        begun.map_err(|conflict| refuse_conflict(set, conflict))?;
        if let (true, Some(place)) = (self.renames(), place) {
            registry.reserve_name(&self.subdev, self.new.name, place);
        }
        for (id, old, new) in self.shares() {
            registry.resize(&self.subdev, id, old, old.max(new));
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
        let stays = self.old.wqs.as_slice() == self.new.wqs.as_slice();
        let limits = self.old.limits != self.new.limits;
        if self.state.is_none() && !self.renames() && stays && !limits {
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
    }

    fn renames(&self) -> bool {
        self.old.name != self.new.name
    }

    /// The number of each work queue, what the subdev has of it, and what it gets.
    fn shares(&self) -> impl Iterator<Item = (u32, u32, u32)> + '_ {
        let (old, new) = (self.old.wqs.as_slice(), self.new.wqs.as_slice());
        let pairs = old.iter().zip(new);
        pairs.map(|(old, new)| (old.id, old.entries, new.entries))
    }

    /// Puts the subdev on the hardware, and hands it over to VFIO.
    fn activate(&self) -> Result<(), Refusal> {
        let (node, subdev) = (&self.node, &self.subdev);
        check_usable(node)?;
        self.revive()?;
        let engaged = {
            let mut config = node.config.lock();
            check_usable(node).and_then(|()| engage(node, &mut config, subdev, &self.new))
        };
        engaged
            .and_then(|()| attach(core::slice::from_ref(subdev)))
            // A loss from here on finds the virtual device, and halts it.
            .and_then(|()| check_usable(node))
            .inspect_err(|_| {
                subdev.give_up();
                self.deactivate();
            })
    }

    /// Waits a moment until nothing is left of a VFIO device that the subdev had before.
    fn revive(&self) -> Result<(), Refusal> {
        wait_until_detached(core::slice::from_ref(&self.subdev));
        self.subdev.revive().map_err(refuse_lingering)
    }

    /// As [`Self::revive`], and leaves the subdev as it is.
    fn check_gone(&self) -> Result<(), Refusal> {
        wait_until_detached(core::slice::from_ref(&self.subdev));
        self.subdev.check_gone().map_err(refuse_lingering)
    }

    /// Takes the subdev, which is dead, off the hardware and back from VFIO, for which it waits a
    /// moment if nobody has it open.
    fn deactivate(&self) {
        let subdev = &self.subdev;
        subdev.doom();
        subdev.disengage(&mut self.node.config.lock());
        subdev.let_go();
        // What the user did until now is in the event of this change.
        subdev.flush_report();
        wait_until_detached(core::slice::from_ref(subdev));
    }
}

impl Set<'_> {
    /// Whether how work queues are configured matters: whoever changes that relies on what is reserved
    /// of them. And the virtual device is to be served as the last of the requests says.
    fn relies_on_config(&self) -> bool {
        !self.wqs.as_slice().is_empty() || self.vendor.is_some()
    }
}

/// The first of a vendor's attributes.
fn first(asked: &dyn Attributes) -> Result<Field, Refusal> {
    let mut first = Field::Nothing;
    asked.each(&mut |name, _| {
        if first == Field::Nothing {
            first = Field::Vendor(name);
        }
        Ok(())
    })?;
    Ok(first)
}

/// Explains what is left of a VFIO device.
fn refuse_lingering(lingers: Lingers) -> Refusal {
    let refuse = |text| Refusal::new(EBUSY, Field::State, text);
    match lingers {
        Lingers::Open => refuse(format_args!(
            "its former VFIO device is still open; it must be closed first"
        )),
        // Not provoked: VFIO lets go within a second unless a bug or a debugger holds it.
        Lingers::Busy => refuse(format_args!(
            "VFIO still holds the former device of the subdev; try again"
        )),
    }
}

/// Explains what is in the way of a change.
fn refuse_conflict(set: &Set<'_>, conflict: Conflict) -> Refusal {
    let field = match conflict {
        Conflict::Open => Field::State,
        _ => set.id.field(),
    };
    Refusal::new(EBUSY, field, format_args!("{conflict}"))
}
