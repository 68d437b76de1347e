// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything about the device that changes, behind one lock: registers, tables, work queues and
//! the state machine. What a command does is in [`crate::command`].

use std::sync::Arc;

use crate::check::Rules;
use crate::command::Pending;
use crate::descriptor::Descriptor;
use crate::handles::Handles;
use crate::interrupts::Interrupts;
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
    /// Has met an error that only a function-level reset ends.
    Halted,
}

impl DeviceStatus {
    /// The value of GENSTS.
    pub(crate) fn gensts(self) -> u32 {
        const RESET_BY_FLR: u32 = 1 << 2;
        match self {
            Self::Disabled => 0,
            Self::Enabled => 1,
            Self::Draining => 2,
            Self::Halted => 3 | RESET_BY_FLR,
        }
    }
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
    pub(crate) status: DeviceStatus,
    pub(crate) gencfg: u32,
    pub(crate) genctrl: u32,
    pub(crate) intcause: u32,
    pub(crate) cmdsts: u32,
    pub(crate) swerr: software_error::Register,
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
    /// Which engines wait for work.
    idle: Vec<bool>,
    /// The place of the next descriptor that is accepted.
    pub(crate) next_sequence: Sequence,
    /// The model ends: engines are to return.
    pub(crate) shutdown: bool,
}

impl State {
    /// A device after power-on.
    pub(crate) fn new(profile: Profile, interrupts: Arc<Interrupts>) -> Self {
        Self {
            status: DeviceStatus::Disabled,
            gencfg: 0,
            genctrl: 0,
            intcause: 0,
            cmdsts: 0,
            swerr: software_error::Register::default(),
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
            idle: vec![false; profile.engines.into()],
            next_sequence: 0,
            shutdown: false,
            profile,
            interrupts,
        }
    }

    /// Returns everything but the engines, the MSI-X table and the bus master bit to the state
    /// after power-on. Nothing may be running.
    pub(crate) fn reset(&mut self) {
        let fresh = Self::new(self.profile.clone(), Arc::clone(&self.interrupts));
        *self = Self {
            msix: self.msix.clone(),
            bus_master: self.bus_master,
            idle: std::mem::take(&mut self.idle),
            next_sequence: self.next_sequence,
            shutdown: self.shutdown,
            ..fresh
        };
    }

    /// Resets the MSI-X table and the bus master bit as well.
    pub(crate) fn function_level_reset(&mut self) {
        self.reset();
        self.msix = msix::Table::new(self.profile.vectors());
        self.bus_master = false;
    }

    /// Discards all that waits and stops accepting: a halt, or a reset that no command asked for.
    pub(crate) fn abandon(&mut self) {
        self.pending = None;
        for wq in &mut self.wqs {
            wq.abort();
            wq.status = WqStatus::Disabled;
        }
    }

    /// Whether no descriptor waits or runs.
    pub(crate) fn is_quiet(&self) -> bool {
        self.wqs.iter().all(Wq::is_quiet)
    }

    /// Takes a descriptor from a portal and says which engine to wake for it, if any. A
    /// descriptor that is not acceptable is dropped and reported in SWERR.
    pub(crate) fn submit(&mut self, index: u8, descriptor: Descriptor) -> Option<usize> {
        let position = usize::from(index);
        let wq = self.wqs.get_mut(position)?;
        let refused = if wq.status != WqStatus::Enabled {
            Some(DeviceError::WqNotEnabled)
        } else if wq.is_full() {
            Some(DeviceError::WqFull)
        } else {
            None
        };
        if let Some(error) = refused {
            self.record(&SoftwareError::dropped(error, index, &descriptor));
            return None;
        }
        wq.push(self.next_sequence, descriptor);
        self.next_sequence += 1;

        let group = self.groups.iter().find(|group| group.has_wq(position))?;
        let engine = (0..self.idle.len()).find(|e| self.idle[*e] && group.has_engine(*e))?;
        self.idle[engine] = false;
        Some(engine)
    }

    /// The next descriptor for an engine: the oldest that waits in its group. Without one, the
    /// engine counts as idle until [`Self::submit`] names it.
    pub(crate) fn take_work(&mut self, engine: usize) -> Option<Job> {
        let job = self.next_job(engine);
        self.idle[engine] = job.is_none();
        job
    }

    fn next_job(&mut self, engine: usize) -> Option<Job> {
        if self.status == DeviceStatus::Halted {
            return None;
        }
        let group = self.groups.iter().find(|group| group.has_engine(engine))?;
        let (_, position) = self
            .wqs
            .iter()
            .enumerate()
            .filter(|(position, _)| group.has_wq(*position))
            .filter_map(|(position, wq)| Some((wq.next()?, position)))
            .min()?;
        let traffic_classes = group.traffic_classes();
        let wq = &mut self.wqs[position];
        let (sequence, descriptor) = wq.take()?;
        let rules = Rules {
            max_transfer: 1 << wq.config.max_transfer_shift(),
            max_batch: 1 << wq.config.max_batch_shift(),
            block_on_fault: wq.config.block_on_fault(),
            interrupts: wq.config.privileged() || self.gencfg & gencfg::USER_INTERRUPTS != 0,
            handles: self.handles.clone(),
            traffic_classes,
        };
        Some(Job {
            // There are at most 32 work queues.
            wq: position as u8,
            sequence,
            descriptor,
            rules,
        })
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

    /// Records an error in SWERR.
    pub(crate) fn record(&mut self, error: &SoftwareError) {
        log::debug!("software error: {error:?}");
        if self.swerr.record(error) {
            self.raise(intcause::SOFTWARE_ERROR, genctrl::SOFTWARE_ERROR);
        }
    }

    /// The bus master bit of configuration space has changed. Turning it off while the device is
    /// at work halts it.
    pub(crate) fn set_bus_master(&mut self, enabled: bool) {
        self.bus_master = enabled;
        if !enabled && matches!(self.status, DeviceStatus::Enabled | DeviceStatus::Draining) {
            log::warn!("bus mastering turned off while the device is enabled: halted until FLR");
            self.status = DeviceStatus::Halted;
            self.fail_command();
            self.abandon();
            self.record(&SoftwareError::device(DeviceError::BusMasterOff));
            self.raise(intcause::HALT, genctrl::HALT);
        }
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
