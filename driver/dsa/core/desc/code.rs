// SPDX-License-Identifier: GPL-2.0

//! Codes and flags of descriptors and completion records, and how to read their fields.

/// Operation codes, as `enum dsa_opcode`.
pub mod opcode {
    /// Does nothing.
    pub const NOOP: u8 = 0x00;
    /// Carries out a list of descriptors.
    pub const BATCH: u8 = 0x01;
    /// Waits for what was submitted before.
    pub const DRAIN: u8 = 0x02;
    /// Copies memory.
    pub const MEMMOVE: u8 = 0x03;
    /// Fills memory with a pattern of 8 bytes.
    pub const FILL: u8 = 0x04;
    /// Compares two buffers.
    pub const COMPARE: u8 = 0x05;
    /// Compares a buffer with a pattern of 8 bytes.
    pub const COMPVAL: u8 = 0x06;
    /// Records how two buffers differ.
    pub const CREATE_DELTA: u8 = 0x07;
    /// Changes a buffer as such a record says.
    pub const APPLY_DELTA: u8 = 0x08;
    /// Copies memory to two places.
    pub const DUALCAST: u8 = 0x09;
    /// Makes a CRC-32C of a buffer.
    pub const CRCGEN: u8 = 0x10;
    /// Copies memory and makes a CRC-32C of it.
    pub const COPY_CRC: u8 = 0x11;
    /// Checks the data integrity field of each block.
    pub const DIF_CHECK: u8 = 0x12;
    /// Copies blocks and adds the field to each.
    pub const DIF_INSERT: u8 = 0x13;
    /// Copies blocks, checks the field of each and leaves it out.
    pub const DIF_STRIP: u8 = 0x14;
    /// Copies blocks, checks the field of each and replaces it.
    pub const DIF_UPDATE: u8 = 0x15;
    /// Flushes a buffer from the caches.
    pub const CFLUSH: u8 = 0x20;
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
    /// Traffic class of the first address: B instead of A.
    pub const ADDR1_CLASS: u32 = 1 << 9;
    /// The same of the second address.
    pub const ADDR2_CLASS: u32 = 1 << 10;
    /// The same of the third address.
    pub const ADDR3_CLASS: u32 = 1 << 11;
    /// The same of the completion record.
    pub const CR_CLASS: u32 = 1 << 12;
    /// Make writes visible in order.
    pub const STRICT_ORDER: u32 = 1 << 13;
    /// Steering tag of the destination, a hint.
    pub const DEST_STEERING: u32 = 1 << 15;

    /// DRAIN: the first readback address is valid.
    pub const READBACK1_VALID: u32 = 1 << 16;
    /// DRAIN: the second readback address is valid.
    pub const READBACK2_VALID: u32 = 1 << 17;
    /// DRAIN: no readback of its own in traffic class A.
    pub const SUPPRESS_CLASS_A: u32 = 1 << 18;
    /// DRAIN: the same in traffic class B.
    pub const SUPPRESS_CLASS_B: u32 = 1 << 19;

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
    /// A descriptor of the batch did not succeed.
    pub const BATCH_FAIL: u8 = 0x05;
    /// Page fault on the list of a batch.
    pub const BATCH_PAGE_FAULT: u8 = 0x06;
    /// An entry of the delta record is not beyond the one before.
    pub const DELTA_ORDER: u8 = 0x07;
    /// An entry of the delta record is beyond the destination.
    pub const DELTA_RANGE: u8 = 0x08;
    /// Data integrity field that is not as expected.
    pub const DIF: u8 = 0x09;
    /// Operation code that is not supported.
    pub const OPCODE: u8 = 0x10;
    /// Flags that are not valid.
    pub const FLAGS: u8 = 0x11;
    /// Reserved field that is not zero.
    pub const RESERVED: u8 = 0x12;
    /// Size that is not valid.
    pub const SIZE: u8 = 0x13;
    /// Number of descriptors of a batch that is not valid.
    pub const COUNT: u8 = 0x14;
    /// Size of a delta record that is not valid.
    pub const DELTA_SIZE: u8 = 0x15;
    /// Buffers that overlap.
    pub const OVERLAP: u8 = 0x16;
    /// Destinations of a dualcast that are at different places of their pages.
    pub const DUALCAST_ALIGN: u8 = 0x17;
    /// List of a batch that is not aligned to 64 bytes.
    pub const LIST_ALIGN: u8 = 0x18;
    /// Interrupt handle that is not valid.
    pub const INT_HANDLE: u8 = 0x19;
    /// Completion record that could not be written.
    pub const CR_TRANSLATION: u8 = 0x1a;
    /// Completion record that is not aligned to 32 bytes.
    pub const CR_ALIGN: u8 = 0x1b;
    /// Address that is not aligned as the operation needs it.
    pub const ADDR_ALIGN: u8 = 0x1c;
    /// Page fault on an address to be read back.
    pub const READBACK: u8 = 0x1f;
    /// Failure of the hardware.
    pub const HARDWARE: u8 = 0x20;
    /// Address that cannot be translated.
    pub const TRANSLATION: u8 = 0x22;

    /// Mask of the status proper.
    pub const MASK: u8 = 0x7f;
    /// Bit: the access that faulted was a write.
    pub const WRITE: u8 = 0x80;
}

/// Delta records: their layout, and the results of Create Delta Record.
pub mod delta {
    /// Length of an entry in bytes: its place in 16 bits, and what is new there.
    pub const ENTRY: u32 = 10;
    /// What places are counted in, and how much is new there, in bytes.
    pub const UNIT: u32 = 8;

    /// The buffers are equal.
    pub const EQUAL: u8 = 0;
    /// The record says how they differ.
    pub const DIFFERENT: u8 = 1;
    /// They differ by more than the record has room for.
    pub const OVERFLOW: u8 = 2;
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
