// SPDX-License-Identifier: GPL-2.0

//! Ending descriptors that do not end by themselves, so that the hardware no longer accesses memory
//! for them; and bringing a device back that halted.

use kernel::{
    pci,
    prelude::*, //
};

use super::{
    command::CommandError,
    config::{
        self,
        Setup, //
    },
    device::{
        Device,
        Loss, //
    },
    own::Wq,
    submitter::Ticket,
    wq::Status, //
};
use crate::{
    dsa_core::regs::{
        self,
        command::error,
        gensts,
        Command, //
    },
    ffi::device::{
        clear_master,
        try_reset_function, //
    }, //
};

/// The descriptor of `stuck` on `wq` does not end: on return the hardware does not have it any more,
/// nor what else was on `wq`. Returns false if it has ended before.
pub(super) fn recover(device: &Device, wq: &Wq, stuck: &Ticket) -> bool {
    let _one = device.lock_recovery();
    // Another recovery, which was waited for, may have ended it.
    if !wq.bar(Some(stuck)) {
        return false;
    }
    dev_err!(
        device.regs.pci(),
        "wq {} does not complete its work, aborting\n",
        wq.id()
    );
    let operand = Command::wq_mask_operand(wq.id());
    if let Some(next) = abort(device, Command::AbortWq, operand) {
        wq.settle(next);
    }
    true
}

/// On return the hardware has nothing of what was submitted before.
pub(super) fn quiesce(device: &Device) {
    let _one = device.lock_recovery();
    // A command to a device that is gone would not even time out.
    if device.check().is_err() {
        return;
    }
    for wq in device.wqs() {
        wq.bar(None);
    }
    if let Some(next) = abort(device, Command::AbortAll, 0) {
        for wq in device.wqs() {
            wq.settle(next);
        }
    }
}

/// Aborts by a command. Returns what the work queues that it concerned are then, or nothing if the
/// device is lost.
fn abort(device: &Device, command: Command, operand: u32) -> Option<Status> {
    let error = match device.command(command, operand) {
        Ok(_) => return Some(Status::Enabled),
        Err(error) => error,
    };
    // A device that has halted, vanished or was reset does no DMA either, and the check says so.
    device.check().ok()?;
    match error {
        // The hardware has nothing of it.
        CommandError::Failed(code) if error::is_not_enabled(code) => Some(Status::Disabled),
        _ => {
            // Nothing stops the engines any more: cut the device off from memory.
            if let Some(dev) = device.regs.bound().get() {
                if let Ok(pdev) = <&pci::Device<_>>::try_from(&*dev) {
                    clear_master(pdev);
                }
            }
            device.lose(Loss::Stuck);
            None
        }
    }
}

/// Brings a device back that halted: on return it is enabled, with its work queues configured and
/// disabled. If that fails it is lost for good.
pub(super) fn bring_back(device: &Device) -> Result {
    let mut tries = device.lock_recovery();
    if device.loss() != Some(Loss::Halted) {
        return Err(ENODEV);
    }
    if tries.take(device.age_ms()).is_err() {
        device.give_up(Loss::Unstable);
        return Err(EIO);
    }
    // What fails once may succeed then.
    let result = reset_and_enable(device).or_else(|_| reset_and_enable(device));
    match result {
        Ok(()) => dev_info!(device.regs.pci(), "the device is back after a halt\n"),
        Err(_) => device.give_up(Loss::Dead),
    }
    result
}

fn reset_and_enable(device: &Device) -> Result {
    let resetting = device.begin_reset();
    let regs = &device.regs;
    let status = regs.read32(regs::GENSTS)?;
    match (gensts::state(status), gensts::reset_type(status)) {
        (gensts::HALTED, gensts::RESET_FLR) => {
            let dev = regs.bound().get().ok_or(ENODEV)?;
            let pdev = <&pci::Device<_>>::try_from(&*dev)?;
            try_reset_function(pdev)?;
        }
        // A device that is gone reads as this, too, and does not take the command.
        (gensts::HALTED, gensts::RESET_WARM | gensts::RESET_COLD) => return Err(EIO),
        _ => {
            device.command(Command::ResetDevice, 0)?;
        }
    }
    // As the admin has it.
    let setup = device.setup(Setup::copy)?;
    config::restore(regs, &device.caps, &setup)?;
    for wq in device.wqs() {
        wq.find_again();
    }
    device.command(Command::EnableDevice, 0)?;
    device.enable_interrupts()?;
    drop(resetting);
    device.find_again()
}
