// SPDX-License-Identifier: GPL-2.0

//! How much of a parent is still there: what its unbinding waits for.

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

use super::wait::wait_for;

/// How long to wait at a time: a wait without an end is reported as a hung task.
const TURN: Delta = Delta::from_secs(1);

/// Counts the subdevs of a parent that are in the registry, and those that have a VFIO device.
#[pin_data]
pub(super) struct Presence {
    #[pin]
    count: Mutex<usize>,
    #[pin]
    zero: CondVar,
}

impl Presence {
    /// Starts at zero.
    pub(super) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                count <- new_mutex!(0),
                zero <- new_condvar!(),
            }),
            GFP_KERNEL,
        )
    }

    /// There is one more.
    pub(super) fn enter(&self) {
        let mut count = self.count.lock();
        *count = count.saturating_add(1);
    }

    /// There is one less.
    pub(super) fn leave(&self) {
        let mut count = self.count.lock();
        if kernel::warn_on!(*count == 0) {
            return;
        }
        *count -= 1;
        if *count == 0 {
            self.zero.notify_all();
        }
    }

    /// Waits until there is none. That may take as long as a VFIO user likes.
    pub(super) fn wait_until_zero(&self) {
        let is_zero = |count: &usize| (*count == 0).then_some(());
        while wait_for(&self.count, &self.zero, TURN, is_zero).is_none() {}
    }
}
