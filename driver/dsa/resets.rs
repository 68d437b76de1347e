// SPDX-License-Identifier: GPL-2.0

//! Resets of a virtual function: one at a time, whoever asks for it.
//!
//! A reset waits for what is in flight, and so for as long as the tenant likes, which may withhold
//! memory. The tenant's own threads do so. Others wait for a while, and leave a reset that has begun
//! to a workqueue then: until it ends, the function accepts nothing.

use kernel::{
    impl_has_work,
    new_condvar,
    new_mutex,
    new_work,
    prelude::*,
    sync::{
        Arc,
        CondVar,
        Mutex, //
    },
    time::Delta,
    workqueue::{
        Work,
        WorkItem, //
    }, //
};

use super::{
    engine::Engine,
    front::Front,
    portal::Portal, //
};
use crate::{
    dsa_core::virt,
    ffi::workqueue,
    framework::{
        wait_for,
        NotReset, //
    }, //
};

/// Resets a function.
#[pin_data]
pub(super) struct Resets {
    front: Arc<Front>,
    engine: Arc<Engine>,
    /// If it is memory.
    portal: Option<Arc<Portal>>,
    /// Whether a reset is in progress. Not a lock that is held meanwhile, as another thread may end
    /// a reset than has begun it.
    #[pin]
    busy: Mutex<bool>,
    /// A reset has ended.
    #[pin]
    ended: CondVar,
    /// Ends a reset that somebody has begun who does not wait for its end.
    #[pin]
    work: Work<Resets>,
}

impl_has_work! {
    impl HasWork<Self> for Resets { self.work }
}

impl Resets {
    pub(super) fn new(
        front: Arc<Front>,
        engine: Arc<Engine>,
        portal: Option<Arc<Portal>>,
    ) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                front,
                engine,
                portal,
                busy <- new_mutex!(false, "Resets::busy"),
                ended <- new_condvar!("Resets::ended"),
                work <- new_work!("Resets::work"),
            }),
            GFP_KERNEL,
        )
    }

    /// Has the engine refuse what was checked before WQs stopped to accept work.
    pub(super) fn update_epochs(&self) {
        self.front.look(|registers| {
            let wqs = 0..registers.wqs();
            self.engine.set_epochs(wqs.map(|wq| registers.epoch(wq)));
        });
    }

    /// The state after power-on. On return nothing of what was submitted before is in flight.
    ///
    /// Waits as long as the tenant likes.
    pub(super) fn reset(&self) {
        {
            let mut busy = self.busy.lock();
            while *busy {
                self.ended.wait(&mut busy);
            }
            *busy = true;
        }
        self.begin();
        self.engine.abort(u8::MAX);
        self.finish();
    }

    /// As [`Self::reset`], but waits for `limit` at most each for a reset before and for what is in
    /// flight.
    pub(super) fn reset_within(self: &Arc<Self>, limit: Delta) -> Result<(), NotReset> {
        let is_idle = |busy: &bool| (!*busy).then_some(());
        loop {
            wait_for(&self.busy, &self.ended, limit, is_idle).ok_or(NotReset::Busy)?;
            let mut busy = self.busy.lock();
            if !*busy {
                *busy = true;
                break;
            }
        }
        self.begin();
        if self.engine.abort_within(u8::MAX, limit) {
            self.finish();
            return Ok(());
        }
        match workqueue::engines() {
            // Not queued already: one reset is in progress at a time.
            Some(queue) => {
                let _ = queue.enqueue(self.clone());
            }
            // The module is about to go, and with it the tenant.
            None => self.finish(),
        }
        Err(NotReset::Unfinished)
    }

    /// From here on nothing is accepted.
    fn begin(&self) {
        self.front.change(virt::Function::begin_reset);
        self.update_epochs();
        self.discard();
    }

    /// Forgets what is stored to a portal and was not taken.
    fn discard(&self) {
        if let Some(portal) = &self.portal {
            portal.discard();
        }
    }

    /// Nothing is in flight any more.
    fn finish(&self) {
        // What was stored meanwhile.
        self.discard();
        self.front.change(virt::Function::reset);
        *self.busy.lock() = false;
        self.ended.notify_all();
    }
}

impl WorkItem for Resets {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.engine.abort(u8::MAX);
        this.finish();
    }
}
