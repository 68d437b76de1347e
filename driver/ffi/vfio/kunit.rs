// SPDX-License-Identifier: GPL-2.0

//! A device comes to VFIO and leaves it again, and takes what serves it along; and requests to set
//! interrupts are checked.

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

    fn mmap(&self, _mapping: &mmap::NewMapping<'_>) -> Result {
        Err(EINVAL)
    }

    fn fault(&self, _fault: &mmap::Fault<'_>) -> Result {
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
            assert!(registered.name().to_bytes().starts_with(b"vfio"));
            if round > 0 {
                registered.unregister();
                assert!(iommu_group(dev) == Err(ENODEV));
            }
            if round > 1 {
                registered.unregister();
            }
            assert_eq!(ended.load(Relaxed), round);
            drop(registered);
            assert!(iommu_group(dev) == Err(ENODEV));
            assert_eq!(ended.load(Relaxed), round + 1);
        }
        Ok(())
    }

    #[test]
    fn what_serves_a_device_does_not_wait_for_its_last_reference() -> Result {
        let device = faux::Registration::new(c"subdev-kunit-held", None)?;
        let ended = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let registered = Registration::new(device.as_ref().as_ref(), Silent(ended.clone()))?;
        // SAFETY: The device is registered.
        let memory = unsafe { Memory::from_raw(registered.vdev()) };
        let before = DEVICES.load(Relaxed);
        drop(registered);
        assert_eq!(ended.load(Relaxed), 1);
        assert_eq!(DEVICES.load(Relaxed), before);
        drop(memory);
        assert_eq!(DEVICES.load(Relaxed), before - 1);
        Ok(())
    }

    #[test]
    fn a_set_of_interrupts_is_checked() -> Result {
        const NONE: u32 = local::VFIO_IRQ_SET_DATA_NONE;
        const BOOL: u32 = local::VFIO_IRQ_SET_DATA_BOOL;
        const EVENTFD: u32 = local::VFIO_IRQ_SET_DATA_EVENTFD;
        const TRIGGER: u32 = local::VFIO_IRQ_SET_ACTION_TRIGGER;
        // Three kinds, with as many interrupts as their number.
        let check = |argsz, flags, index, start, count| {
            let words = [argsz, flags, index, start, count];
            IrqSet::check(words, 3, |index| index).map(|(set, size)| (set.range, size))
        };
        assert!(check(20, NONE | TRIGGER, 2, 0, 0) == Ok((0..0, 0)));
        assert!(check(20, NONE | TRIGGER, 2, 0, 2) == Ok((0..2, 0)));
        assert!(check(22, BOOL | TRIGGER, 2, 0, 2) == Ok((0..2, 2)));
        assert!(check(24, EVENTFD | TRIGGER, 2, 1, 1) == Ok((1..2, 4)));
        for (argsz, flags, index, start, count) in [
            // No such interrupts, even if none is asked for.
            (20, NONE | TRIGGER, 3, 0, 0),
            (20, NONE | TRIGGER, 77, 0, 0),
            (20, NONE | TRIGGER, u32::MAX, 0, 0),
            (20, NONE | TRIGGER, 0, 0, 0),
            (20, NONE | TRIGGER, 2, 2, 0),
            (20, NONE | TRIGGER, 2, 1, 2),
            (20, NONE | TRIGGER, 2, 1, u32::MAX),
            (20, NONE | TRIGGER, 2, u32::MAX, 1),
            // Less room than the request needs.
            (19, NONE | TRIGGER, 2, 0, 0),
            (21, BOOL | TRIGGER, 2, 0, 2),
            (27, EVENTFD | TRIGGER, 2, 0, 2),
            // No data, two kinds of them, and an unknown flag.
            (28, TRIGGER, 2, 0, 2),
            (28, NONE | BOOL | TRIGGER, 2, 0, 2),
            (28, NONE | TRIGGER | 1 << 6, 2, 0, 2),
        ] {
            assert!(check(argsz, flags, index, start, count) == Err(EINVAL));
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
