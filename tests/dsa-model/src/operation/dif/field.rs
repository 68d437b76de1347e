// SPDX-License-Identifier: MIT OR Apache-2.0
//! The data integrity field of a block, and its guard.

use crc::{CRC_16_T10_DIF, Crc, Table};

/// Size of a field, in bytes.
pub(super) const SIZE: usize = 8;

const T10_DIF: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_T10_DIF);

/// A field; in memory its parts are big-endian.
#[derive(Clone, Copy, Default)]
pub(super) struct Field {
    pub(super) guard: u16,
    pub(super) application: u16,
    pub(super) reference: u32,
}

impl Field {
    pub(super) fn from_bytes(bytes: &[u8; SIZE]) -> Self {
        let [a, b, c, d, e, f, g, h] = *bytes;
        Self {
            guard: u16::from_be_bytes([a, b]),
            application: u16::from_be_bytes([c, d]),
            reference: u32::from_be_bytes([e, f, g, h]),
        }
    }

    pub(super) fn to_bytes(self) -> [u8; SIZE] {
        let [a, b] = self.guard.to_be_bytes();
        let [c, d] = self.application.to_be_bytes();
        let [e, f, g, h] = self.reference.to_be_bytes();
        [a, b, c, d, e, f, g, h]
    }
}

/// How guards are computed.
pub(super) struct Guard {
    seed: u16,
    inversion: u16,
}

impl Guard {
    /// The variant that the descriptor's DIF flags ask for.
    pub(super) fn new(flags: u8) -> Self {
        const INVERT_SEED: u8 = 1 << 2;
        const INVERT_RESULT: u8 = 1 << 3;
        let ones = |flag| if flags & flag == 0 { 0 } else { u16::MAX };
        Self {
            seed: ones(INVERT_SEED),
            inversion: ones(INVERT_RESULT),
        }
    }

    /// The guard of a block.
    pub(super) fn of(&self, block: &[u8]) -> u16 {
        let mut digest = T10_DIF.digest_with_initial(self.seed);
        digest.update(block);
        digest.finalize() ^ self.inversion
    }
}
