// SPDX-License-Identifier: GPL-2.0

//! Something that is counted, and waited for to be none.

use kernel::{
    new_condvar,
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        CondVar,
        Mutex, //
    },
    time::Delta,
    warn_on, //
};

use super::wait::wait_for;

/// How many there are of something. Its lock is taken last.
#[pin_data]
pub(crate) struct Count {
    #[pin]
    count: Mutex<usize>,
    #[pin]
    zero: CondVar,
}

impl Count {
    /// Starts at zero.
    pub(crate) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                count <- new_mutex!(0, "Count::count"),
                zero <- new_condvar!("Count::zero"),
            }),
            GFP_KERNEL,
        )
    }

    /// There is one more.
    pub(crate) fn enter(&self) {
        let mut count = self.count.lock();
        *count = count.saturating_add(1);
    }

    /// There is one less.
    pub(crate) fn leave(&self) {
        let mut count = self.count.lock();
        if warn_on!(*count == 0) {
            return;
        }
        *count -= 1;
        if *count == 0 {
            self.zero.notify_all();
        }
    }

    /// Whether there is none.
    pub(crate) fn is_zero(&self) -> bool {
        *self.count.lock() == 0
    }

    /// Waits until there is none, for `limit` at most. Returns whether there is none.
    pub(crate) fn wait_until_zero(&self, limit: Delta) -> bool {
        let is_zero = |count: &usize| (*count == 0).then_some(());
        wait_for(&self.count, &self.zero, limit, is_zero).is_some()
    }
}
