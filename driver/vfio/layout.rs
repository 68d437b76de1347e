// SPDX-License-Identifier: GPL-2.0

//! Where the regions of a function lie in the file of its VFIO device.

use crate::{
    ffi::bindings,
    framework::Region, //
};

/// The number of a region is in the bits of an offset from here on, as in `vfio-pci`.
const SHIFT: u32 = 40;

/// Number of regions that a PCI device has.
pub(super) const REGIONS: u32 = bindings::VFIO_PCI_NUM_REGIONS;

/// The region with number `index`: `None` for those that the function cannot have.
pub(super) fn region(index: u32) -> Option<Region> {
    match index {
        // CAST: At most 5.
        bindings::VFIO_PCI_BAR0_REGION_INDEX..=bindings::VFIO_PCI_BAR5_REGION_INDEX => {
            Some(Region::Bar(index as u8))
        }
        bindings::VFIO_PCI_CONFIG_REGION_INDEX => Some(Region::Config),
        _ => None,
    }
}

/// The offset of region `index` in the file.
pub(super) fn offset(index: u32) -> u64 {
    u64::from(index) << SHIFT
}

/// The region and the offset in it that a position in the file stands for.
pub(super) fn locate(position: u64) -> Option<(Region, u64)> {
    let index = u32::try_from(position >> SHIFT).ok()?;
    Some((region(index)?, position & ((1 << SHIFT) - 1)))
}
