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
        choose_type,
        choose_uuid,
        choose_wqs, //
    },
    delete,
    engage::engage,
    events::{
        Kind,
        Origin, //
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
    // A recovery has the lock for a while.
    check_usable(&node)?;
    let subdev = {
        let mut config = node.config.lock();
        check_usable(&node)?;
        let subdev = reserve(&node, new)?;
        let engaged = match new.state {
            AdminState::Inactive => Ok(()),
            AdminState::Active => engage(&node, &mut config, &subdev, &subdev.settings().wqs),
        };
        if let Err(refusal) = engaged {
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
pub(super) fn check_usable(node: &Node) -> Result<(), Refusal> {
    let state = node.provider.state();
    match state {
        ParentState::Disabled | ParentState::Enabled => Ok(()),
        ParentState::Halted => Err(Refusal::new(
            EBUSY,
            Field::Parent,
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

/// Decides what the subdev is, and puts it into the registry as one that is being created: from
/// here on nobody else gets its name, its UUID, and its share of the work queues.
fn reserve(node: &Node, new: &New<'_>) -> Result<Arc<Subdev>, Refusal> {
    // All that is allocated is allocated before the registry's lock is taken.
    let reserved = Reserved::new(new.wqs.as_slice().len().max(1))?;
    let memory = UniqueArc::<Subdev>::new_uninit(GFP_KERNEL)?;
    let random = crate::ffi::random::bytes();

    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    let (identity, settings) = decide(registry, node, new, random)?;
    registry.next_subdev = identity.index.checked_add(1).ok_or(EOVERFLOW)?;
    let Ok(subdev) = memory.pin_init_with(Subdev::new(identity, settings, new.state, node));
    let subdev = Arc::from(subdev);
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
) -> Result<(Identity, Settings), Refusal> {
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
    let identity = Identity {
        index,
        uuid,
        parent_index: node.index,
        parent: node.name,
        type_name: kind.name,
        pasid_mode: kind.pasid_mode,
        isolation: kind.isolation,
    };
    Ok((identity, Settings { name, wqs }))
}

/// Makes the subdev known, and has `reply` report it, unless its parent or a work queue is going.
fn publish(
    subdev: &Subdev,
    origin: Origin,
    reply: impl FnOnce(&Snapshot<'_>, u64) -> Result,
) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    registry.check_stays(subdev)?;
    subdev.publish();
    let told = subdev.report(Kind::Created, origin);
    for share in subdev.settings().wqs.as_slice() {
        registry.tell_wq(subdev.identity().parent_index, share.id, origin);
    }
    if let Some((generation, snapshot)) = told {
        reply(&snapshot, generation)?;
    }
    Ok(())
}
