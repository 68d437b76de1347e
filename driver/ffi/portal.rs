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
    prelude::*, //
};

use super::bindings;

/// Bytes of a descriptor, and the alignment of the place that it is stored to.
pub(crate) const DESCRIPTOR: usize = 64;

/// Whether the CPU stores 64 bytes at once (MOVDIR64B).
pub(crate) fn has_atomic_store() -> bool {
    // SAFETY: The shim reads a feature bit.
    unsafe { bindings::subdev_shim_has_movdir64b() }
}

/// Stores `descriptor` at `offset` of `bar`.
///
/// Where the CPU has MOVDIR64B this is one atomic write. Elsewhere it is eight ordered writes, so
/// the caller must not let two calls for one portal overlap.
pub(crate) fn store(bar: &Bar<'_>, offset: usize, descriptor: &[u8; DESCRIPTOR]) -> Result {
    if offset % DESCRIPTOR != 0 {
        return Err(EINVAL);
    }
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
