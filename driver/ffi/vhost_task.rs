// SPDX-License-Identifier: GPL-2.0

//! Threads that the kernel has in a user's process: its time, limits and memory are the user's.
//!
//! C header: [`include/linux/sched/vhost_task.h`](srctree/include/linux/sched/vhost_task.h)

use core::ptr::NonNull;
use kernel::{
    bindings,
    error::from_err_ptr,
    prelude::*,
    sync::Arc, //
};

use super::bindings as local;

/// What such a thread does.
pub(crate) trait Worker: Send + Sync + 'static {
    /// Whether there is something to do; else the thread sleeps until it is woken up. It is about to,
    /// so that a wakeup since the call is not lost: this must not sleep.
    fn has_work(&self) -> bool;

    /// Does something. Returns soon: while this runs, the process can neither end nor be stopped.
    fn work(&self);

    /// The process ends, or executes another program, and the thread ends with it.
    fn killed(&self);
}

/// A thread in the process that has started it.
///
/// Dropped, it waits until the thread has ended, which is for as long as the process is stopped. So
/// the thread must do nothing that may drop it: no file and no memory of a process may have its last
/// reference put there.
///
/// # Invariants
///
/// `task` was started, and was not stopped. `worker` is what it was created with.
pub(crate) struct Thread<T: Worker> {
    task: NonNull<local::vhost_task>,
    _worker: Arc<T>,
}

// SAFETY: The C functions may be called from any thread, and the worker is `Send` and `Sync`.
unsafe impl<T: Worker> Send for Thread<T> {}
// SAFETY: As above.
unsafe impl<T: Worker> Sync for Thread<T> {}

impl<T: Worker> Thread<T> {
    /// Starts a thread of the calling process. Must not be called with a lock of the memory of the
    /// process held, below which creating a thread takes locks.
    pub(crate) fn start(name: &'static CStr, worker: Arc<T>) -> Result<Self> {
        // SAFETY: The current task is valid, and only it changes its flags.
        let flags = unsafe { (*bindings::get_current()).flags };
        if flags & (bindings::PF_KTHREAD | bindings::PF_USER_WORKER) != 0 {
            return Err(EINVAL);
        }
        let data = Arc::as_ptr(&worker).cast_mut().cast();
        // SAFETY: The callbacks take a pointer to a `T`, which is there until the thread has ended,
        // see `drop`.
        let task = from_err_ptr(unsafe {
            local::vhost_task_create(
                Some(Self::run),
                Some(Self::killed),
                data,
                name.as_char_ptr(),
            )
        })?;
        let task = NonNull::new(task).ok_or(ENOMEM)?;
        // SAFETY: It was just created.
        unsafe { local::vhost_task_start(task.as_ptr()) };
        // INVARIANT: It was just started with that worker.
        Ok(Self {
            task,
            _worker: worker,
        })
    }

    /// Called over and over. Returns whether it did something; else the thread sleeps.
    ///
    /// # Safety
    ///
    /// To be called by the thread, with the pointer that it was created with.
    unsafe extern "C" fn run(data: *mut c_void) -> bool {
        // SAFETY: The `Thread` has the worker, and waits for the thread before it drops it.
        let worker = unsafe { &*data.cast::<T>() };
        if !worker.has_work() {
            return false;
        }
        // SAFETY: Called by the thread, which was about to sleep and does not.
        unsafe { local::subdev_shim_worker_begin() };
        worker.work();
        // SAFETY: Called by the thread, which holds no lock.
        unsafe { local::subdev_shim_worker_end() };
        true
    }

    /// # Safety
    ///
    /// As for [`Self::run`].
    unsafe extern "C" fn killed(data: *mut c_void) {
        // SAFETY: As in `run`.
        unsafe { &*data.cast::<T>() }.killed();
    }
}

impl<T: Worker> Drop for Thread<T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant it was started; it is stopped once.
        unsafe { local::vhost_task_stop(self.task.as_ptr()) };
    }
}
