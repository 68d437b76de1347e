// SPDX-License-Identifier: GPL-2.0

//! Who has a subdev open, as its function sees it.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    device::Device,
    irqs::Irqs, //
};
use crate::{
    ffi::vfio::Memory,
    framework::{
        self,
        Subdev, //
    }, //
};

/// The memory, the eventfds and the state of one opening.
pub(super) struct Host {
    memory: Memory,
    irqs: Arc<Irqs>,
    subdev: Arc<Subdev>,
}

impl Host {
    /// Speaks for who has `device` open.
    pub(super) fn of(memory: Memory, device: &Device) -> Result<Arc<dyn framework::Host>> {
        let host = Self {
            memory,
            irqs: device.irqs.clone(),
            subdev: device.subdev.clone(),
        };
        Ok(Arc::new(host, GFP_KERNEL)?)
    }
}

impl framework::Host for Host {
    fn memory(&self) -> &Memory {
        &self.memory
    }

    fn interrupt(&self, vector: u32) {
        self.irqs.signal(vector);
    }

    fn enabled(&self, enabled: bool) {
        self.subdev.enabled(enabled);
    }
}
