// SPDX-License-Identifier: GPL-2.0

//! Subdevs for devices that somebody else makes: taken or created with the device, and gone with it.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    create::create_on,
    events::{
        Cause,
        Origin, //
    },
    handover::Maker,
    identity::Wqs,
    node::Node,
    refusal::{
        Field,
        Refusal, //
    },
    registry::REGISTRY,
    request::{
        Id,
        New,
        ParentId,
        Set,
        Wanted,
        WqRequest, //
    },
    set::set_on,
    subdev::Subdev, //
};
use crate::subdev_core::{
    face::Face,
    quality::MAX_WEIGHT,
    state::AdminState, //
};

/// How a subdev was got for a device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adopted {
    /// It was there.
    Taken,
    Created,
}

/// Takes the inactive subdev with this UUID, which has to be on the parent and of the type that are
/// wanted, or creates one: it is active on return, and handed over on the device that `maker` has made.
pub(crate) fn adopt(
    wanted: &Wanted<'_>,
    uuid: &[u8],
    maker: &dyn Maker,
) -> Result<Adopted, Refusal> {
    let how = look(uuid)?;
    let refusal = match adopt_as(how, wanted, uuid, maker) {
        Ok(()) => return Ok(how),
        Err(refusal) => refusal,
    };
    let now = look(uuid)?;
    // It was deleted, or planned, after it was looked for.
    let came_between = match how {
        Adopted::Taken => ENODEV,
        Adopted::Created => EEXIST,
    };
    let refused = (refusal.error(), refusal.field());
    if now == how || refused != (came_between, Field::Uuid) {
        return Err(refusal);
    }
    adopt_as(now, wanted, uuid, maker).map(|()| now)
}

/// How a subdev with this UUID is to be got.
fn look(uuid: &[u8]) -> Result<Adopted, Refusal> {
    let is_there = REGISTRY.lock().get()?.find(Id::Uuid(uuid)).is_ok();
    Ok(if is_there {
        Adopted::Taken
    } else {
        Adopted::Created
    })
}

fn adopt_as(
    how: Adopted,
    wanted: &Wanted<'_>,
    uuid: &[u8],
    maker: &dyn Maker,
) -> Result<(), Refusal> {
    match how {
        Adopted::Taken => {
            let request = Set {
                state: Some(AdminState::Active),
                face: Some(Face::Mdev),
                wanted: Some(*wanted),
                ..nothing(Id::Uuid(uuid))
            };
            set_on(&request, Some(maker), Origin::sysfs(), |_, _| ())
        }
        Adopted::Created => {
            let parent = ParentId {
                index: Some(wanted.parent),
                ..ParentId::default()
            };
            let request = New {
                name: None,
                uuid: Some(uuid),
                parent,
                wqs: Wqs::new(),
                type_name: Some(wanted.type_name.as_bytes()),
                pasid_mode: None,
                state: AdminState::Active,
                face: Face::Mdev,
                vendor: None,
                count: None,
                lease: None,
                dry_run: false,
            };
            create_on(&request, Some(maker), Origin::sysfs(), |_| Ok(()))
        }
    }
}

/// Why a device that somebody has made goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Somebody wrote so to sysfs.
    Removed,
    /// Its making failed after the subdev was taken.
    Undone,
    /// The face goes.
    Leaving,
}

/// The device that somebody has made for the subdev is being removed: the subdev goes with who wrote so
/// to sysfs, and else stays, inactive. Nothing is done where it is removed because of what becomes of
/// the subdev. VFIO has it still, and is to let go of it after that.
pub(crate) fn forsake(subdev: &Arc<Subdev>, end: End) {
    if !subdev.is_taken_away() {
        return;
    }
    let Some(node) = node_of(subdev) else {
        return;
    };
    let origin = match end {
        End::Removed => {
            if subdev.begin_removal(true).is_ok() {
                subdev.doom();
                subdev.retire(&mut node.config.lock(), Origin::sysfs());
            }
            // Else whoever changes or removes the subdev goes on with that.
            return;
        }
        End::Undone => Origin::sysfs(),
        End::Leaving => Cause::Unload.into(),
    };
    if subdev.begin_deactivation(true).is_ok() {
        subdev.doom();
        subdev.disengage(&mut node.config.lock());
        subdev.flush_report();
        settle(&node, subdev, origin);
    }
}

/// The deactivation of a subdev is complete, unless its parent or its lease is going, which leaves the
/// removal to us.
fn settle(node: &Node, subdev: &Arc<Subdev>, origin: Origin) {
    let origin = {
        let mut registry = REGISTRY.lock();
        let Ok(registry) = registry.get() else {
            return;
        };
        if registry.check_stays(subdev).is_ok() {
            let _ = subdev.amend(origin, |life, _| life.settle());
            for share in subdev.settings().wqs.as_slice() {
                registry.tell_wq(node.index, share.id, origin);
            }
            return;
        }
        subdev.abandon();
        if subdev.is_forsaken() {
            Cause::Lease.into()
        } else {
            Origin::removal()
        }
    };
    subdev.retire(&mut node.config.lock(), origin);
}

fn node_of(subdev: &Subdev) -> Option<Arc<Node>> {
    let mut registry = REGISTRY.lock();
    let registry = registry.get().ok()?;
    let parent = registry.parents.get(&subdev.identity().parent_index)?;
    Some(parent.node.clone())
}

/// A request that asks for nothing.
fn nothing(id: Id<'_>) -> Set<'_> {
    Set {
        id,
        new_name: None,
        wqs: Wqs::new(),
        moved: Wqs::new(),
        state: None,
        face: None,
        wanted: None,
        vendor: None,
        force: false,
        dry_run: false,
    }
}

/// What can be changed of a subdev that somebody has made a device for, by who has.
pub(crate) enum Change<'a> {
    Name(&'a [u8]),
    /// The number of each work queue that it is to use.
    Wqs(Wqs<u32>),
    /// Its entries of each.
    Sizes(Wqs<u32>),
    /// Its weight on each.
    Weights(Wqs<u32>),
}

/// Changes such a subdev. What its user sees is changed only while nobody has it open.
pub(crate) fn change(
    subdev: &Subdev,
    change: Change<'_>,
    maker: &dyn Maker,
) -> Result<(), Refusal> {
    let mut request = nothing(Id::Index(subdev.identity().index));
    match change {
        Change::Name(name) => request.new_name = Some(name),
        Change::Wqs(moved) => request.moved = moved,
        Change::Sizes(sizes) => {
            request.wqs = each_wq(subdev, &sizes, |wq, size| wq.size = Some(size))?;
        }
        Change::Weights(weights) => {
            // What comes by netlink is checked by the policy.
            let mut values = weights.as_slice().iter();
            if values.any(|weight| !(1..=MAX_WEIGHT).contains(weight)) {
                return Err(Refusal::new(
                    EINVAL,
                    Field::WqWeight(0),
                    format_args!("a weight is 1 to {MAX_WEIGHT}"),
                ));
            }
            request.wqs = each_wq(subdev, &weights, |wq, weight| wq.weight = Some(weight))?;
        }
    }
    set_on(&request, Some(maker), Origin::sysfs(), |_, _| ())
}

/// What is asked for of each work queue of a subdev.
fn each_wq(
    subdev: &Subdev,
    values: &Wqs<u32>,
    put: impl Fn(&mut WqRequest, u32),
) -> Result<Wqs<WqRequest>, Refusal> {
    let settings = subdev.settings();
    let (shares, values) = (settings.wqs.as_slice(), values.as_slice());
    if shares.len() != values.len() {
        return Err(Refusal::new(
            EINVAL,
            Field::Wq(None),
            format_args!(
                "the subdev uses {} work queues; give a number for each",
                shares.len()
            ),
        ));
    }
    let mut requests = Wqs::new();
    for (share, value) in shares.iter().zip(values) {
        let mut request = WqRequest {
            id: Some(share.id),
            ..WqRequest::default()
        };
        put(&mut request, *value);
        requests.push(request).ok_or(EINVAL)?;
    }
    Ok(requests)
}
