// SPDX-License-Identifier: GPL-2.0

//! Deciding what a new subdev is: what was asked for, or a default, or a refusal.

use kernel::prelude::*;

use super::{
    parent::Node,
    registry::{
        ParentEntry,
        Registry, //
    },
    Field,
    New,
    Refusal,
    Type,
    Wqs, //
};
use crate::subdev_core::{
    name::Name,
    share::{
        self,
        PasidMode, //
    },
    uuid::Uuid, //
};

/// The type that is asked for by name or by PASID mode.
pub(super) fn choose_type<'a>(
    node: &'a Node,
    name: Option<&[u8]>,
    mode: Option<PasidMode>,
) -> Result<&'a Type, Refusal> {
    let kind = if let Some(name) = name {
        let kind = node.find_type(name)?;
        if mode.is_some_and(|mode| mode != kind.pasid_mode) {
            return Err(Refusal::new(
                EINVAL,
                Field::PasidMode,
                format_args!(
                    "type {} has pasid-mode {}",
                    kind.name,
                    kind.pasid_mode.name()
                ),
            ));
        }
        kind
    } else {
        let mode = mode.unwrap_or(PasidMode::None);
        let mut types = node.provider.types().iter();
        let kind = types.find(|kind| kind.pasid_mode == mode);
        kind.ok_or_else(|| {
            Refusal::new(
                EOPNOTSUPP,
                Field::PasidMode,
                format_args!("{} has no type with pasid-mode {}", node.name, mode.name()),
            )
        })?
    };
    if let Some(missing) = kind.missing {
        let field = if mode.is_some() {
            Field::PasidMode
        } else {
            Field::Type
        };
        return Err(Refusal::new(
            EOPNOTSUPP,
            field,
            format_args!(
                "{} needs {missing}, which {} lacks",
                kind.pasid_mode.name(),
                node.name
            ),
        ));
    }
    Ok(kind)
}

/// The work queues that are asked for, or the one with most room, and the share of each.
pub(super) fn choose_wqs(
    parent: &ParentEntry,
    new: &New<'_>,
    kind: &Type,
) -> Result<(Wqs, u32), Refusal> {
    let mode = kind.pasid_mode;
    let mut wqs = new.wqs;
    if wqs.as_slice().is_empty() {
        if new.type_name.is_none() {
            return Err(Refusal::missing(
                Field::Wq(None),
                format_args!("a work queue is needed, or a type"),
            ));
        }
        let roomiest = parent
            .wqs
            .iter()
            .filter(|(_, wq)| !wq.removing && wq.share.admit(mode, new.size).is_ok())
            // The first of those that have most.
            .max_by_key(|(id, wq)| (wq.share.available(), core::cmp::Reverse(**id)));
        let Some((&id, _)) = roomiest else {
            return Err(Refusal::new(
                ENOSPC,
                Field::Type,
                format_args!("no work queue of {} has room for it", parent.node.name),
            ));
        };
        wqs.push(id).ok_or(EINVAL)?;
    }

    let mut entries = u32::MAX;
    for (n, &id) in wqs.as_slice().iter().enumerate() {
        let field = Field::Wq(Some(id));
        let wq = parent.wqs.get(&id).filter(|wq| !wq.removing);
        let wq = wq.ok_or_else(|| parent.no_such_wq(id))?;
        if wqs.as_slice().iter().take(n).any(|&other| other == id) {
            return Err(Refusal::new(
                EINVAL,
                field,
                format_args!("wq {id} is named twice"),
            ));
        }
        let share = wq.share.admit(mode, new.size);
        entries = entries.min(share.map_err(|refusal| refuse_share(refusal, id))?);
    }
    Ok((wqs, entries))
}

/// Explains why a work queue cannot be had.
fn refuse_share(refusal: share::Refusal, wq: u32) -> Refusal {
    let field = Field::Wq(Some(wq));
    match refusal {
        share::Refusal::Owned => Refusal::new(
            EBUSY,
            field,
            format_args!("wq {wq} is owned by another subdev; take one that is not"),
        ),
        share::Refusal::InUseShared => Refusal::new(
            EBUSY,
            field,
            format_args!("wq {wq} is shared by other subdevs; ask for pasid-mode shared"),
        ),
        share::Refusal::Full => Refusal::new(
            ENOSPC,
            field,
            format_args!("all entries of wq {wq} are given away"),
        ),
        share::Refusal::Zero { max } | share::Refusal::TooLarge { max, .. } => Refusal::new(
            EINVAL,
            Field::Size,
            format_args!("wq {wq} has 1 to {max} entries to give"),
        ),
    }
}

/// The index and the name: that which is asked for, or one made of the parent's and the index. An
/// index whose name is taken is skipped.
pub(super) fn choose_name(
    registry: &Registry,
    node: &Node,
    asked: Option<&[u8]>,
) -> Result<(u32, Name), Refusal> {
    let mut index = registry.next_subdev;
    let name = match asked {
        Some(text) => {
            Name::parse(text).map_err(|e| Refusal::new(EINVAL, Field::Name, format_args!("{e}")))?
        }
        None => loop {
            let name = Name::format(format_args!("{}-{index}", node.name)).ok_or(EINVAL)?;
            if !registry.has_name(&name) {
                break name;
            }
            index = index.checked_add(1).ok_or(EOVERFLOW)?;
        },
    };
    if registry.has_name(&name) {
        return Err(Refusal::new(
            EEXIST,
            Field::Name,
            format_args!("a subdev with this name exists"),
        ));
    }
    Ok((index, name))
}

/// The UUID that is asked for, or one made of `random`.
pub(super) fn choose_uuid(
    registry: &Registry,
    asked: Option<&[u8]>,
    random: [u8; 16],
) -> Result<Uuid, Refusal> {
    let uuid = match asked {
        Some(text) => {
            Uuid::parse(text).map_err(|e| Refusal::new(EINVAL, Field::Uuid, format_args!("{e}")))?
        }
        None => Uuid::from_random(random),
    };
    if registry.has_uuid(&uuid) {
        return Err(Refusal::new(
            EEXIST,
            Field::Uuid,
            format_args!("a subdev with this UUID exists"),
        ));
    }
    Ok(uuid)
}
