// SPDX-License-Identifier: GPL-2.0

//! What a DSA says about itself.

use super::bits;

/// The register GENCAP.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct GenCap(pub u64);

impl GenCap {
    /// Bit: WQs can have descriptors block on a fault.
    pub const BLOCK_ON_FAULT: u64 = 1 << 0;
    /// Bit: Memory Move accepts buffers that overlap.
    pub const OVERLAP_COPY: u64 = 1 << 1;
    /// Bit: cache control is there for memory writes.
    pub const CACHE_CTL_MEM: u64 = 1 << 2;
    /// Bit: the register CMDCAP is there.
    pub const CMD_CAP: u64 = 1 << 4;
    /// Bit: GRPCFG and WQCFG are writable.
    pub const CONFIG_EN: u64 = 1 << 31;
    /// Mask of the logarithm of the largest transfer.
    pub const MAX_XFER_SHIFT_MASK: u64 = 0x1f << 16;
    /// Mask of the logarithm of the largest batch.
    pub const MAX_BATCH_SHIFT_MASK: u64 = 0xf << 21;

    /// Whether WQs can have descriptors block on a fault.
    pub const fn block_on_fault(self) -> bool {
        self.0 & Self::BLOCK_ON_FAULT != 0
    }

    /// Whether Memory Move accepts buffers that overlap.
    pub const fn overlap_copy(self) -> bool {
        self.0 & Self::OVERLAP_COPY != 0
    }

    /// Whether descriptors can control the cache for memory writes.
    pub const fn cache_control(self) -> bool {
        self.0 & Self::CACHE_CTL_MEM != 0
    }

    /// Whether the register CMDCAP is there.
    pub const fn cmd_cap(self) -> bool {
        self.0 & Self::CMD_CAP != 0
    }

    /// Kind of event log; 0 is none.
    pub const fn evl_support(self) -> u8 {
        // CAST: A field of 2 bits.
        bits(self.0, 14, 13) as u8
    }

    /// Logarithm of the largest transfer.
    pub const fn max_xfer_shift(self) -> u32 {
        // CAST: A field of 5 bits.
        bits(self.0, 20, 16) as u32
    }

    /// The same capabilities with a largest transfer of at most this power of two.
    pub const fn with_max_xfer_shift(self, shift: u32) -> Self {
        if shift >= self.max_xfer_shift() {
            return self;
        }
        // CAST: Widening; `From` is not usable in a const function.
        Self(self.0 & !Self::MAX_XFER_SHIFT_MASK | (shift as u64) << 16)
    }

    /// Largest transfer of one descriptor in bytes.
    pub const fn max_transfer(self) -> u64 {
        1 << self.max_xfer_shift()
    }

    /// Logarithm of the largest batch.
    pub const fn max_batch_shift(self) -> u32 {
        // CAST: A field of 4 bits.
        bits(self.0, 24, 21) as u32
    }

    /// The same capabilities with a largest batch of at most this power of two.
    pub const fn with_max_batch_shift(self, shift: u32) -> Self {
        if shift >= self.max_batch_shift() {
            return self;
        }
        // CAST: Widening; `From` is not usable in a const function.
        Self(self.0 & !Self::MAX_BATCH_SHIFT_MASK | (shift as u64) << 21)
    }

    /// Largest number of descriptors in a batch.
    pub const fn max_batch(self) -> u32 {
        1 << self.max_batch_shift()
    }

    /// Slots of the interrupt message storage.
    pub const fn ims_slots(self) -> u32 {
        // CAST: A field of 6 bits.
        bits(self.0, 30, 25) as u32 * 256
    }

    /// Whether GRPCFG and WQCFG are writable.
    pub const fn config_en(self) -> bool {
        self.0 & Self::CONFIG_EN != 0
    }
}

/// The register WQCAP.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct WqCap(pub u64);

impl WqCap {
    /// Bit: WQs can be shared.
    pub const SHARED_MODE: u64 = 1 << 48;
    /// Bit: WQs can be dedicated.
    pub const DEDICATED_MODE: u64 = 1 << 49;
    /// Bit: WQCFG has a mask of operations for each WQ.
    pub const OP_CONFIG: u64 = 1 << 54;

    /// Entries that all WQs have together.
    pub const fn total_size(self) -> u32 {
        // CAST: A field of 16 bits.
        bits(self.0, 15, 0) as u32
    }

    /// Number of WQs.
    pub const fn wqs(self) -> u32 {
        // CAST: A field of 8 bits.
        bits(self.0, 23, 16) as u32
    }

    /// Distance of two WQs in the table WQCFG, in bytes.
    pub const fn stride(self) -> usize {
        32 << bits(self.0, 27, 24)
    }

    /// Whether WQs can be shared.
    pub const fn shared_mode(self) -> bool {
        self.0 & Self::SHARED_MODE != 0
    }

    /// Whether WQs can be dedicated.
    pub const fn dedicated_mode(self) -> bool {
        self.0 & Self::DEDICATED_MODE != 0
    }

    /// Whether WQCFG has a mask of operations for each WQ, at
    /// [`OP_CONFIG`](super::table::wqcfg::OP_CONFIG); [`WqCap::stride`] is at least 64 then.
    pub const fn op_config(self) -> bool {
        self.0 & Self::OP_CONFIG != 0
    }
}

/// The register GRPCAP.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct GrpCap(pub u64);

impl GrpCap {
    /// Bit: read buffers can be reserved for groups, and allowed to them.
    pub const READ_BUFFER_CONTROL: u64 = 1 << 16;
    /// Bit: the limit of GENCFG can hold for a group.
    pub const READ_BUFFER_LIMIT: u64 = 1 << 17;

    /// Number of groups.
    pub const fn groups(self) -> u32 {
        // CAST: A field of 8 bits.
        bits(self.0, 7, 0) as u32
    }

    /// Read buffers that all groups have together.
    pub const fn read_buffers(self) -> u32 {
        // CAST: A field of 8 bits.
        bits(self.0, 15, 8) as u32
    }

    /// Whether read buffers can be reserved for groups, and allowed to them.
    pub const fn read_buffer_control(self) -> bool {
        self.0 & Self::READ_BUFFER_CONTROL != 0
    }

    /// Whether there is a limit of read buffers that can hold for a group.
    pub const fn read_buffer_limit(self) -> bool {
        self.0 & Self::READ_BUFFER_LIMIT != 0
    }
}

/// The register ENGCAP.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct EngCap(pub u64);

impl EngCap {
    /// Number of engines.
    pub const fn engines(self) -> u32 {
        // CAST: A field of 8 bits.
        bits(self.0, 7, 0) as u32
    }
}

/// The registers OFFSETS: where in BAR0 the tables are.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Offsets(pub [u64; 2]);

impl Offsets {
    /// Offsets are counted in this many bytes.
    pub const UNIT: usize = 0x100;

    /// Offset of the table GRPCFG.
    pub const fn grpcfg(self) -> usize {
        table(self.0[0], 0)
    }

    /// Offset of the table WQCFG.
    pub const fn wqcfg(self) -> usize {
        table(self.0[0], 16)
    }

    /// Offset of the MSI-X permission table.
    pub const fn msix_perm(self) -> usize {
        table(self.0[0], 32)
    }

    /// Offset of the interrupt message storage; 0 if there is none.
    pub const fn ims(self) -> usize {
        table(self.0[0], 48)
    }

    /// Offset of the performance monitor; 0 if there is none.
    pub const fn perfmon(self) -> usize {
        table(self.0[1], 0)
    }
}

/// The offset in the field of 16 bits from bit `low` on.
const fn table(register: u64, low: u32) -> usize {
    // CAST: A field of 16 bits.
    bits(register, low + 15, low) as usize * Offsets::UNIT
}
