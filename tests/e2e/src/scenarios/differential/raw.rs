// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptors with all their fields, to make any and to show them.

use std::fmt;

/// Bytes of a descriptor.
pub const LEN: usize = 64;

/// Operation codes (srctree include/uapi/linux/idxd.h, enum dsa_opcode).
pub mod opcode {
    pub const NOOP: u8 = 0x00;
    pub const BATCH: u8 = 0x01;
    pub const DRAIN: u8 = 0x02;
    pub const MEMMOVE: u8 = 0x03;
    pub const FILL: u8 = 0x04;
    pub const COMPARE: u8 = 0x05;
    pub const COMPVAL: u8 = 0x06;
    pub const CREATE_DELTA: u8 = 0x07;
    pub const APPLY_DELTA: u8 = 0x08;
    pub const DUALCAST: u8 = 0x09;
    pub const CRCGEN: u8 = 0x10;
    pub const COPY_CRC: u8 = 0x11;
    pub const DIF_CHECK: u8 = 0x12;
    pub const DIF_INSERT: u8 = 0x13;
    pub const DIF_STRIP: u8 = 0x14;
    pub const DIF_UPDATE: u8 = 0x15;
    pub const CFLUSH: u8 = 0x20;
}

/// Flags (srctree include/uapi/linux/idxd.h).
pub mod flag {
    pub const FENCE: u32 = 1 << 0;
    pub const CR_VALID: u32 = 1 << 2;
    pub const CR_REQUEST: u32 = 1 << 3;
    pub const INT_REQUEST: u32 = 1 << 4;
    pub const CR_STEERING: u32 = 1 << 5;
    pub const CHECK_RESULT: u32 = 1 << 7;
    pub const CACHE_CONTROL: u32 = 1 << 8;
    pub const ADDR1_CLASS: u32 = 1 << 9;
    pub const ADDR2_CLASS: u32 = 1 << 10;
    pub const ADDR3_CLASS: u32 = 1 << 11;
    pub const CR_CLASS: u32 = 1 << 12;
    pub const STRICT_ORDER: u32 = 1 << 13;
    pub const DEST_READBACK: u32 = 1 << 14;
    pub const DEST_STEERING: u32 = 1 << 15;
    pub const READBACK1_VALID: u32 = 1 << 16;
    pub const READBACK2_VALID: u32 = 1 << 17;
    pub const SUPPRESS_CLASS_A: u32 = 1 << 18;
    pub const SUPPRESS_CLASS_B: u32 = 1 << 19;
    pub const CRC_READ_SEED: u32 = 1 << 16;
    pub const CRC_BYPASS_INVERSION: u32 = 1 << 17;
    pub const CRC_BYPASS_REFLECTION: u32 = 1 << 18;
}

/// A descriptor field by field, in the order of the layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// PASID and privilege.
    pub identity: u32,
    /// Flags, 24 bits.
    pub flags: u32,
    /// Operation code.
    pub opcode: u8,
    /// Address of the completion record.
    pub record: u64,
    /// Source, pattern or list.
    pub first: u64,
    /// Destination, second source or pattern.
    pub second: u64,
    /// Bytes, or descriptors of a list.
    pub size: u32,
    /// Interrupt handle.
    pub handle: u16,
    /// Reserved.
    pub reserved: u16,
    /// What depends on the operation: the fields from 0x28 on.
    pub specific: [u8; 24],
}

impl Raw {
    /// A descriptor of an operation on these, and nothing else.
    pub fn new(opcode: u8, first: u64, second: u64, size: u32) -> Self {
        Self {
            opcode,
            first,
            second,
            size,
            ..Self::default()
        }
    }

    /// The same with a field of the operation at an offset in the descriptor.
    pub fn field(mut self, at: usize, field: &[u8]) -> Self {
        let room = self.specific.iter_mut().skip(at.saturating_sub(0x28));
        room.zip(field).for_each(|(to, from)| *to = *from);
        self
    }

    /// The same with more flags.
    pub fn with(mut self, flags: u32) -> Self {
        self.flags |= flags;
        self
    }

    /// The same with the address of a completion record.
    pub fn recorded_at(mut self, address: u64) -> Self {
        self.record = address;
        self
    }

    /// Whether nothing tells it from an empty slot of a portal that is memory: without an operation and
    /// flags it does nothing, unless it is refused.
    pub fn is_unseen(&self) -> bool {
        self.identity == 0 && self.flags & 0xff_ffff == 0 && self.opcode == opcode::NOOP
    }

    /// Whether a flag is set.
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// The 64 bytes.
    pub fn encode(&self) -> [u8; LEN] {
        let mut raw = [0; LEN];
        let control = self.flags & 0xff_ffff | u32::from(self.opcode) << 24;
        raw[..0x04].copy_from_slice(&self.identity.to_le_bytes());
        raw[0x04..0x08].copy_from_slice(&control.to_le_bytes());
        raw[0x08..0x10].copy_from_slice(&self.record.to_le_bytes());
        raw[0x10..0x18].copy_from_slice(&self.first.to_le_bytes());
        raw[0x18..0x20].copy_from_slice(&self.second.to_le_bytes());
        raw[0x20..0x24].copy_from_slice(&self.size.to_le_bytes());
        raw[0x24..0x26].copy_from_slice(&self.handle.to_le_bytes());
        raw[0x26..0x28].copy_from_slice(&self.reserved.to_le_bytes());
        raw[0x28..].copy_from_slice(&self.specific);
        raw
    }
}

fn name(code: u8) -> Option<&'static str> {
    Some(match code {
        opcode::NOOP => "NOOP",
        opcode::BATCH => "BATCH",
        opcode::DRAIN => "DRAIN",
        opcode::MEMMOVE => "MEMMOVE",
        opcode::FILL => "FILL",
        opcode::COMPARE => "COMPARE",
        opcode::COMPVAL => "COMPVAL",
        opcode::CREATE_DELTA => "CREATE_DELTA",
        opcode::APPLY_DELTA => "APPLY_DELTA",
        opcode::DUALCAST => "DUALCAST",
        opcode::CRCGEN => "CRCGEN",
        opcode::COPY_CRC => "COPY_CRC",
        opcode::DIF_CHECK => "DIF_CHECK",
        opcode::DIF_INSERT => "DIF_INSERT",
        opcode::DIF_STRIP => "DIF_STRIP",
        opcode::DIF_UPDATE => "DIF_UPDATE",
        opcode::CFLUSH => "CFLUSH",
        _ => return None,
    })
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match name(self.opcode) {
            Some(name) => write!(f, "{name}")?,
            None => write!(f, "operation {:#04x}", self.opcode)?,
        }
        write!(
            f,
            " flags {:#08x} record {:#x} first {:#x} second {:#x} size {:#x}",
            self.flags, self.record, self.first, self.second, self.size
        )?;
        if self.has(flag::INT_REQUEST) || self.handle != 0 {
            write!(f, " handle {}", self.handle)?;
        }
        if self.identity != 0 || self.reserved != 0 {
            write!(
                f,
                " identity {:#x} reserved {:#x}",
                self.identity, self.reserved
            )?;
        }
        if self.specific != [0; 24] {
            write!(f, " specific")?;
            for word in self.specific.chunks(8) {
                write!(f, " ")?;
                word.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_lies_where_the_hardware_looks() {
        let raw = Raw {
            identity: 0x0102_0304,
            flags: 0x0011_1213,
            opcode: opcode::CRCGEN,
            record: 0x2122_2324_2526_2728,
            first: 0x3132_3334_3536_3738,
            second: 0x4142_4344_4546_4748,
            size: 0x5152_5354,
            handle: 0x6162,
            reserved: 0x7172,
            specific: [0; 24],
        }
        .field(0x28, &[1, 2])
        .field(0x3e, &[3, 4]);
        #[rustfmt::skip]
        let want = [
            4, 3, 2, 1, 0x13, 0x12, 0x11, 0x10,
            0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21,
            0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31,
            0x48, 0x47, 0x46, 0x45, 0x44, 0x43, 0x42, 0x41,
            0x54, 0x53, 0x52, 0x51, 0x62, 0x61, 0x72, 0x71,
            1, 2, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 3, 4,
        ];
        assert_eq!(raw.encode(), want);
    }

    #[test]
    fn a_descriptor_is_shown_by_its_fields() {
        let raw = Raw::new(opcode::MEMMOVE, 0x1000, 0x2000, 16).with(flag::CR_VALID);
        assert_eq!(
            raw.to_string(),
            "MEMMOVE flags 0x000004 record 0x0 first 0x1000 second 0x2000 size 0x10"
        );
        let raw = Raw::new(0x77, 0, 0, 0).field(0x28, &[0xab]);
        assert!(raw.to_string().starts_with("operation 0x77"), "{raw}");
        assert!(
            raw.to_string().contains("specific ab00000000000000 "),
            "{raw}"
        );
    }
}
