// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything about the device that changes, behind one lock: registers, tables, work queues and
//! the state machine. What a command does is in [`crate::command`].

use std::sync::Arc;

use crate::check::Rules;
use crate::command::Pending;
use crate::descriptor::Descriptor;
use crate::event_log::EventLog;
use crate::faults::Faults;
use crate::fixed;
use crate::handles::Handles;
use crate::interrupts::Interrupts;
use crate::memory::Memory;
use crate::pci::AddressSpaces;
use crate::profile::Profile;
use crate::registers::grpcfg::Group;
use crate::registers::{gencfg, genctrl, intcause, msix};
use crate::software_error::{self, DeviceError, SoftwareError};
use crate::wq::{Sequence, Wq, WqStatus};

/// The vector for all that concerns the device and not one descriptor.
const MISC_VECTOR: u16 = 0;

/// State of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceStatus {
    /// Can be configured.
    Disabled,
    /// Work queues can be enabled.
    Enabled,
    /// Finishes what it has, then becomes disabled.
    Draining,
    /// Has met an error that only a reset ends.
    Halted(ResetType),
}

/// What ends a halt; the values are those of GENSTS.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum ResetType {
    /// The command that resets the device.
    Software = 0,
    /// A function-level reset.
    Flr = 1,
    /// A warm reset of the platform, which cannot happen here.
    Warm = 2,
    /// A cold reset of the platform, which cannot happen here.
    Cold = 3,
}

impl DeviceStatus {
    /// The value of GENSTS.
    pub(crate) fn gensts(self) -> u32 {
        match self {
            Self::Disabled => 0,
            Self::Enabled => 1,
            Self::Draining => 2,
            Self::Halted(reset) => 3 | (reset as u32) << 2,
        }
    }
}

/// How a descriptor arrives at a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// By an ordinary write, as of MOVDIR64B: there is no answer.
    Posted {
        /// Through the limited portal.
        limited: bool,
    },
    /// By a deferrable write, as of ENQCMD: the writer learns the answer.
    Deferrable {
        /// Through the limited portal.
        limited: bool,
    },
}

/// What becomes of a descriptor at a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It waits in its work queue.
    Accepted {
        /// The engine to wake for it.
        wake: Option<usize>,
    },
    /// It is not taken.
    Refused,
}

/// A descriptor on its way to an engine.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) wq: u8,
    pub(crate) sequence: Sequence,
    pub(crate) descriptor: Descriptor,
    pub(crate) rules: Rules,
}

/// The state of the device.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) profile: Profile,
    pub(crate) interrupts: Arc<Interrupts>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) status: DeviceStatus,
    pub(crate) gencfg: u32,
    pub(crate) genctrl: u32,
    pub(crate) intcause: u32,
    pub(crate) cmdsts: u32,
    pub(crate) swerr: software_error::Register,
    pub(crate) event_log: EventLog,
    pub(crate) permissions: Vec<u32>,
    pub(crate) groups: Vec<Group>,
    pub(crate) wqs: Vec<Wq>,
    pub(crate) msix: msix::Table,
    pub(crate) handles: Handles,
    /// The command that waits for descriptors to finish.
    pub(crate) pending: Option<Pending>,
    /// Whether the function may access memory and raise interrupts: bus master enable of its
    /// configuration space.
    pub(crate) bus_master: bool,
    /// What configuration space says of PASID and page requests.
    pub(crate) address_spaces: AddressSpaces,
    /// What is to go wrong; no reset changes that.
    pub(crate) faults: Faults,
    /// Which engines wait for work.
    pub(crate) idle: Vec<bool>,
    /// The place of the next descriptor that is accepted.
    pub(crate) next_sequence: Sequence,
    /// The model ends: engines are to return.
    pub(crate) shutdown: bool,
}

impl State {
    /// A device after power-on.
    pub(crate) fn new(profile: Profile, interrupts: Arc<Interrupts>, memory: Arc<Memory>) -> Self {
        let mut state = Self {
            status: DeviceStatus::Disabled,
            gencfg: 0,
            genctrl: 0,
            intcause: 0,
            cmdsts: 0,
            swerr: software_error::Register::default(),
            event_log: EventLog::default(),
            permissions: vec![0; profile.vectors().into()],
            groups: vec![Group::default(); profile.groups.into()],
            wqs: (0..profile.wqs).map(|_| Wq::default()).collect(),
            msix: msix::Table::new(profile.vectors()),
            handles: if profile.interrupt_handles {
                Handles::granted(profile.wqs)
            } else {
                Handles::Vectors {
                    count: profile.vectors(),
                }
            },
            pending: None,
            bus_master: false,
            address_spaces: AddressSpaces::default(),
            faults: Faults::default(),
            idle: vec![false; profile.engines.into()],
            next_sequence: 0,
            shutdown: false,
            profile,
            interrupts,
            memory,
        };
        if state.profile.fixed_config {
            fixed::configure(&mut state);
        }
        state
    }

    /// Returns everything but the engines, the MSI-X table, what configuration space says and the faults
    /// that were asked for to the state after power-on. Nothing may be running.
    pub(crate) fn reset(&mut self) {
        let fresh = Self::new(
            self.profile.clone(),
            Arc::clone(&self.interrupts),
            Arc::clone(&self.memory),
        );
        *self = Self {
            msix: self.msix.clone(),
            bus_master: self.bus_master,
            address_spaces: self.address_spaces,
            faults: std::mem::take(&mut self.faults),
            idle: std::mem::take(&mut self.idle),
            next_sequence: self.next_sequence,
            shutdown: self.shutdown,
            ..fresh
        };
    }

    /// Resets the MSI-X table and what configuration space says as well. A halt that takes more than this
    /// stays.
    pub(crate) fn function_level_reset(&mut self) {
        let halt = match self.status {
            DeviceStatus::Halted(ResetType::Warm | ResetType::Cold) => Some(self.status),
            _ => None,
        };
        self.reset();
        self.status = halt.unwrap_or(self.status);
        self.msix = msix::Table::new(self.profile.vectors());
        self.bus_master = false;
        self.address_spaces = AddressSpaces::default();
    }

    /// Discards all that waits and stops accepting: a halt, or a reset that no command asked for.
    pub(crate) fn abandon(&mut self) {
        self.pending = None;
        for wq in &mut self.wqs {
            wq.abort(None);
            wq.status = WqStatus::Disabled;
        }
    }

    /// Whether no descriptor waits or runs.
    pub(crate) fn is_quiet(&self) -> bool {
        self.wqs.iter().all(Wq::is_quiet)
    }

    /// Takes a descriptor from a portal, or refuses it. Refused writes that nobody gets an answer
    /// to are reported in SWERR.
    pub(crate) fn submit(&mut self, index: u8, descriptor: Descriptor, write: Write) -> Answer {
        let position = usize::from(index);
        let Some(wq) = self.wqs.get_mut(position) else {
            return Answer::Refused;
        };
        let dedicated = wq.config.dedicated();
        let descriptor = if dedicated {
            let pasid = if wq.config.pasid_enabled() {
                wq.config.pasid()
            } else {
                0
            };
            descriptor.with_identity(pasid, wq.config.privileged())
        } else {
            descriptor
        };
        let error = match write {
            Write::Posted { .. } if wq.status == WqStatus::Enabled && !dedicated => {
                Some(DeviceError::NotDeferrable)
            }
            Write::Deferrable { .. } if dedicated => return Answer::Refused,
            _ if wq.status != WqStatus::Enabled => Some(DeviceError::WqNotEnabled),
            Write::Posted { limited } | Write::Deferrable { limited } if wq.is_full(limited) => {
                Some(DeviceError::WqFull)
            }
            _ => None,
        };
        if let Some(error) = error {
            if matches!(write, Write::Posted { .. }) {
                self.record(&SoftwareError::dropped(error, index, &descriptor));
            }
            return Answer::Refused;
        }
        wq.push(self.next_sequence, descriptor);
        self.next_sequence += 1;
        Answer::Accepted {
            wake: self.idle_engine(position),
        }
    }

    /// An idle engine of the work queue's group, which is idle no more.
    fn idle_engine(&mut self, wq: usize) -> Option<usize> {
        let group = self.groups.iter().find(|group| group.has_wq(wq))?;
        let engine = (0..self.idle.len()).find(|e| self.idle[*e] && group.has_engine(*e))?;
        self.idle[engine] = false;
        Some(engine)
    }

    /// A descriptor has left a work queue: tells software, if it asked to be told.
    pub(crate) fn occupancy_interrupt(&mut self, position: usize) {
        let wq = &mut self.wqs[position];
        let occupancy = wq.occupancy();
        if let Some(handle) = wq.config.take_occupancy_interrupt(occupancy) {
            self.intcause |= intcause::OCCUPANCY;
            if let Some(vector) = self.handles.vector(handle) {
                self.interrupts.raise(vector);
            }
        }
    }

    /// An engine is done with a descriptor; the errors are what its completion records could not
    /// tell.
    pub(crate) fn finish(&mut self, wq: u8, sequence: Sequence, errors: &[SoftwareError]) {
        for error in errors {
            self.record(error);
        }
        if let Some(wq) = self.wqs.get_mut(usize::from(wq)) {
            wq.finish(sequence);
        }
        self.advance_command();
    }

    /// Records an error: in the event log if there is one and a descriptor is at fault, else in
    /// SWERR.
    pub(crate) fn record(&mut self, error: &SoftwareError) {
        log::debug!("software error: {error:?}");
        let logged = self.logs_events()
            && error.concerns_descriptor()
            && self.event_log.append(&self.memory, error);
        if logged {
            if let Some(wq) = error.has_record_of().and_then(|wq| self.wqs.get_mut(wq)) {
                wq.records_logged = true;
            }
            if self.event_log.begin_interrupt() {
                self.raise(intcause::EVENT_LOG, genctrl::EVENT_LOG);
            }
        } else if self.swerr.record(error) {
            self.raise(intcause::SOFTWARE_ERROR, genctrl::SOFTWARE_ERROR);
        }
    }

    /// Whether errors of descriptors go to the event log.
    pub(crate) fn logs_events(&self) -> bool {
        self.profile.second_generation() && self.gencfg & gencfg::EVENT_LOG != 0
    }

    /// The bus master bit of configuration space has changed. Turning it off while the device is
    /// at work halts it.
    pub(crate) fn set_bus_master(&mut self, enabled: bool) {
        self.bus_master = enabled;
        if !enabled && matches!(self.status, DeviceStatus::Enabled | DeviceStatus::Draining) {
            log::warn!("bus mastering turned off while the device is enabled: halted until FLR");
            self.record(&SoftwareError::device(DeviceError::BusMasterOff));
            self.halt(ResetType::Flr);
        }
    }

    /// Stops the device until a reset of this type.
    pub(crate) fn halt(&mut self, reset: ResetType) {
        self.status = DeviceStatus::Halted(reset);
        self.fail_command();
        self.abandon();
        self.raise(intcause::HALT, genctrl::HALT);
    }

    /// Takes all interrupt handles back and tells software, which GENCTRL does not gate; `false` when
    /// the device has none. Descriptors that an engine has begun with keep theirs.
    pub(crate) fn revoke_handles(&mut self) -> bool {
        let revoked = self.handles.revoke();
        if revoked {
            self.cause(intcause::HANDLES_REVOKED);
        }
        revoked
    }

    /// Completes a command: its status is final before its cause shows, and the interrupt comes
    /// last. GENCTRL does not gate this cause.
    pub(crate) fn complete_command(&mut self, status: u32, interrupt: bool) {
        self.cmdsts = status;
        if interrupt {
            self.cause(intcause::COMMAND);
        }
    }

    /// Sets a cause and raises its interrupt, if GENCTRL enables it.
    fn raise(&mut self, cause: u32, enable: u32) {
        if self.genctrl & enable != 0 {
            self.cause(cause);
        }
    }

    /// Sets a cause; the interrupt comes when it was clear.
    fn cause(&mut self, cause: u32) {
        let clear = self.intcause & cause == 0;
        self.intcause |= cause;
        if clear {
            self.interrupts.raise(MISC_VECTOR);
        }
    }
}
