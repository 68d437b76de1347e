// SPDX-License-Identifier: GPL-2.0

//! The operations that a tenant may ask for.

mod buffer;
pub(super) mod delta;
mod dif;
mod opcap;
mod part;

pub use buffer::{
    Buffer,
    BUFFERS, //
};
pub use dif::{
    Dif,
    DifKind, //
};
pub use opcap::{
    ALL_OPCAP,
    SUPPORTED_OPCAP,
    WHOLE_OPCAP, //
};

use super::code::opcode;

/// An operation with its operands: addresses of the tenant, lengths in bytes.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// Does nothing.
    Noop,
    /// Carries out a list of descriptors, which is the driver's to do:
    /// [`BatchOutcome`](super::super::plan::BatchOutcome).
    Batch {
        /// Address of the list.
        list: u64,
        /// Number of descriptors.
        count: u32,
    },
    /// Waits for what the tenant submitted before, which is the driver's to do, and reads at
    /// addresses.
    Drain {
        /// The addresses to read back.
        readback: [Option<u64>; 2],
    },
    /// Copies between buffers, which may overlap; see [`Op::overlap`].
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
    /// Records how two buffers differ; for the result see [`delta`](super::code::delta).
    CreateDelta {
        /// The old bytes.
        a: u64,
        /// The new bytes.
        b: u64,
        /// Length of both.
        len: u32,
        /// Where the record goes.
        delta: u64,
        /// Room for the record, no more than it can ever need.
        max: u32,
        /// A bit for each result that is expected, if it is to be checked.
        expect: Option<u8>,
    },
    /// Changes a buffer as a delta record says.
    ApplyDelta {
        /// The record.
        delta: u64,
        /// Length of the record, no more than can be read before an error.
        delta_len: u32,
        /// Destination.
        dst: u64,
        /// Length of the destination.
        len: u32,
    },
    /// Copies to two places.
    Dualcast {
        /// Source.
        src: u64,
        /// Destinations.
        dst: [u64; 2],
        /// Length.
        len: u32,
    },
    /// Makes a CRC-32C.
    Crc {
        /// Source.
        src: u64,
        /// Where to copy it, if it is to be copied.
        dst: Option<u64>,
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
    /// Works on blocks with data integrity fields.
    Dif(Dif),
    /// Flushes from the caches.
    Flush {
        /// Destination.
        dst: u64,
        /// Length.
        len: u32,
    },
}

/// From which end an operation goes through its buffers.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// From the start to the end.
    Forward,
    /// From the end to the start.
    Backward,
}

impl Op {
    /// The operation code.
    pub const fn opcode(&self) -> u8 {
        match self {
            Op::Noop => opcode::NOOP,
            Op::Batch { .. } => opcode::BATCH,
            Op::Drain { .. } => opcode::DRAIN,
            Op::Memmove { .. } => opcode::MEMMOVE,
            Op::Fill { .. } => opcode::FILL,
            Op::Compare { .. } => opcode::COMPARE,
            Op::ComparePattern { .. } => opcode::COMPVAL,
            Op::CreateDelta { .. } => opcode::CREATE_DELTA,
            Op::ApplyDelta { .. } => opcode::APPLY_DELTA,
            Op::Dualcast { .. } => opcode::DUALCAST,
            Op::Crc { dst: None, .. } => opcode::CRCGEN,
            Op::Crc { dst: Some(_), .. } => opcode::COPY_CRC,
            Op::Dif(dif) => dif.opcode(),
            Op::Flush { .. } => opcode::CFLUSH,
        }
    }

    /// Bytes to process: the transfer size, and for a drain what it reads at each address.
    pub const fn len(&self) -> u32 {
        match *self {
            Op::Noop
            | Op::Batch { .. }
            | Op::Drain {
                readback: [None, None],
            } => 0,
            Op::Drain { .. } => 1,
            Op::Memmove { len, .. }
            | Op::Fill { len, .. }
            | Op::Compare { len, .. }
            | Op::ComparePattern { len, .. }
            | Op::CreateDelta { len, .. }
            | Op::ApplyDelta { len, .. }
            | Op::Dualcast { len, .. }
            | Op::Crc { len, .. }
            | Op::Dif(Dif { len, .. })
            | Op::Flush { len, .. } => len,
        }
    }

    /// Whether there is nothing to process.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it can be carried out in pieces, so that its buffers need not be contiguous for the
    /// device. They are all of length [`Op::len`] then.
    pub const fn is_divisible(&self) -> bool {
        !matches!(
            self,
            Op::CreateDelta { .. } | Op::ApplyDelta { .. } | Op::Dif(_)
        )
    }

    /// In which order it goes through its buffers if these overlap, as only those of a copy may.
    ///
    /// Both must be parts of one mapping of the union of the two then, so that pieces overlap for
    /// the device as they do for the tenant.
    pub const fn overlap(&self) -> Option<Order> {
        let Op::Memmove { src, dst, len } = *self else {
            return None;
        };
        // CAST: Widening; `From` is not usable in a const function.
        let len = len as u64;
        if src < dst && dst - src < len {
            Some(Order::Backward)
        } else if dst <= src && src - dst < len {
            Some(Order::Forward)
        } else {
            None
        }
    }

    /// In which order it goes through its buffers: whatever stops it, what comes before is done.
    pub const fn order(&self) -> Order {
        match self.overlap() {
            Some(order) => order,
            None => Order::Forward,
        }
    }

    /// Whether each piece can only begin when the one before it is done.
    pub const fn is_sequential(&self) -> bool {
        matches!(self, Op::Crc { .. }) || self.overlap().is_some()
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
