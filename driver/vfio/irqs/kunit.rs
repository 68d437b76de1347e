// SPDX-License-Identifier: GPL-2.0

//! What VFIO_DEVICE_SET_IRQS sets, and what it refuses, as far as that needs no process with
//! eventfds.

use super::*;

const MSIX: u32 = bindings::VFIO_PCI_MSIX_IRQ_INDEX;
const REQ: u32 = bindings::VFIO_PCI_REQ_IRQ_INDEX;
const TRIGGER: u32 = bindings::VFIO_IRQ_SET_ACTION_TRIGGER;

/// No file has this number.
const NO_FILE: i32 = i32::MAX;

fn set(irqs: &Irqs, index: u32, range: Range<usize>, data: IrqData) -> Result {
    irqs.set(IrqSet {
        index,
        range,
        action: TRIGGER,
        data,
    })
}

fn fds(fds: &[i32]) -> Result<IrqData> {
    let mut data = KVec::new();
    data.extend_from_slice(fds, GFP_KERNEL)?;
    Ok(IrqData::EventFd(data))
}

fn bools(bools: &[u8]) -> Result<IrqData> {
    let mut data = KVec::new();
    data.extend_from_slice(bools, GFP_KERNEL)?;
    Ok(IrqData::Bool(data))
}

#[kunit_tests(subdev_vfio_irqs)]
mod tests {
    use super::*;

    #[test]
    fn msix_is_triggered_and_disabled_while_it_is_enabled() -> Result {
        let irqs = Irqs::new(3)?;
        for _ in 0..2 {
            assert!(set(&irqs, MSIX, 0..3, IrqData::None) == Err(EINVAL));
            assert!(set(&irqs, MSIX, 0..1, bools(&[1])?) == Err(EINVAL));
            assert!(set(&irqs, MSIX, 0..0, IrqData::None) == Err(EINVAL));
            assert!(set(&irqs, MSIX, 0..0, fds(&[])?) == Err(ERANGE));
            set(&irqs, MSIX, 1..3, fds(&[-1, -1])?)?;
            set(&irqs, MSIX, 0..3, IrqData::None)?;
            set(&irqs, MSIX, 0..1, bools(&[1])?)?;
            set(&irqs, MSIX, 0..0, fds(&[])?)?;
            set(&irqs, MSIX, 0..0, IrqData::None)?;
        }
        Ok(())
    }

    #[test]
    fn eventfds_are_set_all_or_none() -> Result {
        let irqs = Irqs::new(3)?;
        assert!(set(&irqs, MSIX, 0..2, fds(&[-1, NO_FILE])?) == Err(EBADF));
        // It was not enabled.
        assert!(set(&irqs, MSIX, 0..3, IrqData::None) == Err(EINVAL));
        Ok(())
    }

    #[test]
    fn the_release_request_takes_one_eventfd() -> Result {
        let irqs = Irqs::new(3)?;
        assert!(!irqs.request_release());
        assert!(set(&irqs, REQ, 0..1, IrqData::None) == Err(EINVAL));
        assert!(set(&irqs, REQ, 0..0, IrqData::None) == Err(EINVAL));
        assert!(set(&irqs, REQ, 0..0, bools(&[])?) == Err(EINVAL));
        assert!(set(&irqs, REQ, 0..0, fds(&[])?) == Err(EINVAL));
        assert!(set(&irqs, REQ, 0..1, fds(&[-2])?) == Err(EINVAL));
        assert!(set(&irqs, REQ, 0..1, fds(&[NO_FILE])?) == Err(EBADF));
        set(&irqs, REQ, 0..1, bools(&[1])?)?;
        set(&irqs, REQ, 0..1, fds(&[-1])?)
    }

    #[test]
    fn an_index_leaves_the_others_alone() -> Result {
        let irqs = Irqs::new(3)?;
        set(&irqs, MSIX, 0..1, fds(&[-1])?)?;
        for index in 0..bindings::VFIO_PCI_NUM_IRQS + 2 {
            if index != MSIX {
                assert!(set(&irqs, index, 0..0, IrqData::None) == Err(EINVAL));
            }
        }
        // It is still enabled.
        set(&irqs, MSIX, 0..0, IrqData::None)
    }

    #[test]
    fn nothing_can_be_masked() -> Result {
        let irqs = Irqs::new(3)?;
        let mask = bindings::VFIO_IRQ_SET_ACTION_MASK;
        let unmask = bindings::VFIO_IRQ_SET_ACTION_UNMASK;
        for index in [MSIX, REQ] {
            for action in [0, mask, unmask, mask | TRIGGER] {
                let refused = irqs.set(IrqSet {
                    index,
                    range: 0..1,
                    action,
                    data: IrqData::None,
                });
                assert!(refused == Err(ENOTTY));
            }
        }
        Ok(())
    }
}
