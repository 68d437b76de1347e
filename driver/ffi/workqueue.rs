// SPDX-License-Identifier: GPL-2.0

//! Workqueues of the module, drained when they are stopped; and waiting for delayed work.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

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

/// Does the work of tenants.
pub(crate) static ENGINES: Shared = Shared::new(c"subdev_engine");

/// The queue for the work of tenants, while the module is up.
pub(crate) fn engines() -> Option<&'static Queue> {
    ENGINES.get()
}

/// Waits until all of the tenants' work that was queued so far has run.
#[cfg(CONFIG_KUNIT = "y")]
pub(crate) fn flush_engines() {
    ENGINES.flush();
}

/// An unbound workqueue in a static.
///
/// A module that queues work needs one of its own: work on the system's queues could still be
/// returning from the module's code when that is unloaded.
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
