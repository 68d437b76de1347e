// SPDX-License-Identifier: GPL-2.0

//! Threads: which one runs, and what it does before it returns to userspace.
//!
//! C headers: [`include/linux/sched.h`](srctree/include/linux/sched.h),
//! [`include/linux/task_work.h`](srctree/include/linux/task_work.h)

use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    sync::aref::ARef,
    task::Task,
    types::Opaque, //
};

use super::bindings as local;

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

/// The calling thread.
pub(crate) fn current() -> ARef<Task> {
    let task: &Task = kernel::current!();
    task.into()
}

/// Whether the calling thread is being killed: it is to return as soon as it can.
pub(crate) fn is_being_killed() -> bool {
    // SAFETY: Looks at the calling thread.
    unsafe { local::subdev_shim_is_being_killed() }
}

/// A closure, waiting for its thread.
#[repr(C)]
struct Returning<F> {
    // The first field: its address is that of the whole.
    head: Opaque<bindings::callback_head>,
    run: F,
}

/// Has the calling thread run `run` before it returns to userspace, or when it ends.
///
/// The module cannot be unloaded before that. Fails for a thread that has no userspace to return
/// to, for one that is past that point, and when the module is being unloaded already.
pub(crate) fn before_return(run: impl FnOnce() + Send + 'static) -> Result {
    fn new<F: FnOnce() + Send + 'static>(run: F) -> Result<(KBox<Returning<F>>, Callback)> {
        let head = Opaque::uninit();
        let returning = KBox::new(Returning { head, run }, GFP_KERNEL)?;
        Ok((returning, callback::<F>))
    }

    // SAFETY: The current task is valid, and only it changes its flags.
    let current = unsafe { bindings::get_current() };
    // SAFETY: As above.
    if unsafe { (*current).flags } & bindings::PF_KTHREAD != 0 {
        return Err(EINVAL);
    }
    let (returning, callback) = new(run)?;
    let returning = KBox::into_raw(returning);
    let head = returning.cast::<bindings::callback_head>();
    // SAFETY: The module is this one, whose code is running.
    if !unsafe { bindings::try_module_get(local::subdev_shim_this_module()) } {
        // SAFETY: Nobody else has it yet.
        drop(unsafe { KBox::from_raw(returning) });
        return Err(ENODEV);
    }
    // SAFETY: The head is the first field, and the module stays until the callback has run.
    let added = unsafe {
        bindings::init_task_work(head, Some(callback));
        bindings::task_work_add(current, head, bindings::task_work_notify_mode_TWA_RESUME)
    };
    to_result(added).inspect_err(|_| {
        // SAFETY: The reference was taken above, and the work was not, so it is still ours.
        unsafe {
            bindings::module_put(local::subdev_shim_this_module());
            drop(KBox::from_raw(returning));
        }
    })
}

type Callback = unsafe extern "C" fn(*mut bindings::callback_head);

/// Runs what was given to [`before_return`].
///
/// # Safety
///
/// To be called once, for a head that `before_return` has given away.
unsafe extern "C" fn callback<F: FnOnce()>(head: *mut bindings::callback_head) {
    // SAFETY: Guaranteed by the caller.
    let returning = unsafe { KBox::from_raw(head.cast::<Returning<F>>()) };
    (KBox::into_inner(returning).run)();
    // SAFETY: `before_return` has taken the reference. What follows here is waited for by
    // `wait_for_stragglers`.
    unsafe { bindings::module_put(local::subdev_shim_this_module()) };
}

/// Waits until no thread is about to leave a function that gave back the last reference to the
/// module. To be called when the module is being unloaded.
pub(crate) fn wait_for_stragglers() {
    // SAFETY: May be called wherever sleep is allowed.
    unsafe { local::subdev_shim_synchronize_rcu_tasks() };
}
