// SPDX-License-Identifier: GPL-2.0

//! A workqueue of one's own, drained when it is dropped.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use core::{
    ops::Deref,
    ptr::NonNull, //
};
use kernel::{
    prelude::*,
    workqueue::Queue, //
};

use super::bindings;

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

/// An unbound workqueue; dropping it waits until everything queued on it has run.
///
/// A module that queues work needs one: work on the system's queues could still be returning from
/// the module's code when that is unloaded.
///
/// # Invariants
///
/// `ptr` is a workqueue that this value owns.
pub(crate) struct OwnedQueue {
    ptr: NonNull<kernel::bindings::workqueue_struct>,
}

// SAFETY: A workqueue may be used and destroyed from any thread.
unsafe impl Send for OwnedQueue {}
// SAFETY: All access through a shared reference goes through `Queue`, which is `Sync`.
unsafe impl Sync for OwnedQueue {}

impl OwnedQueue {
    /// Creates a workqueue; `name` is what shows in the names of its threads.
    pub(crate) fn new(name: &CStr) -> Result<Self> {
        // SAFETY: `name` is a valid string; the C side copies it.
        let ptr = unsafe { bindings::subdev_shim_alloc_workqueue(name.as_char_ptr()) };
        // INVARIANT: The workqueue was created for this value.
        Ok(Self {
            ptr: NonNull::new(ptr).ok_or(ENOMEM)?,
        })
    }

    /// Waits until everything that was queued so far has run, and let go of what it held.
    pub(crate) fn flush(&self) {
        // SAFETY: By the type invariant.
        unsafe { kernel::bindings::__flush_workqueue(self.ptr.as_ptr()) };
    }
}

impl Deref for OwnedQueue {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        // SAFETY: By the type invariant the pointer is valid while `self` is borrowed.
        unsafe { Queue::from_raw(self.ptr.as_ptr()) }
    }
}

impl Drop for OwnedQueue {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the workqueue is ours, and nobody can queue on it any
        // more.
        unsafe { kernel::bindings::destroy_workqueue(self.ptr.as_ptr()) };
    }
}
