// SPDX-License-Identifier: GPL-2.0

//! Carries out what one tenant submits: descriptors one after another on a workqueue, but for
//! invalid ones that are written to the file, which are completed at once in the thread that writes.
//!
//! The state of an engine is in [`state`]. Descriptors come in by [`accept`] and are carried out by
//! [`process`], which asks [`gate`] before each step; [`quiesce`] ends them early, and [`unmap`]
//! waits for them where their memory is taken away.

mod accept;
mod gate;
#[cfg(CONFIG_KUNIT = "y")]
mod kunit;
mod process;
mod quiesce;
mod state;
mod unmap;

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
    workqueue::Work as WorkStruct, //
};

use self::state::State;
use super::{
    bell::Bell,
    front::Front,
    scheduler::Flow,
    submitter::Submitter,
    transfer::Scratch,
    unmaps::Unmaps, //
};
use crate::{
    framework::Meter,
    subdev_core::quality::Quality, //
};

/// What an engine needs to carry out the descriptors of a virtual WQ.
pub(super) struct Queue {
    /// What they go to.
    pub(super) submitter: Arc<dyn Submitter>,
    /// Has the engine take turns with others that submit there.
    pub(super) flow: Flow,
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
    /// Something in the state changed.
    #[pin]
    changed: CondVar,
    unmaps: Arc<Unmaps>,
    /// Taken by the thread that carries out descriptors, before `state`; there is one at a time. It
    /// is there while the device is open.
    #[pin]
    scratch: Mutex<Option<Scratch>>,
    #[pin]
    work: WorkStruct<Engine>,
}

impl_has_work! {
    impl HasWork<Self> for Engine { self.work }
}

impl Engine {
    /// An engine for a virtual WQ on each of `queues`. It accepts nothing until it is opened.
    pub(super) fn new(front: Arc<Front>, queues: KVec<Queue>) -> Result<Arc<Self>> {
        let state = State::new()?;
        let unmaps = Unmaps::new()?;
        let bell = Bell::new()?;
        Arc::pin_init(
            pin_init!(Self {
                front,
                bell,
                queues,
                state <- new_mutex!(state, "Engine::state"),
                changed <- new_condvar!("Engine::changed"),
                unmaps,
                scratch <- new_mutex!(None, "Engine::scratch"),
                work <- new_work!("Engine::work"),
            }),
            GFP_KERNEL,
        )
    }

    /// Allocates what carrying out descriptors needs.
    pub(super) fn open(&self) -> Result {
        let shares = self.queues.iter().map(|queue| usize::from(queue.share));
        let scratch = Scratch::new(shares.clone().max().unwrap_or(0))?;
        let entries = shares.sum();
        let queues = state::Queues::new(entries)?;
        let old = self.scratch.lock().replace(scratch);
        let unused = self.state.lock().replace(queues);
        drop((old, unused));
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

    /// Frees what [`Self::open`] has allocated. Nothing is in flight any more.
    pub(super) fn close(&self) {
        let scratch = self.scratch.lock().take();
        let queues = self.state.lock().replace(state::Queues::default());
        drop((scratch, queues));
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

    /// Whoever waits for a turn looks whether it goes on at all.
    fn nudge(&self) {
        self.queues.iter().for_each(|queue| queue.flow.nudge());
    }
}
