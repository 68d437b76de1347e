// SPDX-License-Identifier: MIT OR Apache-2.0
//! The event log of DSA 2.0: a ring in memory that takes what SWERR has room for only once.

use crate::memory::Memory;
use crate::software_error::SoftwareError;

/// Size of an entry, in bytes.
pub(crate) const ENTRY: usize = 64;

/// EVLCFG: the ring's place and size.
const BASE: u64 = !0xfff;
const ENTRIES: u64 = 0xffff;
/// The bits of EVLCFG that exist: PASID enable and privilege with the base, PASID with the size.
const WRITABLE: [u64; 2] = [BASE | 3, 0xf_ffff << 16 | ENTRIES];
/// EVLSTATUS: an interrupt was raised and not yet acknowledged, in the upper dword.
const INTERRUPT_PENDING: u32 = 1 << 30;

/// The registers EVLCFG and EVLSTATUS.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EventLog {
    config: [u64; 2],
    head: u16,
    tail: u16,
    interrupt_pending: bool,
}

impl EventLog {
    /// One of the two quadwords of EVLCFG.
    pub(crate) fn config(&self, index: usize) -> u64 {
        self.config.get(index).copied().unwrap_or(0)
    }

    /// Writes a dword of EVLCFG.
    pub(crate) fn write_config(&mut self, dword: usize, value: u32) {
        let (index, shift) = (dword / 2, 32 * (dword % 2));
        if let (Some(word), Some(writable)) = (self.config.get_mut(index), WRITABLE.get(index)) {
            let kept = *word & !(0xffff_ffff << shift);
            *word = (kept | u64::from(value) << shift) & writable;
        }
    }

    /// EVLSTATUS.
    pub(crate) fn status(&self) -> u64 {
        let pending = if self.interrupt_pending {
            INTERRUPT_PENDING
        } else {
            0
        };
        u64::from(self.head) | u64::from(self.tail) << 32 | u64::from(pending) << 32
    }

    /// Writes a dword of EVLSTATUS: the head is software's, the tail is the device's, and the
    /// pending interrupt is acknowledged by writing a one.
    pub(crate) fn write_status(&mut self, dword: usize, value: u32) {
        if dword == 0 {
            self.head = value as u16;
        } else if value & INTERRUPT_PENDING != 0 {
            self.interrupt_pending = false;
        }
    }

    /// Appends an entry; whether it could be, or else SWERR has to take the error.
    pub(crate) fn append(&mut self, memory: &Memory, error: &SoftwareError) -> bool {
        let entries = self.config[1] & ENTRIES;
        if entries == 0 {
            return false;
        }
        let next = (u64::from(self.tail) + 1) % entries;
        if next == u64::from(self.head) {
            return false;
        }
        let address = (self.config[0] & BASE) + u64::from(self.tail) * ENTRY as u64;
        if memory.write(address, &error.entry()).is_err() {
            return false;
        }
        // Below the number of entries, which has 16 bits.
        self.tail = next as u16;
        true
    }

    /// Whether an interrupt has to tell of the last entry: one that is not acknowledged tells of
    /// all that follow.
    pub(crate) fn begin_interrupt(&mut self) -> bool {
        !std::mem::replace(&mut self.interrupt_pending, true)
    }
}
