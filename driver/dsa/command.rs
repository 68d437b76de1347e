// SPDX-License-Identifier: GPL-2.0

//! Commands of a DSA, and how they fail.

use kernel::{
    io::poll::read_poll_timeout,
    prelude::*,
    time::Delta, //
};

use super::registers::Registers;
use crate::dsa_core::regs::{
    self,
    cmdsts,
    command_error_name,
    Command, //
};

/// How long a command may take: a drain waits for all that is queued.
const TIMEOUT: Delta = Delta::from_secs(10);
/// How often a command's status is looked at.
const POLL: Delta = Delta::from_micros(50);

/// Why a command had no effect.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CommandError {
    /// The device does not answer: it vanished, or is not bound any more.
    Gone,
    /// This command or the one before does not end.
    Timeout,
    /// The device refused the command, with this code.
    Failed(u8),
}

impl From<CommandError> for Error {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Gone => ENODEV,
            CommandError::Timeout => ETIMEDOUT,
            CommandError::Failed(_) => EIO,
        }
    }
}

/// Runs a command and waits for its end, without an interrupt. Returns its result; what fails is in
/// the log.
///
/// No two calls for a device may overlap.
pub(super) fn run(regs: &Registers, command: Command, operand: u32) -> Result<u16, CommandError> {
    let result = execute(regs, command, operand);
    match result {
        Ok(_) | Err(CommandError::Gone) => (),
        Err(CommandError::Timeout) => {
            dev_err!(regs.pci(), "command {:?} does not end\n", command);
        }
        Err(CommandError::Failed(code)) => dev_err!(
            regs.pci(),
            "command {:?} with operand {:#x} failed: {} ({:#x})\n",
            command,
            operand,
            command_error_name(code),
            code
        ),
    }
    result
}

fn execute(regs: &Registers, command: Command, operand: u32) -> Result<u16, CommandError> {
    let status = || match regs.read32(regs::CMDSTS) {
        // All ones is what a device reads as that is no longer there.
        Ok(u32::MAX) | Err(_) => Err(CommandError::Gone),
        Ok(status) => Ok(status),
    };
    // One that did not end in time may still be active.
    if status()? & cmdsts::ACTIVE != 0 {
        return Err(CommandError::Timeout);
    }
    regs.write32(regs::CMD, command.encode(operand, false))
        .map_err(|_| CommandError::Gone)?;
    let ended = read_poll_timeout(
        || Ok(status()),
        |status| !matches!(status, Ok(status) if status & cmdsts::ACTIVE != 0),
        POLL,
        TIMEOUT,
    );
    let status = ended.map_err(|_| CommandError::Timeout)??;
    // CAST: Fields of 8 and 16 bits.
    match (status & cmdsts::ERROR_MASK) as u8 {
        0 => Ok((status >> cmdsts::RESULT_SHIFT) as u16),
        code => Err(CommandError::Failed(code)),
    }
}
