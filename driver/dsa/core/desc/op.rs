// SPDX-License-Identifier: GPL-2.0

//! The operations that a tenant may ask for.

use super::code::opcode;

/// The operations of [`Op`] in the form of the registers OPCAP.
pub const SUPPORTED_OPCAP: [u64; 4] = [
    1 << opcode::NOOP
        | 1 << opcode::MEMMOVE
        | 1 << opcode::FILL
        | 1 << opcode::COMPARE
        | 1 << opcode::COMPVAL
        | 1 << opcode::CRCGEN,
    0,
    0,
    0,
];

/// An operation with its operands: addresses of the tenant, lengths in bytes.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// Does nothing.
    Noop,
    /// Copies between buffers that do not overlap.
    Memmove {
        /// Source.
        src: u64,
        /// Destination.
        dst: u64,
        /// Length.
        len: u32,
    },
    /// Fills with a pattern.
    Fill {
        /// Destination.
        dst: u64,
        /// Length.
        len: u32,
        /// Pattern of 8 bytes, the lowest one first.
        pattern: u64,
    },
    /// Compares two buffers: result 0 if they are equal, else 1.
    Compare {
        /// First source.
        a: u64,
        /// Second source.
        b: u64,
        /// Length.
        len: u32,
        /// The expected result, if it is to be checked.
        expect: Option<u8>,
    },
    /// Compares a buffer with a pattern: result 0 if it is equal, else 1.
    ComparePattern {
        /// Source.
        src: u64,
        /// Length.
        len: u32,
        /// Pattern of 8 bytes, the lowest one first.
        pattern: u64,
        /// The expected result, if it is to be checked.
        expect: Option<u8>,
    },
    /// Makes a CRC-32C.
    Crc {
        /// Source.
        src: u64,
        /// Length.
        len: u32,
        /// The CRC to go on from; 0 starts a new one.
        seed: u32,
        /// Address of 4 bytes with the seed, to be used instead of `seed`.
        seed_addr: Option<u64>,
        /// Takes the seed and gives the result neither inverted nor reflected.
        bypass_inversion: bool,
        /// Takes the data not reflected.
        bypass_reflection: bool,
    },
}

/// A buffer of an operation.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Buffer {
    /// Address of the tenant.
    pub iova: u64,
    /// Length in bytes.
    pub len: u32,
    /// Whether the operation writes to it, else it reads.
    pub write: bool,
}

impl Buffer {
    /// Whether the buffer goes past the end of the address space.
    pub(super) fn wraps(&self) -> bool {
        let last = u64::from(self.len.saturating_sub(1));
        self.iova.checked_add(last).is_none()
    }

    /// Whether two buffers have a byte in common. Neither may wrap.
    pub(super) fn overlaps(&self, other: &Buffer) -> bool {
        // The distance of the starts is below the length of the one that starts first.
        if self.iova <= other.iova {
            other.iova.wrapping_sub(self.iova) < u64::from(self.len)
        } else {
            self.iova.wrapping_sub(other.iova) < u64::from(other.len)
        }
    }
}

impl Op {
    /// The operation code.
    pub const fn opcode(&self) -> u8 {
        match self {
            Op::Noop => opcode::NOOP,
            Op::Memmove { .. } => opcode::MEMMOVE,
            Op::Fill { .. } => opcode::FILL,
            Op::Compare { .. } => opcode::COMPARE,
            Op::ComparePattern { .. } => opcode::COMPVAL,
            Op::Crc { .. } => opcode::CRCGEN,
        }
    }

    /// Bytes to process.
    pub const fn len(&self) -> u32 {
        match *self {
            Op::Noop => 0,
            Op::Memmove { len, .. }
            | Op::Fill { len, .. }
            | Op::Compare { len, .. }
            | Op::ComparePattern { len, .. }
            | Op::Crc { len, .. } => len,
        }
    }

    /// Whether there is nothing to process.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The buffers, both of length [`Op::len`]: the one that is read, or else written, and a
    /// second one. They are sides `a` and `b` of [`pieces()`](super::super::plan::pieces).
    pub const fn buffers(&self) -> [Option<Buffer>; 2] {
        const fn buffer(iova: u64, len: u32, write: bool) -> Option<Buffer> {
            Some(Buffer { iova, len, write })
        }
        match *self {
            Op::Noop => [None, None],
            Op::Memmove { src, dst, len } => [buffer(src, len, false), buffer(dst, len, true)],
            Op::Fill { dst, len, .. } => [buffer(dst, len, true), None],
            Op::Compare { a, b, len, .. } => [buffer(a, len, false), buffer(b, len, false)],
            Op::ComparePattern { src, len, .. } | Op::Crc { src, len, .. } => {
                [buffer(src, len, false), None]
            }
        }
    }

    /// The same operation with a seed that was read from memory or that chains; only a CRC has
    /// one.
    pub const fn with_seed(mut self, value: u32) -> Self {
        if let Op::Crc {
            ref mut seed,
            ref mut seed_addr,
            ..
        } = self
        {
            *seed = value;
            *seed_addr = None;
        }
        self
    }
}
