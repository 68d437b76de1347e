// SPDX-License-Identifier: GPL-2.0

//! The ioctls of a VFIO device that the VFIO core leaves to its driver.
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
    device::Device,
    layout, //
};
use crate::ffi::bindings;

// The header builds the numbers with function-like macros, which bindgen leaves out.
const TYPE: u32 = b';' as u32;
const GET_INFO: u32 = _IO(TYPE, bindings::VFIO_BASE + 7);
const GET_IRQ_INFO: u32 = _IO(TYPE, bindings::VFIO_BASE + 9);
const SET_IRQS: u32 = _IO(TYPE, bindings::VFIO_BASE + 10);
const RESET: u32 = _IO(TYPE, bindings::VFIO_BASE + 11);

/// Bytes of `struct vfio_device_info` up to `num_irqs`, its part that every user knows.
const DEVICE_INFO: u32 = 16;

/// Bytes of `struct vfio_irq_info`.
const IRQ_INFO: u32 = 16;

/// Bytes of the largest VFIO_DEVICE_SET_IRQS: a page is far more than any function's vectors.
const SET_IRQS_MAX: usize = 4096;

/// Serves an ioctl; `arg` is the address of its structure.
pub(super) fn serve(device: &Device, command: u32, arg: usize) -> Result<isize> {
    let user = |len: u32| UserSlice::new(UserPtr::from_addr(arg), len as usize);
    match command {
        GET_INFO => {
            let (mut reader, mut writer) = user(DEVICE_INFO).reader_writer();
            let argsz: u32 = reader.read()?;
            if argsz < DEVICE_INFO {
                return Err(EINVAL);
            }
            let flags = bindings::VFIO_DEVICE_FLAGS_PCI | bindings::VFIO_DEVICE_FLAGS_RESET;
            for word in [argsz, flags, layout::REGIONS, bindings::VFIO_PCI_NUM_IRQS] {
                writer.write(&word)?;
            }
        }
        GET_IRQ_INFO => {
            let (mut reader, mut writer) = user(IRQ_INFO).reader_writer();
            let argsz: u32 = reader.read()?;
            let _flags: u32 = reader.read()?;
            let index: u32 = reader.read()?;
            if argsz < IRQ_INFO || index >= bindings::VFIO_PCI_NUM_IRQS {
                return Err(EINVAL);
            }
            let count = device.irqs.count(index);
            let flags = bindings::VFIO_IRQ_INFO_EVENTFD | bindings::VFIO_IRQ_INFO_NORESIZE;
            for word in [argsz, flags, index, count] {
                writer.write(&word)?;
            }
        }
        SET_IRQS => device
            .irqs
            .set(UserSlice::new(UserPtr::from_addr(arg), SET_IRQS_MAX).reader())?,
        RESET => device.subdev.function().reset()?,
        _ => return Err(ENOTTY),
    }
    Ok(0)
}
