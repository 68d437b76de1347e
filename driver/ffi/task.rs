// SPDX-License-Identifier: GPL-2.0

//! Something that a thread does before it returns to userspace.
//!
//! C header: [`include/linux/task_work.h`](srctree/include/linux/task_work.h)

use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    types::Opaque, //
};

use super::bindings as local;

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

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
/// to, and for one that is past that point.
///
/// Only to be called where something else keeps the module loaded.
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
    // SAFETY: The head is the first field; the caller knows that the module is loaded.
    let added = unsafe {
        bindings::init_task_work(head, Some(callback));
        bindings::__module_get(local::subdev_shim_this_module());
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
