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
    name::Name,
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
///
/// The virtual work queues of a subdev are all of one size yet: the one that is asked for, or the
/// smallest of the defaults.
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
    let sized = common_size(asked)?;
    let size = sized.map(|(_, size)| size);

    let mut ids: Wqs<u32> = Wqs::new();
    let mut entries = u32::MAX;
    for (n, request) in asked.iter().enumerate() {
        let id = match request.id {
            Some(id) => id,
            None if new.type_name.is_none() => {
                return Err(Refusal::missing(
                    Field::WqId(n),
                    format_args!("the number of a work queue is needed, or a type"),
                ));
            }
            None => roomiest(parent, mode, size, |id| {
                ids.as_slice().contains(&id) || asked.iter().any(|other| other.id == Some(id))
            })?,
        };
        let field = Field::Wq(Some(id));
        let wq = parent.wqs.get(&id).filter(|wq| !wq.removing);
        let wq = wq.ok_or_else(|| parent.no_such_wq(id))?;
        if ids.as_slice().contains(&id) {
            return Err(Refusal::new(
                EINVAL,
                field,
                format_args!("wq {id} is named twice"),
            ));
        }
        wq.wq.check()?;
        let place = sized.map_or(n, |(first, _)| request.size.map_or(first, |_| n));
        let share = wq.share.admit(mode, size);
        entries = entries.min(share.map_err(|refusal| refuse_share(refusal, id, place))?);
        ids.push(id).ok_or(EINVAL)?;
    }

    let mut wqs = Wqs::new();
    for &id in ids.as_slice() {
        wqs.push(WqShare { id, entries }).ok_or(EINVAL)?;
    }
    Ok(wqs)
}

/// How the subdev is to be served on each work queue that is asked for.
pub(super) fn choose_qualities(asked: &[WqRequest]) -> Result<Wqs<Quality>, Refusal> {
    let mut qualities = Wqs::new();
    for (place, wq) in asked.iter().enumerate() {
        let quality = Quality::default().with(wq.weight, wq.max_rate);
        let quality = quality
            .map_err(|why| Refusal::new(EINVAL, Field::WqMaxRate(place), format_args!("{why}")))?;
        qualities.push(quality).ok_or(EINVAL)?;
    }
    Ok(qualities)
}

/// The size that is asked for, if any is, and for which work queue first.
fn common_size(asked: &[WqRequest]) -> Result<Option<(usize, u32)>, Refusal> {
    let mut sizes = asked
        .iter()
        .enumerate()
        .filter_map(|(n, request)| Some((n, request.size?)));
    let Some((first, size)) = sizes.next() else {
        return Ok(None);
    };
    match sizes.find(|(_, other)| *other != size) {
        Some((n, _)) => Err(Refusal::new(
            EOPNOTSUPP,
            Field::WqSize(n),
            format_args!("all work queues of a subdev have the same size; another has {size}"),
        )),
        None => Ok(Some((first, size))),
    }
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
fn refuse_share(refusal: share::Refusal, wq: u32, place: usize) -> Refusal {
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
