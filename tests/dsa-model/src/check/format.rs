// SPDX-License-Identifier: MIT OR Apache-2.0
//! What each operation's descriptor may hold.

use crate::descriptor::{Descriptor, Opcode, SIZE, flags};

/// What an operation's descriptor may hold.
pub(super) struct Format {
    /// The flags that may be set.
    pub(super) flags: u32,
    /// The flags that choose the traffic classes of what the operation writes.
    pub(super) written: &'static [u32],
    /// The bytes that must be zero, one bit each.
    reserved: u64,
    /// The bits that must be zero of the DIF flags: the destination's, and those of both.
    reserved_dif: [u8; 2],
}

/// What each operation allows.
const ANY: u32 = flags::FENCE
    | flags::COMPLETION_ADDRESS_VALID
    | flags::REQUEST_COMPLETION
    | flags::REQUEST_INTERRUPT
    | flags::COMPLETION_STEERING
    | flags::COMPLETION_CLASS;
/// What the operations that look at data allow.
const READS: u32 = ANY | flags::BLOCK_ON_FAULT | flags::ADDRESS_1_CLASS;
/// What the operations that write data allow.
const WRITES: u32 = ANY
    | flags::BLOCK_ON_FAULT
    | flags::CACHE_CONTROL
    | flags::ADDRESS_2_CLASS
    | flags::STRICT_ORDERING
    | flags::DESTINATION_READBACK
    | flags::DESTINATION_STEERING;
const CRC: u32 = flags::ADDRESS_3_CLASS
    | flags::CRC_READ_SEED
    | flags::CRC_BYPASS_INVERSION
    | flags::CRC_BYPASS_DATA_REFLECTION;

const SECOND: &[u32] = &[flags::ADDRESS_2_CLASS];
const THIRD: &[u32] = &[flags::ADDRESS_3_CLASS];
const SECOND_AND_THIRD: &[u32] = &[flags::ADDRESS_2_CLASS, flags::ADDRESS_3_CLASS];

/// Reserved bits of the DIF flags, where these exist.
const DIF_DESTINATION: u8 = 0x07;
const DIF_COMMON: u8 = 0xf0;

/// Bytes of the source's tags, and of the destination's.
const SOURCE_TAGS: u64 = bytes(0x30, 0x38);
const DESTINATION_TAGS: u64 = bytes(0x38, 0x40);
/// Where the specific fields are.
const SPECIFIC: u64 = bytes(0x28, 0x40);
const FIRST: u64 = bytes(0x10, 0x18);
const OTHER: u64 = bytes(0x18, 0x20);
const LENGTH: u64 = bytes(0x20, 0x24);

impl Format {
    /// The format of the operation, for this descriptor.
    pub(super) fn of(opcode: Opcode, descriptor: &Descriptor, second_generation: bool) -> Self {
        let (flags, written, reserved): (_, &[u32], _) = match opcode {
            Opcode::Noop => (ANY, &[], FIRST | OTHER | LENGTH | SPECIFIC),
            // The list blocks on a fault in any case, so the flag is reserved.
            Opcode::Batch => (
                (ANY & !flags::FENCE) | flags::ADDRESS_1_CLASS,
                &[],
                OTHER | SPECIFIC,
            ),
            Opcode::Drain => (
                ANY | flags::ADDRESS_1_CLASS
                    | flags::ADDRESS_2_CLASS
                    | flags::READBACK_1_VALID
                    | flags::READBACK_2_VALID
                    | flags::SUPPRESS_CLASS_A
                    | flags::SUPPRESS_CLASS_B,
                &[],
                unless(descriptor.has(flags::READBACK_1_VALID), FIRST)
                    | unless(descriptor.has(flags::READBACK_2_VALID), OTHER)
                    | LENGTH
                    | SPECIFIC,
            ),
            Opcode::Memmove => (WRITES | flags::ADDRESS_1_CLASS, SECOND, SPECIFIC),
            Opcode::Fill => (
                WRITES,
                SECOND,
                if second_generation {
                    bytes(0x30, 0x40)
                } else {
                    SPECIFIC
                },
            ),
            Opcode::Compare => (
                READS | flags::CHECK_RESULT | flags::ADDRESS_2_CLASS,
                &[],
                bytes(0x29, 0x40),
            ),
            Opcode::ComparePattern => (READS | flags::CHECK_RESULT, &[], bytes(0x29, 0x40)),
            Opcode::CreateDelta => (
                WRITES | flags::CHECK_RESULT | flags::ADDRESS_1_CLASS | flags::ADDRESS_3_CLASS,
                THIRD,
                bytes(0x34, 0x38) | bytes(0x39, 0x40),
            ),
            Opcode::ApplyDelta => (WRITES | flags::ADDRESS_1_CLASS, SECOND, bytes(0x2c, 0x40)),
            Opcode::Dualcast => (
                WRITES | flags::ADDRESS_1_CLASS | flags::ADDRESS_3_CLASS,
                SECOND_AND_THIRD,
                bytes(0x30, 0x40),
            ),
            Opcode::TranslationFetch => (READS, &[], OTHER | bytes(0x28, 0x30) | bytes(0x34, 0x40)),
            Opcode::CrcGen => (
                READS | CRC,
                &[],
                OTHER | bytes(0x2c, 0x30) | bytes(0x38, 0x40),
            ),
            Opcode::CopyCrc => (
                WRITES | flags::ADDRESS_1_CLASS | CRC,
                SECOND,
                bytes(0x2c, 0x30) | bytes(0x38, 0x40),
            ),
            Opcode::DifCheck => (
                READS,
                &[],
                OTHER | bytes(0x29, 0x2a) | bytes(0x2b, 0x30) | DESTINATION_TAGS,
            ),
            Opcode::DifStrip => (
                WRITES | flags::ADDRESS_1_CLASS,
                SECOND,
                bytes(0x29, 0x2a) | bytes(0x2b, 0x30) | DESTINATION_TAGS,
            ),
            Opcode::DifInsert | Opcode::DixGenerate => (
                WRITES | flags::ADDRESS_1_CLASS,
                SECOND,
                bytes(0x28, 0x29) | bytes(0x2b, 0x30) | SOURCE_TAGS,
            ),
            Opcode::DifUpdate => (WRITES | flags::ADDRESS_1_CLASS, SECOND, bytes(0x2b, 0x30)),
            Opcode::CacheFlush => (
                ANY | flags::BLOCK_ON_FAULT | flags::CACHE_CONTROL | flags::ADDRESS_2_CLASS,
                &[],
                FIRST | SPECIFIC,
            ),
        };
        let reserved_dif = match opcode {
            Opcode::DifCheck
            | Opcode::DifInsert
            | Opcode::DifStrip
            | Opcode::DifUpdate
            | Opcode::DixGenerate => [DIF_DESTINATION, DIF_COMMON],
            _ => [0; 2],
        };
        Self {
            flags,
            written,
            reserved: reserved | bytes(0x26, 0x28),
            reserved_dif,
        }
    }

    /// Whether all that is reserved is zero.
    pub(super) fn reserved_fields_are_zero(&self, descriptor: &Descriptor) -> bool {
        let in_use = (0..SIZE)
            .filter(|index| descriptor.0[*index] != 0)
            .fold(0, |bits, index| bits | 1_u64 << index);
        let dif = [descriptor.dif_destination_flags(), descriptor.dif_flags()];
        descriptor.reserved_0() == 0
            && in_use & self.reserved == 0
            && dif
                .iter()
                .zip(self.reserved_dif)
                .all(|(flags, reserved)| flags & reserved == 0)
    }
}

/// These bytes are reserved unless the condition holds.
fn unless(condition: bool, bytes: u64) -> u64 {
    if condition { 0 } else { bytes }
}

/// The bytes from `start` up to, but not including, `end`: one bit each.
const fn bytes(start: u32, end: u32) -> u64 {
    (u64::MAX >> (64 - (end - start))) << start
}
