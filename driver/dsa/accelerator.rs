// SPDX-License-Identifier: GPL-2.0

//! A device as the virtual devices on it need it, whoever owns it.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    registers::Capabilities,
    scheduler::Scheduler,
    submitter::{
        Owner,
        Submitter, //
    }, //
};
use crate::{
    dsa_core::setup,
    framework::Meter, //
};

/// A device that virtual devices are carved from.
pub(super) trait Accelerator: Send + Sync {
    /// What it can do.
    fn caps(&self) -> &Capabilities;

    /// Its PCI device ID and its revision.
    fn identity(&self) -> (u16, u8);

    /// Whether an IOMMU makes pages of memory contiguous for it.
    fn is_contiguous(&self) -> bool;

    /// What a work queue is set up as.
    fn wq_setup(&self, id: u8) -> setup::Wq;

    /// Has those that submit to a work queue take turns.
    fn scheduler(&self, wq: u32) -> Result<Arc<Scheduler>>;

    /// For what `owner` submits to a work queue; counts with `meter`.
    fn submitter(
        self: &Arc<Self>,
        wq: u32,
        owner: Arc<dyn Owner>,
        meter: Meter,
    ) -> Result<Arc<dyn Submitter>>;
}
