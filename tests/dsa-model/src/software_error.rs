// SPDX-License-Identifier: MIT OR Apache-2.0
//! SWERR: the register that reports what no completion record can; and the same as an entry of the
//! event log (`struct __evl_entry` in srctree drivers/dma/idxd/registers.h).
//!
//! With an event log, a completion record that cannot be written is not lost: the log has it, and
//! software writes it. So that records arrive in order, that of a DRAIN goes to the log when there is
//! one of what it waited for, and that of a batch when there is one of its members.

use crate::completion::{self, Completion, Status};
use crate::descriptor::{Descriptor, flags};
use crate::event_log;
use crate::memory::{Access, Fault};

/// Error codes beyond those of completion records.
///
/// The first two are those of Intel's 2021 emulation; public sources name none for the portal, so
/// the others are this model's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DeviceError {
    /// Bus mastering was turned off while the device was enabled.
    BusMasterOff = 0x51,
    /// A command was written while another was active.
    CommandActive = 0x52,
    /// A descriptor arrived at a work queue that is not enabled, and was dropped.
    WqNotEnabled = 0x53,
    /// A descriptor arrived at a full work queue, and was dropped.
    WqFull = 0x54,
    /// A descriptor arrived at a shared work queue by an ordinary write, and was dropped.
    NotDeferrable = 0x55,
}

/// One error, ready to be recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoftwareError {
    code: u8,
    wq: Option<u8>,
    opcode: Option<u8>,
    batch_index: Option<u16>,
    /// Flags that are not allowed, or what `Delivery` goes with.
    offending_flags: u32,
    fault: Option<Fault>,
    pasid: u32,
    privileged: bool,
    /// The completion record that was to tell.
    record: [u8; completion::SIZE],
    /// What whoever writes that record has to know.
    delivery: Option<Delivery>,
}

/// What the event log tells of a record that the device did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// A number of the batch, by which its members' records and its own are told to belong together.
    pub batch: u8,
    /// Whether it is the first of its batch.
    pub first_in_batch: bool,
}

impl SoftwareError {
    /// An error with this code, for tests of those who handle it.
    pub fn injected(code: u8, wq: Option<u8>, fault_address: Option<u64>) -> Self {
        Self {
            code,
            wq,
            fault: fault_address.map(|address| Fault::absent(address, Access::Read)),
            ..Self::default()
        }
    }

    /// An error that concerns the device as a whole.
    pub fn device(error: DeviceError) -> Self {
        Self {
            code: error as u8,
            ..Self::default()
        }
    }

    /// A descriptor that its work queue did not take.
    pub fn dropped(error: DeviceError, wq: u8, descriptor: &Descriptor) -> Self {
        Self {
            code: error as u8,
            wq: Some(wq),
            opcode: Some(descriptor.opcode()),
            pasid: descriptor.pasid(),
            privileged: descriptor.privileged(),
            ..Self::default()
        }
    }

    /// A descriptor whose outcome cannot be told in a completion record. In a batch,
    /// `batch_index` is the member's place.
    pub fn descriptor(
        wq: u8,
        descriptor: &Descriptor,
        batch_index: Option<u16>,
        completion: &Completion,
    ) -> Self {
        Self {
            code: completion.status as u8,
            wq: Some(wq),
            opcode: Some(descriptor.opcode()),
            batch_index,
            offending_flags: completion.offending_flags(),
            fault: completion.fault,
            pasid: descriptor.pasid(),
            privileged: descriptor.privileged(),
            record: completion.record(),
            delivery: None,
        }
    }

    /// A descriptor whose record the device does not write: in place of the error's own record, the
    /// event log has the one for software to write at the address of the fault.
    pub fn record_of(
        wq: u8,
        descriptor: &Descriptor,
        batch_index: Option<u16>,
        status: Status,
        completion: &Completion,
        delivery: Delivery,
    ) -> Self {
        let fault = Fault::absent(descriptor.completion_address(), Access::Write);
        let error = Completion {
            fault: Some(fault),
            ..Completion::new(status)
        };
        let [low, high] = descriptor.interrupt_handle().to_le_bytes();
        let has = |flag, bit: u32| u32::from(descriptor.has(flag)) << bit;
        let info = u32::from(low)
            | u32::from(high) << 8
            | has(flags::REQUEST_INTERRUPT, 16)
            | has(flags::REQUEST_COMPLETION, 18)
            | u32::from(delivery.first_in_batch) << 19;
        Self {
            record: completion.record(),
            offending_flags: info,
            delivery: Some(delivery),
            ..Self::descriptor(wq, descriptor, batch_index, &error)
        }
    }

    /// The work queue of a descriptor whose record has to be written by software.
    pub fn has_record_of(&self) -> Option<usize> {
        let awaits = self.code == Status::CompletionTranslation as u8 && self.delivery.is_some();
        self.wq.filter(|_| awaits).map(usize::from)
    }

    /// Whether a descriptor was at fault.
    pub fn concerns_descriptor(&self) -> bool {
        self.opcode.is_some()
    }

    /// The error as an entry of the event log: words like those of SWERR without its valid bit,
    /// and the completion record.
    pub fn entry(&self) -> [u8; event_log::ENTRY] {
        /// The second word tells more.
        const INFORMATION_VALID: u64 = 1 << 7;

        let mut words = self.words();
        words[0] &= !VALID;
        if let Some(delivery) = self.delivery {
            words[0] |= INFORMATION_VALID | u64::from(delivery.batch) << 24;
        }
        let mut entry = [0; event_log::ENTRY];
        let (header, record) = entry.split_at_mut(32);
        for (bytes, word) in header.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        record.copy_from_slice(&self.record);
        entry
    }

    fn words(&self) -> [u64; 4] {
        const DESCRIPTOR_VALID: u64 = 1 << 2;
        const WQ_VALID: u64 = 1 << 3;
        const BATCH: u64 = 1 << 4;
        const FAULT_WAS_WRITE: u64 = 1 << 5;
        const PRIVILEGED: u64 = 1 << 6;

        let mut first = VALID | u64::from(self.code) << 8 | u64::from(self.pasid) << 40;
        if self.privileged {
            first |= PRIVILEGED;
        }
        if let Some(wq) = self.wq {
            first |= WQ_VALID | u64::from(wq) << 16;
        }
        if let Some(opcode) = self.opcode {
            first |= DESCRIPTOR_VALID | u64::from(opcode) << 32;
        }
        if self.batch_index.is_some() {
            first |= BATCH;
        }
        if self
            .fault
            .is_some_and(|fault| fault.access == Access::Write)
        {
            first |= FAULT_WAS_WRITE;
        }
        [
            first,
            u64::from(self.batch_index.unwrap_or(0)) | u64::from(self.offending_flags) << 32,
            self.fault.map_or(0, |fault| fault.address),
            0,
        ]
    }
}

const VALID: u64 = 1 << 0;
const OVERFLOW: u64 = 1 << 1;

/// The register: the first error since software took the last one, and whether there were more.
#[derive(Clone, Copy, Debug, Default)]
pub struct Register([u64; 4]);

impl Register {
    /// One of the four quadwords.
    pub fn word(&self, index: usize) -> u64 {
        self.0.get(index).copied().unwrap_or(0)
    }

    /// Records the error; `false` when the register was occupied and only the overflow shows.
    pub fn record(&mut self, error: &SoftwareError) -> bool {
        let vacant = self.0[0] & VALID == 0;
        if vacant {
            // An overflow that software has not taken yet stays.
            let overflow = self.0[0] & OVERFLOW;
            self.0 = error.words();
            self.0[0] |= overflow;
        } else {
            self.0[0] |= OVERFLOW;
        }
        vacant
    }

    /// A write to the first dword: the valid and overflow bits are cleared by writing ones, and
    /// the record goes with its valid bit.
    pub fn acknowledge(&mut self, value: u32) {
        let cleared = u64::from(value) & (VALID | OVERFLOW);
        self.0[0] &= !cleared;
        if cleared & VALID != 0 {
            self.0 = [self.0[0] & OVERFLOW, 0, 0, 0];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(opcode: u8) -> Descriptor {
        let mut bytes = [0; 64];
        bytes[7] = opcode;
        Descriptor(bytes)
    }

    #[test]
    fn every_field_is_in_its_place() {
        let fault = Fault::absent(0xdead_beef_f000, Access::Write);
        let mut register = Register::default();
        let completion = Completion::faulted(fault, 0);
        assert!(register.record(&SoftwareError::descriptor(
            5,
            &descriptor(3),
            Some(0x1234),
            &completion
        )));
        assert_eq!(register.word(0), 0x0000_0003_0005_033d);
        assert_eq!(register.word(1), 0x1234);
        assert_eq!(register.word(2), 0xdead_beef_f000);
        assert_eq!(register.word(3), 0);
    }

    #[test]
    fn offending_flags_are_in_the_upper_half_of_the_second_word() {
        let mut register = Register::default();
        let completion = Completion::invalid_flags(0x80_0000);
        register.record(&SoftwareError::descriptor(
            0,
            &descriptor(0),
            None,
            &completion,
        ));
        assert_eq!(register.word(0), 0x110d);
        assert_eq!(register.word(1), 0x0080_0000_0000_0000);
    }

    #[test]
    fn the_first_error_stays_until_it_is_taken() {
        let mut register = Register::default();
        let first = SoftwareError::device(DeviceError::CommandActive);
        let second = SoftwareError::descriptor(
            1,
            &descriptor(0x77),
            None,
            &Completion::new(Status::BadOpcode),
        );
        assert!(register.record(&first));
        assert!(!register.record(&second));
        assert_eq!(register.word(0), 0x5203);
        register.acknowledge(3);
        assert_eq!(register.word(0), 0);
        assert!(register.record(&second));
        assert_eq!(register.word(0), 0x0077_0001_100d);
    }
}
