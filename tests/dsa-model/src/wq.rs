// SPDX-License-Identifier: MIT OR Apache-2.0
//! A work queue at run time: its configuration, its state, the descriptors that wait in it and
//! those that an engine has taken from it.

use std::collections::VecDeque;

use crate::descriptor::Descriptor;
use crate::registers::wqcfg::WqConfig;

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
    /// Being executed.
    running: Vec<Sequence>,
}

impl Wq {
    /// Whether as many descriptors wait as the size allows.
    pub(crate) fn is_full(&self) -> bool {
        self.queue.len() >= usize::from(self.config.size())
    }

    /// Whether nothing waits and nothing runs.
    pub(crate) fn is_quiet(&self) -> bool {
        self.oldest().is_none()
    }

    /// The place of the oldest descriptor that is not done.
    pub(crate) fn oldest(&self) -> Option<Sequence> {
        self.next()
            .into_iter()
            .chain(self.running.iter().copied())
            .min()
    }

    /// The place of the descriptor that runs next.
    pub(crate) fn next(&self) -> Option<Sequence> {
        self.queue.front().map(|(sequence, _)| *sequence)
    }

    /// Accepts a descriptor.
    pub(crate) fn push(&mut self, sequence: Sequence, descriptor: Descriptor) {
        self.queue.push_back((sequence, descriptor));
    }

    /// Hands the oldest descriptor to an engine.
    pub(crate) fn take(&mut self) -> Option<(Sequence, Descriptor)> {
        let (sequence, descriptor) = self.queue.pop_front()?;
        self.running.push(sequence);
        Some((sequence, descriptor))
    }

    /// An engine is done with a descriptor.
    pub(crate) fn finish(&mut self, sequence: Sequence) {
        self.running.retain(|running| *running != sequence);
    }

    /// Discards what waits. Nobody is told: an aborted descriptor has no completion.
    pub(crate) fn abort(&mut self) {
        self.queue.clear();
    }

    /// A dword of the WQCFG entry.
    pub(crate) fn config_dword(&self, index: usize) -> u32 {
        /// WQCFG bit 29: the mode field can be changed.
        const MODE_SUPPORT: u32 = 1 << 29;
        match index {
            // No more wait than the size allows, which has 16 bits.
            6 => self.queue.len() as u32 | MODE_SUPPORT | (self.status as u32) << 30,
            _ => self.config.dword(index),
        }
    }

    /// Writes a dword of the WQCFG entry, as far as it can be written now.
    pub(crate) fn write_config(&mut self, index: usize, value: u32, device_disabled: bool) {
        let wq_disabled = self.status == WqStatus::Disabled;
        self.config
            .write(index, value, device_disabled, wq_disabled);
    }
}
