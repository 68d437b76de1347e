// SPDX-License-Identifier: GPL-2.0

//! Codes and flags of descriptors and completion records, and how to read their fields.

/// Operation codes, as `enum dsa_opcode`.
pub mod opcode {
    /// Does nothing.
    pub const NOOP: u8 = 0x00;
    /// Copies memory.
    pub const MEMMOVE: u8 = 0x03;
    /// Fills memory with a pattern of 8 bytes.
    pub const FILL: u8 = 0x04;
    /// Compares two buffers.
    pub const COMPARE: u8 = 0x05;
    /// Compares a buffer with a pattern of 8 bytes.
    pub const COMPVAL: u8 = 0x06;
    /// Makes a CRC-32C of a buffer.
    pub const CRCGEN: u8 = 0x10;
}

/// Flags of a descriptor, as `IDXD_OP_FLAG_*`; those from bit 16 on belong to the operation.
pub mod flag {
    /// Wait for the earlier descriptors of the batch; means nothing outside of one.
    pub const FENCE: u32 = 1 << 0;
    /// Wait until a page fault is resolved.
    pub const BLOCK_ON_FAULT: u32 = 1 << 1;
    /// The address of the completion record is valid.
    pub const CR_VALID: u32 = 1 << 2;
    /// Write the completion record even on success.
    pub const CR_REQUEST: u32 = 1 << 3;
    /// Raise the interrupt of the handle on completion.
    pub const INT_REQUEST: u32 = 1 << 4;
    /// Steering tag of the completion record, a hint.
    pub const CR_STEERING: u32 = 1 << 5;
    /// Compare the result with the expected one.
    pub const CHECK_RESULT: u32 = 1 << 7;
    /// Write into the cache, a hint.
    pub const CACHE_CONTROL: u32 = 1 << 8;
    /// Traffic classes of three addresses and of the completion record, hints.
    pub const TRAFFIC_CLASS: u32 = 0xf << 9;
    /// Make writes visible in order.
    pub const STRICT_ORDER: u32 = 1 << 13;
    /// Steering tag of the destination, a hint.
    pub const DEST_STEERING: u32 = 1 << 15;

    /// CRC: read the seed from memory.
    pub const CRC_READ_SEED: u32 = 1 << 16;
    /// CRC: take the seed and give the result as they are, neither inverted nor reflected.
    pub const CRC_BYPASS_INVERSION: u32 = 1 << 17;
    /// CRC: take the data as they are, not reflected.
    pub const CRC_BYPASS_REFLECTION: u32 = 1 << 18;
}

/// Status of a completion record, as `enum dsa_completion_status`.
pub mod status {
    /// Success.
    pub const SUCCESS: u8 = 0x01;
    /// Success, but the result is not the expected one.
    pub const SUCCESS_UNEXPECTED: u8 = 0x02;
    /// Page fault.
    pub const PAGE_FAULT: u8 = 0x03;
    /// Page fault that the system answered with "invalid".
    pub const PAGE_FAULT_INVALID: u8 = 0x04;
    /// Operation code that is not supported.
    pub const OPCODE: u8 = 0x10;
    /// Flags that are not valid.
    pub const FLAGS: u8 = 0x11;
    /// Reserved field that is not zero.
    pub const RESERVED: u8 = 0x12;
    /// Size that is not valid.
    pub const SIZE: u8 = 0x13;
    /// Buffers that overlap.
    pub const OVERLAP: u8 = 0x16;
    /// Interrupt handle that is not valid.
    pub const INT_HANDLE: u8 = 0x19;
    /// Completion record that could not be written.
    pub const CR_TRANSLATION: u8 = 0x1a;
    /// Completion record that is not aligned to 32 bytes.
    pub const CR_ALIGN: u8 = 0x1b;
    /// Failure of the hardware.
    pub const HARDWARE: u8 = 0x20;
    /// Address that cannot be translated.
    pub const TRANSLATION: u8 = 0x22;

    /// Mask of the status proper.
    pub const MASK: u8 = 0x7f;
    /// Bit: the access that faulted was a write.
    pub const WRITE: u8 = 0x80;
}

/// `N` bytes of `raw` from `at` on; what lies behind the end of `raw` reads as zero.
pub(super) fn le_bytes<const N: usize>(raw: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().zip(raw.iter().skip(at)) {
        *to = *from;
    }
    bytes
}

/// The 16 bits of `raw` at `at`.
pub(super) fn le_u16(raw: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(le_bytes(raw, at))
}

/// The 32 bits of `raw` at `at`.
pub(super) fn le_u32(raw: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(le_bytes(raw, at))
}

/// The 64 bits of `raw` at `at`.
pub(super) fn le_u64(raw: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(le_bytes(raw, at))
}
