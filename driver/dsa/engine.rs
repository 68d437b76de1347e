// SPDX-License-Identifier: GPL-2.0

//! Carries out what one tenant submits, as many descriptors at a time as its virtual WQs hold. One
//! thread, of a workqueue, does that for all of them; only what is invalid and was written to the file
//! is completed at once by the thread that writes.
//!
//! The state of an engine is in [`state`]. Descriptors come in by [`accept`]. [`process`] is what the
//! thread does: for each virtual WQ, which [`lane`] has the account of, it cuts one descriptor after
//! another into pieces ([`window`]) and submits them ([`submit`]), those of a batch as [`batch`] reads
//! them, and takes note of those that have ended, in whatever order ([`land`]); [`finish`] reports the
//! end of a descriptor, and [`record`] writes its record. [`memory`] pins what descriptors need and gives it up. [`quiesce`] ends
//! descriptors early, and [`unmap`] waits for them where their memory is taken away.

mod accept;
mod batch;
mod finish;
#[cfg(CONFIG_KUNIT = "y")]
mod kunit;
mod land;
mod lane;
mod memory;
mod process;
mod quiesce;
mod record;
mod state;
mod submit;
mod unmap;
mod window;

use kernel::{
    impl_has_work,
    new_condvar,
    new_mutex,
    new_work,
    prelude::*,
    sync::{
        atomic::AtomicFlag,
        Arc,
        CondVar,
        Mutex, //
    },
    workqueue::Work as WorkStruct, //
};

use self::{
    lane::Lane,
    state::State, //
};
use super::{
    bell::Bell,
    front::Front,
    ranges::{
        Places,
        Ranges, //
    },
    scheduler::Flow,
    submitter::Submitter,
    unmaps::Unmaps, //
};
use crate::{
    ffi::workqueue,
    framework::Meter,
    subdev_core::quality::Quality, //
};

/// What an engine needs to carry out the descriptors of a virtual WQ.
pub(super) struct Queue {
    /// What they go to.
    pub(super) submitter: Arc<dyn Submitter>,
    /// Has the engine take turns with others that submit there.
    pub(super) flow: Arc<Flow>,
    /// What counts them.
    pub(super) meter: Meter,
    /// Most descriptors that the virtual WQ holds.
    pub(super) share: u16,
}

/// Carries out what one tenant submits.
#[pin_data]
pub(super) struct Engine {
    front: Arc<Front>,
    /// Told of entries that are free again.
    bell: Arc<Bell>,
    /// Of each virtual WQ.
    queues: KVec<Queue>,
    #[pin]
    state: Mutex<State>,
    /// Something in `state` or `ranges` changed.
    #[pin]
    changed: CondVar,
    unmaps: Arc<Unmaps>,
    /// What is pinned.
    #[pin]
    ranges: Mutex<Ranges>,
    /// Of each virtual WQ, while the device is open. Taken by whoever carries out descriptors.
    #[pin]
    lanes: Mutex<KVec<Lane>>,
    /// The thread wanted `lanes` while another had them.
    missed: AtomicFlag,
    /// Another who had them has left something to the thread.
    left: AtomicFlag,
    #[pin]
    work: WorkStruct<Engine>,
}

impl_has_work! {
    impl HasWork<Self> for Engine { self.work }
}

impl Engine {
    /// An engine for a virtual WQ on each of `queues`. It accepts nothing until it is opened.
    pub(super) fn new(front: Arc<Front>, queues: KVec<Queue>) -> Result<Arc<Self>> {
        let unmaps = Unmaps::new()?;
        let bell = Bell::new()?;
        Arc::pin_init(
            pin_init!(Self {
                front,
                bell,
                queues,
                state <- new_mutex!(State::new(), "Engine::state"),
                changed <- new_condvar!("Engine::changed"),
                unmaps,
                ranges <- new_mutex!(Ranges::new(), "Engine::ranges"),
                lanes <- new_mutex!(KVec::new(), "Engine::lanes"),
                missed: AtomicFlag::new(false),
                left: AtomicFlag::new(false),
                work <- new_work!("Engine::work"),
            }),
            GFP_KERNEL,
        )
    }

    /// Allocates what carrying out descriptors needs.
    pub(super) fn open(&self) -> Result {
        let shares = self.queues.iter().map(|queue| usize::from(queue.share));
        let queues = state::Queues::new(shares.clone())?;
        let mut lanes = KVec::with_capacity(self.queues.len(), GFP_KERNEL)?;
        for (wq, share) in (0..).zip(shares) {
            lanes.push(Lane::new(wq, share)?, GFP_KERNEL)?;
        }
        let places = Places::new()?;
        let none = self.ranges.lock().replace(places);
        let old = core::mem::replace(&mut *self.lanes.lock(), lanes);
        let unused = self.state.lock().replace(queues);
        drop((none, old, unused));
        Ok(())
    }

    /// What wakes who waits for an entry of a virtual WQ.
    pub(super) fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// Most descriptors that a virtual WQ holds.
    fn share(&self, wq: u8) -> usize {
        let queue = self.queues.get(usize::from(wq));
        queue.map_or(0, |queue| usize::from(queue.share))
    }

    /// Gives up what is pinned, and frees what [`Self::open`] has allocated. Nothing is in flight any
    /// more.
    ///
    /// Waits as long as the tenant likes.
    pub(super) fn close(self: &Arc<Self>) {
        let places = {
            let mut ranges = self.ranges.lock();
            ranges.set_stale(|_| true);
            // By the thread, as whatever nobody takes away.
            self.kick();
            while !ranges.is_empty() {
                self.changed.wait(&mut ranges);
            }
            ranges.forget_limit();
            ranges.replace(Places::default())
        };
        let lanes = core::mem::take(&mut *self.lanes.lock());
        let queues = self.state.lock().replace(state::Queues::default());
        drop((places, lanes, queues));
    }

    /// Has the thread look at everything.
    fn kick(self: &Arc<Self>) {
        self.front.waker().wake();
        self.have_run();
    }

    /// Has the thread run, if it does not.
    fn have_run(self: &Arc<Self>) {
        // There is none when the module is about to go, and its tenants are gone.
        if let Some(queue) = workqueue::engines() {
            // Refused only if it is queued already, and then it looks.
            let _ = queue.enqueue(self.clone());
        }
    }

    /// Counts something of the virtual WQ `wq`.
    fn count(&self, wq: u8, what: impl FnOnce(&Meter)) {
        if let Some(queue) = self.queues.get(usize::from(wq)) {
            what(&queue.meter);
        }
    }

    /// Whether the hardware completes nothing any more.
    pub(super) fn is_lost(&self) -> bool {
        let mut queues = self.queues.iter();
        queues.any(|queue| queue.submitter.is_lost())
    }

    /// Changes how a virtual WQ is served from now on, if there is that one.
    pub(super) fn set_quality(&self, wq: usize, quality: Quality) {
        if let Some(queue) = self.queues.get(wq) {
            queue.flow.set(quality);
        }
    }
}
