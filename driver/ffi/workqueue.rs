// SPDX-License-Identifier: GPL-2.0

//! Workqueues of one's own, drained when they are dropped; and waiting for delayed work.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use core::{
    ops::Deref,
    ptr::NonNull, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Full, //
    },
    workqueue::{
        DelayedWork,
        Queue,
        Work, //
    }, //
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

/// A workqueue of the module, in a static.
pub(crate) struct Shared {
    name: &'static CStr,
    ptr: Atomic<*mut kernel::bindings::workqueue_struct>,
}

impl Shared {
    /// A queue that is not there yet.
    pub(crate) const fn new(name: &'static CStr) -> Self {
        Self {
            name,
            ptr: Atomic::new(core::ptr::null_mut()),
        }
    }

    /// Creates the queue; it is there until the returned value is dropped.
    ///
    /// # Safety
    ///
    /// When the returned value is dropped, nobody uses a reference from [`Self::get`] any more, and
    /// no delayed work is pending on the queue.
    pub(crate) unsafe fn start(&'static self) -> Result<Running> {
        // SAFETY: The name is a valid string; the C side copies it.
        let ptr = unsafe { bindings::subdev_shim_alloc_workqueue(self.name.as_char_ptr()) };
        if ptr.is_null() {
            return Err(ENOMEM);
        }
        self.ptr.xchg(ptr, Full);
        Ok(Running(self))
    }

    /// The queue, while there is one.
    pub(crate) fn get(&self) -> Option<&'static Queue> {
        let ptr = self.ptr.load(Acquire);
        // SAFETY: A pointer that is not null is a workqueue. Whoever destroys it has promised that
        // nobody uses it then, see `start`.
        (!ptr.is_null()).then(|| unsafe { Queue::from_raw(ptr) })
    }

    /// Waits until everything that was queued so far has run, and dropped what it held.
    pub(crate) fn flush(&self) {
        let ptr = self.ptr.load(Acquire);
        if !ptr.is_null() {
            // SAFETY: As in `get`.
            unsafe { kernel::bindings::__flush_workqueue(ptr) };
        }
    }
}

/// A [`Shared`] queue that is there; dropping it waits until everything queued on it has run.
pub(crate) struct Running(&'static Shared);

impl Drop for Running {
    fn drop(&mut self) {
        let ptr = self.0.ptr.xchg(core::ptr::null_mut(), Full);
        // SAFETY: `start` created it, and there is one `Running` for it. Nobody queues on it any
        // more, by the requirement of `start`.
        unsafe { kernel::bindings::destroy_workqueue(ptr) };
    }
}

/// Has delayed work that is pending run now, and waits for its end. Not to be called by the work
/// itself, which would wait for ever.
pub(crate) fn flush_delayed<T, const ID: u64>(work: &DelayedWork<T, ID>) {
    // SAFETY: `work` is initialised, as there is a reference to it; its work is within a
    // `delayed_work`.
    unsafe {
        let work = Work::raw_get(DelayedWork::raw_as_work(work));
        kernel::bindings::flush_delayed_work(kernel::container_of!(
            work,
            kernel::bindings::delayed_work,
            work
        ));
    }
}
