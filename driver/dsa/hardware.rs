// SPDX-License-Identifier: GPL-2.0

//! Submission to a work queue that this driver owns.

use kernel::{
    prelude::*,
    sync::Arc,
    time::Delta, //
};

use super::{
    accelerator::Accelerator,
    device::Device,
    own::Wq,
    recovery,
    registers::Capabilities,
    scheduler::Scheduler,
    submitter::{
        Ended,
        Make,
        Owner,
        Submitter,
        Ticket, //
    },
    wq::Status, //
};
use crate::{
    dsa_core::setup,
    ffi::bound::BoundDevice,
    framework::{
        Fault,
        FaultKind,
        Meter, //
    }, //
};

/// How long until a descriptor counts as stuck.
const STUCK: Delta = Delta::from_secs(10);

/// A work queue of a device.
pub(super) struct Hardware {
    device: Arc<Device>,
    wq: Arc<Wq>,
    owner: Arc<dyn Owner>,
    meter: Meter,
}

impl Hardware {
    /// For what `owner` submits to `wq`; counts with `meter`.
    pub(super) fn new(
        device: Arc<Device>,
        wq: Arc<Wq>,
        owner: Arc<dyn Owner>,
        meter: Meter,
    ) -> Result<Arc<Self>> {
        let hardware = Self {
            device,
            wq,
            owner,
            meter,
        };
        Ok(Arc::new(hardware, GFP_KERNEL)?)
    }
}

// SAFETY: A descriptor ends when the hardware has written its completion record, which it does
// last; when the hardware was made to abort it; and when the device is lost, which is said only of
// one that does no DMA any more.
unsafe impl Submitter for Hardware {
    fn device(&self) -> &BoundDevice {
        self.device.regs.bound()
    }

    fn max_transfer_shift(&self) -> u32 {
        self.wq.max_transfer_shift()
    }

    fn is_lost(&self) -> bool {
        self.wq.status() == Status::Lost
    }

    fn submit(&self, make: Make<'_>, bytes: u32) -> Result<Ticket> {
        self.wq.submit(make, bytes, &self.owner)
    }

    fn poll(&self, ticket: &Ticket) -> Option<Ended> {
        self.wq.take(ticket)
    }

    fn reap(&self) -> bool {
        self.wq.reap()
    }

    fn look_after(&self) {
        if self.wq.reap() {
            self.meter.interrupt_lost();
        }
        // A device that vanished, halted or was reset will not say so of itself.
        if self.device.check().is_err() {
            return;
        }
        let Some((ticket, since)) = self.wq.oldest(&self.owner) else {
            return;
        };
        if since.elapsed() >= STUCK && recovery::recover(&self.device, &self.wq, &ticket) {
            self.owner.fault(Fault {
                wq: Some(self.wq.id().into()),
                ..FaultKind::Timeout.into()
            });
        }
    }
}

impl Accelerator for Device {
    fn caps(&self) -> &Capabilities {
        &self.caps
    }

    fn identity(&self) -> (u16, u8) {
        let pdev = self.regs.pci();
        (pdev.device_id(), pdev.revision_id())
    }

    fn is_contiguous(&self) -> bool {
        self.is_contiguous()
    }

    fn wq_setup(&self, id: u8) -> setup::Wq {
        self.wq_setup(id)
    }

    fn scheduler(&self, wq: u32) -> Result<Arc<Scheduler>> {
        let wq = self.wqs().get(wq as usize).ok_or(EINVAL)?;
        Ok(wq.scheduler().clone())
    }

    fn submitter(
        self: &Arc<Self>,
        wq: u32,
        owner: Arc<dyn Owner>,
        meter: Meter,
    ) -> Result<Arc<dyn Submitter>> {
        let wq = self.wqs().get(wq as usize).ok_or(EINVAL)?.clone();
        Ok(Hardware::new(self.clone(), wq, owner, meter)?)
    }
}
