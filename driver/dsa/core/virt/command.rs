// SPDX-License-Identifier: GPL-2.0

//! Commands of the virtual function.
//!
//! A command is checked when it is written, which either completes it with an error or makes it
//! active. When the owner has brought the queues to rest, it is carried out and completed, in the
//! order of the hardware: the state, then CMDSTS, then INTCAUSE, then the interrupt.

use super::{
    super::regs::{
        cmdsts,
        command::error,
        intcause,
        swerr,
        Command, //
    },
    Effect,
    Function,
    State,
    Swerr,
    WqState,
    MISC_VECTOR,
    WQS, //
};

/// The commands that there are, as CMDCAP: all but those for a PASID, which the function has none
/// of. Bit 13 makes idxd ask for interrupt handles.
pub(super) const CMDCAP: u32 = Command::EnableDevice.cap()
    | Command::DisableDevice.cap()
    | Command::DrainAll.cap()
    | Command::AbortAll.cap()
    | Command::ResetDevice.cap()
    | Command::EnableWq.cap()
    | Command::DisableWq.cap()
    | Command::DrainWq.cap()
    | Command::AbortWq.cap()
    | Command::ResetWq.cap()
    | Command::RequestIntHandle.cap()
    | Command::ReleaseIntHandle.cap();

/// A command that is active.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    command: Command,
    /// Index or handle in the operand.
    operand: u16,
    /// The WQs that it concerns and that were enabled; bit n is WQ n.
    wqs: u8,
    int_req: bool,
    /// Which one it is of all commands of the function.
    number: u32,
}

/// How the owner brings queues to rest. Bit n of a mask is WQ n.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Quiesce {
    /// Nothing is to be done.
    None,
    /// Wait until the work that these WQs have accepted is complete.
    Drain(u8),
    /// Discard the work that these WQs have accepted.
    Abort(u8),
}

impl Pending {
    /// The command.
    pub const fn command(&self) -> Command {
        self.command
    }

    /// What is to be done before the command is finished.
    pub const fn quiesce(&self) -> Quiesce {
        match self.command {
            _ if self.wqs == 0 => Quiesce::None,
            Command::DisableDevice | Command::DrainAll | Command::DisableWq | Command::DrainWq => {
                Quiesce::Drain(self.wqs)
            }
            Command::AbortAll | Command::ResetDevice | Command::AbortWq | Command::ResetWq => {
                Quiesce::Abort(self.wqs)
            }
            _ => Quiesce::None,
        }
    }
}

impl Function {
    /// A write of `word` to CMD.
    pub(super) fn start(&mut self, word: u32) -> Effect {
        if self.resetting {
            return Effect::None;
        }
        if self.pending.is_some() {
            return self.report_swerr(Swerr {
                code: swerr::COMMAND_ACTIVE,
                ..Swerr::default()
            });
        }
        let int_req = word & Command::INT_REQ != 0;
        let (command, operand, wqs) = match self.check(word) {
            Ok(accepted) => accepted,
            Err(error) => return self.complete(int_req, error, 0),
        };

        // What is on its way to disabled accepts no work any more. An abort disables nothing: what
        // arrives while it is active is accepted.
        match command {
            Command::DisableDevice | Command::ResetDevice => {
                if self.state == State::Enabled {
                    self.state = State::Draining;
                }
                self.end_acceptance(wqs);
            }
            Command::DisableWq | Command::ResetWq => {
                self.set_wqs(wqs, WqState::Busy);
                self.end_acceptance(wqs);
            }
            _ => (),
        }
        self.cmdsts = cmdsts::ACTIVE;
        self.commands = self.commands.wrapping_add(1);
        let pending = Pending {
            command,
            operand,
            wqs,
            int_req,
            number: self.commands,
        };
        self.pending = Some(pending);
        Effect::Command(pending)
    }

    /// Carries out a command for which the queues are at rest.
    ///
    /// One that a reset has ended in the meantime is left alone. Once the device has halted every
    /// command fails, but for a reset when the hardware is back.
    pub fn finish(&mut self, command: Pending) -> Effect {
        if self.pending != Some(command) {
            return Effect::None;
        }
        self.pending = None;
        if self.lost || self.is_halted() && command.command != Command::ResetDevice {
            if command.command == Command::ResetDevice {
                self.restore();
            }
            return self.complete(command.int_req, error::HARDWARE, 0);
        }

        let mut result = 0;
        match command.command {
            Command::EnableDevice => self.state = State::Enabled,
            Command::DisableDevice => {
                self.state = State::Disabled;
                self.wqs = [WqState::Disabled; WQS];
            }
            Command::ResetDevice => self.restore(),
            Command::EnableWq => self.set_wqs(command.wqs, WqState::Enabled),
            Command::DisableWq | Command::ResetWq => {
                self.set_wqs(command.wqs, WqState::Disabled);
            }
            Command::RequestIntHandle => {
                self.handles |= handle_bit(command.operand);
                result = command.operand;
            }
            Command::ReleaseIntHandle => self.handles &= !handle_bit(command.operand),
            // Done with bringing the queues to rest; the last two are never accepted.
            Command::DrainAll
            | Command::AbortAll
            | Command::DrainWq
            | Command::AbortWq
            | Command::DrainPasid
            | Command::AbortPasid => (),
        }
        self.complete(command.int_req, error::SUCCESS, result)
    }

    /// Takes a command apart: the command, its index or handle, and the WQs that it concerns.
    fn check(&self, word: u32) -> Result<(Command, u16, u8), u8> {
        let command = Command::try_from(Command::code(word)).map_err(|_| error::COMMAND)?;
        if word & Command::RESERVED != 0 || command.cap() & CMDCAP == 0 {
            return Err(error::COMMAND);
        }
        let operand = word & Command::OPERAND_MASK;
        let all_wqs = u8::MAX >> (8 - self.params.wqs);
        let device_enabled = self.is_enabled();

        match command {
            Command::EnableDevice => match self.state {
                State::Disabled if self.config.bus_master() => Ok((command, 0, 0)),
                State::Disabled => Err(error::BUS_MASTER),
                State::Halted => Err(error::HARDWARE),
                State::Enabled | State::Draining => Err(error::DEVICE_ENABLED),
            },
            Command::DisableDevice | Command::DrainAll | Command::AbortAll => {
                if device_enabled {
                    Ok((command, 0, self.enabled_wqs(all_wqs)))
                } else {
                    Err(error::DISABLE_NOT_ENABLED)
                }
            }
            Command::ResetDevice => Ok((command, 0, self.enabled_wqs(all_wqs))),
            Command::EnableWq => {
                let wq = u8::try_from(operand).map_err(|_| error::WQ_INDEX)?;
                let bit = 1_u8
                    .checked_shl(u32::from(wq))
                    .filter(|bit| bit & all_wqs != 0)
                    .ok_or(error::WQ_INDEX)?;
                if !device_enabled {
                    Err(error::DEVICE_NOT_ENABLED)
                } else if self.enabled_wqs(bit) != 0 {
                    Err(error::WQ_ENABLED)
                } else if self.params.size(usize::from(wq)) == 0 {
                    Err(error::WQ_SIZE)
                } else {
                    Ok((command, 0, bit))
                }
            }
            Command::DisableWq | Command::DrainWq | Command::AbortWq | Command::ResetWq => {
                // A mask of another group of 16 WQs does not fit either.
                let mask = u8::try_from(operand)
                    .ok()
                    .filter(|mask| *mask != 0 && mask & !all_wqs == 0)
                    .ok_or(error::WQ_INDEX)?;
                if self.enabled_wqs(mask) == mask {
                    Ok((command, 0, mask))
                } else {
                    Err(error::WQ_NOT_ENABLED)
                }
            }
            Command::RequestIntHandle | Command::ReleaseIntHandle => {
                // Nor does an entry of the interrupt message storage, which there is none of.
                let index = u16::try_from(operand)
                    .ok()
                    .filter(|index| (1..self.vectors()).contains(index))
                    .ok_or(error::INT_INDEX)?;
                let granted = self.handles & handle_bit(index) != 0;
                if granted || command == Command::RequestIntHandle {
                    Ok((command, index, 0))
                } else {
                    Err(error::INT_INDEX)
                }
            }
            Command::DrainPasid | Command::AbortPasid => Err(error::COMMAND),
        }
    }

    /// Completes a command: a caller compares all of CMDSTS with 0.
    fn complete(&mut self, int_req: bool, error: u8, result: u16) -> Effect {
        self.cmdsts = u32::from(error) | u32::from(result) << cmdsts::RESULT_SHIFT;
        // The interrupt of a command is not for GENCTRL to forbid. Without a request there must be
        // no cause either: idxd would take it for the completion of another command.
        if int_req {
            self.intcause |= intcause::CMD;
            Effect::Interrupt(MISC_VECTOR)
        } else {
            Effect::None
        }
    }

    /// Those of a mask of WQs that are enabled.
    fn enabled_wqs(&self, mask: u8) -> u8 {
        let enabled = |bit: u8, wq: &WqState| (*wq == WqState::Enabled).then_some(bit);
        (0..u8::BITS)
            .zip(&self.wqs)
            .filter_map(|(n, wq)| enabled(1 << n, wq))
            .fold(0, |all, bit| all | bit)
            & mask
    }

    /// Sets the state of a mask of WQs.
    fn set_wqs(&mut self, mask: u8, state: WqState) {
        for (n, wq) in (0..u8::BITS).zip(&mut self.wqs) {
            if mask & 1 << n != 0 {
                *wq = state;
            }
        }
    }
}

/// The bit of an interrupt handle, of which there are at most 9.
const fn handle_bit(handle: u16) -> u16 {
    1 << (handle % 16)
}
