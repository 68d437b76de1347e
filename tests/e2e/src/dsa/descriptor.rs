// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptors: what a DSA is asked to do.

use std::ops::{BitOr, BitOrAssign};

/// Operation codes (srctree include/uapi/linux/idxd.h, enum dsa_opcode).
pub mod opcode {
    /// Do nothing.
    pub const NOOP: u8 = 0x00;
    /// Carry out a list of descriptors.
    pub const BATCH: u8 = 0x01;
    /// Copy memory.
    pub const MEMMOVE: u8 = 0x03;
    /// Fill memory with a pattern of 8 bytes.
    pub const FILL: u8 = 0x04;
    /// Compare two pieces of memory.
    pub const COMPARE: u8 = 0x05;
    /// Compute a CRC-32C.
    pub const CRCGEN: u8 = 0x10;
    /// Copy memory, and compute its CRC-32C.
    pub const COPY_CRC: u8 = 0x11;
    /// A code that no version of the hardware gives a meaning.
    pub const UNKNOWN: u8 = 0xff;
}

/// Flags of a descriptor, 24 bits (srctree include/uapi/linux/idxd.h).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u32);

impl Flags {
    /// Wait for a page that is not there instead of failing.
    pub const BLOCK_ON_FAULT: Self = Self(1 << 1);
    /// The address of the completion record is valid.
    pub const RECORD_ADDRESS_VALID: Self = Self(1 << 2);
    /// Write a completion record also on success.
    pub const REQUEST_RECORD: Self = Self(1 << 3);
    /// Interrupt when done.
    pub const REQUEST_INTERRUPT: Self = Self(1 << 4);
    /// Compare the result with the expected one.
    pub const CHECK_RESULT: Self = Self(1 << 7);
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// A descriptor before it is laid out.
///
/// Flags, record and interrupt that tell how its end is reported are
/// [`Dsa::submit`](super::Dsa::submit)'s to fill in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// Operation code.
    pub opcode: u8,
    /// Flags.
    pub flags: Flags,
    /// IOVA of the completion record.
    pub record: u64,
    /// Source, or the pattern of a fill.
    pub first: u64,
    /// Destination, or the second source of a comparison.
    pub second: u64,
    /// Bytes to transfer.
    pub size: u32,
    /// Interrupt handle.
    pub interrupt: u16,
    /// What the operation gives the last 24 bytes, by their first 8:
    /// the expected result of a comparison, the seed of a CRC.
    pub extra: u64,
}

impl Descriptor {
    /// Does nothing.
    pub fn noop() -> Self {
        Self::default()
    }

    /// Copies `size` bytes.
    pub fn memmove(source: u64, destination: u64, size: u32) -> Self {
        Self {
            opcode: opcode::MEMMOVE,
            first: source,
            second: destination,
            size,
            ..Self::default()
        }
    }

    /// Writes `pattern`, lowest byte first, over and over.
    pub fn fill(destination: u64, size: u32, pattern: u64) -> Self {
        Self {
            opcode: opcode::FILL,
            first: pattern,
            second: destination,
            size,
            ..Self::default()
        }
    }

    /// Compares two pieces of memory: result 0 when equal, 1 when not.
    pub fn compare(one: u64, other: u64, size: u32) -> Self {
        Self {
            opcode: opcode::COMPARE,
            first: one,
            second: other,
            size,
            ..Self::default()
        }
    }

    /// The same comparison, successful only with result `expected`.
    pub fn expecting(self, expected: u8) -> Self {
        Self {
            flags: self.flags | Flags::CHECK_RESULT,
            extra: expected.into(),
            ..self
        }
    }

    /// Carries out `count` descriptors, which are at `list`.
    pub fn batch(list: u64, count: u32) -> Self {
        Self {
            opcode: opcode::BATCH,
            first: list,
            size: count,
            ..Self::default()
        }
    }

    /// Computes the CRC-32C, continuing a previous one (`seed` 0 starts anew).
    pub fn crc(source: u64, size: u32, seed: u32) -> Self {
        Self {
            opcode: opcode::CRCGEN,
            first: source,
            size,
            extra: seed.into(),
            ..Self::default()
        }
    }

    /// The same with its end told in a completion record at `iova`.
    pub fn recorded_at(self, iova: u64) -> Self {
        Self {
            flags: self.flags | Flags::RECORD_ADDRESS_VALID | Flags::REQUEST_RECORD,
            record: iova,
            ..self
        }
    }

    /// The 64 bytes that go to a portal.
    pub fn encode(&self) -> [u8; 64] {
        let mut raw = [0; 64];
        let control = self.flags.0 & 0x00ff_ffff | u32::from(self.opcode) << 24;
        raw[0x04..0x08].copy_from_slice(&control.to_le_bytes());
        raw[0x08..0x10].copy_from_slice(&self.record.to_le_bytes());
        raw[0x10..0x18].copy_from_slice(&self.first.to_le_bytes());
        raw[0x18..0x20].copy_from_slice(&self.second.to_le_bytes());
        raw[0x20..0x24].copy_from_slice(&self.size.to_le_bytes());
        raw[0x24..0x26].copy_from_slice(&self.interrupt.to_le_bytes());
        raw[0x28..0x30].copy_from_slice(&self.extra.to_le_bytes());
        raw
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_lies_where_the_hardware_looks() {
        let descriptor = Descriptor {
            opcode: 0x05,
            flags: Flags::RECORD_ADDRESS_VALID | Flags::REQUEST_RECORD | Flags::CHECK_RESULT,
            record: 0x1112_1314_1516_1718,
            first: 0x2122_2324_2526_2728,
            second: 0x3132_3334_3536_3738,
            size: 0x4142_4344,
            interrupt: 0x5152,
            extra: 0x6162_6364_6566_6768,
        };
        #[rustfmt::skip]
        let want = [
            0, 0, 0, 0, 0x8c, 0, 0, 0x05,
            0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11,
            0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21,
            0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31,
            0x44, 0x43, 0x42, 0x41, 0x52, 0x51, 0, 0,
            0x68, 0x67, 0x66, 0x65, 0x64, 0x63, 0x62, 0x61,
            0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!(descriptor.encode(), want);
    }

    #[test]
    fn flags_never_reach_the_operation_code() {
        let descriptor = Descriptor {
            flags: Flags(u32::MAX),
            ..Descriptor::memmove(1, 2, 3)
        };
        assert_eq!(
            descriptor.encode()[4..8],
            [0xff, 0xff, 0xff, opcode::MEMMOVE]
        );
    }

    #[test]
    fn operands_go_to_the_fields_of_their_operation() {
        let fill = Descriptor::fill(0x1000, 8, 0xabcd);
        assert_eq!((fill.first, fill.second, fill.size), (0xabcd, 0x1000, 8));
        let crc = Descriptor::crc(0x2000, 9, 7);
        assert_eq!((crc.first, crc.second, crc.extra), (0x2000, 0, 7));
        let compare = Descriptor::compare(1, 2, 3).expecting(1);
        assert_eq!((compare.extra, compare.flags), (1, Flags::CHECK_RESULT));
    }
}
