// SPDX-License-Identifier: GPL-2.0

//! How many descriptors the hardware has of a tenant.

use kernel::{
    new_condvar,
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        CondVar,
        Mutex, //
    },
    time::Delta, //
};

use crate::framework::wait_for;

/// How many descriptors the hardware may have of a tenant.
#[pin_data]
pub(super) struct Flights {
    /// The lock is taken last.
    #[pin]
    count: Mutex<usize>,
    #[pin]
    landed: CondVar,
}

impl Flights {
    pub(super) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                count <- new_mutex!(0, "Flights::count"),
                landed <- new_condvar!("Flights::landed"),
            }),
            GFP_KERNEL,
        )
    }

    /// The hardware is about to be given one.
    pub(super) fn begin(&self) {
        *self.count.lock() += 1;
    }

    /// It does not have one any more.
    pub(super) fn end(&self) {
        let mut count = self.count.lock();
        *count = count.saturating_sub(1);
        self.landed.notify_all();
    }

    /// Whether it may have some.
    pub(super) fn are_there(&self) -> bool {
        *self.count.lock() > 0
    }

    /// Waits until it has none, for `limit` at most. Returns whether it has none.
    pub(super) fn wait(&self, limit: Delta) -> bool {
        let none = |count: &usize| (*count == 0).then_some(());
        wait_for(&self.count, &self.landed, limit, none).is_some()
    }
}
