// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands of the CMD register.
//!
//! A command is decoded, checked and begun when CMD is written. Most are done then and there;
//! one that has to wait for descriptors stays pending, with CMDSTS active, and is concluded by
//! whoever finishes the last of them. Either way the order is: effect, CMDSTS, INTCAUSE,
//! interrupt, the last two only if the interrupt was asked for.

use crate::profile::Profile;
use crate::registers::grpcfg::Group;
use crate::software_error::{DeviceError, SoftwareError};
use crate::state::{DeviceStatus, ResetType, State};
use crate::wq::{Sequence, Wq, WqStatus};

/// CMDSTS bit 31: a command is being executed.
const ACTIVE: u32 = 1 << 31;
/// CMD bit 31: an interrupt is asked for.
const INTERRUPT: u32 = 1 << 31;
/// Where CMDSTS holds the result.
const RESULT_SHIFT: u32 = 8;

/// Why a command failed; the values are those of CMDSTS (`enum idxd_cmdsts_err`).
///
/// `idxd` names the codes and `accel-config` has a sentence for each; which mistake in the read
/// buffers is meant by 0x18 is this model's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CommandError {
    /// No such command on this device.
    InvalidCommand = 0x01,
    /// No such work queue.
    InvalidWq = 0x02,
    /// The device has halted and takes no commands.
    Hardware = 0x03,
    /// The device is enabled already.
    DeviceEnabled = 0x10,
    /// No group has both work queues and engines.
    Configuration = 0x11,
    /// Bus mastering is off.
    BusMaster = 0x12,
    /// Page requests are enabled with an allocation (PRSREQALLOC in `accel-config`'s words, "PASID" in
    /// `idxd`'s) that the device does not support.
    PageRequestAllocation = 0x13,
    /// The work queues are larger than the capacity.
    WqSizes = 0x14,
    /// A group has work queues and no engine, or engines and no work queue.
    GroupIncomplete = 0x15,
    /// A work queue is in two groups, or has a size and is in none.
    GroupWqs = 0x16,
    /// An engine is in two groups.
    GroupEngines = 0x17,
    /// A group's read buffers: more reserved than allowed, none or too many allowed, or more
    /// reserved by all groups than there are.
    GroupReadBuffers = 0x18,
    /// The device is not enabled.
    DeviceNotEnabled = 0x20,
    /// The work queue is enabled already.
    WqEnabled = 0x21,
    /// The work queue has no size, or is shared and has no threshold.
    WqSize = 0x22,
    /// The work queue has priority 0.
    WqPriority = 0x23,
    /// The device does not have the mode, dedicated or shared.
    WqMode = 0x24,
    /// Blocking on faults is not supported.
    BlockOnFault = 0x25,
    /// PASID is enabled and the capability PASID is not there or not enabled, or it is not enabled
    /// for the shared mode.
    Pasid = 0x26,
    /// The maximum batch is larger than the device's.
    MaxBatch = 0x27,
    /// The maximum transfer is larger than the device's.
    MaxTransfer = 0x28,
    /// Device-wide command: the device is not enabled.
    NotEnabled = 0x31,
    /// Work queue command: the device or a work queue is not enabled.
    WqNotEnabled = 0x32,
    /// The interrupt index or handle does not exist.
    InterruptIndex = 0x41,
    /// All interrupt handles are in use.
    NoHandle = 0x42,
}

/// A set of work queues, one bit each.
type WqSet = u32;

/// A command that waits until descriptors are done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    command: Command,
    /// The work queues whose descriptors count.
    wqs: WqSet,
    /// Those count that were accepted before this place.
    before: Sequence,
    interrupt: bool,
}

/// A decoded command. Those with a set or index have it checked against the number of work queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    EnableDevice,
    DisableDevice,
    DrainAll,
    AbortAll,
    ResetDevice,
    EnableWq(u8),
    DisableWqs(WqSet),
    DrainWqs(WqSet),
    AbortWqs(WqSet),
    ResetWqs(WqSet),
    DrainPasid(u32),
    AbortPasid(u32),
    RequestHandle(u32),
    ReleaseHandle(u32),
}

/// How far a command has come.
enum Progress {
    /// Done, with this result.
    Done(u16),
    /// Waits for these work queues.
    Waits(WqSet),
}

impl Command {
    fn decode(value: u32, profile: &Profile) -> Result<Self, CommandError> {
        let (wqs, handles) = (profile.wqs, profile.interrupt_handles);
        let operand = value & 0xf_ffff;
        Ok(match value >> 20 & 0x1f {
            1 => Self::EnableDevice,
            2 => Self::DisableDevice,
            3 => Self::DrainAll,
            4 => Self::AbortAll,
            5 => Self::ResetDevice,
            6 => match u8::try_from(operand) {
                Ok(wq) if wq < wqs => Self::EnableWq(wq),
                _ => return Err(CommandError::InvalidWq),
            },
            7 => Self::DisableWqs(decode_set(operand, wqs)?),
            8 => Self::DrainWqs(decode_set(operand, wqs)?),
            9 => Self::AbortWqs(decode_set(operand, wqs)?),
            10 => Self::ResetWqs(decode_set(operand, wqs)?),
            11 if profile.pasid => Self::DrainPasid(operand),
            12 if profile.pasid => Self::AbortPasid(operand),
            13 if handles => Self::RequestHandle(operand),
            14 if handles => Self::ReleaseHandle(operand),
            _ => return Err(CommandError::InvalidCommand),
        })
    }
}

/// Bits 15:0 name work queues of the group of 16 that bits 19:16 name.
fn decode_set(operand: u32, wqs: u8) -> Result<WqSet, CommandError> {
    let (bits, group) = (u64::from(operand & 0xffff), operand >> 16);
    let all = u64::from(all_wqs(wqs));
    match bits.checked_shl(16 * group) {
        // Beyond the 64 bits of a shift lie only work queues that do not exist.
        Some(set) if set != 0 && set & !all == 0 => Ok(set as WqSet),
        _ => Err(CommandError::InvalidWq),
    }
}

/// The set of all work queues.
fn all_wqs(wqs: u8) -> WqSet {
    WqSet::MAX >> (WqSet::BITS - u32::from(wqs))
}

impl State {
    /// A write to the CMD register.
    pub(crate) fn command(&mut self, value: u32) {
        if self.pending.is_some() {
            self.record(&SoftwareError::device(DeviceError::CommandActive));
            return;
        }
        let interrupt = value & INTERRUPT != 0;
        // The field has five bits.
        if let Some(code) = self.faults.command((value >> 20 & 0x1f) as u8) {
            log::debug!("command {value:#010x}: fails with {code:#04x}, as asked for");
            self.complete_command(code.into(), interrupt);
            return;
        }
        let decoded = Command::decode(value, &self.profile);
        let begun = decoded.and_then(|command| Ok((command, self.begin(command)?)));
        log::debug!(
            "command {value:#010x}: {:?}",
            begun.as_ref().map(|(command, _)| command)
        );
        match begun {
            Ok((_, Progress::Done(result))) => {
                self.complete_command(u32::from(result) << RESULT_SHIFT, interrupt);
            }
            Ok((command, Progress::Waits(wqs))) => {
                self.cmdsts = ACTIVE;
                self.pending = Some(Pending {
                    command,
                    wqs,
                    before: self.next_sequence,
                    interrupt,
                });
                self.advance_command();
            }
            Err(error) => self.complete_command(error as u32, interrupt),
        }
    }

    /// Concludes the pending command, if what it waits for is done.
    pub(crate) fn advance_command(&mut self) {
        let Some(pending) = self.pending else { return };
        let pasid = match pending.command {
            Command::DrainPasid(pasid) | Command::AbortPasid(pasid) => Some(pasid),
            _ => None,
        };
        let waits = self.select(pending.wqs).any(|wq| {
            wq.oldest(pasid)
                .is_some_and(|sequence| sequence < pending.before)
        });
        if !waits {
            self.pending = None;
            self.conclude(pending.command);
            self.complete_command(0, pending.interrupt);
        }
    }

    /// Ends the pending command, if any, because the device has halted.
    pub(crate) fn fail_command(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.complete_command(CommandError::Hardware as u32, pending.interrupt);
        }
    }

    /// Checks a command and does what can be done at once.
    fn begin(&mut self, command: Command) -> Result<Progress, CommandError> {
        match self.status {
            // All that a reset waits for was discarded by the halt, or is on its way.
            DeviceStatus::Halted(ResetType::Software) if command == Command::ResetDevice => {}
            DeviceStatus::Halted(_) => return Err(CommandError::Hardware),
            _ => {}
        }
        let all = all_wqs(self.profile.wqs);
        match command {
            Command::EnableDevice => {
                self.check_device()?;
                self.status = DeviceStatus::Enabled;
                Ok(Progress::Done(0))
            }
            Command::DisableDevice => {
                self.check_enabled()?;
                self.status = DeviceStatus::Draining;
                self.close(all);
                Ok(Progress::Waits(all))
            }
            Command::DrainAll => {
                self.check_enabled()?;
                Ok(Progress::Waits(all))
            }
            Command::AbortAll => {
                self.check_enabled()?;
                self.abort(all, None);
                Ok(Progress::Waits(all))
            }
            Command::ResetDevice => {
                self.close(all);
                self.abort(all, None);
                Ok(Progress::Waits(all))
            }
            Command::EnableWq(index) => {
                self.check_wq(index)?;
                self.wqs[usize::from(index)].enable();
                Ok(Progress::Done(0))
            }
            Command::DisableWqs(wqs) => {
                self.check_wqs_enabled(wqs)?;
                self.close(wqs);
                Ok(Progress::Waits(wqs))
            }
            Command::DrainWqs(wqs) => {
                self.check_wqs_enabled(wqs)?;
                Ok(Progress::Waits(wqs))
            }
            Command::AbortWqs(wqs) => {
                self.check_wqs_enabled(wqs)?;
                self.abort(wqs, None);
                Ok(Progress::Waits(wqs))
            }
            Command::ResetWqs(wqs) => {
                self.check_wqs_enabled(wqs)?;
                self.close(wqs);
                self.abort(wqs, None);
                Ok(Progress::Waits(wqs))
            }
            Command::DrainPasid(_) => {
                self.check_enabled()?;
                Ok(Progress::Waits(all))
            }
            Command::AbortPasid(pasid) => {
                self.check_enabled()?;
                self.abort(all, Some(pasid));
                Ok(Progress::Waits(all))
            }
            Command::RequestHandle(operand) => self.request_handle(operand).map(Progress::Done),
            Command::ReleaseHandle(operand) => {
                self.release_handle(operand)?;
                Ok(Progress::Done(0))
            }
        }
    }

    /// Does what had to wait.
    fn conclude(&mut self, command: Command) {
        match command {
            Command::DisableDevice => {
                self.disable(all_wqs(self.profile.wqs));
                self.status = DeviceStatus::Disabled;
            }
            Command::ResetDevice => self.reset(),
            Command::DisableWqs(wqs) => self.disable(wqs),
            Command::ResetWqs(wqs) => {
                self.disable(wqs);
                let profile = self.profile.clone();
                self.select_mut(wqs)
                    .for_each(|wq| wq.reset_config(&profile));
            }
            Command::DrainAll
            | Command::AbortAll
            | Command::DrainWqs(_)
            | Command::AbortWqs(_)
            | Command::DrainPasid(_)
            | Command::AbortPasid(_)
            | Command::EnableDevice
            | Command::EnableWq(_)
            | Command::RequestHandle(_)
            | Command::ReleaseHandle(_) => {}
        }
    }

    /// Whether the device can be enabled as it is configured.
    fn check_device(&self) -> Result<(), CommandError> {
        if self.status != DeviceStatus::Disabled {
            return Err(CommandError::DeviceEnabled);
        }
        if !self.bus_master {
            return Err(CommandError::BusMaster);
        }
        if self.address_spaces.bad_allocation {
            return Err(CommandError::PageRequestAllocation);
        }
        let sizes: u32 = self.wqs.iter().map(|wq| u32::from(wq.config.size())).sum();
        if sizes > u32::from(self.profile.wq_capacity) {
            return Err(CommandError::WqSizes);
        }
        if self
            .groups
            .iter()
            .any(|group| group.has_wqs() != group.has_engines())
        {
            return Err(CommandError::GroupIncomplete);
        }
        let groups_of =
            |has: &dyn Fn(&Group) -> bool| self.groups.iter().filter(|g| has(g)).count();
        let wqs_misplaced = self.wqs.iter().enumerate().any(|(index, wq)| {
            let groups = groups_of(&|group| group.has_wq(index));
            groups > 1 || (groups == 0 && wq.config.size() > 0)
        });
        if wqs_misplaced {
            return Err(CommandError::GroupWqs);
        }
        let mut engines = 0..usize::from(self.profile.engines);
        if engines.any(|engine| groups_of(&|group| group.has_engine(engine)) > 1) {
            return Err(CommandError::GroupEngines);
        }
        self.check_read_buffers()?;
        if !self.groups.iter().any(Group::has_wqs) {
            return Err(CommandError::Configuration);
        }
        Ok(())
    }

    fn check_read_buffers(&self) -> Result<(), CommandError> {
        let total = u32::from(self.profile.read_buffers);
        let mut used = self.groups.iter().filter(|group| group.has_engines());
        let reserved: u32 = used.clone().map(Group::read_buffers_reserved).sum();
        let wrong = |group: &Group| {
            let allowed = group.read_buffers_allowed();
            !(1..=total).contains(&allowed) || group.read_buffers_reserved() > allowed
        };
        if reserved > total || used.any(wrong) {
            return Err(CommandError::GroupReadBuffers);
        }
        Ok(())
    }

    /// Whether a work queue can be enabled as it is configured.
    fn check_wq(&self, index: u8) -> Result<(), CommandError> {
        if self.status != DeviceStatus::Enabled {
            return Err(CommandError::DeviceNotEnabled);
        }
        let wq = &self.wqs[usize::from(index)];
        let config = &wq.config;
        let problems = [
            (wq.status != WqStatus::Disabled, CommandError::WqEnabled),
            (config.size() == 0, CommandError::WqSize),
            (config.priority() == 0, CommandError::WqPriority),
            (
                !self.profile.modes.allow(config.dedicated()),
                CommandError::WqMode,
            ),
            (
                config.block_on_fault() && !self.profile.block_on_fault,
                CommandError::BlockOnFault,
            ),
            (
                if config.pasid_enabled() {
                    !self.address_spaces.pasid
                } else {
                    !config.dedicated()
                },
                CommandError::Pasid,
            ),
            (
                !config.dedicated() && config.threshold() == 0,
                CommandError::WqSize,
            ),
            (
                config.max_batch_shift() > self.profile.max_batch_shift,
                CommandError::MaxBatch,
            ),
            (
                config.max_transfer_shift() > self.profile.max_transfer_shift,
                CommandError::MaxTransfer,
            ),
        ];
        match problems.into_iter().find(|(present, _)| *present) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    fn check_enabled(&self) -> Result<(), CommandError> {
        if self.status == DeviceStatus::Enabled {
            Ok(())
        } else {
            Err(CommandError::NotEnabled)
        }
    }

    fn check_wqs_enabled(&self, wqs: WqSet) -> Result<(), CommandError> {
        let enabled = self.status == DeviceStatus::Enabled
            && self.select(wqs).all(|wq| wq.status == WqStatus::Enabled);
        if enabled {
            Ok(())
        } else {
            Err(CommandError::WqNotEnabled)
        }
    }

    /// Grants a handle for an entry of the MSI-X table. Entry 0 is the device's own, and there is
    /// no IMS whose bit could be set.
    fn request_handle(&mut self, operand: u32) -> Result<u16, CommandError> {
        let vector = u16::try_from(operand)
            .ok()
            .filter(|vector| (1..self.profile.vectors()).contains(vector))
            .ok_or(CommandError::InterruptIndex)?;
        self.handles.grant(vector).ok_or(CommandError::NoHandle)
    }

    fn release_handle(&mut self, operand: u32) -> Result<(), CommandError> {
        let granted = u16::try_from(operand).is_ok_and(|handle| self.handles.release(handle));
        if granted {
            Ok(())
        } else {
            Err(CommandError::InterruptIndex)
        }
    }

    /// Stops the enabled ones among these work queues from accepting descriptors.
    fn close(&mut self, wqs: WqSet) {
        self.select_mut(wqs)
            .filter(|wq| wq.status == WqStatus::Enabled)
            .for_each(|wq| wq.status = WqStatus::Busy);
    }

    fn abort(&mut self, wqs: WqSet, pasid: Option<u32>) {
        self.select_mut(wqs).for_each(|wq| wq.abort(pasid));
    }

    fn disable(&mut self, wqs: WqSet) {
        self.select_mut(wqs)
            .for_each(|wq| wq.status = WqStatus::Disabled);
    }

    fn select(&self, wqs: WqSet) -> impl Iterator<Item = &Wq> {
        self.wqs
            .iter()
            .enumerate()
            .filter_map(move |(index, wq)| (wqs >> index & 1 == 1).then_some(wq))
    }

    fn select_mut(&mut self, wqs: WqSet) -> impl Iterator<Item = &mut Wq> {
        self.wqs
            .iter_mut()
            .enumerate()
            .filter_map(move |(index, wq)| (wqs >> index & 1 == 1).then_some(wq))
    }
}

#[cfg(test)]
mod tests;
