// SPDX-License-Identifier: GPL-2.0

//! Parents: devices that subdevs are carved from, from their registration to their removal.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    attach::Lingering,
    delete,
    events,
    registry::REGISTRY,
    Description,
    Field,
    Names,
    Provider,
    Refusal,
    Type, //
};
use crate::{
    ffi::device::BoundDevice,
    subdev_core::{
        name::Name,
        share::Share, //
    },
};

/// A parent in the registry.
pub(super) struct Parent {
    pub(super) index: u32,
    pub(super) name: Name,
    pub(super) description: Description,
    pub(super) provider: Arc<dyn Provider>,
    pub(super) dev: Arc<BoundDevice>,
    /// Who has how much of each work queue.
    pub(super) shares: KVec<Share>,
    pub(super) lingering: Arc<Lingering>,
}

impl Parent {
    /// The type with this name.
    pub(super) fn find_type(&self, name: &[u8]) -> Result<&Type, Refusal> {
        let mut types = self.provider.types().iter();
        types
            .find(|kind| kind.name.as_bytes() == name)
            .ok_or_else(|| {
                Refusal::new(
                    EINVAL,
                    Field::Type,
                    format_args!(
                        "{} has no such type; it has {}",
                        self.name,
                        Names(|| self.provider.types().iter().map(|kind| kind.name))
                    ),
                )
            })
    }

    /// The refusal of a work queue that the parent does not have.
    pub(super) fn no_such_wq(&self, id: u32) -> Refusal {
        let last = self.shares.len().saturating_sub(1);
        Refusal::new(
            EINVAL,
            Field::Wq(Some(id)),
            format_args!("{} has no wq {id}; it has 0 to {last}", self.name),
        )
    }
}

/// The registration of a parent; dropping it removes the parent with everything on it.
pub(crate) struct ParentRegistration {
    index: u32,
}

/// Registers a device as a parent.
pub(crate) fn register_parent(
    dev: Arc<BoundDevice>,
    provider: Arc<dyn Provider>,
) -> Result<ParentRegistration> {
    let description = provider.description();
    let lingering = Lingering::new()?;
    let mut shares = KVec::with_capacity(description.wqs as usize, GFP_KERNEL)?;
    for id in 0..description.wqs {
        let size = provider.wq(id).ok_or(EINVAL)?.size;
        shares.push(Share::new(size), GFP_KERNEL)?;
    }

    let mut registry = REGISTRY.lock();
    // Names count per prefix; with one provider that is the lowest number that is free.
    let name = (0..=registry.parents.len())
        .filter_map(|n| Name::format(format_args!("{}{n}", description.prefix)))
        .find(|name| !registry.parents.iter().any(|p| p.name == *name))
        .ok_or(EINVAL)?;
    let index = registry.next_parent;
    registry.parents.push(
        Parent {
            index,
            name,
            description,
            provider,
            dev,
            shares,
            lingering,
        },
        GFP_KERNEL,
    )?;
    registry.next_parent += 1;
    events::count();
    Ok(ParentRegistration { index })
}

impl Drop for ParentRegistration {
    fn drop(&mut self) {
        let parent = {
            let mut registry = REGISTRY.lock();
            let at = registry.parents.iter().position(|p| p.index == self.index);
            events::count();
            at.and_then(|at| registry.parents.remove(at).ok())
        };
        let Some(parent) = parent else {
            return;
        };
        // Nothing new can be created now. What is there goes one by one; where a VFIO user holds
        // on, the device is dead to it at once, and we wait for it to close.
        delete::delete_all(parent.index);
        parent.lingering.wait_for_none();
    }
}
