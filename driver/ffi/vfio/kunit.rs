// SPDX-License-Identifier: GPL-2.0

//! A device comes to VFIO and leaves it again, and takes what serves it along.

use kernel::{
    faux,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    }, //
};

use super::*;

/// Serves nobody, and counts its end.
struct Silent(Arc<Atomic<u32>>);

impl Drop for Silent {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl Operations for Silent {
    const NAME: &'static CStr = c"vfio-subdev-kunit";

    fn open(&self, _memory: Memory) -> Result {
        Err(ENODEV)
    }

    fn close(&self) {}

    fn read(&self, _out: UserSliceWriter, _position: u64) -> Result<usize> {
        Err(EINVAL)
    }

    fn write(&self, _data: UserSliceReader, _position: u64) -> Result<usize> {
        Err(EINVAL)
    }

    fn ioctl(&self, _command: u32, _arg: usize) -> Result<isize> {
        Err(ENOTTY)
    }

    fn region(&self, _index: u32) -> Result<RegionInfo> {
        Err(EINVAL)
    }

    fn dma_unmap(&self, _iova: u64, _length: u64) {}

    fn request(&self, _count: u32) {}
}

#[kunit_tests(subdev_vfio)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_a_group_while_it_is_registered() -> Result {
        let device = faux::Registration::new(c"subdev-kunit", None)?;
        let dev: &Device<Bound> = device.as_ref().as_ref();
        let ended = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        assert!(iommu_group(dev) == Err(ENODEV));
        for round in 0..3 {
            let registered = Registration::new(dev, Silent(ended.clone()))?;
            assert!(iommu_group(dev).is_ok());
            assert_eq!(registered.cdev().is_some(), cfg!(CONFIG_VFIO_DEVICE_CDEV));
            assert_eq!(ended.load(Relaxed), round);
            drop(registered);
            assert!(iommu_group(dev) == Err(ENODEV));
            assert_eq!(ended.load(Relaxed), round + 1);
        }
        Ok(())
    }

    #[test]
    fn a_transfer_moves_the_position() {
        let mut position = 100;
        assert_eq!(transfer(&mut position, |at| Ok(at as usize / 10)), 10);
        assert_eq!(position, 110);
    }

    #[test]
    fn a_transfer_that_fails_moves_nothing() {
        let mut position = 100;
        let einval = EINVAL.to_errno() as isize;
        assert_eq!(transfer(&mut position, |_| Err(EINVAL)), einval);
        assert_eq!(position, 100);
        // A position before the start reaches nobody.
        position = -1;
        assert_eq!(transfer(&mut position, |_| Ok(1)), einval);
        assert_eq!(position, -1);
    }
}
