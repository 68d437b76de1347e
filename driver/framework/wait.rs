// SPDX-License-Identifier: GPL-2.0

//! Waiting with an end, whatever signals are pending.

use kernel::{
    sync::{
        CondVar,
        CondVarTimeoutResult,
        Mutex, //
    },
    time::{
        delay::fsleep,
        msecs_to_jiffies,
        Delta,
        Instant,
        Monotonic, //
    }, //
};

/// Waits until `find` finds something in what `lock` guards; `None` if it does not within `limit`.
/// It is called again whenever `changed` is notified.
pub(crate) fn wait_for<T, R>(
    lock: &Mutex<T>,
    changed: &CondVar,
    limit: Delta,
    find: impl Fn(&T) -> Option<R>,
) -> Option<R> {
    let start = Instant::<Monotonic>::now();
    let mut guarded = lock.lock();
    loop {
        if let Some(found) = find(&guarded) {
            return Some(found);
        }
        let left = limit - start.elapsed();
        let left = u32::try_from(left.as_millis()).unwrap_or(0);
        if left == 0 {
            return None;
        }
        let woken = changed.wait_interruptible_timeout(&mut guarded, msecs_to_jiffies(left));
        if matches!(woken, CondVarTimeoutResult::Signal { .. }) {
            // It stays pending, and what is waited for cannot be interrupted.
            drop(guarded);
            fsleep(Delta::from_millis(1));
            guarded = lock.lock();
        }
    }
}
