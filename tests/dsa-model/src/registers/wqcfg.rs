// SPDX-License-Identifier: MIT OR Apache-2.0
//! An entry of WQCFG: what software configures of a work queue.

/// Dwords that software can write on every device; the two after them are occupancy, state and
/// reserved.
const WRITABLE_DWORDS: usize = 6;
/// The two dwords of the mask of operations in which there are operations.
const OPERATIONS_LOW: usize = 8;
const OPERATIONS_HIGH: usize = 9;

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
    /// The operations that the mask can have; none where there is no mask.
    pub(crate) operations: u64,
}

/// The configuration of one work queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WqConfig {
    dwords: [u32; WRITABLE_DWORDS],
    /// The operations that descriptors may ask for, where there is a mask of them. A reset leaves none:
    /// public sources do not say what it leaves, and so software that forgets the mask is found out.
    operations: u64,
}

impl WqConfig {
    /// A dword of the configuration; zero for those that software does not write.
    pub(crate) fn dword(&self, index: usize) -> u32 {
        match index {
            OPERATIONS_LOW => self.operations as u32,
            OPERATIONS_HIGH => (self.operations >> 32) as u32,
            _ => self.dwords.get(index).copied().unwrap_or(0),
        }
    }

    /// Writes a dword, if it can be written.
    pub(crate) fn write(&mut self, index: usize, value: u32, access: Access) {
        if let OPERATIONS_LOW | OPERATIONS_HIGH = index {
            if access.rest {
                self.write_operations(32 * (index - OPERATIONS_LOW), value, access.operations);
            }
            return;
        }
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
        if let Some(dword) = self.dwords.get_mut(index).filter(|_| writable) {
            *dword = value & mask;
        }
    }

    /// Writes the 32 bits of the mask from `shift` on.
    fn write_operations(&mut self, shift: usize, value: u32, accepted: u64) {
        let kept = self.operations & !(0xffff_ffff << shift);
        self.operations = kept | u64::from(value) << shift & accepted;
    }

    /// Returns everything but the size to its reset value.
    pub(crate) fn reset(&mut self) {
        self.dwords[1..].fill(0);
        self.operations = 0;
    }

    /// Returns the occupancy interrupt to its reset value.
    pub(crate) fn reset_occupancy_interrupt(&mut self) {
        self.dwords[4..].fill(0);
    }

    /// The operations that descriptors may ask for, on a device that has a mask of them.
    pub(crate) fn operations(&self) -> u64 {
        self.operations
    }

    /// Descriptors the work queue holds.
    pub(crate) fn size(&self) -> u16 {
        self.dwords[0] as u16
    }

    /// How many descriptors a limited portal of a shared work queue lets wait.
    pub(crate) fn threshold(&self) -> u16 {
        self.dwords[1] as u16
    }

    /// Address space of the accesses of a dedicated work queue.
    pub(crate) fn pasid(&self) -> u32 {
        self.dwords[2] >> 8 & 0xf_ffff
    }

    /// Disables the occupancy interrupt and gives its handle, if it is enabled and its limit is
    /// this occupancy.
    pub(crate) fn take_occupancy_interrupt(&mut self, occupancy: usize) -> Option<u16> {
        let due = self.dwords[5] & OCCUPANCY_INTERRUPT != 0
            && occupancy <= usize::from(self.dwords[5] as u16);
        if due {
            self.dwords[5] &= !OCCUPANCY_INTERRUPT;
        }
        due.then_some(self.dwords[4] as u16)
    }

    /// Whether the work queue is dedicated, not shared.
    pub(crate) fn dedicated(&self) -> bool {
        self.dwords[2] & 1 == 1
    }

    /// Whether descriptors may block on a fault.
    pub(crate) fn block_on_fault(&self) -> bool {
        self.dwords[2] >> 1 & 1 == 1
    }

    /// Priority within the group, from 1 to 15.
    pub(crate) fn priority(&self) -> u32 {
        self.dwords[2] >> 4 & 0xf
    }

    /// Whether accesses carry a PASID.
    pub(crate) fn pasid_enabled(&self) -> bool {
        self.dwords[2] >> 28 & 1 == 1
    }

    /// Whether descriptors are privileged.
    pub(crate) fn privileged(&self) -> bool {
        self.dwords[2] >> 29 & 1 == 1
    }

    /// Largest transfer, as a power of two of bytes.
    pub(crate) fn max_transfer_shift(&self) -> u8 {
        (self.dwords[3] & 0x1f) as u8
    }

    /// Largest batch, as a power of two of descriptors.
    pub(crate) fn max_batch_shift(&self) -> u8 {
        (self.dwords[3] >> 5 & 0xf) as u8
    }
}
