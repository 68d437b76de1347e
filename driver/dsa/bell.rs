// SPDX-License-Identifier: GPL-2.0

//! Sleep of the thread that takes descriptors from a portal, and what ends it.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            Acquire,
            Atomic,
            Full, //
        },
        Arc,
        Mutex, //
    },
    task::Task, //
};

/// It does not sleep, nor is about to.
const AWAKE: u32 = 0;
/// It sleeps until it is woken up by [`Bell::ring`].
const PARKED: u32 = 1;
/// It sleeps until then, or until an entry is free.
const WAITING: u32 = 2;

/// Wakes the thread.
#[pin_data]
pub(super) struct Bell {
    state: Atomic<u32>,
    /// The thread, once it has slept.
    #[pin]
    task: Mutex<Option<ARef<Task>>>,
}

impl Bell {
    pub(super) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                state: Atomic::new(AWAKE),
                task <- new_mutex!(None, "Bell::task"),
            }),
            GFP_KERNEL,
        )
    }

    /// There is another thread from now on, which is awake.
    pub(super) fn reset(&self) {
        let old = self.task.lock().take();
        drop(old);
        self.state.xchg(AWAKE, Full);
    }

    /// Whether the thread is to stay awake. Called by the thread when it is about to sleep.
    pub(super) fn is_awake(&self) -> bool {
        self.state.load(Acquire) == AWAKE
    }

    /// The calling thread, `task`, is about to sleep, until something was stored or, if it is
    /// `waiting`, an entry is free. It looks for an entry after this call, under the lock under which
    /// entries are freed.
    pub(super) fn sleep(&self, task: ARef<Task>, waiting: bool) {
        let old = self.task.lock().replace(task);
        drop(old);
        self.state
            .xchg(if waiting { WAITING } else { PARKED }, Full);
    }

    /// Something was stored, or there is another reason to look.
    pub(super) fn ring(&self) {
        if self.state.xchg(AWAKE, Full) != AWAKE {
            if let Some(task) = &*self.task.lock() {
                task.wake_up();
            }
        }
    }

    /// An entry is free: called after the lock was released under which it was freed.
    pub(super) fn entry_free(&self) {
        if self.state.load(Acquire) == WAITING {
            self.ring();
        }
    }
}
