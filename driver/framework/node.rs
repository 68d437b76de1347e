// SPDX-License-Identifier: GPL-2.0

//! A parent as everything on it knows it: what it is, and its configuration lock.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

use super::{
    count::Count,
    provider::{
        Description,
        Parent,
        Type,
        WorkQueue,
        WqChange, //
    },
    refusal::{
        Field,
        Names,
        Refusal, //
    },
    stats::Stats,
    vendor::{
        Attributes,
        VendorNest, //
    }, //
};
use crate::{
    ffi::bound::BoundDevice,
    subdev_core::{
        name::Name,
        share::PasidMode, //
    }, //
};

/// A parent, as everything on it knows it.
#[pin_data]
pub(super) struct Node {
    pub(super) index: u32,
    pub(super) name: Name,
    pub(super) description: Description,
    pub(super) provider: Arc<dyn Parent>,
    pub(super) dev: BoundDevice,
    pub(super) presence: Arc<Count>,
    /// Of all that are, or were, on it.
    pub(super) stats: Arc<Stats>,
    /// The configuration lock: held while the hardware is configured, which may be waited for.
    #[pin]
    pub(super) config: Mutex<Config>,
}

/// Who has it borrowed mutably holds the configuration lock of a parent.
pub(super) struct Config(());

impl Config {
    /// Makes a work queue ready for subdevs in `mode`.
    pub(super) fn enable(&mut self, wq: &dyn WorkQueue, mode: PasidMode) -> Result<(), Refusal> {
        wq.enable(mode)
    }

    /// Takes a work queue out of use.
    pub(super) fn disable(&mut self, wq: &dyn WorkQueue) {
        wq.disable();
    }

    /// Changes the configuration of a work queue.
    pub(super) fn configure_wq(
        &mut self,
        wq: &dyn WorkQueue,
        change: &WqChange<'_>,
    ) -> Result<(), Refusal> {
        wq.configure(change)
    }

    /// Changes the configuration of a parent.
    pub(super) fn configure_parent(
        &mut self,
        parent: &dyn Parent,
        change: &dyn Attributes,
    ) -> Result<(), Refusal> {
        parent.configure(change)
    }

    /// Brings a parent back that is halted.
    pub(super) fn recover(&mut self, parent: &dyn Parent) -> Result {
        parent.recover()
    }

    /// Stops what the hardware has of the functions on a parent.
    pub(super) fn quiesce(&mut self, parent: &dyn Parent) {
        parent.quiesce();
    }
}

impl Node {
    /// A parent that nothing is on.
    pub(super) fn new(
        index: u32,
        name: Name,
        dev: BoundDevice,
        provider: Arc<dyn Parent>,
        presence: Arc<Count>,
        stats: Arc<Stats>,
    ) -> impl PinInit<Self> {
        pin_init!(Self {
            index,
            name,
            description: provider.description(),
            provider,
            dev,
            presence,
            stats,
            config <- new_mutex!(Config(()), "Node::config"),
        })
    }

    /// Name of the device on its bus.
    pub(super) fn device_name(&self) -> Result<&str> {
        self.dev.device().name().to_str().map_err(|_| EINVAL)
    }

    /// The attributes of its vendor; refuses those of another, which come with their name.
    pub(super) fn own<'a>(
        &self,
        vendor: Option<VendorNest<'a>>,
    ) -> Result<Option<&'a dyn Attributes>, Refusal> {
        match vendor {
            // Not provoked: there is one vendor yet.
            Some((name, _)) if name != self.description.vendor => Err(Refusal::new(
                EINVAL,
                Field::Nothing,
                format_args!("{} is no device of the vendor {name}", self.name),
            )),
            vendor => Ok(vendor.map(|(_, attributes)| attributes)),
        }
    }

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
}
