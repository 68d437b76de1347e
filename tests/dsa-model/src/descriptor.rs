// SPDX-License-Identifier: MIT OR Apache-2.0
//! The 64 bytes by which software asks for an operation (`struct dsa_hw_desc` in
//! `include/uapi/linux/idxd.h`).

/// Size of a descriptor, in bytes.
pub const SIZE: usize = 64;

/// Descriptor flags, bits 23:0 of the second dword.
pub mod flags {
    /// In a batch: wait for the members before this one, and give up the rest if one failed.
    pub const FENCE: u32 = 1 << 0;
    /// Block on fault.
    pub const BLOCK_ON_FAULT: u32 = 1 << 1;
    /// The completion record address is valid.
    pub const COMPLETION_ADDRESS_VALID: u32 = 1 << 2;
    /// Write a completion record even on success.
    pub const REQUEST_COMPLETION: u32 = 1 << 3;
    /// Raise an interrupt when done.
    pub const REQUEST_INTERRUPT: u32 = 1 << 4;
    /// Steering tag of the completion record; a hint without effect here.
    pub const COMPLETION_STEERING: u32 = 1 << 5;
    /// Compare the result with the expected one.
    pub const CHECK_RESULT: u32 = 1 << 7;
    /// Write to the cache; a hint without effect here.
    pub const CACHE_CONTROL: u32 = 1 << 8;
    /// Traffic class B instead of A for the first address.
    pub const ADDRESS_1_CLASS: u32 = 1 << 9;
    /// Traffic class B instead of A for the second address.
    pub const ADDRESS_2_CLASS: u32 = 1 << 10;
    /// Traffic class B instead of A for the third address.
    pub const ADDRESS_3_CLASS: u32 = 1 << 11;
    /// Traffic class B instead of A for the completion record.
    pub const COMPLETION_CLASS: u32 = 1 << 12;
    /// Strict ordering of writes, which is the only ordering here.
    pub const STRICT_ORDERING: u32 = 1 << 13;
    /// Read the destination back before completing; writes here are visible at once.
    pub const DESTINATION_READBACK: u32 = 1 << 14;
    /// Steering tag of the destination; a hint without effect here.
    pub const DESTINATION_STEERING: u32 = 1 << 15;
    /// DRAIN: the first readback address is valid.
    pub const READBACK_1_VALID: u32 = 1 << 16;
    /// DRAIN: the second readback address is valid.
    pub const READBACK_2_VALID: u32 = 1 << 17;
    /// DRAIN: no readback of its own in traffic class A; nothing is read back unasked here.
    pub const SUPPRESS_CLASS_A: u32 = 1 << 18;
    /// DRAIN: the same in traffic class B.
    pub const SUPPRESS_CLASS_B: u32 = 1 << 19;
    /// CRCGEN: read the seed from memory.
    pub const CRC_READ_SEED: u32 = 1 << 16;
    /// CRCGEN: neither invert nor reflect seed and result.
    pub const CRC_BYPASS_INVERSION: u32 = 1 << 17;
    /// CRCGEN: do not reflect the data.
    pub const CRC_BYPASS_DATA_REFLECTION: u32 = 1 << 18;
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// Complete and do nothing else.
    Noop = 0x00,
    /// Run a list of descriptors.
    Batch = 0x01,
    /// Wait for what was submitted before.
    Drain = 0x02,
    /// Copy memory.
    Memmove = 0x03,
    /// Fill memory with a pattern.
    Fill = 0x04,
    /// Compare two ranges of memory.
    Compare = 0x05,
    /// Compare memory with a pattern.
    ComparePattern = 0x06,
    /// Record how two ranges of memory differ.
    CreateDelta = 0x07,
    /// Change memory as a record says.
    ApplyDelta = 0x08,
    /// Copy memory to two places.
    Dualcast = 0x09,
    /// Translate addresses ahead of their use (DSA 2.0).
    TranslationFetch = 0x0a,
    /// Compute the CRC-32C of memory.
    CrcGen = 0x10,
    /// Copy memory and compute its CRC-32C.
    CopyCrc = 0x11,
    /// Check the data integrity field of each block.
    DifCheck = 0x12,
    /// Copy blocks and add the field to each.
    DifInsert = 0x13,
    /// Copy blocks, check the field of each and leave it out.
    DifStrip = 0x14,
    /// Copy blocks, check the field of each and replace it.
    DifUpdate = 0x15,
    /// Write the fields of blocks without the blocks (DSA 2.0).
    DixGenerate = 0x17,
    /// Flush a range of memory from the caches.
    CacheFlush = 0x20,
}

impl Opcode {
    /// Every operation.
    pub const ALL: [Self; 19] = [
        Self::Noop,
        Self::Batch,
        Self::Drain,
        Self::Memmove,
        Self::Fill,
        Self::Compare,
        Self::ComparePattern,
        Self::CreateDelta,
        Self::ApplyDelta,
        Self::Dualcast,
        Self::TranslationFetch,
        Self::CrcGen,
        Self::CopyCrc,
        Self::DifCheck,
        Self::DifInsert,
        Self::DifStrip,
        Self::DifUpdate,
        Self::DixGenerate,
        Self::CacheFlush,
    ];
}

impl TryFrom<u8> for Opcode {
    /// The code that is no operation.
    type Error = u8;

    fn try_from(code: u8) -> Result<Self, u8> {
        Self::ALL
            .into_iter()
            .find(|opcode| *opcode as u8 == code)
            .ok_or(code)
    }
}

/// A descriptor as software wrote it; the methods read its fields without judging them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor(pub [u8; SIZE]);

impl Descriptor {
    /// Address space of the accesses; a dedicated work queue puts its own in place of this one.
    pub fn pasid(&self) -> u32 {
        self.u32(0x00) & 0xf_ffff
    }

    /// Reserved bits 30:20 of the first dword.
    pub fn reserved_0(&self) -> u32 {
        self.u32(0x00) >> 20 & 0x7ff
    }

    /// Whether the accesses are privileged; a dedicated work queue puts its own bit in place of
    /// this one.
    pub fn privileged(&self) -> bool {
        self.u32(0x00) >> 31 == 1
    }

    /// The same with another address space and privilege.
    #[must_use]
    pub fn with_identity(mut self, pasid: u32, privileged: bool) -> Self {
        let reserved = self.reserved_0() << 20;
        let first = pasid & 0xf_ffff | reserved | u32::from(privileged) << 31;
        self.0[..4].copy_from_slice(&first.to_le_bytes());
        self
    }

    /// The flags, see [`flags`].
    pub fn flags(&self) -> u32 {
        self.u32(0x04) & 0x00ff_ffff
    }

    /// Whether all of the given flags are set.
    pub fn has(&self, flags: u32) -> bool {
        self.flags() & flags == flags
    }

    /// The operation's code, see [`Opcode`].
    pub fn opcode(&self) -> u8 {
        self.0[0x07]
    }

    /// Where the completion record goes.
    pub fn completion_address(&self) -> u64 {
        self.u64(0x08)
    }

    /// Source address, pattern or descriptor list.
    pub fn first(&self) -> u64 {
        self.u64(0x10)
    }

    /// Destination or second source address.
    pub fn second(&self) -> u64 {
        self.u64(0x18)
    }

    /// Transfer size in bytes, or number of descriptors.
    pub fn size(&self) -> u32 {
        self.u32(0x20)
    }

    /// Which interrupt to raise.
    pub fn interrupt_handle(&self) -> u16 {
        self.u16(0x24)
    }

    /// COMPARE: the result to check for.
    pub fn expected_result(&self) -> u8 {
        self.0[0x28]
    }

    /// CRCGEN: the seed.
    pub fn crc_seed(&self) -> u32 {
        self.u32(0x28)
    }

    /// CRCGEN: where the seed is.
    pub fn crc_seed_address(&self) -> u64 {
        self.u64(0x30)
    }

    /// FILL of DSA 2.0: the upper half of the pattern.
    pub fn pattern_upper(&self) -> u64 {
        self.u64(0x28)
    }

    /// CR_DELTA: where the record goes.
    pub fn delta_address(&self) -> u64 {
        self.u64(0x28)
    }

    /// CR_DELTA: room for the record, in bytes.
    pub fn max_delta_size(&self) -> u32 {
        self.u32(0x30)
    }

    /// CR_DELTA: the results to check for, one bit each.
    pub fn expected_results(&self) -> u8 {
        self.0[0x38]
    }

    /// AP_DELTA: size of the record, in bytes.
    pub fn delta_size(&self) -> u32 {
        self.u32(0x28)
    }

    /// DUALCAST: the second destination.
    pub fn second_destination(&self) -> u64 {
        self.u64(0x28)
    }

    /// DIF operations: how fields of the source are checked.
    pub fn dif_source_flags(&self) -> u8 {
        self.0[0x28]
    }

    /// DIF operations: how fields of the destination are made.
    pub fn dif_destination_flags(&self) -> u8 {
        self.0[0x29]
    }

    /// DIF operations: size of a block and variant of the guard.
    pub fn dif_flags(&self) -> u8 {
        self.0[0x2a]
    }

    /// DIF operations: reference tag, application tag and its mask that the first block of the
    /// source is to have.
    pub fn dif_source_tags(&self) -> (u32, u16, u16) {
        (self.u32(0x30), self.u16(0x36), self.u16(0x34))
    }

    /// DIF operations: reference tag, application tag and its mask for the first block of the
    /// destination.
    pub fn dif_destination_tags(&self) -> (u32, u16, u16) {
        (self.u32(0x38), self.u16(0x3e), self.u16(0x3c))
    }

    /// TRANSL_FETCH: distance between the addresses to translate, in bytes.
    pub fn region_stride(&self) -> u32 {
        self.u32(0x30)
    }

    fn u16(&self, offset: usize) -> u16 {
        u16::from_le_bytes(self.bytes(offset))
    }

    fn u32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.bytes(offset))
    }

    fn u64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.bytes(offset))
    }

    /// The field of `N` bytes at `offset`; all callers are above, with fields inside.
    fn bytes<const N: usize>(&self, offset: usize) -> [u8; N] {
        std::array::from_fn(|index| self.0[offset + index])
    }
}
