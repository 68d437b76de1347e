// SPDX-License-Identifier: GPL-2.0

//! Where the regions of a function lie in the file of its VFIO device, and what of them can be
//! accessed there: as in `vfio-pci`, whose users this must not surprise.

use kernel::prelude::*;

use crate::{
    ffi::bindings,
    framework::Region, //
};

/// The number of a region is in the bits of an offset from here on.
const SHIFT: u32 = 40;

/// Number of regions that a PCI device has.
pub(super) const REGIONS: u32 = bindings::VFIO_PCI_NUM_REGIONS;

/// A region by its number in VFIO.
pub(super) enum Slot {
    /// The function may have it.
    Function(Region),
    /// The expansion ROM, which no function has.
    Rom,
}

/// The region with number `index`. There is no legacy VGA region, nor one beyond the fixed ones.
pub(super) fn slot(index: u32) -> Result<Slot> {
    match index {
        // CAST: At most 5.
        bindings::VFIO_PCI_BAR0_REGION_INDEX..=bindings::VFIO_PCI_BAR5_REGION_INDEX => {
            Ok(Slot::Function(Region::Bar(index as u8)))
        }
        bindings::VFIO_PCI_CONFIG_REGION_INDEX => Ok(Slot::Function(Region::Config)),
        bindings::VFIO_PCI_ROM_REGION_INDEX => Ok(Slot::Rom),
        _ => Err(EINVAL),
    }
}

/// The offset of region `index` in the file.
pub(super) fn offset(index: u32) -> u64 {
    u64::from(index) << SHIFT
}

/// Where a region begins in the file.
pub(super) fn position(region: Region) -> u64 {
    offset(match region {
        Region::Bar(bar) => bar.into(),
        Region::Config => bindings::VFIO_PCI_CONFIG_REGION_INDEX,
    })
}

/// The region and the offset in it that a position in the file stands for.
pub(super) fn locate(position: u64) -> Result<(Region, u64)> {
    let Slot::Function(region) = slot(u32::try_from(position >> SHIFT)?)? else {
        return Err(EINVAL);
    };
    Ok((region, position & ((1 << SHIFT) - 1)))
}

/// How many of `count` bytes at `offset` of a region of `size` bytes are accessed: of a BAR those
/// before its end, of the configuration space all or none.
pub(super) fn clip(region: Region, size: u64, offset: u64, count: usize) -> Result<usize> {
    let left = size.saturating_sub(offset);
    match (region, usize::try_from(left)) {
        (Region::Config, Ok(left)) if left < count => Err(EFAULT),
        (Region::Bar(_), Ok(0)) => Err(EINVAL),
        (Region::Bar(_), Ok(left)) => Ok(count.min(left)),
        _ => Ok(count),
    }
}

#[cfg(CONFIG_KUNIT = "y")]
#[kunit_tests(subdev_vfio_layout)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_in_the_region_that_was_reported_for_it() {
        for index in 0..REGIONS + 2 {
            let located = locate(offset(index) + 5);
            match slot(index) {
                Ok(Slot::Function(region)) => {
                    assert!(located == Ok((region, 5)));
                    assert!(position(region) == offset(index));
                }
                Ok(Slot::Rom) | Err(_) => assert!(located == Err(EINVAL)),
            }
        }
        assert!(locate(u64::MAX) == Err(EINVAL));
    }

    #[test]
    fn an_access_ends_with_its_bar() {
        let bar = Region::Bar(2);
        assert!(clip(bar, 64, 60, 3) == Ok(3));
        assert!(clip(bar, 64, 60, 4) == Ok(4));
        assert!(clip(bar, 64, 60, 8) == Ok(4));
        assert!(clip(bar, 64, 64, 1) == Err(EINVAL));
        assert!(clip(bar, 64, 65, 1) == Err(EINVAL));
        // One that the function does not have.
        assert!(clip(bar, 0, 0, 1) == Err(EINVAL));
    }

    #[test]
    fn the_configuration_space_is_accessed_within_it_only() {
        assert!(clip(Region::Config, 256, 252, 4) == Ok(4));
        assert!(clip(Region::Config, 256, 252, 5) == Err(EFAULT));
        assert!(clip(Region::Config, 256, 256, 1) == Err(EFAULT));
    }
}
