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
    create::{
        check_face,
        check_usable, //
    },
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
        wait_until_detached,
        Maker, //
    },
    identity::{
        Settings,
        Snapshot,
        WqShare,
        Wqs, //
    },
    node::Node,
    refusal::{
        Field,
        Numbers,
        Refusal, //
    },
    registry::{
        NamePlace,
        ParentEntry,
        Registry,
        WqPlace,
        REGISTRY, //
    },
    request::{
        Set,
        Wanted, //
    },
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

    /// Decides what is to be changed. What a user sees can be changed of an active one that somebody
    /// has made a device for.
    fn decide(registry: &Registry, set: &Set<'_>, is_made: bool) -> Result<Self, Refusal> {
        let subdev = registry.find(set.id)?.clone();
        if let Some(wanted) = &set.wanted {
            check_wanted(&subdev, wanted)?;
        }
        let in_the_way = |conflict| refuse_conflict(set, conflict);
        subdev.check_present().map_err(in_the_way)?;
        let parent = subdev.identity().parent_index;
        let parent = registry.parents.get(&parent).ok_or(ENODEV)?;
        let old = subdev.settings();
        let now = subdev.snapshot().state;
        let mut new = old;
        // And stays so.
        let stays_active = now == AdminState::Active && set.state != Some(AdminState::Inactive);
        let is_used = stays_active && !is_made;
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
        move_wqs(parent, &subdev, set, &mut new)?;
        if let Some(face) = set.face.filter(|face| *face != old.face) {
            if now == AdminState::Active {
                return Err(Refusal::new(
                    EBUSY,
                    Field::Face,
                    format_args!("it is handed over as what it is; deactivate the subdev first"),
                ));
            }
            new.face = face;
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
        if let Some(state) = state {
            registry.check_stays(&subdev)?;
            if !is_made {
                check_face(new.face, state)?;
            }
        }
        let seen = |wqs: Wqs<WqShare>| wqs.map(|share| (share.id, share.entries));
        Ok(Self {
            node: parent.node.clone(),
            subdev,
            old,
            new,
            state,
            restarts: stays_active && seen(old.wqs) != seen(new.wqs),
        })
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

    /// Puts the subdev on the hardware, and hands it over to VFIO.
    fn activate(&self, maker: Option<&dyn Maker>) -> Result<(), Refusal> {
        let (node, subdev) = (&self.node, &self.subdev);
        check_usable(node)?;
        self.revive()?;
        let engaged = {
            let mut config = node.config.lock();
            check_usable(node).and_then(|()| engage(node, &mut config, subdev, &self.new))
        };
        engaged
            .and_then(|()| attach(core::slice::from_ref(subdev), maker))
            // A loss from here on finds the virtual device, and halts it.
            .and_then(|()| check_usable(node))
            .inspect_err(|_| {
                subdev.give_up();
                match maker {
                    None => self.deactivate(),
                    // Who is making the device takes it back from VFIO, after this.
                    Some(_) => self.disengage(),
                }
            })
    }

    /// Takes a subdev that nobody has open back from VFIO and off the hardware, and puts it on the
    /// hardware and hands it over anew, on the same device of its maker's. A failure leaves it
    /// inactive, and its maker's device is going.
    fn restart(&self, maker: &dyn Maker) -> Result<(), Refusal> {
        let (node, subdev) = (&self.node, &self.subdev);
        subdev.doom();
        subdev.disengage(&mut node.config.lock());
        maker.detach(subdev);
        subdev.begin_anew();
        let engaged = {
            let mut config = node.config.lock();
            check_usable(node).and_then(|()| engage(node, &mut config, subdev, &self.new))
        };
        engaged
            .and_then(|()| Ok(maker.attach(subdev)?))
            // A loss from here on finds the virtual device, and halts it.
            .and_then(|()| check_usable(node))
            .inspect_err(|_| {
                subdev.give_up();
                subdev.doom();
                subdev.disengage_from(&mut node.config.lock(), &self.new.wqs);
                // Not waited for: the device may go only after who has asked for this.
                subdev.let_go();
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
        self.disengage();
        subdev.let_go();
        // What the user did until now is in the event of this change.
        subdev.flush_report();
        wait_until_detached(core::slice::from_ref(subdev));
    }

    /// Takes the subdev, which is dead, off the hardware.
    fn disengage(&self) {
        self.subdev.doom();
        self.subdev.disengage(&mut self.node.config.lock());
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

/// Refuses a subdev that is not for who has made a device.
fn check_wanted(subdev: &Subdev, wanted: &Wanted<'_>) -> Result<(), Refusal> {
    let identity = subdev.identity();
    let snapshot = subdev.snapshot();
    let name = snapshot.settings.name;
    let refuse = |error, text| Err(Refusal::new(error, Field::Uuid, text));
    if identity.parent_index != wanted.parent {
        let parent = identity.parent;
        refuse(EEXIST, format_args!("{name} on {parent} has this UUID"))
    } else if identity.type_name != wanted.type_name {
        let kind = identity.type_name;
        refuse(
            EINVAL,
            format_args!("{name} has this UUID, and its type is {kind}"),
        )
    } else if snapshot.state == AdminState::Active && subdev.check_present().is_ok() {
        refuse(EEXIST, format_args!("{name} has this UUID, and is active"))
    } else {
        Ok(())
    }
}

/// Decides what a subdev gets of the work queues that it is to use instead of those that it uses.
fn move_wqs(
    parent: &ParentEntry,
    subdev: &Subdev,
    set: &Set<'_>,
    new: &mut Settings,
) -> Result<(), Refusal> {
    let moved = set.moved.as_slice();
    let old = new.wqs;
    let old = old.as_slice();
    if moved.is_empty() {
        return Ok(());
    }
    if moved.len() != old.len() {
        return Err(Refusal::new(
            EINVAL,
            Field::Wq(None),
            format_args!("the subdev uses {} work queues; name as many", old.len()),
        ));
    }
    let mode = subdev.identity().pasid_mode;
    for (n, (&id, share)) in moved.iter().zip(new.wqs.as_mut_slice()).enumerate() {
        if id == share.id {
            continue;
        }
        if moved.iter().take(n).any(|it| *it == id) || old.iter().any(|it| it.id == id) {
            return Err(named_twice(id));
        }
        let wq = parent.wqs.get(&id).filter(|wq| !wq.removing);
        let wq = wq.ok_or_else(|| parent.no_such_wq(id))?;
        wq.wq.check()?;
        // Who has a work queue alone gets all of it.
        let size = (!mode.is_exclusive()).then_some(share.entries);
        let entries = wq.share.admit(mode, size);
        share.entries = entries.map_err(|refusal| refuse_share(refusal, id, n))?;
        share.id = id;
    }
    Ok(())
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
