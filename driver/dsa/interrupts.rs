// SPDX-License-Identifier: GPL-2.0

//! The interrupts of a device: one vector for what concerns the device, one for each work queue.

use kernel::{
    irq::{
        IrqReturn,
        ThreadedHandler, //
    },
    prelude::*,
    sync::Arc, //
};

use super::{
    device::Device,
    own::Wq, //
};
use crate::dsa_core::{
    blame::Report,
    regs::{
        self,
        intcause,
        swerr, //
    }, //
};

/// Handles the interrupts of one vector.
pub(crate) struct Handler(Vector);

/// What one vector is for.
enum Vector {
    /// Errors, halts and revoked handles.
    Misc(Arc<Device>),
    /// Completions of one work queue.
    Wq(Arc<Wq>),
}

impl Handler {
    /// For errors, halts and revoked handles.
    pub(super) fn misc(device: Arc<Device>) -> Self {
        Self(Vector::Misc(device))
    }

    /// For the completions of one work queue.
    pub(super) fn wq(wq: Arc<Wq>) -> Self {
        Self(Vector::Wq(wq))
    }
}

impl ThreadedHandler for Handler {
    fn handle_threaded(&self) -> IrqReturn {
        match &self.0 {
            // What cannot be read is noticed by the check of what is in flight.
            Vector::Misc(device) => {
                let _ = misc(device);
            }
            Vector::Wq(wq) => {
                wq.reap();
            }
        }
        IrqReturn::Handled
    }
}

fn misc(device: &Device) -> Result {
    let regs = &device.regs;
    let cause = regs.read32(regs::INTCAUSE)?;
    // All ones is what a device reads as that is no longer there.
    if cause == u32::MAX {
        let _ = device.check();
        return Err(ENODEV);
    }
    regs.write32(regs::INTCAUSE, cause)?;
    if cause & intcause::SWERR != 0 {
        software_error(device)?;
    }
    if cause & intcause::HALT != 0 {
        // Notes the loss, unless the device works after all.
        let _ = device.check();
    }
    if cause & intcause::INT_HANDLE_REVOKED != 0 && device.loss().is_none() {
        device.renew_handles();
    }
    Ok(())
}

/// Reads all of what the hardware tells of an error, so that it can tell of another, and passes it on.
fn software_error(device: &Device) -> Result {
    let regs = &device.regs;
    let mut words = [0; 4];
    for (word, at) in words.iter_mut().zip((regs::SWERR..).step_by(8)) {
        *word = regs.read64(at)?;
    }
    let [first, second, address, last] = words;
    regs.write64(regs::SWERR, first & (swerr::VALID | swerr::OVERFLOW))?;
    let Some(report) = Report::decode(words) else {
        return Ok(());
    };
    // Descriptors are checked before they are submitted, so this is ours to repair.
    dev_err!(
        regs.pci(),
        "software error {:#x} {:#x} {:#x} {:#x}\n",
        first,
        second,
        address,
        last
    );
    device.report(&report);
    Ok(())
}
