// SPDX-License-Identifier: GPL-2.0

//! What becomes of a tenant's descriptor, beside what a device would make of it: the software model,
//! which is written independently.

mod batch;
mod check;
mod fold;

use std::{
    fs::File,
    io::Write, //
};

use dsa_core::desc::{
    code::flag,
    Limits,
    SUPPORTED_OPCAP,
    WHOLE_OPCAP, //
};
use dsa_model::bare::{
    self,
    Bare, //
};

const PAGE: u64 = 4096;

/// What a tenant may do, if it is given all.
const LIMITS: Limits = Limits {
    opcap: [u64::MAX; 4],
    max_transfer: 1 << 20,
    max_batch: 32,
    overlapping_copy: true,
    cache_control: true,
    vectors: 3,
    bus_master: true,
    wq_enabled: true,
    epoch: 0,
};

/// A device that takes what [`LIMITS`] allow, without memory.
fn device() -> Bare {
    Bare::new(&bare::Limits {
        operations: SUPPORTED_OPCAP[0] | WHOLE_OPCAP[0],
        max_transfer: LIMITS.max_transfer,
        max_batch: LIMITS.max_batch,
        vectors: LIMITS.vectors,
    })
}

/// Pages of zeroes.
fn memory(pages: u64) -> File {
    let file = tempfile::tempfile().expect("a file");
    file.set_len(pages * PAGE).expect("a size");
    file
}

/// Memory with this content.
fn memory_of(content: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(content).expect("written");
    file
}

/// A descriptor field by field, in the order of the layout.
#[derive(Copy, Clone, Debug, Default)]
struct Raw {
    identity: u32,
    flags: u32,
    opcode: u8,
    cr: u64,
    first: u64,
    second: u64,
    size: u32,
    handle: u16,
    reserved: u16,
    specific: [u8; 24],
}

impl Raw {
    /// A descriptor that wants a completion record.
    fn new(opcode: u8, cr: u64, first: u64, second: u64, size: u32) -> Self {
        Self {
            flags: flag::CR_VALID | flag::CR_REQUEST,
            opcode,
            cr,
            first,
            second,
            size,
            ..Self::default()
        }
    }

    /// The same with a field of the operation at an offset in the descriptor.
    fn field(mut self, at: usize, field: &[u8]) -> Self {
        self.specific[at - 0x28..][..field.len()].copy_from_slice(field);
        self
    }

    fn bytes(&self) -> [u8; 64] {
        let control = self.flags | u32::from(self.opcode) << 24;
        let fields = [
            &self.identity.to_le_bytes()[..],
            &control.to_le_bytes(),
            &self.cr.to_le_bytes(),
            &self.first.to_le_bytes(),
            &self.second.to_le_bytes(),
            &self.size.to_le_bytes(),
            &self.handle.to_le_bytes(),
            &self.reserved.to_le_bytes(),
            &self.specific,
        ];
        fields.concat().try_into().expect("64 bytes")
    }
}
