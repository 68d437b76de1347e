// SPDX-License-Identifier: GPL-2.0

//! Creating subdevs, one or several at once: decided and reserved, configured, handed over,
//! published; and undone when a step fails.

use core::mem::MaybeUninit;
use kernel::{
    prelude::*,
    sync::{
        Arc,
        UniqueArc, //
    }, //
};

use super::{
    choose::{
        choose_name,
        choose_type,
        choose_uuid,
        choose_wqs, //
    },
    delete,
    engage::engage,
    events::{
        self,
        Kind,
        Origin, //
    },
    handover::{
        attach,
        Maker, //
    },
    identity::{
        Identity,
        Settings,
        Snapshot, //
    },
    node::Node,
    provider::ParentState,
    refusal::{
        Field,
        Refusal, //
    },
    registry::{
        find_node,
        Registry,
        Reserved,
        REGISTRY, //
    },
    request::New,
    subdev::Subdev, //
};
use crate::subdev_core::{
    face::Face,
    state::{
        AdminState,
        OpState, //
    }, //
};

/// What a request for subdevs came to.
pub(crate) struct Made<'a> {
    subdevs: &'a [Arc<Subdev>],
    /// The generation that shows them.
    pub(crate) generation: u64,
    /// Whether they are there: a dry run makes none.
    pub(crate) real: bool,
}

impl Made<'_> {
    /// Each of them as it is, or would be; at least one.
    pub(crate) fn snapshots(&self) -> impl Iterator<Item = Snapshot<'_>> {
        self.subdevs.iter().map(|subdev| {
            let snapshot = subdev.snapshot();
            let opstate = match snapshot.state {
                _ if self.real => snapshot.opstate,
                AdminState::Inactive => OpState::Detached,
                AdminState::Active => OpState::Attached,
            };
            Snapshot {
                opstate,
                ..snapshot
            }
        })
    }
}

/// Creates subdevs, all or none, and has `reply` report them with the generation that it shows. A
/// creation whose reply fails is undone.
pub(crate) fn create(
    new: &New<'_>,
    origin: Origin,
    reply: impl FnOnce(&Made<'_>) -> Result,
) -> Result<(), Refusal> {
    check_face(new.face, new.state)?;
    create_on(new, None, origin, reply)
}

/// As [`create`]; `maker` has made a device for the one subdev.
pub(super) fn create_on(
    new: &New<'_>,
    maker: Option<&dyn Maker>,
    origin: Origin,
    reply: impl FnOnce(&Made<'_>) -> Result,
) -> Result<(), Refusal> {
    let node = find_node(&new.parent)?;
    if new.dry_run {
        return rehearse(&node, new, reply);
    }
    // A recovery has the lock for a while.
    check_noticed(&node)?;
    let subdevs = {
        let mut config = node.config.lock();
        check_usable(&node)?;
        let subdevs = reserve(&node, new)?;
        let engaged = match new.state {
            AdminState::Inactive => Ok(()),
            AdminState::Active => subdevs.iter().try_for_each(|subdev| {
                engage(&node, &mut config, subdev, &subdev.settings()) //
            }),
        };
        if let Err(refusal) = engaged {
            for subdev in &subdevs {
                subdev.abandon();
                subdev.retire(&mut config, origin);
            }
            return Err(refusal);
        }
        subdevs
    };
    let attached = match new.state {
        AdminState::Inactive => Ok(()),
        AdminState::Active => attach(&subdevs, maker),
    };
    attached
        // A loss that is noticed from here on finds the subdevs in the registry, and halts them.
        .and_then(|()| check_noticed(&node))
        .and_then(|()| publish(&node, &subdevs, origin, reply))
        .inspect_err(|_| {
            for subdev in &subdevs {
                subdev.abandon();
            }
            match maker {
                None => delete::remove_all(&node, &subdevs, origin),
                // Who is making the device takes it back from VFIO, after this.
                Some(_) => subdevs.iter().for_each(|subdev| {
                    delete::end(&node, subdev, origin);
                }),
            }
        })
}

/// Decides all that a creation decides, and has `reply` report what would come of it.
fn rehearse(
    node: &Node,
    new: &New<'_>,
    reply: impl FnOnce(&Made<'_>) -> Result,
) -> Result<(), Refusal> {
    // A recovery has the lock for a while.
    check_noticed(node)?;
    let _config = node.config.lock();
    check_usable(node)?;
    let mut room = Room::new(new)?;
    let generation = {
        let mut registry = REGISTRY.lock();
        let registry = registry.get()?;
        let next = registry.next_subdev;
        room.fill(registry, node, new)?;
        room.clear(registry, node, next);
        events::generation()
    };
    reply(&Made {
        subdevs: &room.subdevs,
        generation,
        real: false,
    })?;
    Ok(())
}

/// Refuses what no request can activate.
pub(super) fn check_face(face: Face, state: AdminState) -> Result<(), Refusal> {
    match (face, state) {
        (Face::Mdev, AdminState::Active) => Err(Refusal::new(
            EOPNOTSUPP,
            Field::State,
            format_args!("a mediated device is made in sysfs: write the UUID to its type's create"),
        )),
        _ => Ok(()),
    }
}

/// Refuses a parent that does no work.
pub(super) fn check_usable(node: &Node) -> Result<(), Refusal> {
    check_state(node, node.provider.state())
}

/// Refuses a parent that was noticed to do no work. Does not look at the hardware.
pub(super) fn check_noticed(node: &Node) -> Result<(), Refusal> {
    check_state(node, node.provider.noticed())
}

fn check_state(node: &Node, state: ParentState) -> Result<(), Refusal> {
    match state {
        ParentState::Disabled | ParentState::Enabled => Ok(()),
        ParentState::Halted => Err(Refusal::new(
            EBUSY,
            Field::Parent,
            // Not provoked: a recovery is over in an instant, and nothing can hold it up.
            format_args!("{} halted and is being recovered; try again", node.name),
        )),
        ParentState::Lost => Err(Refusal::new(
            ENODEV,
            Field::Parent,
            format_args!(
                "{} is {}; unbind its driver, reset it, and bind it again",
                node.name,
                state.name()
            ),
        )),
    }
}

/// Decides what the subdevs are, and puts them into the registry as being created: from here on nobody
/// else gets their names, their UUIDs, and their shares of the work queues.
fn reserve(node: &Node, new: &New<'_>) -> Result<KVec<Arc<Subdev>>, Refusal> {
    let mut room = Room::new(new)?;
    room.fill(REGISTRY.lock().get()?, node, new)?;
    Ok(room.subdevs)
}

/// What has to be allocated for the subdevs of a request, which happens before the registry is locked.
struct Room {
    places: KVVec<Place>,
    /// With room for as many as there are places.
    subdevs: KVec<Arc<Subdev>>,
}

/// What has to be allocated for a subdev.
struct Place {
    reserved: Reserved,
    memory: UniqueArc<MaybeUninit<Subdev>>,
    random: [u8; 16],
}

impl Room {
    fn new(new: &New<'_>) -> Result<Self> {
        let count = usize::try_from(new.count.unwrap_or(1))?;
        let wqs = new.wqs.as_slice().len().max(1);
        let mut places = KVVec::with_capacity(count, GFP_KERNEL)?;
        for _ in 0..count {
            let place = Place {
                reserved: Reserved::new(wqs)?,
                memory: UniqueArc::new_uninit(GFP_KERNEL)?,
                random: crate::ffi::random::bytes(),
            };
            places.push(place, GFP_KERNEL)?;
        }
        Ok(Self {
            places,
            subdevs: KVec::with_capacity(count, GFP_KERNEL)?,
        })
    }

    /// Puts all subdevs into the registry, or none.
    fn fill(&mut self, registry: &mut Registry, node: &Node, new: &New<'_>) -> Result<(), Refusal> {
        let next = registry.next_subdev;
        let filled = self.try_fill(registry, node, new);
        if filled.is_err() {
            self.clear(registry, node, next);
        }
        filled
    }

    fn try_fill(
        &mut self,
        registry: &mut Registry,
        node: &Node,
        new: &New<'_>,
    ) -> Result<(), Refusal> {
        // What is left of the places is freed with `self`, when the registry is no longer locked.
        while let Some(place) = self.places.pop() {
            let (identity, settings) = decide(registry, node, new, place.random)
                .map_err(|refusal| refusal.of_number(self.subdevs.len()))?;
            registry.next_subdev = identity.index.checked_add(1).ok_or(EOVERFLOW)?;
            let subdev = Subdev::new(identity, settings, new.state, node);
            let Ok(subdev) = place.memory.pin_init_with(subdev);
            let subdev = Arc::from(subdev);
            registry.insert(&subdev, place.reserved);
            node.presence.enter();
            // There is room for it.
            let _ = self.subdevs.push_within_capacity(subdev);
        }
        Ok(())
    }

    /// Takes the subdevs out of the registry, in which the index `next` was the next one before.
    fn clear(&self, registry: &mut Registry, node: &Node, next: u32) {
        for subdev in &self.subdevs {
            registry.withdraw(subdev);
            node.presence.leave();
        }
        registry.next_subdev = next;
    }
}

/// Decides what the next subdev is.
fn decide(
    registry: &Registry,
    node: &Node,
    new: &New<'_>,
    random: [u8; 16],
) -> Result<(Identity, Settings), Refusal> {
    if new.uuid.is_some() && new.count.is_some_and(|count| count > 1) {
        return Err(Refusal::new(
            EINVAL,
            Field::Uuid,
            format_args!("a UUID is for one subdev; leave it out, or ask for a count of 1"),
        ));
    }
    let parent = registry.parents.get(&node.index);
    let parent = parent.filter(|parent| !parent.removing).ok_or_else(|| {
        Refusal::new(
            ENODEV,
            Field::Parent,
            format_args!("{} is being unbound", node.name),
        )
    })?;
    let (index, name) = choose_name(registry, node, new.name, new.count.is_some())?;
    let uuid = choose_uuid(registry, new.uuid, random)?;
    let kind = choose_type(node, new.type_name, new.pasid_mode)?;
    let wqs = choose_wqs(parent, new, kind)?;
    let asked = node.own(new.vendor)?;
    let limits = asked.map(|asked| node.provider.limit(wqs.as_slice(), None, asked));
    let limits = limits.transpose()?.flatten();
    let identity = Identity {
        index,
        uuid,
        parent_index: node.index,
        parent: node.name,
        type_name: kind.name,
        pasid_mode: kind.pasid_mode,
        isolation: kind.isolation,
        lease: new.lease.clone(),
    };
    let settings = Settings {
        name,
        face: new.face,
        wqs,
        limits,
    };
    Ok((identity, settings))
}

/// Makes the subdevs known, all at once, and has `reply` report them, unless their parent or a work
/// queue is going.
fn publish(
    node: &Node,
    subdevs: &[Arc<Subdev>],
    origin: Origin,
    reply: impl FnOnce(&Made<'_>) -> Result,
) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    for subdev in subdevs {
        registry.check_stays(subdev)?;
    }
    let mut generation = 0;
    for subdev in subdevs {
        subdev.publish();
        if let Some((number, _)) = subdev.report(Kind::Created, origin) {
            generation = number;
        }
    }
    for subdev in subdevs {
        for share in subdev.settings().wqs.as_slice() {
            registry.tell_wq(node.index, share.id, origin);
        }
    }
    // What is shown is at least as new as the last of the events.
    reply(&Made {
        subdevs,
        generation,
        real: true,
    })?;
    Ok(())
}
