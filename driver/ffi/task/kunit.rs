// SPDX-License-Identifier: GPL-2.0

//! What has no userspace to return to is refused. What returns is seen in the VFIO scenarios.

use kernel::sync::{
    atomic::{
        Atomic,
        Relaxed, //
    },
    Arc, //
};

use super::*;

#[kunit_tests(subdev_task)]
mod tests {
    use super::*;

    /// KUnit's tests run in kernel threads.
    #[test]
    fn a_kernel_thread_is_refused_and_nothing_kept() -> Result {
        let ran = Arc::new(Atomic::new(0u32), GFP_KERNEL)?;
        let counter = ran.clone();
        let refused = before_return(move || {
            counter.fetch_add(1, Relaxed);
        });
        assert!(refused == Err(EINVAL));
        assert_eq!(ran.load(Relaxed), 0);
        assert!(Arc::into_unique_or_drop(ran).is_some());
        Ok(())
    }
}
