// SPDX-License-Identifier: GPL-2.0

//! Creating a subdev: everything is decided first, then done, and undone when a step fails.

use kernel::{
    prelude::*,
    types::ScopeGuard, //
};

use super::{
    attach::Attachment,
    events,
    parent::Parent,
    registry::{
        Entry,
        Registry,
        REGISTRY, //
    },
    subdev::{
        Identity,
        Wqs, //
    },
    Field,
    Kind,
    ParentState,
    Refusal,
    Snapshot,
    Subdev,
    Type, //
};
use crate::subdev_core::{
    name::Name,
    share::{
        self,
        PasidMode, //
    },
    state::AdminState,
    uuid::Uuid, //
};

/// A request for a subdev. What is absent is chosen by the framework.
pub(crate) struct New<'a> {
    pub(crate) name: Option<&'a [u8]>,
    pub(crate) uuid: Option<&'a [u8]>,
    pub(crate) parent: Option<&'a [u8]>,
    pub(crate) wqs: Wqs,
    pub(crate) type_name: Option<&'a [u8]>,
    pub(crate) pasid_mode: Option<PasidMode>,
    pub(crate) state: AdminState,
    pub(crate) size: Option<u32>,
}

/// What was decided about a request.
struct Decision {
    wqs: Wqs,
    entries: u32,
    pasid_mode: PasidMode,
}

/// Creates a subdev, and has `reply` tell of it. A creation that nobody hears of is undone.
pub(crate) fn create(
    new: &New<'_>,
    reply: impl FnOnce(&Snapshot<'_>) -> Result,
) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let at = registry.find_parent(new.parent)?;
    let parent = registry.parents.get(at).ok_or(ENODEV)?;
    if parent.provider.state() == ParentState::Halted {
        return Err(Refusal::new(
            ENODEV,
            Field::Parent,
            format_args!(
                "{} is halted; unbind its driver, reset it, and bind it again",
                parent.name
            ),
        ));
    }
    let index = registry.next_subdev;
    let name = choose_name(&registry, parent, index, new.name)?;
    let uuid = choose_uuid(&registry, new.uuid)?;
    let kind = choose_type(parent, new)?;
    let decision = choose_wqs(parent, new, kind)?;
    let identity = Identity {
        index,
        name,
        uuid,
        parent: parent.name,
        wqs: decision.wqs,
        type_name: kind.name,
        pasid_mode: decision.pasid_mode,
        isolation: kind.isolation,
        entries: decision.entries,
    };
    let parent_index = parent.index;
    // Room first: the step that makes the subdev known must not fail.
    registry.subdevs.reserve(1, GFP_KERNEL)?;

    let parent = registry.parents.get_mut(at).ok_or(ENODEV)?;
    parent.take(&decision)?;
    let guard = ScopeGuard::new_with_data(parent, |parent| {
        parent.give_back(&decision.wqs, decision.entries);
    });
    let function = guard
        .provider
        .function(decision.wqs.as_slice(), decision.entries)?;
    let subdev = Subdev::new(identity, new.state, function)?;
    let attachment = match new.state {
        AdminState::Inactive => None,
        AdminState::Active => {
            let attached = Attachment::new(&guard.dev, &subdev, &guard.lingering);
            Some(attached.inspect_err(|_| subdev.function().kill())?)
        }
    };
    guard.dismiss();

    registry.next_subdev += 1;
    registry.subdevs.push(
        Entry {
            subdev: subdev.clone(),
            parent: parent_index,
            attachment,
        },
        GFP_KERNEL,
    )?;
    events::report(Kind::Created, &subdev);
    let Err(error) = reply(&subdev.snapshot()) else {
        return Ok(());
    };
    drop(subdev);
    let last = registry.subdevs.len().saturating_sub(1);
    if let Some(leftover) = registry.remove(last, true) {
        registry.detach(&leftover);
        drop(registry);
        leftover.wait();
    }
    Err(error.into())
}

impl Parent {
    /// Takes what was decided, and enables work queues that nobody used before.
    fn take(&mut self, decision: &Decision) -> Result {
        let mut taken = Wqs::new();
        for &wq in decision.wqs.as_slice() {
            if let Err(error) = self.take_one(wq, decision) {
                self.give_back(&taken, decision.entries);
                return Err(error);
            }
            taken.push(wq).ok_or(EINVAL)?;
        }
        Ok(())
    }

    fn take_one(&mut self, wq: u32, decision: &Decision) -> Result {
        let share = self.shares.get_mut(wq as usize).ok_or(EINVAL)?;
        if share.users() == 0 {
            self.provider.enable_wq(wq, decision.pasid_mode)?;
        }
        share.take(decision.pasid_mode, decision.entries);
        Ok(())
    }

    /// Gives back what a subdev had, and disables work queues that nobody uses any more.
    pub(super) fn give_back(&mut self, wqs: &Wqs, entries: u32) {
        for &wq in wqs.as_slice() {
            let Some(share) = self.shares.get_mut(wq as usize) else {
                continue;
            };
            share.give_back(entries);
            if share.users() == 0 {
                self.provider.disable_wq(wq);
            }
        }
    }
}

/// The type that is asked for by name or by PASID mode.
fn choose_type<'a>(parent: &'a Parent, new: &New<'_>) -> Result<&'a Type, Refusal> {
    let types = parent.provider.types();
    let kind = if let Some(name) = new.type_name {
        let kind = parent.find_type(name)?;
        if new.pasid_mode.is_some_and(|mode| mode != kind.pasid_mode) {
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
        let mode = new.pasid_mode.unwrap_or(PasidMode::None);
        let kind = types.iter().find(|kind| kind.pasid_mode == mode);
        kind.ok_or_else(|| {
            Refusal::new(
                EOPNOTSUPP,
                Field::PasidMode,
                format_args!(
                    "{} has no type with pasid-mode {}",
                    parent.name,
                    mode.name()
                ),
            )
        })?
    };
    if let Some(missing) = kind.missing {
        let field = if new.pasid_mode.is_some() {
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
                parent.name
            ),
        ));
    }
    Ok(kind)
}

/// The work queues that are asked for, or the one with most room, and the share of each.
fn choose_wqs(parent: &Parent, new: &New<'_>, kind: &Type) -> Result<Decision, Refusal> {
    let mode = kind.pasid_mode;
    let mut wqs = new.wqs;
    if wqs.as_slice().is_empty() {
        if new.type_name.is_none() {
            return Err(Refusal::missing(
                Field::Wq(None),
                format_args!("a work queue to stand on is needed, or a type"),
            ));
        }
        let roomiest = (0u32..)
            .zip(parent.shares.iter())
            .filter(|(_, share)| share.admit(mode, new.size).is_ok())
            // The first of those that have most.
            .max_by_key(|(id, share)| (share.available(), core::cmp::Reverse(*id)));
        let Some((id, _)) = roomiest else {
            return Err(Refusal::new(
                ENOSPC,
                Field::Type,
                format_args!("no work queue of {} has room for it", parent.name),
            ));
        };
        wqs.push(id).ok_or(EINVAL)?;
    }

    let mut entries = u32::MAX;
    for (n, &wq) in wqs.as_slice().iter().enumerate() {
        let field = Field::Wq(Some(wq));
        let share = parent.shares.get(wq as usize);
        let share = share.ok_or_else(|| parent.no_such_wq(wq))?;
        if wqs.as_slice().iter().take(n).any(|&other| other == wq) {
            return Err(Refusal::new(
                EINVAL,
                field,
                format_args!("wq {wq} is named twice"),
            ));
        }
        let share = share
            .admit(mode, new.size)
            .map_err(|refusal| refuse_share(refusal, wq))?;
        entries = entries.min(share);
    }
    Ok(Decision {
        wqs,
        entries,
        pasid_mode: mode,
    })
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

fn choose_name(
    registry: &Registry,
    parent: &Parent,
    index: u32,
    asked: Option<&[u8]>,
) -> Result<Name, Refusal> {
    let name = match asked {
        Some(text) => {
            Name::parse(text).map_err(|e| Refusal::new(EINVAL, Field::Name, format_args!("{e}")))?
        }
        None => Name::format(format_args!("{}-{index}", parent.name)).ok_or(EINVAL)?,
    };
    if registry.has_name(&name) {
        return Err(Refusal::new(
            EEXIST,
            Field::Name,
            format_args!("a subdev with this name exists"),
        ));
    }
    Ok(name)
}

fn choose_uuid(registry: &Registry, asked: Option<&[u8]>) -> Result<Uuid, Refusal> {
    let uuid = match asked {
        Some(text) => {
            Uuid::parse(text).map_err(|e| Refusal::new(EINVAL, Field::Uuid, format_args!("{e}")))?
        }
        None => Uuid::from_random(crate::ffi::random::bytes()),
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
