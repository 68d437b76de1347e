// SPDX-License-Identifier: GPL-2.0

//! What a tenant submits: descriptors, their check, and completion records.
//!
//! Layouts and codes are from
//! [`include/uapi/linux/idxd.h`](srctree/include/uapi/linux/idxd.h).

mod check;
pub mod code;
mod completion;
mod op;

#[cfg(test)]
mod tests;

pub use check::{
    Limits,
    Reject,
    RejectTo,
    Work, //
};
pub use completion::Completion;
pub use op::{
    Buffer,
    Dif,
    DifKind,
    Op,
    Order,
    ALL_OPCAP,
    BUFFERS,
    SUPPORTED_OPCAP,
    WHOLE_OPCAP, //
};

/// Length of a descriptor in bytes.
pub const DESC_LEN: usize = 64;

/// The fields of a descriptor (`struct dsa_hw_desc`), not checked yet.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Descriptor {
    /// PASID in bits 19:0 and privilege in bit 31. A dedicated WQ has its own instead.
    pub identity: u32,
    /// Flags, 24 bits; see [`code::flag`].
    pub flags: u32,
    /// Operation code; see [`code::opcode`].
    pub opcode: u8,
    /// Address of the completion record.
    pub cr: u64,
    /// Field at 0x10: a source or a pattern.
    pub first: u64,
    /// Field at 0x18: a destination, a second source or a pattern.
    pub second: u64,
    /// Bytes to process.
    pub size: u32,
    /// Interrupt handle.
    pub handle: u16,
    /// Field at 0x26, reserved.
    pub reserved: u16,
    /// Fields from 0x28 on, which belong to the operation.
    pub specific: [u8; 24],
}

impl Descriptor {
    /// Takes a descriptor apart.
    pub fn parse(raw: &[u8; DESC_LEN]) -> Self {
        let control = code::le_u32(raw, 4);
        Self {
            identity: code::le_u32(raw, 0),
            flags: control & 0x00ff_ffff,
            // CAST: The upper 8 bits.
            opcode: (control >> 24) as u8,
            cr: code::le_u64(raw, 8),
            first: code::le_u64(raw, 0x10),
            second: code::le_u64(raw, 0x18),
            size: code::le_u32(raw, 0x20),
            handle: code::le_u16(raw, 0x24),
            reserved: code::le_u16(raw, 0x26),
            specific: code::le_bytes(raw, 0x28),
        }
    }
}
