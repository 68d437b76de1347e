// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be asked of the model, and what it does then.

use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::device::Shared;
use crate::faults::{CommandFault, Faults};
use crate::memory::{Cause, Permissions};
use crate::software_error::SoftwareError;
use crate::state::{DeviceStatus, ResetType};

/// Something to be done to the device, which no software can do to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Subcommand)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Request {
    /// Tell the state of device and work queues, and the faults that are still to come.
    Status,
    /// Report a software error.
    Swerr {
        /// The error code.
        #[arg(value_parser = number::<u8>)]
        code: u8,
        /// The work queue at fault.
        #[arg(long, value_name = "N")]
        wq: Option<u8>,
        /// The address at fault.
        #[arg(long, value_parser = number::<u64>)]
        address: Option<u64>,
    },
    /// Halt the device until it is reset.
    Halt {
        /// The reset that it takes.
        reset: ResetType,
    },
    /// Make a command fail.
    FailCommand {
        /// What CMDSTS says.
        #[arg(value_parser = number::<u8>)]
        code: u8,
        /// Only commands with this code count.
        #[arg(long, value_name = "CODE")]
        command: Option<u8>,
        /// Which of them fails, counted from now.
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        nth: u32,
    },
    /// Let no engine begin with a descriptor until `release`.
    Hold,
    /// End `hold`.
    Release,
    /// Let each engine wait before it begins with a descriptor; 0 ends that.
    Delay {
        /// How long.
        #[arg(value_parser = clap::value_parser!(u64).range(..=60_000))]
        milliseconds: u64,
    },
    /// Make accesses to a range of memory fail.
    FailDma {
        /// The first address.
        #[arg(value_parser = number::<u64>)]
        address: u64,
        /// Size of the range in bytes.
        #[arg(value_parser = number::<u64>)]
        size: u64,
        /// The accesses that fail.
        #[arg(long, value_enum, default_value_t = Accesses::All)]
        access: Accesses,
        /// What goes wrong with them.
        #[arg(long, value_enum, default_value_t = Cause::PageFault)]
        #[serde(default)]
        cause: Cause,
    },
    /// Lose the next interrupts of a vector.
    DropInterrupt {
        /// The vector.
        vector: u16,
        /// How many.
        #[arg(long, value_name = "N", default_value_t = 1)]
        count: u32,
    },
    /// Raise each of the next interrupts of a vector twice.
    DuplicateInterrupt {
        /// The vector.
        vector: u16,
        /// How many.
        #[arg(long, value_name = "N", default_value_t = 1)]
        count: u32,
    },
    /// Raise an interrupt that nothing caused.
    RaiseInterrupt {
        /// The vector.
        vector: u16,
    },
    /// Take all interrupt handles back: software has to ask for others.
    RevokeHandles,
    /// Vanish from the bus: reads give ones, writes are lost, nothing is done.
    Vanish,
    /// Come back after `vanish`, as after power-on.
    Return,
    /// Forget all faults that are still to come.
    Clear,
}

/// Kinds of access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Accesses {
    /// The device reads.
    Read,
    /// The device writes.
    Write,
    /// Both.
    All,
}

impl Request {
    /// Does it, and tells what there is to tell.
    pub(super) fn perform(&self, shared: &Shared) -> Result<Value, String> {
        shared.trace.note(format_args!("control: {self:?}"));
        let mut state = shared.state.lock();
        match *self {
            Self::Status => {
                drop(state);
                return Ok(status(shared));
            }
            Self::Swerr { code, wq, address } => {
                // Software may use the number as an index without a check.
                if let Some(wq) = wq.filter(|wq| *wq >= state.profile.wqs) {
                    return Err(format!(
                        "there is no work queue {wq}; 0 to {} are accepted",
                        state.profile.wqs - 1
                    ));
                }
                state.record(&SoftwareError::injected(code, wq, address));
            }
            Self::Halt { reset } => {
                if state.status == DeviceStatus::Disabled {
                    return Err("the device is not enabled, so nothing can halt it".to_owned());
                }
                state.halt(reset);
            }
            Self::FailCommand { code, command, nth } => state.faults.add_command(CommandFault {
                command,
                after: nth.saturating_sub(1),
                code,
            }),
            Self::Hold => state.faults.hold = true,
            Self::Release => state.faults.hold = false,
            Self::Delay { milliseconds } => {
                state.faults.delay = Duration::from_millis(milliseconds);
            }
            Self::FailDma {
                address,
                size,
                access,
                cause,
            } => {
                let permissions = Permissions {
                    read: access != Accesses::Write,
                    write: access != Accesses::Read,
                };
                let failed = shared.memory.fail(address, size, permissions, cause);
                failed.map_err(|error| error.to_string())?;
            }
            Self::DropInterrupt { vector, count } => {
                exists(vector, shared.interrupts.drop_next(vector, count))?;
            }
            Self::DuplicateInterrupt { vector, count } => {
                exists(vector, shared.interrupts.duplicate_next(vector, count))?;
            }
            Self::RaiseInterrupt { vector } => exists(vector, shared.interrupts.inject(vector))?,
            Self::RevokeHandles => {
                if !state.revoke_handles() {
                    return Err(
                        "the device has no interrupt handles; --interrupt-handles gives it some"
                            .to_owned(),
                    );
                }
            }
            Self::Vanish => {
                shared.present.store(false, Ordering::Release);
                state.abandon();
            }
            Self::Return => {
                while !state.is_quiet() {
                    shared.quiet.wait(&mut state);
                }
                // It was without power, which ends any halt.
                state.status = DeviceStatus::Disabled;
                state.function_level_reset();
                shared.interrupts.reset();
                shared.power_on.store(true, Ordering::Release);
                shared.present.store(true, Ordering::Release);
            }
            Self::Clear => {
                state.faults = Faults::default();
                shared.memory.mend();
                shared.interrupts.forget_faults();
            }
        }
        drop(state);
        shared.wake_engines();
        Ok(Value::Null)
    }
}

fn status(shared: &Shared) -> Value {
    let state = shared.state.lock();
    let wqs: Vec<Value> = state
        .wqs
        .iter()
        .map(|wq| {
            json!({
                "state": format!("{:?}", wq.status).to_lowercase(),
                "waiting": wq.occupancy(),
                "in-progress": wq.in_progress(),
                "submitted": wq.traffic.descriptors,
                "portal-slots": wq.traffic.slots(),
            })
        })
        .collect();
    json!({
        "present": shared.present.load(Ordering::Acquire),
        "state": match state.status {
            DeviceStatus::Disabled => "disabled",
            DeviceStatus::Enabled => "enabled",
            DeviceStatus::Draining => "draining",
            DeviceStatus::Halted(_) => "halted",
        },
        "wqs": wqs,
        "faults": {
            "commands": state.faults.commands_left(),
            "dma": shared.memory.failures(),
            "interrupts": shared.interrupts.faults_left(),
            "hold": state.faults.hold,
            "delay-ms": state.faults.delay.as_millis() as u64,
        },
    })
}

fn exists(vector: u16, exists: bool) -> Result<(), String> {
    if exists {
        Ok(())
    } else {
        Err(format!(
            "there is no vector {vector}; 0 is the device's own, and work queue N has N + 1"
        ))
    }
}

/// Reads a number that may be hexadecimal.
fn number<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed
        .ok()
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| {
            format!(
                "a number of {} bits is accepted, decimal or with 0x",
                8 * size_of::<T>()
            )
        })
}
