// SPDX-License-Identifier: MIT OR Apache-2.0
//! A work queue at run time: its configuration, its state, the descriptors that wait in it and
//! those that an engine has taken from it.

use std::collections::VecDeque;

use crate::descriptor::{Descriptor, Opcode};
use crate::profile::{Modes, Profile};
use crate::registers::wqcfg::{Access, WqConfig};

/// State of a work queue; the values are those of WQCFG's state field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WqStatus {
    /// Takes no descriptors and can be configured.
    #[default]
    Disabled = 0,
    /// Takes descriptors.
    Enabled = 1,
    /// Takes no more descriptors and is about to be disabled.
    Busy = 2,
}

/// A place in the order in which the device has accepted descriptors.
pub(crate) type Sequence = u64;

/// A work queue.
#[derive(Debug, Default)]
pub(crate) struct Wq {
    pub(crate) config: WqConfig,
    pub(crate) status: WqStatus,
    /// Accepted and waiting, oldest first.
    queue: VecDeque<(Sequence, Descriptor)>,
    /// Being executed, with their address spaces.
    running: Vec<(Sequence, u32)>,
    /// Whether completion records of its descriptors have gone to the event log since a DRAIN.
    pub(crate) records_logged: bool,
    /// Turns that the scheduler owes it.
    pub(crate) credit: i32,
    /// What has come through its portals since it was enabled.
    pub(crate) traffic: Traffic,
}

/// What has come through the portals of a work queue, accepted or not.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Number of descriptors.
    pub(crate) descriptors: u64,
    /// The slots that they came through, a bit each.
    slots: u128,
}

impl Traffic {
    /// Counts a descriptor that came through a slot, numbered from the first of the work queue's
    /// portals on.
    pub(crate) fn count(&mut self, slot: u32) {
        self.descriptors += 1;
        self.slots |= 1_u128.checked_shl(slot).unwrap_or(0);
    }

    /// Number of different slots.
    pub(crate) fn slots(&self) -> u32 {
        self.slots.count_ones()
    }
}

impl Wq {
    /// Whether as many descriptors wait as this portal allows.
    pub(crate) fn is_full(&self, limited: bool) -> bool {
        let most = if limited && !self.config.dedicated() {
            self.config.threshold().min(self.config.size())
        } else {
            self.config.size()
        };
        self.occupancy() >= usize::from(most)
    }

    /// How many wait.
    pub(crate) fn occupancy(&self) -> usize {
        self.queue.len()
    }

    /// How many are being executed.
    pub(crate) fn in_progress(&self) -> usize {
        self.running.len()
    }

    /// Whether nothing waits and nothing runs.
    pub(crate) fn is_quiet(&self) -> bool {
        self.queue.is_empty() && self.running.is_empty()
    }

    /// The place of the oldest descriptor that is not done, of all or of one address space.
    pub(crate) fn oldest(&self, pasid: Option<u32>) -> Option<Sequence> {
        self.queue
            .iter()
            .map(|(sequence, descriptor)| (*sequence, descriptor.pasid()))
            .chain(self.running.iter().copied())
            .filter(|(_, other)| pasid.is_none_or(|pasid| pasid == *other))
            .map(|(sequence, _)| sequence)
            .min()
    }

    /// Whether the oldest descriptor that waits can run. A DRAIN cannot until what came before it
    /// is done.
    pub(crate) fn is_ready(&self) -> bool {
        self.queue.front().is_some_and(|(_, descriptor)| {
            descriptor.opcode() != Opcode::Drain as u8 || self.running.is_empty()
        })
    }

    /// Begins to take descriptors.
    pub(crate) fn enable(&mut self) {
        self.status = WqStatus::Enabled;
        self.traffic = Traffic::default();
    }

    /// Accepts a descriptor.
    pub(crate) fn push(&mut self, sequence: Sequence, descriptor: Descriptor) {
        self.queue.push_back((sequence, descriptor));
    }

    /// Hands the oldest descriptor to an engine.
    pub(crate) fn take(&mut self) -> Option<(Sequence, Descriptor)> {
        let (sequence, descriptor) = self.queue.pop_front()?;
        self.running.push((sequence, descriptor.pasid()));
        Some((sequence, descriptor))
    }

    /// An engine is done with a descriptor.
    pub(crate) fn finish(&mut self, sequence: Sequence) {
        self.running.retain(|(running, _)| *running != sequence);
    }

    /// Discards what waits, all or that of one address space. Nobody is told: an aborted descriptor has no completion.
    pub(crate) fn abort(&mut self, pasid: Option<u32>) {
        self.queue
            .retain(|(_, descriptor)| pasid.is_some_and(|pasid| pasid != descriptor.pasid()));
    }

    /// A dword of the WQCFG entry.
    pub(crate) fn config_dword(&self, index: usize, profile: &Profile) -> u32 {
        /// WQCFG bit 29: the mode field can be changed.
        const MODE_SUPPORT: u32 = 1 << 29;
        match index {
            6 => {
                let mode = if profile.modes == Modes::Both && !profile.fixed_config {
                    MODE_SUPPORT
                } else {
                    0
                };
                // No more wait than the size allows, which has 16 bits.
                self.queue.len() as u32 | mode | (self.status as u32) << 30
            }
            _ => self.config.dword(index),
        }
    }

    /// Writes a dword of the WQCFG entry, as far as it can be written now: the size while the device
    /// is configurable, the occupancy interrupt at any time, the rest while the work queue is disabled.
    pub(crate) fn write_config(
        &mut self,
        index: usize,
        value: u32,
        profile: &Profile,
        configurable: bool,
    ) {
        let access = Access {
            size: configurable,
            rest: self.status == WqStatus::Disabled && !profile.fixed_config,
            operations: profile.maskable_operations(),
        };
        self.config.write(index, value, access);
    }

    /// Returns what software configures to its reset value, but for the size.
    pub(crate) fn reset_config(&mut self, profile: &Profile) {
        if profile.fixed_config {
            self.config.reset_occupancy_interrupt();
        } else {
            self.config.reset();
        }
    }
}
