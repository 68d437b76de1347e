// SPDX-License-Identifier: GPL-2.0

//! Deciding what a new subdev is: what was asked for, or a default, or a refusal.

use kernel::prelude::*;

use super::{
    identity::{
        WqShare,
        Wqs, //
    },
    node::Node,
    provider::Type,
    refusal::{
        Field,
        Refusal, //
    },
    registry::{
        ParentEntry,
        Registry, //
    },
    request::{
        New,
        WqRequest, //
    }, //
};
use crate::subdev_core::{
    name::{
        Name,
        NAME_MAX, //
    },
    quality::Quality,
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

/// The work queues that are asked for, or those with most room, and the share of each.
pub(super) fn choose_wqs(
    parent: &ParentEntry,
    new: &New<'_>,
    kind: &Type,
) -> Result<Wqs<WqShare>, Refusal> {
    let mode = kind.pasid_mode;
    let asked = match new.wqs.as_slice() {
        [] if new.type_name.is_none() => {
            return Err(Refusal::missing(
                Field::Wq(None),
                format_args!("a work queue is needed, or a type"),
            ));
        }
        [] => &[WqRequest::default()],
        asked => asked,
    };
    let mut wqs: Wqs<WqShare> = Wqs::new();
    for (n, request) in asked.iter().enumerate() {
        let id = match request.id {
            Some(id) => id,
            None if new.type_name.is_none() => {
                return Err(Refusal::missing(
                    Field::WqId(n),
                    format_args!("the number of a work queue is needed, or a type"),
                ));
            }
            None => roomiest(parent, mode, request.size, |id| {
                wqs.as_slice().iter().any(|share| share.id == id)
                    || asked.iter().any(|other| other.id == Some(id))
            })?,
        };
        let wq = parent.wqs.get(&id).filter(|wq| !wq.removing);
        let wq = wq.ok_or_else(|| parent.no_such_wq(id))?;
        if wqs.as_slice().iter().any(|share| share.id == id) {
            return Err(named_twice(id));
        }
        wq.wq.check()?;
        let entries = wq.share.admit(mode, request.size);
        let entries = entries.map_err(|refusal| refuse_share(refusal, id, n))?;
        let share = WqShare {
            id,
            entries,
            quality: choose_quality(Quality::default(), request, n)?,
        };
        wqs.push(share).ok_or(EINVAL)?;
    }
    Ok(wqs)
}

/// How a subdev is to be served on the work queue at a place of the request; what is not asked for is
/// as `before`.
pub(super) fn choose_quality(
    before: Quality,
    request: &WqRequest,
    place: usize,
) -> Result<Quality, Refusal> {
    let quality = before.with(request.weight, request.max_rate);
    quality.map_err(|why| Refusal::new(EINVAL, Field::WqMaxRate(place), format_args!("{why}")))
}

/// The refusal of a work queue that is in a request twice.
pub(super) fn named_twice(id: u32) -> Refusal {
    let field = Field::Wq(Some(id));
    Refusal::new(EINVAL, field, format_args!("wq {id} is named twice"))
}

/// The work queue with most room, the first if there are several, that is not `taken`.
fn roomiest(
    parent: &ParentEntry,
    mode: PasidMode,
    size: Option<u32>,
    taken: impl Fn(u32) -> bool,
) -> Result<u32, Refusal> {
    let fits = parent.wqs.iter().filter(|(id, wq)| {
        let usable = !wq.removing && wq.wq.check().is_ok();
        usable && !taken(**id) && wq.share.admit(mode, size).is_ok()
    });
    fits.max_by_key(|(id, wq)| (wq.share.available(), core::cmp::Reverse(**id)))
        .map(|(id, _)| *id)
        .ok_or_else(|| {
            Refusal::new(
                ENOSPC,
                Field::Type,
                format_args!("no work queue of {} has room for it", parent.node.name),
            )
        })
}

/// Explains why a work queue cannot be had.
pub(super) fn refuse_share(refusal: share::Refusal, wq: u32, place: usize) -> Refusal {
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
            Field::WqSize(place),
            format_args!("wq {wq} has 1 to {max} entries to give"),
        ),
    }
}

/// The index and the name: that which is asked for, or one made of a prefix and the index. The prefix
/// is the parent's name, or that which is asked for where there may be `several`. An index whose name
/// is taken is skipped.
pub(super) fn choose_name(
    registry: &Registry,
    node: &Node,
    asked: Option<&[u8]>,
    several: bool,
) -> Result<(u32, Name), Refusal> {
    let mut index = registry.next_subdev;
    let prefix = match (asked, several) {
        (Some(text), false) => return Ok((index, free_name(registry, text, Field::Name)?)),
        (Some(text), true) => {
            Name::parse(text).map_err(|e| Refusal::new(EINVAL, Field::Name, format_args!("{e}")))?
        }
        (None, _) => node.name,
    };
    loop {
        let name = Name::format(format_args!("{prefix}-{index}")).ok_or_else(|| {
            Refusal::new(
                EINVAL,
                Field::Name,
                format_args!("with a count, it and '-{index}' have at most {NAME_MAX} characters"),
            )
        })?;
        if !registry.has_name(&name) {
            return Ok((index, name));
        }
        index = index.checked_add(1).ok_or(EOVERFLOW)?;
    }
}

/// The name that `field` asks for, which no subdev has.
pub(super) fn free_name(registry: &Registry, text: &[u8], field: Field) -> Result<Name, Refusal> {
    let name = Name::parse(text).map_err(|e| Refusal::new(EINVAL, field, format_args!("{e}")))?;
    if registry.has_name(&name) {
        return Err(Refusal::new(
            EEXIST,
            field,
            format_args!("a subdev with this name exists"),
        ));
    }
    Ok(name)
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
