// SPDX-License-Identifier: MIT OR Apache-2.0
//! Completion records: what became of a descriptor.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// Bytes of a completion record, and their alignment.
pub const RECORD_LEN: usize = 32;

/// Status codes (srctree include/uapi/linux/idxd.h, enum dsa_completion_status).
#[expect(
    missing_docs,
    reason = "the names are the specification's and say it all"
)]
pub mod status {
    pub const SUCCESS: u8 = 0x01;
    pub const SUCCESS_FALSE_PREDICATE: u8 = 0x02;
    pub const PAGE_FAULT: u8 = 0x03;
    pub const BATCH_FAILED: u8 = 0x05;
    pub const BAD_OPCODE: u8 = 0x10;
    pub const BAD_FLAGS: u8 = 0x11;
    pub const RESERVED_FIELD: u8 = 0x12;
    pub const BAD_SIZE: u8 = 0x13;
    pub const OVERLAP: u8 = 0x16;
    pub const BAD_INTERRUPT: u8 = 0x19;
    pub const RECORD_TRANSLATION: u8 = 0x1a;
    pub const MISALIGNED_RECORD: u8 = 0x1b;
    pub const HARDWARE: u8 = 0x20;
}

/// Status: the faulting access was a write.
const FAULT_WAS_WRITE: u8 = 0x80;

/// A completion record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// Status as written: a code of [`status`] and whether a fault was a write.
    pub raw_status: u8,
    /// Result: of a comparison 0 when equal, 1 when not.
    pub result: u8,
    /// Bytes done before the first that could not be, or that differed.
    pub bytes: u32,
    /// IOVA of the fault, if there was one.
    pub fault_address: u64,
    /// CRC of a CRC operation.
    pub crc: u32,
}

impl Completion {
    /// Reads a record.
    pub fn decode(raw: &[u8]) -> Result<Self> {
        ensure!(
            raw.len() == RECORD_LEN,
            "a completion record has {RECORD_LEN} bytes, not {}",
            raw.len()
        );
        let word = |at: usize| u32::from_le_bytes([raw[at], raw[at + 1], raw[at + 2], raw[at + 3]]);
        Ok(Self {
            raw_status: raw[0],
            result: raw[1],
            bytes: word(4),
            fault_address: u64::from(word(8)) | u64::from(word(12)) << 32,
            crc: word(16),
        })
    }

    /// Code of [`status`].
    pub fn status(&self) -> u8 {
        self.raw_status & !FAULT_WAS_WRITE
    }

    /// Whether a fault happened on a write.
    pub fn fault_was_write(&self) -> bool {
        self.raw_status & FAULT_WAS_WRITE != 0
    }

    /// Demands success of `what`.
    pub fn success(self, what: &str) -> Result<Self> {
        self.with_status(what, status::SUCCESS)
    }

    /// Demands a status of `what`.
    pub fn with_status(self, what: &str, want: u8) -> Result<Self> {
        ensure!(
            self.status() == want,
            "{what}: expected completion status {want:#04x}, got {self:x?}"
        );
        Ok(self)
    }

    /// Demands that `what` failed, in whatever way.
    pub fn failure(self, what: &str) -> Result<Self> {
        ensure!(
            self.status() != status::SUCCESS,
            "{what}: expected a failure, got {self:x?}"
        );
        Ok(self)
    }

    /// Demands a page fault at the page of `address`, after `bytes` bytes.
    pub fn page_fault(self, what: &str, address: u64, write: bool, bytes: u32) -> Result<Self> {
        let fault = self.with_status(what, status::PAGE_FAULT)?;
        let page = |address: u64| address & !0xfff;
        ensure!(
            page(fault.fault_address) == page(address)
                && fault.fault_was_write() == write
                && fault.bytes == bytes,
            "{what}: expected a page fault {} {address:#x} after {bytes:#x} bytes, got {fault:x?}",
            if write { "writing" } else { "reading" },
        );
        Ok(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Vec<u8> {
        let mut raw = vec![0x83, 1, 0, 0, 0x00, 0x10, 0, 0];
        raw.extend(0x0012_3456_7000_u64.to_le_bytes());
        raw.extend(0xe306_9283_u64.to_le_bytes());
        raw.extend([0; 8]);
        raw
    }

    #[test]
    fn every_field_is_found() {
        let got = Completion::decode(&record()).expect("32 bytes");
        assert_eq!(
            (got.status(), got.fault_was_write(), got.result, got.bytes),
            (status::PAGE_FAULT, true, 1, 0x1000)
        );
        assert_eq!(
            (got.fault_address, got.crc),
            (0x0012_3456_7000, 0xe306_9283)
        );
        assert!(Completion::decode(&[0; 31]).is_err());
    }

    #[test]
    fn a_fault_elsewhere_is_no_fault_here() {
        let got = Completion::decode(&record()).expect("32 bytes");
        assert!(
            got.page_fault("copy", 0x0012_3456_7abc, true, 0x1000)
                .is_ok()
        );
        assert!(
            got.page_fault("copy", 0x0012_3456_8000, true, 0x1000)
                .is_err()
        );
        assert!(
            got.page_fault("copy", 0x0012_3456_7000, false, 0x1000)
                .is_err()
        );
        assert!(got.page_fault("copy", 0x0012_3456_7000, true, 0).is_err());
        let error = got.success("copy").expect_err("a fault").to_string();
        assert!(
            error.contains("copy: expected completion status 0x01"),
            "{error}"
        );
    }
}
