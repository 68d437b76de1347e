// SPDX-License-Identifier: GPL-2.0

//! Records that a device writes to coherent memory.

use kernel::{
    device::{
        Bound,
        Device, //
    },
    dma::{
        Coherent,
        DmaAddress, //
    },
    prelude::*, //
};

/// Bytes of a record.
const RECORD: usize = 32;

/// An array of 32-byte records that the device writes, first byte last.
pub(crate) struct Records(Coherent<[[u64; RECORD / 8]]>);

impl Records {
    /// Allocates `len` records, all zero.
    pub(crate) fn new(dev: &Device<Bound>, len: usize) -> Result<Self> {
        Ok(Self(Coherent::zeroed_slice(dev, len, GFP_KERNEL)?))
    }

    /// The address of record `index` as the device sees it.
    pub(crate) fn address(&self, index: usize) -> DmaAddress {
        // CAST: The offset is within one allocation.
        self.0.dma_address() + (index * RECORD) as DmaAddress
    }

    fn record(&self, index: usize) -> Option<*mut u8> {
        if index >= self.0.len() {
            return None;
        }
        Some(
            self.0
                .as_mut_ptr()
                .cast::<u8>()
                .wrapping_add(index * RECORD),
        )
    }

    /// Clears record `index` before the device is told of it.
    pub(crate) fn clear(&self, index: usize) {
        if let Some(record) = self.record(index) {
            // SAFETY: The record is within the allocation, and the device was not told of it yet.
            unsafe { record.write_bytes(0, RECORD) };
        }
    }

    /// Reads record `index` if the device has written it, that is, if its first byte is not zero.
    pub(crate) fn read(&self, index: usize) -> Option<[u8; RECORD]> {
        let record = self.record(index)?;
        // SAFETY: The record is within the allocation; the device may be writing it.
        if unsafe { record.read_volatile() } == 0 {
            return None;
        }
        // The first byte is written last: what follows it must not be read before it.
        kernel::sync::barrier::dma_mb(kernel::sync::barrier::Read);
        let mut copy = [0; RECORD];
        for (i, byte) in copy.iter_mut().enumerate() {
            // SAFETY: As above; the device is done with the record.
            *byte = unsafe { record.wrapping_add(i).read_volatile() };
        }
        Some(copy)
    }
}
