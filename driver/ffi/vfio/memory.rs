// SPDX-License-Identifier: GPL-2.0

//! The memory of who has a device open.

use core::ptr::NonNull;
use kernel::{
    bindings,
    error::to_result,
    page::PAGE_SIZE,
    prelude::*,
    warn_on, //
};

use crate::ffi::{
    bindings as local,
    memory::{
        self,
        PIN_MAX, //
    },
    mmap, //
};

/// Access to the memory of who has a device open.
///
/// It is handed to [`Operations::open`](super::Operations::open), and of use until [`Operations::close`](super::Operations::close): to an attempt to
/// pin after that, VFIO reacts with a warning and an error.
///
/// # Invariants
///
/// `vdev` is a device that this value holds a reference to.
pub(crate) struct Memory {
    vdev: NonNull<local::vfio_device>,
}

// SAFETY: The C functions that use the device may be called from any thread.
unsafe impl Send for Memory {}
// SAFETY: As above; they lock what they need.
unsafe impl Sync for Memory {}

impl Memory {
    /// # Safety
    ///
    /// `vdev` must be a valid device.
    pub(super) unsafe fn from_raw(vdev: *mut local::vfio_device) -> Self {
        // SAFETY: By the safety requirement; the reference taken here is put in `drop`.
        let vdev = unsafe {
            local::subdev_shim_vfio_get(vdev);
            NonNull::new_unchecked(vdev)
        };
        // INVARIANT: A reference was just taken.
        Self { vdev }
    }

    /// Memory in the range of the device's file that begins at `start`, which its users may map.
    pub(crate) fn region<const PAGES: usize>(&self, start: u64) -> mmap::Region<PAGES> {
        // SAFETY: The device is valid by the type invariant.
        unsafe { mmap::Region::new(self.vdev, start) }
    }

    fn copy(&self, iova: u64, data: *mut u8, len: usize, write: bool) -> Result {
        if len == 0 {
            return Ok(());
        }
        // SAFETY: The device is valid by the type invariant; `data` has `len` bytes, which are
        // only read if `write`.
        to_result(unsafe { local::vfio_dma_rw(self.vdev.as_ptr(), iova, data.cast(), len, write) })
    }
}

// SAFETY: VFIO unpins what was pinned for a device when the device asks for it, and else never. A
// user that takes such memory away waits in the kernel until it was asked for (type1 ends in a BUG
// and iommufd in an error if that does not come), and what is pinned when the last file is closed
// stays so for ever, with a warning.
unsafe impl memory::Memory for Memory {
    fn read(&self, iova: u64, data: &mut [u8]) -> Result {
        self.copy(iova, data.as_mut_ptr(), data.len(), false)
    }

    fn write(&self, iova: u64, data: &[u8]) -> Result {
        self.copy(iova, data.as_ptr().cast_mut(), data.len(), true)
    }

    fn pin(&self, iova: u64, write: bool, pages: &mut [*mut bindings::page]) -> Result {
        if pages.is_empty() || pages.len() > PIN_MAX || iova % PAGE_SIZE as u64 != 0 {
            return Err(EINVAL);
        }
        let mut prot = bindings::IOMMU_READ;
        if write {
            prot |= bindings::IOMMU_WRITE;
        }
        // CAST: `len` is at most `PIN_MAX`.
        let wanted = pages.len() as c_int;
        // SAFETY: The device is valid by the type invariant, and `pages` has room for `wanted`.
        let pinned = unsafe {
            local::vfio_pin_pages(
                self.vdev.as_ptr(),
                iova,
                wanted,
                prot as c_int,
                pages.as_mut_ptr(),
            )
        };
        if pinned < 0 {
            return Err(Error::from_errno(pinned));
        }
        if pinned == wanted {
            return Ok(());
        }
        // VFIO has no such answer now; its interface leaves room for it.
        if pinned > 0 {
            // SAFETY: The device is valid by the type invariant, and that many were just pinned.
            unsafe { local::vfio_unpin_pages(self.vdev.as_ptr(), iova, pinned) };
        }
        Err(EFAULT)
    }

    unsafe fn unpin(&self, iova: u64, count: usize) {
        // No user has so many.
        if warn_on!(count > c_int::MAX as usize) {
            return;
        }
        // SAFETY: The device is valid by the type invariant, and by the safety requirement the
        // pages are pinned: VFIO warns of others.
        // CAST: Checked above.
        unsafe { local::vfio_unpin_pages(self.vdev.as_ptr(), iova, count as c_int) };
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the reference is ours.
        unsafe { local::subdev_shim_vfio_put(self.vdev.as_ptr()) };
    }
}
