// SPDX-License-Identifier: GPL-2.0

//! What the descriptor of each operation may hold.

use super::super::{
    code::{
        flag,
        opcode, //
    },
    Descriptor, //
};

/// Flags that every operation takes.
///
/// Neither block on fault nor readback of the destination is among any: WQCFG and GENCAP of the
/// virtual function say that there is neither.
const ANY: u32 = flag::FENCE
    | flag::CR_VALID
    | flag::CR_REQUEST
    | flag::INT_REQUEST
    | flag::CR_STEERING
    | flag::CR_CLASS;
/// Flags of operations that write memory, with the traffic class of the second address.
const WRITE: u32 =
    ANY | flag::CACHE_CONTROL | flag::ADDR2_CLASS | flag::STRICT_ORDER | flag::DEST_STEERING;
/// Flags of operations that read memory and write some.
const COPY: u32 = WRITE | flag::ADDR1_CLASS;
/// Flags of a CRC.
const CRC: u32 = flag::ADDR3_CLASS
    | flag::CRC_READ_SEED
    | flag::CRC_BYPASS_INVERSION
    | flag::CRC_BYPASS_REFLECTION;

// Bytes of a descriptor, a bit for each.
const FIRST: u64 = bytes(0x10, 0x18);
const SECOND: u64 = bytes(0x18, 0x20);
const SIZE: u64 = bytes(0x20, 0x24);
const RESERVED: u64 = bytes(0x26, 0x28);
const SPECIFIC: u64 = bytes(0x28, 0x40);
/// Tags of the source's first field, and of the destination's.
const SOURCE_TAGS: u64 = bytes(0x30, 0x38);
const DESTINATION_TAGS: u64 = bytes(0x38, 0x40);

// Reserved bits of the flags of DIF operations: of the destination's, and of those of both.
const DIF_DESTINATION: u8 = 0x07;
const DIF_COMMON: u8 = 0xf0;

/// Bits of [`Descriptor::identity`] that are reserved.
const IDENTITY: u32 = 0x7ff0_0000;

/// What a descriptor of some operation may hold.
pub(super) struct Format {
    /// The flags that may be set.
    pub(super) flags: u32,
    /// The bytes that must be zero, a bit for each.
    reserved: u64,
    /// The bits that must be zero of the flags of a DIF operation.
    reserved_dif: [u8; 2],
}

impl Format {
    /// The format of a descriptor with this operation code; `None` if there is no such operation.
    pub(super) fn of(descriptor: &Descriptor) -> Option<Self> {
        let unless = |flag, bytes| if descriptor.has(flag) { 0 } else { bytes };
        let (flags, reserved) = match descriptor.opcode {
            opcode::NOOP => (ANY, FIRST | SECOND | SIZE | SPECIFIC),
            opcode::BATCH => (ANY & !flag::FENCE | flag::ADDR1_CLASS, SECOND | SPECIFIC),
            opcode::DRAIN => (
                ANY | flag::ADDR1_CLASS
                    | flag::ADDR2_CLASS
                    | flag::READBACK1_VALID
                    | flag::READBACK2_VALID
                    | flag::SUPPRESS_CLASS_A
                    | flag::SUPPRESS_CLASS_B,
                unless(flag::READBACK1_VALID, FIRST)
                    | unless(flag::READBACK2_VALID, SECOND)
                    | SIZE
                    | SPECIFIC,
            ),
            opcode::MEMMOVE => (COPY, SPECIFIC),
            opcode::FILL => (WRITE, SPECIFIC),
            opcode::COMPARE => (
                ANY | flag::CHECK_RESULT | flag::ADDR1_CLASS | flag::ADDR2_CLASS,
                bytes(0x29, 0x40),
            ),
            opcode::COMPVAL => (
                ANY | flag::CHECK_RESULT | flag::ADDR1_CLASS,
                bytes(0x29, 0x40),
            ),
            opcode::CREATE_DELTA => (
                COPY | flag::CHECK_RESULT | flag::ADDR3_CLASS,
                bytes(0x34, 0x38) | bytes(0x39, 0x40),
            ),
            opcode::APPLY_DELTA => (COPY, bytes(0x2c, 0x40)),
            opcode::DUALCAST => (COPY | flag::ADDR3_CLASS, bytes(0x30, 0x40)),
            opcode::CRCGEN => (
                ANY | flag::ADDR1_CLASS | CRC,
                SECOND | bytes(0x2c, 0x30) | bytes(0x38, 0x40),
            ),
            opcode::COPY_CRC => (COPY | CRC, bytes(0x2c, 0x30) | bytes(0x38, 0x40)),
            opcode::DIF_CHECK => (
                ANY | flag::ADDR1_CLASS,
                SECOND | bytes(0x29, 0x2a) | bytes(0x2b, 0x30) | DESTINATION_TAGS,
            ),
            opcode::DIF_INSERT => (COPY, bytes(0x28, 0x29) | bytes(0x2b, 0x30) | SOURCE_TAGS),
            opcode::DIF_STRIP => (
                COPY,
                bytes(0x29, 0x2a) | bytes(0x2b, 0x30) | DESTINATION_TAGS,
            ),
            opcode::DIF_UPDATE => (COPY, bytes(0x2b, 0x30)),
            opcode::CFLUSH => (
                ANY | flag::CACHE_CONTROL | flag::ADDR2_CLASS,
                FIRST | SPECIFIC,
            ),
            _ => return None,
        };
        let is_dif = (opcode::DIF_CHECK..=opcode::DIF_UPDATE).contains(&descriptor.opcode);
        Some(Self {
            flags,
            reserved: reserved | RESERVED,
            reserved_dif: if is_dif {
                [DIF_DESTINATION, DIF_COMMON]
            } else {
                [0; 2]
            },
        })
    }

    /// The flags that are set and must not be.
    pub(super) fn invalid_flags(&self, descriptor: &Descriptor) -> u32 {
        // A record can only be requested at an address that is valid.
        let allowed = if descriptor.has(flag::CR_VALID) {
            self.flags
        } else {
            self.flags & !flag::CR_REQUEST
        };
        descriptor.flags & !allowed
    }

    /// Whether all that is reserved is zero.
    pub(super) fn reserved_is_zero(&self, descriptor: &Descriptor) -> bool {
        let [_, destination, common, ..] = descriptor.specific;
        descriptor.identity & IDENTITY == 0
            && in_use(descriptor) & self.reserved == 0
            && [destination, common]
                .into_iter()
                .zip(self.reserved_dif)
                .all(|(flags, reserved)| flags & reserved == 0)
    }
}

/// The bytes of a descriptor from 0x10 on that are not zero, a bit for each.
fn in_use(descriptor: &Descriptor) -> u64 {
    let fields = descriptor.first.to_le_bytes().into_iter();
    fields
        .chain(descriptor.second.to_le_bytes())
        .chain(descriptor.size.to_le_bytes())
        .chain(descriptor.handle.to_le_bytes())
        .chain(descriptor.reserved.to_le_bytes())
        .chain(descriptor.specific)
        .zip(0x10..64_u32)
        .filter(|(byte, _)| *byte != 0)
        .fold(0, |bits, (_, at)| bits | 1 << at)
}

/// The bytes from `start` to below `end`, a bit for each.
const fn bytes(start: u32, end: u32) -> u64 {
    (u64::MAX >> (64 - (end - start))) << start
}
