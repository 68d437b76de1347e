// SPDX-License-Identifier: GPL-2.0

//! The 64-byte store by which a descriptor is submitted to a portal.

use kernel::{
    io::{
        Io,
        IoBackend,
        IoBase,
        MmioBackend, //
    },
    pci::Bar,
    prelude::*,
    sync::barrier, //
};

use super::bindings;

/// Bytes of a descriptor, and the alignment of the place that it is stored to.
pub(crate) const DESCRIPTOR: usize = 64;

/// Whether the CPU stores 64 bytes at once (MOVDIR64B).
fn has_atomic_store() -> bool {
    // SAFETY: The shim reads a feature bit.
    unsafe { bindings::subdev_shim_has_movdir64b() }
}

/// Stores `descriptor` at `offset` of `bar`. What was written to memory before is visible to the
/// device when it has the descriptor.
///
/// Where the CPU has MOVDIR64B this is one atomic write. Elsewhere it is eight ordered writes, so
/// two calls for one portal that overlap mix their descriptors.
pub(crate) fn store(bar: &Bar<'_>, offset: usize, descriptor: &[u8; DESCRIPTOR]) -> Result {
    if offset % DESCRIPTOR != 0 {
        return Err(EINVAL);
    }
    // A direct store is not ordered after older stores, whatever the type of the memory
    // (`idxd_submit_desc` in `srctree/drivers/dma/idxd/submit.c` has the same barrier).
    barrier::mb(barrier::Write);
    if has_atomic_store() {
        let end = offset.checked_add(DESCRIPTOR).ok_or(EINVAL)?;
        if end > bar.size() {
            return Err(EINVAL);
        }
        let base = MmioBackend::as_ptr(bar.as_view()).cast::<u8>();
        let dst = base.wrapping_add(offset);
        // SAFETY: `dst` is 64-byte aligned and, as just checked, within the mapping, which stays
        // in place while `bar` is borrowed; `descriptor` is readable.
        unsafe { bindings::subdev_shim_movdir64b(dst.cast(), descriptor.as_ptr().cast()) };
        return Ok(());
    }
    for (i, word) in descriptor.chunks_exact(8).enumerate() {
        let word = u64::from_le_bytes(word.try_into().map_err(|_| EINVAL)?);
        // `write64` is a `writeq`: ordered against earlier writes to memory and to the device.
        bar.try_write64(word, offset + i * 8)?;
    }
    Ok(())
}

/// Sleeps for as long as the module's parameter `submit_delay_us` says, between the decision to
/// submit and the submission. It is there on kernels with fault injection, for tests; elsewhere
/// this does nothing.
pub(crate) fn delay_submission() {
    // SAFETY: The shim sleeps, as its caller may.
    unsafe { bindings::subdev_shim_submit_delay() };
}
