// SPDX-License-Identifier: GPL-2.0

//! Which of the descriptors that the hardware has an error in SWERR is about.
//!
//! SWERR tells of a descriptor no more than its work queue, its operation and the address that
//! faulted, each of them if it is known.

#[cfg(test)]
mod tests;

use super::{
    desc::DESC_LEN,
    regs::swerr, //
};

/// What the register SWERR of the hardware tells.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Error code: a status of a completion record or one that has no record.
    pub code: u8,
    /// The WQ that it happened on.
    pub wq: Option<u8>,
    /// Operation code of the descriptor.
    pub opcode: Option<u8>,
    /// Address that faulted, as the hardware knows it.
    pub address: Option<u64>,
    /// More errors came before this one was read.
    pub overflow: bool,
}

impl Report {
    /// Reads the four words of SWERR; nothing if they tell of no error.
    pub fn decode(words: [u64; 4]) -> Option<Self> {
        let [first, _, address, _] = words;
        // CAST: Fields of 8 bits.
        let byte = |shift: u32| (first >> shift) as u8;
        (first & swerr::VALID != 0).then(|| Self {
            code: byte(swerr::ERROR_SHIFT),
            wq: (first & swerr::WQ_VALID != 0).then(|| byte(swerr::WQ_SHIFT)),
            opcode: (first & swerr::DESC_VALID != 0).then(|| byte(swerr::OPERATION_SHIFT)),
            address: (address != 0).then_some(address),
            overflow: first & swerr::OVERFLOW != 0,
        })
    }

    /// Whether the error may be about a descriptor that was submitted to `wq`.
    ///
    /// Without a work queue and an address it may be about any, and is about none.
    pub fn may_blame(&self, wq: u8, flight: &Flight) -> bool {
        (self.wq.is_some() || self.address.is_some())
            && self.wq.is_none_or(|blamed| blamed == wq)
            && self.opcode.is_none_or(|opcode| opcode == flight.opcode)
            && self.address.is_none_or(|address| flight.touches(address))
    }
}

/// What an error can be matched with of a descriptor that the hardware has.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Flight {
    opcode: u8,
    /// Start and length of what it accesses.
    ranges: [(u64, u64); 3],
}

impl Flight {
    /// Bytes of a completion record.
    const RECORD: u64 = 32;

    /// Of the descriptor as the hardware gets it.
    pub fn new(raw: &[u8; DESC_LEN]) -> Self {
        let bytes = |at: usize, len: usize| {
            let field = raw.iter().skip(at).take(len).rev();
            field.fold(0, |value: u64, byte| value << 8 | u64::from(*byte))
        };
        let len = bytes(0x20, 4);
        Self {
            // CAST: A field of 8 bits.
            opcode: bytes(0x07, 1) as u8,
            ranges: [
                (bytes(0x08, 8), Self::RECORD),
                (bytes(0x10, 8), len),
                (bytes(0x18, 8), len),
            ],
        }
    }

    fn touches(&self, address: u64) -> bool {
        let mut ranges = self.ranges.iter();
        ranges.any(|(start, len)| address.checked_sub(*start).is_some_and(|at| at < *len))
    }
}
