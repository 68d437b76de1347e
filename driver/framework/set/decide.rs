// SPDX-License-Identifier: GPL-2.0

//! Deciding what a change comes to. Nothing is changed here.

use kernel::prelude::*;

use super::{
    super::{
        choose::{
            choose_quality,
            free_name,
            named_twice,
            refuse_share, //
        },
        create::check_face,
        identity::{
            Settings,
            WqShare,
            Wqs, //
        },
        refusal::{
            Field,
            Numbers,
            Refusal, //
        },
        registry::{
            ParentEntry,
            Registry, //
        },
        request::{
            Set,
            Wanted, //
        },
        subdev::Subdev,
        vendor::Attributes, //
    },
    refuse_conflict,
    Change, //
};
use crate::subdev_core::state::AdminState;

impl Change {
    /// Decides what is to be changed. What a user sees can be changed of an active one that somebody
    /// has made a device for.
    pub(super) fn decide(
        registry: &Registry,
        set: &Set<'_>,
        is_made: bool,
    ) -> Result<Self, Refusal> {
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
        change_wqs(parent, set, is_used, &mut new)?;
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

/// Decides what a subdev gets of the work queues that it uses; `is_used`: by somebody who sees how much.
fn change_wqs(
    parent: &ParentEntry,
    set: &Set<'_>,
    is_used: bool,
    new: &mut Settings,
) -> Result<(), Refusal> {
    let old = new.wqs;
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
        let ids = || old.as_slice().iter().map(|share| share.id);
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
    Ok(())
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
