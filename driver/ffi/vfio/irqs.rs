// SPDX-License-Identifier: GPL-2.0

//! Requests to set interrupts, as they are read.

use core::ops::Range;
use kernel::{
    error::to_result,
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

use crate::ffi::bindings as local;

/// What comes with a VFIO_DEVICE_SET_IRQS for each interrupt of its range.
pub(crate) enum IrqData {
    /// Nothing.
    None,
    /// Whether it is meant: not zero.
    Bool(KVec<u8>),
    /// The number of an eventfd; negative for none.
    EventFd(KVec<i32>),
}

/// A VFIO_DEVICE_SET_IRQS that the VFIO core found to be in order.
pub(crate) struct IrqSet {
    /// Its kind of interrupts.
    pub(crate) index: u32,
    /// Those that it is about; they exist.
    pub(crate) range: Range<usize>,
    /// `VFIO_IRQ_SET_ACTION_*`: none, one, or several.
    pub(crate) action: u32,
    /// As many data as the range has interrupts.
    pub(crate) data: IrqData,
}

impl IrqSet {
    /// Bytes of the fixed part (`struct vfio_irq_set`).
    const HEADER: usize = size_of::<local::vfio_irq_set>();

    /// Reads the structure at `arg`, for a device with `indexes` kinds of interrupts, which has
    /// `interrupts` of each.
    pub(crate) fn read(arg: usize, indexes: u32, interrupts: impl Fn(u32) -> u32) -> Result<Self> {
        let arg = UserPtr::from_addr(arg);
        let words = UserSlice::new(arg, Self::HEADER).reader().read()?;
        let (mut set, size) = Self::check(words, indexes, interrupts)?;
        let mut reader = UserSlice::new(arg.wrapping_byte_add(Self::HEADER), size).reader();
        match &mut set.data {
            IrqData::None => (),
            IrqData::Bool(data) => reader.read_all(data, GFP_KERNEL)?,
            IrqData::EventFd(data) => {
                data.reserve(set.range.len(), GFP_KERNEL)?;
                while !reader.is_empty() {
                    data.push(reader.read()?, GFP_KERNEL)?;
                }
            }
        }
        Ok(set)
    }

    /// Checks the fixed part. Returns the request without its data, and the bytes that these have.
    pub(super) fn check(
        words: [u32; 5],
        indexes: u32,
        interrupts: impl Fn(u32) -> u32,
    ) -> Result<(Self, usize)> {
        let [argsz, flags, index, start, count] = words;
        let mut header = local::vfio_irq_set {
            argsz,
            flags,
            index,
            start,
            count,
            data: Default::default(),
        };
        let interrupts = c_int::try_from(interrupts(index))?;
        let indexes = c_int::try_from(indexes)?;
        let mut size = 0;
        // SAFETY: Both structures are ours, and the C side has no use for what follows the fixed
        // part of the first.
        to_result(unsafe {
            local::vfio_set_irqs_validate_and_prepare(&mut header, interrupts, indexes, &mut size)
        })?;
        let data = match flags & local::VFIO_IRQ_SET_DATA_TYPE_MASK {
            local::VFIO_IRQ_SET_DATA_NONE => IrqData::None,
            local::VFIO_IRQ_SET_DATA_BOOL => IrqData::Bool(KVec::new()),
            local::VFIO_IRQ_SET_DATA_EVENTFD => IrqData::EventFd(KVec::new()),
            _ => return Err(EINVAL),
        };
        let set = Self {
            index,
            // CAST: Widening. The end is at most the number of interrupts.
            range: start as usize..start as usize + count as usize,
            action: flags & local::VFIO_IRQ_SET_ACTION_TYPE_MASK,
            data,
        };
        Ok((set, size))
    }
}
