// SPDX-License-Identifier: GPL-2.0

//! Tables in BAR0 and the portals in BAR2.

/// The table GRPCFG: which WQs and engines make a group.
pub mod grpcfg {
    /// Distance of two groups.
    pub const STRIDE: usize = 64;
    /// Offset of the mask of WQs, 256 bits.
    pub const WQS: usize = 0;
    /// Offset of the mask of engines, 64 bits.
    pub const ENGINES: usize = 0x20;
    /// Offset of the flags, 64 bits.
    pub const FLAGS: usize = 0x28;

    /// The flags of a group that is configured.
    #[derive(Copy, Clone, PartialEq, Eq, Debug)]
    pub struct Flags {
        /// Traffic class of both kinds of traffic, bits 2:0 and 5:3.
        pub traffic_class: u8,
        /// Whether the limit of read buffers in GENCFG holds for the group, bit 7.
        pub limited: bool,
        /// Read buffers that no other group may use, bits 15:8.
        pub reserved: u8,
        /// Read buffers that the group may use, bits 27:20.
        pub allowed: u8,
    }

    impl Flags {
        /// The flags in [`FLAGS`].
        pub const fn encode(self) -> u64 {
            // CAST: All lossless; `From` is not usable in a const function.
            let class = (self.traffic_class & 7) as u64;
            let buffers = (self.reserved as u64) << 8 | (self.allowed as u64) << 20;
            class | class << 3 | (self.limited as u64) << 7 | buffers
        }

        /// The flags by the value of [`FLAGS`].
        pub const fn decode(value: u64) -> Self {
            // CAST: Fields of at most 8 bits.
            Self {
                traffic_class: (value & 7) as u8,
                limited: value >> 7 & 1 != 0,
                reserved: (value >> 8) as u8,
                allowed: (value >> 20) as u8,
            }
        }
    }
}

/// The table WQCFG: what a WQ is. Its distance of two WQs is in WQCAP: 32 bytes, or 64 with a mask
/// of operations.
pub mod wqcfg {
    /// Offset of the size in entries, 16 of 32 bits.
    pub const SIZE: usize = 0x00;
    /// Offset of the threshold in entries, 16 of 32 bits.
    pub const THRESHOLD: usize = 0x04;
    /// Offset of mode, priority and PASID, 32 bits; see [`mode`].
    pub const MODE: usize = 0x08;
    /// Offset of the limits, 32 bits; see [`limits`].
    pub const LIMITS: usize = 0x0c;
    /// Offset of the state, 32 bits, read-only; see [`state`].
    pub const STATE: usize = 0x18;
    /// Offset of the mask of the operations that the WQ accepts, in the form of OPCAP. There if
    /// [`WqCap::op_config`](super::super::WqCap::op_config).
    pub const OP_CONFIG: usize = 0x20;
    /// Length of that mask in bytes.
    pub const OP_CONFIG_LEN: usize = 32;

    /// Bit of [`MODE`]: the WQ is dedicated, not shared.
    pub const DEDICATED: u32 = 1 << 0;
    /// Bit of [`MODE`]: descriptors may ask to block on a fault.
    pub const BLOCK_ON_FAULT: u32 = 1 << 1;
    /// Bit of [`MODE`]: descriptors carry a PASID.
    pub const PASID_EN: u32 = 1 << 28;
    /// Bit of [`MODE`]: descriptors run with privilege.
    pub const PRIV: u32 = 1 << 29;

    /// Whether descriptors may ask to block on a fault, by the dword [`MODE`].
    pub const fn blocks_on_fault(mode: u32) -> bool {
        mode & BLOCK_ON_FAULT != 0
    }

    /// The dword [`MODE`] of a WQ without PASID; the priority is 1 to 15.
    pub const fn mode(dedicated: bool, priority: u8) -> u32 {
        // CAST: Both lossless; `From` is not usable in a const function.
        dedicated as u32 | ((priority & 0xf) as u32) << 4
    }

    /// The priority, by the dword [`MODE`].
    pub const fn priority(mode: u32) -> u8 {
        // CAST: A field of 4 bits.
        (mode >> 4 & 0xf) as u8
    }

    /// Whether the WQ is dedicated, by the dword [`MODE`].
    pub const fn is_dedicated(mode: u32) -> bool {
        mode & DEDICATED != 0
    }

    /// Whether descriptors carry a PASID, by the dword [`MODE`].
    pub const fn has_pasid(mode: u32) -> bool {
        mode & PASID_EN != 0
    }

    /// The dword [`LIMITS`] of two logarithms: of the largest transfer and of the largest batch.
    pub const fn limits(max_xfer_shift: u32, max_batch_shift: u32) -> u32 {
        max_xfer_shift & 0x1f | (max_batch_shift & 0xf) << 5
    }

    /// Logarithm of the largest transfer, by the dword [`LIMITS`].
    pub const fn max_xfer_shift(limits: u32) -> u32 {
        limits & 0x1f
    }

    /// Logarithm of the largest batch, by the dword [`LIMITS`].
    pub const fn max_batch_shift(limits: u32) -> u32 {
        limits >> 5 & 0xf
    }

    /// The dword [`STATE`] of a WQ in a state.
    pub const fn with_state(state: u32) -> u32 {
        (state & 0x3) << 30
    }

    /// The state, by the dword [`STATE`].
    pub const fn state(dword: u32) -> u32 {
        dword >> 30
    }

    /// State: the WQ accepts configuration and no work.
    pub const DISABLED: u32 = 0;
    /// State: the WQ accepts work.
    pub const ENABLED: u32 = 1;
    /// State: the WQ finishes what it has, on its way to disabled.
    pub const BUSY: u32 = 2;
}

/// The MSI-X permission table: 32 bits for each vector.
pub mod msix_perm {
    /// Distance of two vectors.
    pub const STRIDE: usize = 8;
    /// Bits that are not reserved: ignore, PASID enable, PASID.
    pub const MASK: u32 = 0xffff_f00c;
}

/// Portals: the pages in BAR2 that take descriptors.
///
/// From `idxd_get_wq_portal_offset()` in
/// [`drivers/dma/idxd/idxd.h`](srctree/drivers/dma/idxd/idxd.h).
pub mod portal {
    /// Distance of two WQs, four pages.
    pub const WQ_STRIDE: u64 = 0x4000;
    /// Size of a page.
    pub const PAGE: u64 = 0x1000;
    /// Page for submissions that a threshold does not limit, with interrupts by MSI-X.
    pub const UNLIMITED_MSIX: u64 = 0;
    /// Page for submissions that the threshold limits, with interrupts by MSI-X.
    pub const LIMITED_MSIX: u64 = 1;

    /// Offset in BAR2 of a page of a WQ.
    pub const fn offset(wq: u8, page: u64) -> u64 {
        // CAST: Lossless; `From` is not usable in a const function.
        wq as u64 * WQ_STRIDE + (page & 3) * PAGE
    }
}
