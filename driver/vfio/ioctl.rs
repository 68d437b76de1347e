// SPDX-License-Identifier: GPL-2.0

//! The ioctls of a VFIO device that the VFIO core leaves to its driver, answered as `vfio-pci` does.
//!
//! C header: [`include/uapi/linux/vfio.h`](srctree/include/uapi/linux/vfio.h)

use kernel::{
    ioctl::_IO,
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

use super::{
    irqs::Irqs,
    layout, //
};
use crate::{
    ffi::{
        bindings,
        vfio::IrqSet, //
    },
    framework::Function, //
};

// The header builds the numbers with function-like macros, which bindgen leaves out.
const TYPE: u32 = b';' as u32;
const GET_INFO: u32 = _IO(TYPE, bindings::VFIO_BASE + 7);
const GET_IRQ_INFO: u32 = _IO(TYPE, bindings::VFIO_BASE + 9);
const SET_IRQS: u32 = _IO(TYPE, bindings::VFIO_BASE + 10);
const RESET: u32 = _IO(TYPE, bindings::VFIO_BASE + 11);
const GET_PCI_HOT_RESET_INFO: u32 = _IO(TYPE, bindings::VFIO_BASE + 12);
const PCI_HOT_RESET: u32 = _IO(TYPE, bindings::VFIO_BASE + 13);

/// Words of `struct vfio_device_info` up to `num_irqs`, its part that every user knows, and of the
/// whole. The rest is about capabilities, of which there are none.
const DEVICE_INFO: usize = 4;
const DEVICE_INFO_WHOLE: usize = 6;

/// Words of `struct vfio_irq_info`.
const IRQ_INFO: usize = 4;

/// Words of `struct vfio_pci_hot_reset_info`, and of `struct vfio_pci_hot_reset`, without their
/// arrays.
const HOT_RESET: usize = 3;

/// Serves an ioctl; `arg` is the address of its structure.
pub(super) fn serve(
    function: &dyn Function,
    irqs: &Irqs,
    command: u32,
    arg: usize,
) -> Result<isize> {
    match command {
        GET_INFO => {
            let [argsz, ..] = read::<DEVICE_INFO>(arg)?;
            let flags = bindings::VFIO_DEVICE_FLAGS_PCI | bindings::VFIO_DEVICE_FLAGS_RESET;
            let indexes = bindings::VFIO_PCI_NUM_IRQS;
            let info: [u32; DEVICE_INFO_WHOLE] = [argsz, flags, layout::REGIONS, indexes, 0, 0];
            write(arg, &info, argsz)?;
        }
        GET_IRQ_INFO => {
            let [argsz, _flags, index, _count] = read::<IRQ_INFO>(arg)?;
            if index >= bindings::VFIO_PCI_NUM_IRQS {
                return Err(EINVAL);
            }
            let mut flags = bindings::VFIO_IRQ_INFO_EVENTFD;
            flags |= if index == bindings::VFIO_PCI_INTX_IRQ_INDEX {
                bindings::VFIO_IRQ_INFO_MASKABLE | bindings::VFIO_IRQ_INFO_AUTOMASKED
            } else {
                bindings::VFIO_IRQ_INFO_NORESIZE
            };
            let info: [u32; IRQ_INFO] = [argsz, flags, index, irqs.count(index)];
            write(arg, &info, argsz)?;
        }
        SET_IRQS => {
            let kinds = bindings::VFIO_PCI_NUM_IRQS;
            irqs.set(IrqSet::read(arg, kinds, |index| irqs.count(index))?)?;
        }
        RESET => function.reset()?,
        // There is neither a slot nor a bus to be reset.
        GET_PCI_HOT_RESET_INFO => {
            read::<HOT_RESET>(arg)?;
            return Err(ENODEV);
        }
        PCI_HOT_RESET => {
            let [_argsz, flags, _count] = read::<HOT_RESET>(arg)?;
            return Err(if flags != 0 { EINVAL } else { ENODEV });
        }
        _ => return Err(ENOTTY),
    }
    Ok(0)
}

/// Reads the fixed part of a structure, which begins with the size that the user has room for.
fn read<const WORDS: usize>(arg: usize) -> Result<[u32; WORDS]> {
    let len = size_of::<[u32; WORDS]>();
    let words: [u32; WORDS] = UserSlice::new(UserPtr::from_addr(arg), len)
        .reader()
        .read()?;
    // CAST: Widening.
    match words.first() {
        Some(argsz) if *argsz as usize >= len => Ok(words),
        _ => Err(EINVAL),
    }
}

/// Writes a structure, or as many bytes of it as the user has room for.
fn write<const WORDS: usize>(arg: usize, words: &[u32; WORDS], argsz: u32) -> Result {
    // CAST: Widening.
    let len = size_of_val(words).min(argsz as usize);
    UserSlice::new(UserPtr::from_addr(arg), len)
        .writer()
        .write_slice_partial(words.as_bytes(), 0)?;
    Ok(())
}
