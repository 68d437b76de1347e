// SPDX-License-Identifier: GPL-2.0

//! Creating a subdev: decided and reserved, configured, handed over, published; and undone when a
//! step fails.

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
        choose_qualities,
        choose_type,
        choose_uuid,
        choose_wqs, //
    },
    delete,
    events::{
        Kind,
        Origin, //
    },
    identity::{
        Identity,
        Snapshot,
        MAX_WQS, //
    },
    node::{
        Config,
        Node, //
    },
    provider::ParentState,
    refusal::{
        Field,
        Refusal, //
    },
    registry::{
        Registry,
        Reserved,
        REGISTRY, //
    },
    request::New,
    subdev::Subdev, //
};
use crate::subdev_core::state::AdminState;

/// Creates a subdev, and has `reply` report it with the generation that it shows. A creation whose
/// reply fails is undone.
pub(crate) fn create(
    new: &New<'_>,
    origin: Origin,
    reply: impl FnOnce(&Snapshot<'_>, u64) -> Result,
) -> Result<(), Refusal> {
    let node = {
        let mut registry = REGISTRY.lock();
        registry.get()?.find_parent(&new.parent)?.node.clone()
    };
    let subdev = {
        let mut config = node.config.lock();
        check_usable(&node)?;
        let subdev = reserve(&node, new)?;
        if let Err(refusal) = configure(&node, &mut config, &subdev, new.state) {
            subdev.abandon();
            subdev.retire(&mut config, origin);
            return Err(refusal);
        }
        subdev
    };
    let attached = match new.state {
        AdminState::Inactive => Ok(()),
        AdminState::Active => subdev.attach(),
    };
    attached
        // A loss from here on finds the subdev in the registry, and halts it.
        .and_then(|()| check_usable(&node))
        .and_then(|()| publish(&subdev, origin, reply))
        .inspect_err(|_| {
            subdev.abandon();
            delete::remove(&node, &subdev, origin);
        })
}

/// Refuses a parent that does no work.
fn check_usable(node: &Node) -> Result<(), Refusal> {
    let state = node.provider.state();
    match state {
        ParentState::Disabled | ParentState::Enabled => Ok(()),
        ParentState::Halted | ParentState::Lost => Err(Refusal::new(
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

/// Decides what the subdev is, and puts it into the registry as one that is being created: from
/// here on nobody else gets its name, its UUID, and its share of the work queues.
fn reserve(node: &Node, new: &New<'_>) -> Result<Arc<Subdev>, Refusal> {
    // All that is allocated is allocated before the registry's lock is taken.
    let reserved = Reserved::new(new.wqs.as_slice().len().max(1))?;
    let memory = UniqueArc::<Subdev>::new_uninit(GFP_KERNEL)?;
    let random = crate::ffi::random::bytes();

    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    let identity = decide(registry, node, new, random)?;
    let qualities = choose_qualities(new.wqs.as_slice())?;
    registry.next_subdev = identity.index.checked_add(1).ok_or(EOVERFLOW)?;
    let Ok(subdev) = memory.pin_init_with(Subdev::new(identity, new.state, node));
    let subdev = Arc::from(subdev);
    for (place, quality) in qualities.as_slice().iter().enumerate() {
        subdev.set_quality(place, *quality);
    }
    registry.insert(&subdev, reserved);
    node.presence.enter();
    Ok(subdev)
}

/// Decides what the subdev is.
fn decide(
    registry: &Registry,
    node: &Node,
    new: &New<'_>,
    random: [u8; 16],
) -> Result<Identity, Refusal> {
    let parent = registry.parents.get(&node.index);
    let parent = parent.filter(|parent| !parent.removing).ok_or_else(|| {
        Refusal::new(
            ENODEV,
            Field::Parent,
            format_args!("{} is being unbound", node.name),
        )
    })?;
    let (index, name) = choose_name(registry, node, new.name)?;
    let uuid = choose_uuid(registry, new.uuid, random)?;
    let kind = choose_type(node, new.type_name, new.pasid_mode)?;
    let wqs = choose_wqs(parent, new, kind)?;
    Ok(Identity {
        index,
        name,
        uuid,
        parent_index: node.index,
        parent: node.name,
        wqs,
        type_name: kind.name,
        pasid_mode: kind.pasid_mode,
        isolation: kind.isolation,
    })
}

/// Enables work queues that nobody used before, and makes the virtual device of a subdev that is to
/// be active.
fn configure(
    node: &Node,
    config: &mut Config,
    subdev: &Subdev,
    state: AdminState,
) -> Result<(), Refusal> {
    let identity = subdev.identity();
    let mut ids = [0; MAX_WQS];
    let mut entries = 0;
    for (share, place) in identity.wqs.as_slice().iter().zip(&mut ids) {
        let id = share.id;
        *place = id;
        entries = share.entries;
        let wq = {
            let mut registry = REGISTRY.lock();
            let parents = &mut registry.get()?.parents;
            let parent = parents.get(&node.index).ok_or(ENODEV)?;
            let entry = parent.wqs.get(&id).ok_or(ENODEV)?;
            (!entry.enabled).then(|| entry.wq.clone())
        };
        let Some(wq) = wq else { continue };
        config.enable(&*wq, identity.pasid_mode)?;
        let mut registry = REGISTRY.lock();
        let parents = &mut registry.get()?.parents;
        let parent = parents.get_mut(&node.index).ok_or(ENODEV)?;
        parent.wqs.get_mut(&id).ok_or(ENODEV)?.enabled = true;
    }
    if state == AdminState::Active {
        let wqs = ids.get(..identity.wqs.as_slice().len()).ok_or(EINVAL)?;
        // All have the same, see `choose_wqs`.
        let function = node.provider.function(wqs, entries)?;
        subdev.set_function(function);
    }
    Ok(())
}

/// Makes the subdev known, and has `reply` report it, unless its parent or a work queue is going.
fn publish(
    subdev: &Subdev,
    origin: Origin,
    reply: impl FnOnce(&Snapshot<'_>, u64) -> Result,
) -> Result<(), Refusal> {
    let identity = subdev.identity();
    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    let parent = registry.parents.get(&identity.parent_index);
    let parent = parent.filter(|parent| !parent.removing);
    let stays = parent.is_some_and(|parent| {
        let mut wqs = identity.wqs.as_slice().iter();
        wqs.all(|share| parent.wqs.get(&share.id).is_some_and(|wq| !wq.removing))
    });
    if !stays {
        return Err(Refusal::new(
            ENODEV,
            Field::Parent,
            format_args!("{} is being unbound", identity.parent),
        ));
    }
    subdev.publish();
    let told = subdev.report(Kind::Created, origin);
    for share in identity.wqs.as_slice() {
        registry.tell_wq(identity.parent_index, share.id, origin);
    }
    if let Some((generation, snapshot)) = told {
        reply(&snapshot, generation)?;
    }
    Ok(())
}
