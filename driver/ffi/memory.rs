// SPDX-License-Identifier: GPL-2.0

//! Memory of a user, as a device driver reaches it: by copying, and by pinning its pages.

use kernel::{
    bindings,
    prelude::*, //
};

#[cfg(CONFIG_KUNIT = "y")]
pub(crate) mod kunit;

/// Most pages that can be pinned in one call (`VFIO_PIN_PAGES_MAX_ENTRIES`).
pub(crate) const PIN_MAX: usize = 512;

/// The memory of a user, addressed by what the user calls its addresses (IOVA).
///
/// Each call may sleep, as long as the user likes: it may have to serve the memory itself.
///
/// # Safety
///
/// Pages that `pin` has written stay where they are, and valid, until they are unpinned.
pub(crate) unsafe trait Memory: Send + Sync {
    /// Copies from the user's memory.
    fn read(&self, iova: u64, data: &mut [u8]) -> Result;

    /// Copies to the user's memory.
    fn write(&self, iova: u64, data: &[u8]) -> Result;

    /// Pins the pages at `iova`, a multiple of the page size, and writes them to `pages`: all of
    /// them or none. ENOMEM says that a limit of the user does not allow it.
    fn pin(&self, iova: u64, write: bool, pages: &mut [*mut bindings::page]) -> Result;

    /// Unpins `count` pages at `iova`.
    ///
    /// # Safety
    ///
    /// They are pinned, by one call of the caller, and not used any more.
    unsafe fn unpin(&self, iova: u64, count: usize);
}
