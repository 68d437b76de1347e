// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an operation came to, and the 32-byte record that tells software
//! (`struct dsa_completion_record` in `include/uapi/linux/idxd.h`).

use crate::memory::{Access, Cause, Fault};

/// Size and alignment of a completion record, in bytes.
pub const SIZE: usize = 32;

/// Completion status; the values are those of `enum dsa_completion_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Done.
    Success = 0x01,
    /// Done, and the result is not the expected one.
    SuccessFalsePredicate = 0x02,
    /// An address could not be accessed; part of the work may be done.
    PageFault = 0x03,
    /// The host refused to make an address accessible.
    PageRequest = 0x04,
    /// A member of the batch did not succeed.
    BatchFailed = 0x05,
    /// The descriptor list could not be read.
    BatchPageFault = 0x06,
    /// An entry of the delta record is not beyond the one before.
    DeltaOrder = 0x07,
    /// An entry of the delta record lies beyond the destination.
    DeltaRange = 0x08,
    /// A data integrity field is not as expected.
    DifError = 0x09,
    /// No such operation here.
    BadOpcode = 0x10,
    /// A flag that the operation or the work queue does not allow.
    InvalidFlags = 0x11,
    /// A reserved field is not zero.
    ReservedField = 0x12,
    /// The transfer size is zero or beyond the maximum.
    TransferSize = 0x13,
    /// The descriptor count is below two or beyond the maximum.
    DescriptorCount = 0x14,
    /// The size of the delta record is not that of whole entries, or too small.
    DeltaSize = 0x15,
    /// Ranges that have to be apart overlap.
    Overlap = 0x16,
    /// The destinations of DUALCAST lie at different places of their pages.
    DualcastAlignment = 0x17,
    /// The descriptor list is not aligned to 64 bytes.
    DescriptorListAlignment = 0x18,
    /// The interrupt handle is not one of this device.
    InterruptHandle = 0x19,
    /// The completion record could not be written; reported in SWERR only.
    CompletionTranslation = 0x1a,
    /// The completion record is not aligned to 32 bytes; reported in SWERR only.
    CompletionAlignment = 0x1b,
    /// An address is not aligned as the operation needs it.
    AddressAlignment = 0x1c,
    /// The descriptor is privileged and its work queue is not; reported in SWERR only.
    Privilege = 0x1d,
    /// Data and completion record go out in different traffic classes, without readback.
    TrafficClass = 0x1e,
    /// A readback address could not be read.
    Readback = 0x1f,
    /// Memory, or the way to it, is broken. It never is here unless that is asked for, nor is what the
    /// next two tell.
    Hardware = 0x20,
    /// The same, met by a readback.
    HardwareReadback = 0x21,
    /// An address cannot be translated.
    Translation = 0x22,
    /// In the event log in place of a DRAIN's completion record: records of what it waited for are
    /// there as well, and software has to write them first.
    DrainLogged = 0x26,
    /// In the event log in place of a batch's completion record, because of its members' records.
    BatchLogged = 0x27,
}

/// Bit of the status byte: the access that faulted was a write.
const FAULT_WAS_WRITE: u8 = 0x80;

/// The outcome of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// How it went.
    pub status: Status,
    /// Depends on the operation.
    pub result: u8,
    /// Bytes or descriptors completed; zero when all of a transfer was.
    pub completed: u32,
    /// The access that failed.
    pub fault: Option<Fault>,
    /// The last 16 bytes of the record, which depend on the operation.
    pub details: [u8; 16],
}

impl Completion {
    /// The outcome with this status and nothing else to tell.
    pub const fn new(status: Status) -> Self {
        Self {
            status,
            result: 0,
            completed: 0,
            fault: None,
            details: [0; 16],
        }
    }

    /// Everything was done.
    pub const fn success() -> Self {
        Self::new(Status::Success)
    }

    /// These flags were not allowed.
    pub fn invalid_flags(flags: u32) -> Self {
        Self::new(Status::InvalidFlags).with_details(&flags.to_le_bytes())
    }

    /// An access failed after `completed` bytes.
    pub const fn faulted(fault: Fault, completed: u32) -> Self {
        let status = match fault.cause {
            Cause::PageFault => Status::PageFault,
            Cause::HardwareError => Status::Hardware,
            Cause::TranslationFailure => Status::Translation,
        };
        Self {
            completed,
            fault: Some(fault),
            ..Self::new(status)
        }
    }

    /// The same for an access that is no part of the work itself, whose page faults have a status of
    /// their own.
    pub fn faulted_beside(fault: Fault, page_fault: Status) -> Self {
        let mut completion = Self::faulted(fault, 0);
        if fault.cause == Cause::PageFault {
            completion.status = page_fault;
        }
        completion
    }

    /// A readback failed, of DRAIN or of a destination: hardware that does not answer it has a status
    /// of its own as well.
    pub fn unread_back(fault: Fault) -> Self {
        let mut completion = Self::faulted_beside(fault, Status::Readback);
        if fault.cause == Cause::HardwareError {
            completion.status = Status::HardwareReadback;
        }
        completion
    }

    /// Whether the operation did what it was asked for, whatever came out.
    pub fn succeeded(&self) -> bool {
        matches!(self.status, Status::Success | Status::SuccessFalsePredicate)
    }

    /// The same with the first of the last 16 bytes set.
    #[must_use]
    pub fn with_details(mut self, details: &[u8]) -> Self {
        for (to, from) in self.details.iter_mut().zip(details) {
            *to = *from;
        }
        self
    }

    /// The flags that were not allowed, if that is the outcome.
    pub fn offending_flags(&self) -> u32 {
        match self.status {
            Status::InvalidFlags => u32::from_le_bytes(std::array::from_fn(|i| self.details[i])),
            _ => 0,
        }
    }

    /// The record as it goes to memory.
    pub fn record(&self) -> [u8; SIZE] {
        let mut record = [0; SIZE];
        record[0x00] = self.status as u8;
        record[0x01] = self.result;
        record[0x04..0x08].copy_from_slice(&self.completed.to_le_bytes());
        if let Some(fault) = self.fault {
            if fault.access == Access::Write {
                record[0x00] |= FAULT_WAS_WRITE;
            }
            record[0x08..0x10].copy_from_slice(&fault.address.to_le_bytes());
        }
        record[0x10..].copy_from_slice(&self.details);
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_fault_shows_in_the_status_byte_and_the_address() {
        let fault = Fault::absent(0x1122_3344_5566_7788, Access::Write);
        let record = Completion::faulted(fault, 0x99).record();
        assert_eq!(record[0], 0x83);
        assert_eq!(record[4..8], [0x99, 0, 0, 0]);
        assert_eq!(
            record[8..16],
            [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]
        );
    }

    #[test]
    fn invalid_flags_are_named_at_offset_16() {
        let completion = Completion::invalid_flags(0x00ab_cdef);
        assert_eq!(completion.record()[16..20], [0xef, 0xcd, 0xab, 0x00]);
        assert_eq!(completion.offending_flags(), 0x00ab_cdef);
    }
}
