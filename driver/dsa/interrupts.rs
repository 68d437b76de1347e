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
    wq::Wq, //
};
use crate::dsa_core::regs::{
    self,
    intcause,
    swerr, //
};

/// What one vector is for.
pub(super) enum Handler {
    /// Errors and halts.
    Misc(Arc<Device>),
    /// Completions of one work queue.
    Wq(Arc<Wq>),
}

impl ThreadedHandler for Handler {
    fn handle_threaded(&self) -> IrqReturn {
        match self {
            // A device that does not answer is being removed, and has nothing to say.
            Handler::Misc(device) => {
                let _ = misc(device);
            }
            Handler::Wq(wq) => wq.reap(),
        }
        IrqReturn::Handled
    }
}

fn misc(device: &Device) -> Result {
    let regs = &device.regs;
    let cause = regs.read32(regs::INTCAUSE)?;
    // All ones is what a device reads as that is no longer there.
    if cause == u32::MAX {
        return Err(ENODEV);
    }
    regs.write32(regs::INTCAUSE, cause)?;
    if cause & intcause::SWERR != 0 {
        let error = regs.read64(regs::SWERR)?;
        let address = regs.read64(regs::SWERR + 16)?;
        regs.write64(regs::SWERR, error & (swerr::VALID | swerr::OVERFLOW))?;
        // Descriptors are checked before they are submitted, so this is ours to repair.
        dev_err!(
            regs.pci(),
            "software error {:#x}, address {:#x}\n",
            error,
            address
        );
    }
    if cause & intcause::HALT != 0 {
        dev_err!(
            regs.pci(),
            "the device halted; unbind, reset and bind it to bring it back\n"
        );
        device.lose();
    }
    Ok(())
}
