// SPDX-License-Identifier: GPL-2.0

//! Event file descriptors, as userspace hands them over to be signalled.
//!
//! C header: [`include/linux/eventfd.h`](srctree/include/linux/eventfd.h)

use core::ptr::NonNull;
use kernel::{
    bindings,
    error::from_err_ptr,
    prelude::*, //
};

/// A reference to an eventfd's context.
///
/// # Invariants
///
/// `ctx` is a context that this value holds a reference to.
pub(crate) struct EventFd {
    ctx: NonNull<bindings::eventfd_ctx>,
}

// SAFETY: The context is reference counted and may be signalled and released from any thread.
unsafe impl Send for EventFd {}
// SAFETY: `eventfd_signal_mask` takes the context's own lock.
unsafe impl Sync for EventFd {}

impl EventFd {
    /// Takes a reference to the eventfd that has number `fd` in the current process.
    pub(crate) fn from_fd(fd: i32) -> Result<Self> {
        // SAFETY: Any number may be passed; what is no eventfd gives an error pointer.
        let ctx = from_err_ptr(unsafe { bindings::eventfd_ctx_fdget(fd) })?;
        // INVARIANT: `eventfd_ctx_fdget` returned a reference of our own.
        Ok(Self {
            ctx: NonNull::new(ctx).ok_or(EBADF)?,
        })
    }

    /// Adds one to the counter and wakes who waits for it. Does not sleep.
    pub(crate) fn signal(&self) {
        // SAFETY: By the type invariant the context is valid.
        unsafe { bindings::eventfd_signal_mask(self.ctx.as_ptr(), 0) };
    }
}

impl Drop for EventFd {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the reference is ours to put.
        unsafe { bindings::eventfd_ctx_put(self.ctx.as_ptr()) };
    }
}
