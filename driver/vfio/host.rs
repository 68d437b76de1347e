// SPDX-License-Identifier: GPL-2.0

//! Who has a subdev open, as its function sees it.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    irqs::Irqs,
    layout, //
};
use crate::{
    ffi::{
        memory,
        vfio::Memory, //
    },
    framework::{
        self,
        Culprit,
        Fault,
        Mappable,
        Region,
        Subdev, //
    }, //
};

/// The memory, the eventfds and the state of one opening.
pub(super) struct Host {
    pub(super) memory: Arc<Memory>,
    pub(super) irqs: Arc<Irqs>,
    pub(super) subdev: Arc<Subdev>,
}

impl framework::Host for Host {
    fn memory(&self) -> Arc<dyn memory::Memory> {
        self.memory.clone()
    }

    fn mappable(&self, region: Region) -> Result<Mappable> {
        Ok(self.memory.region(layout::position(region)))
    }

    fn interrupt(&self, vector: u32) {
        self.irqs.signal(vector);
    }

    fn enabled(&self, enabled: bool) {
        self.subdev.enabled(enabled);
    }

    fn works(&self) {
        self.subdev.works();
    }

    fn fault(&self, fault: Fault, culprit: Culprit) {
        self.subdev.fault(fault, culprit);
    }
}
