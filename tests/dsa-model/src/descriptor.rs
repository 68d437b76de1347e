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
    /// CRCGEN: read the seed from memory.
    pub const CRC_READ_SEED: u32 = 1 << 16;
    /// CRCGEN: neither invert nor reflect seed and result.
    pub const CRC_BYPASS_INVERSION: u32 = 1 << 17;
    /// CRCGEN: do not reflect the data.
    pub const CRC_BYPASS_DATA_REFLECTION: u32 = 1 << 18;
}

/// The operations of this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// Complete and do nothing else.
    Noop = 0x00,
    /// Run a list of descriptors.
    Batch = 0x01,
    /// Copy memory.
    Memmove = 0x03,
    /// Fill memory with a pattern.
    Fill = 0x04,
    /// Compare two ranges of memory.
    Compare = 0x05,
    /// Compute the CRC-32C of memory.
    CrcGen = 0x10,
}

impl Opcode {
    /// Every operation, for OPCAP and for [`TryFrom`].
    pub const ALL: [Self; 6] = [
        Self::Noop,
        Self::Batch,
        Self::Memmove,
        Self::Fill,
        Self::Compare,
        Self::CrcGen,
    ];
}

impl TryFrom<u8> for Opcode {
    /// The code that is no operation of this device.
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
    /// Reserved bits 30:20 of the first dword. PASID and privilege around them are replaced by
    /// those of the (dedicated) work queue and therefore not read at all.
    pub fn reserved_0(&self) -> u32 {
        self.u32(0x00) >> 20 & 0x7ff
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
        u16::from_le_bytes(self.bytes(0x24))
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
