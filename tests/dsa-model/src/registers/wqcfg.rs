// SPDX-License-Identifier: MIT OR Apache-2.0
//! An entry of WQCFG: what software configures of a work queue.

/// Dwords that software can write; the ones after them are occupancy, state and reserved.
const WRITABLE_DWORDS: usize = 6;

/// Mode, block on fault, ATS and PRS disable, priority, PASID, PASID enable, privilege.
const MODE_MASK: u32 = 0x3fff_ffff;
/// Maximum transfer, batch and scatter-gather list.
const LIMITS_MASK: u32 = 0x1fff;

/// The occupancy interrupt is enabled.
const OCCUPANCY_INTERRUPT: u32 = 1 << 16;

/// What of a configuration can be written at one moment. The occupancy interrupt always can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The size.
    pub(crate) size: bool,
    /// What is neither the size nor the occupancy interrupt.
    pub(crate) rest: bool,
}

impl Access {
    /// Everything.
    pub(crate) const ALL: Self = Self {
        size: true,
        rest: true,
    };
}

/// The configuration of one work queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WqConfig([u32; WRITABLE_DWORDS]);

impl WqConfig {
    /// A dword of the configuration; zero for those that software does not write.
    pub(crate) fn dword(&self, index: usize) -> u32 {
        self.0.get(index).copied().unwrap_or(0)
    }

    /// Writes a dword, if it can be written.
    pub(crate) fn write(&mut self, index: usize, value: u32, access: Access) {
        let (mask, writable) = match index {
            0 => (0xffff, access.size),
            1 => (0xffff, access.rest),
            2 => (MODE_MASK, access.rest),
            3 => (LIMITS_MASK, access.rest),
            // The handle of the occupancy interrupt; there is no IMS to select.
            4 => (0xffff, true),
            5 => (0xffff | OCCUPANCY_INTERRUPT, true),
            _ => (0, false),
        };
        if let Some(dword) = self.0.get_mut(index).filter(|_| writable) {
            *dword = value & mask;
        }
    }

    /// Returns everything but the size to its reset value.
    pub(crate) fn reset(&mut self) {
        self.0[1..].fill(0);
    }

    /// Returns the occupancy interrupt to its reset value.
    pub(crate) fn reset_occupancy_interrupt(&mut self) {
        self.0[4..].fill(0);
    }

    /// Descriptors the work queue holds.
    pub(crate) fn size(&self) -> u16 {
        self.0[0] as u16
    }

    /// How many descriptors a limited portal of a shared work queue lets wait.
    pub(crate) fn threshold(&self) -> u16 {
        self.0[1] as u16
    }

    /// Address space of the accesses of a dedicated work queue.
    pub(crate) fn pasid(&self) -> u32 {
        self.0[2] >> 8 & 0xf_ffff
    }

    /// Disables the occupancy interrupt and gives its handle, if it is enabled and its limit is
    /// this occupancy.
    pub(crate) fn take_occupancy_interrupt(&mut self, occupancy: usize) -> Option<u16> {
        let due =
            self.0[5] & OCCUPANCY_INTERRUPT != 0 && occupancy <= usize::from(self.0[5] as u16);
        if due {
            self.0[5] &= !OCCUPANCY_INTERRUPT;
        }
        due.then_some(self.0[4] as u16)
    }

    /// Whether the work queue is dedicated, not shared.
    pub(crate) fn dedicated(&self) -> bool {
        self.0[2] & 1 == 1
    }

    /// Whether descriptors may block on a fault.
    pub(crate) fn block_on_fault(&self) -> bool {
        self.0[2] >> 1 & 1 == 1
    }

    /// Priority within the group, from 1 to 15.
    pub(crate) fn priority(&self) -> u32 {
        self.0[2] >> 4 & 0xf
    }

    /// Whether accesses carry a PASID.
    pub(crate) fn pasid_enabled(&self) -> bool {
        self.0[2] >> 28 & 1 == 1
    }

    /// Whether descriptors are privileged.
    pub(crate) fn privileged(&self) -> bool {
        self.0[2] >> 29 & 1 == 1
    }

    /// Largest transfer, as a power of two of bytes.
    pub(crate) fn max_transfer_shift(&self) -> u8 {
        (self.0[3] & 0x1f) as u8
    }

    /// Largest batch, as a power of two of descriptors.
    pub(crate) fn max_batch_shift(&self) -> u8 {
        (self.0[3] >> 5 & 0xf) as u8
    }
}
