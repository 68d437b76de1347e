// SPDX-License-Identifier: GPL-2.0

//! Records that a device writes to coherent memory.

use kernel::{
    device::{
        Bound,
        Device, //
    },
    devres::Devres,
    dma::{
        Coherent,
        DmaAddress, //
    },
    prelude::*, //
};

/// Words of 64 bits in a record.
const WORDS: usize = 4;

/// Bytes of a record.
const RECORD: usize = WORDS * size_of::<u64>();

/// An array of 32-byte records that the device writes, first byte last.
///
/// The memory is freed when the device is unbound, whoever has the value then.
pub(crate) struct Records(Devres<Coherent<[[u64; WORDS]]>>);

impl Records {
    /// Allocates `len` records, all zero.
    pub(crate) fn new(dev: &Device<Bound>, len: usize) -> Result<Self> {
        let memory = Coherent::zeroed_slice(dev, len, GFP_KERNEL)?;
        Ok(Self(Devres::new(dev, memory)?))
    }

    /// The record `index`, for as long as the device that it was allocated for is bound.
    pub(crate) fn get<'a>(&'a self, dev: &'a Device<Bound>, index: usize) -> Result<Record<'a>> {
        let memory = self.0.access(dev)?;
        if index >= memory.len() {
            return Err(EINVAL);
        }
        // INVARIANT: As was just checked.
        Ok(Record { memory, index })
    }
}

/// A record.
///
/// # Invariants
///
/// `index` is that of a record in `memory`.
pub(crate) struct Record<'a> {
    memory: &'a Coherent<[[u64; WORDS]]>,
    index: usize,
}

impl Record<'_> {
    /// Its address as the device sees it.
    pub(crate) fn address(&self) -> DmaAddress {
        // CAST: The offset is within one allocation.
        self.memory.dma_address() + (self.index * RECORD) as DmaAddress
    }

    fn bytes(&self) -> *mut u8 {
        let start = self.memory.as_mut_ptr().cast::<u8>();
        start.wrapping_add(self.index * RECORD)
    }

    /// Clears the record, before a descriptor with its address is submitted.
    pub(crate) fn clear(&self) {
        let words = self.bytes().cast::<u64>();
        for i in 0..WORDS {
            // SAFETY: By the type invariant the record is within the allocation, which is aligned
            // to more than a record. Volatile, because a
            // device that is faulty may write at any time.
            unsafe { words.wrapping_add(i).write_volatile(0) };
        }
    }

    /// Reads the record if the device has written it, that is, if its first byte is not zero.
    pub(crate) fn read(&self) -> Option<[u8; RECORD]> {
        let bytes = self.bytes();
        // SAFETY: By the type invariant the record is within the allocation; the device may be
        // writing it.
        if unsafe { bytes.read_volatile() } == 0 {
            return None;
        }
        // The first byte is written last: what follows it must not be read before it.
        kernel::sync::barrier::dma_mb(kernel::sync::barrier::Read);
        let mut copy = [0; RECORD];
        for (i, byte) in copy.iter_mut().enumerate() {
            // SAFETY: As above; the device is done with the record.
            *byte = unsafe { bytes.wrapping_add(i).read_volatile() };
        }
        Some(copy)
    }
}
