// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptors, put together from offsets alone: independent of the model's own idea of them.

pub const FENCE: u32 = 1 << 0;
pub const CRAV: u32 = 1 << 2;
pub const RCR: u32 = 1 << 3;
pub const RCI: u32 = 1 << 4;

pub const NOOP: u8 = 0x00;
pub const BATCH: u8 = 0x01;
pub const DRAIN: u8 = 0x02;
pub const MEMMOVE: u8 = 0x03;
pub const FILL: u8 = 0x04;
pub const COMPARE: u8 = 0x05;
pub const COMPVAL: u8 = 0x06;
pub const CR_DELTA: u8 = 0x07;
pub const AP_DELTA: u8 = 0x08;
pub const DUALCAST: u8 = 0x09;
pub const TRANSL_FETCH: u8 = 0x0a;
pub const CRCGEN: u8 = 0x10;
pub const COPY_CRC: u8 = 0x11;
pub const DIF_CHECK: u8 = 0x12;
pub const DIF_INS: u8 = 0x13;
pub const DIF_STRP: u8 = 0x14;
pub const DIF_UPDT: u8 = 0x15;
pub const DIX_GEN: u8 = 0x17;
pub const CFLUSH: u8 = 0x20;

/// A descriptor in the making.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    pub opcode: u8,
    pub flags: u32,
    pub completion: u64,
    pub first: u64,
    pub second: u64,
    pub size: u32,
    pub handle: u16,
    /// Bytes from 0x28 on.
    pub rest: Vec<u8>,
}

impl Builder {
    /// An operation that wants a completion record at the address.
    pub fn new(opcode: u8, completion: u64) -> Self {
        Self {
            opcode,
            flags: CRAV | RCR,
            completion,
            ..Self::default()
        }
    }

    pub fn noop(completion: u64) -> Self {
        Self::new(NOOP, completion)
    }

    pub fn memmove(completion: u64, from: u64, to: u64, size: u32) -> Self {
        Self::new(MEMMOVE, completion).operands(from, to, size)
    }

    pub fn operands(mut self, first: u64, second: u64, size: u32) -> Self {
        (self.first, self.second, self.size) = (first, second, size);
        self
    }

    pub fn flags(mut self, flags: u32) -> Self {
        self.flags |= flags;
        self
    }

    pub fn interrupt(mut self, handle: u16) -> Self {
        self.handle = handle;
        self.flags(RCI)
    }

    pub fn rest(mut self, rest: &[u8]) -> Self {
        self.rest = rest.to_vec();
        self
    }

    pub fn bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[0x04..0x08].copy_from_slice(&self.flags.to_le_bytes());
        bytes[0x07] = self.opcode;
        bytes[0x08..0x10].copy_from_slice(&self.completion.to_le_bytes());
        bytes[0x10..0x18].copy_from_slice(&self.first.to_le_bytes());
        bytes[0x18..0x20].copy_from_slice(&self.second.to_le_bytes());
        bytes[0x20..0x24].copy_from_slice(&self.size.to_le_bytes());
        bytes[0x24..0x26].copy_from_slice(&self.handle.to_le_bytes());
        bytes[0x28..0x28 + self.rest.len()].copy_from_slice(&self.rest);
        bytes
    }
}
