// SPDX-License-Identifier: GPL-2.0

//! Completion records.

use super::{
    code::{
        delta,
        le_bytes,
        le_u32,
        le_u64,
        status, //
    },
    Op,
    Work, //
};

/// A completion record (`struct dsa_completion_record`).
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Completion {
    /// Status; see [`status`]. 0 while the operation is not complete.
    pub status: u8,
    /// Result: of a comparison, of a delta record, what is wrong with a data integrity field, or 1
    /// if a copy went from the end to the start.
    pub result: u8,
    /// Bytes completed: up to a fault or a difference, from where the operation began. For a batch,
    /// descriptors.
    pub bytes: u32,
    /// Address that faulted.
    pub fault_addr: u64,
    /// Fields from 0x10 on: the CRC, the length of a delta record, tags of data integrity fields, or
    /// flags that are not valid.
    pub tail: [u8; 16],
}

impl Completion {
    /// Length of a record in bytes, and its alignment.
    pub const LEN: usize = 32;

    /// The record as the hardware writes it. The status must become visible last.
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut raw = [0; Self::LEN];
        let fields = [self.status, self.result, 0, 0]
            .into_iter()
            .chain(self.bytes.to_le_bytes())
            .chain(self.fault_addr.to_le_bytes())
            .chain(self.tail);
        for (to, from) in raw.iter_mut().zip(fields) {
            *to = from;
        }
        raw
    }

    /// The same in words of 64 bits, the first of which has the status.
    pub fn to_words(self) -> [u64; Self::LEN / 8] {
        let mut words = [0; Self::LEN / 8];
        let raw = self.to_bytes();
        for (word, bytes) in words.iter_mut().zip(raw.chunks_exact(8)) {
            *word = le_u64(bytes, 0);
        }
        words
    }

    /// Takes apart a record that the hardware wrote.
    pub fn from_bytes(raw: &[u8; Self::LEN]) -> Self {
        let [status, result, ..] = *raw;
        Self {
            status,
            result,
            bytes: le_u32(raw, 4),
            fault_addr: le_u64(raw, 8),
            tail: le_bytes(raw, 16),
        }
    }

    /// Whether a tenant's work is to have a record written with this status.
    pub fn wants_record(work: &Work, status: u8) -> bool {
        work.cr.is_some() && (work.cr_always || status != status::SUCCESS)
    }

    /// Whether the operation was carried out, whatever its result.
    pub fn is_success(&self) -> bool {
        matches!(
            self.status & status::MASK,
            status::SUCCESS | status::SUCCESS_UNEXPECTED
        )
    }

    /// Whether memory of the tenant was not there.
    pub fn is_fault(&self) -> bool {
        matches!(
            self.status & status::MASK,
            status::PAGE_FAULT
                | status::PAGE_FAULT_INVALID
                | status::BATCH_PAGE_FAULT
                | status::READBACK
        )
    }

    /// Bytes of `op` that were processed: all, or those up to what stopped it. On success the
    /// hardware need not say.
    pub fn processed(&self, op: &Op) -> u32 {
        let stops = match op {
            Op::Compare { .. } | Op::ComparePattern { .. } => self.result != 0,
            Op::CreateDelta { .. } => self.result == delta::OVERFLOW,
            _ => false,
        };
        match op {
            _ if self.is_success() && !stops => op.len(),
            // It counts bytes of the record.
            Op::ApplyDelta { len, .. } => (self.bytes / delta::ENTRY * delta::UNIT).min(*len),
            Op::Batch { .. } => 0,
            _ => self.bytes,
        }
    }

    /// The CRC of the record of a CRC operation.
    pub fn crc(&self) -> u32 {
        le_u32(&self.tail, 0)
    }

    /// The same record with the first 32 bits of the tail set.
    pub(in super::super) fn with_tail(mut self, value: u32) -> Self {
        for (to, from) in self.tail.iter_mut().zip(value.to_le_bytes()) {
            *to = from;
        }
        self
    }
}
