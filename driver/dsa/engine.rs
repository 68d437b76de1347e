// SPDX-License-Identifier: GPL-2.0

//! Carries out what one tenant submits: valid descriptors one after another on a workqueue, invalid
//! ones at once in the thread that submits them.
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
    front::Front,
    submitter::Submitter,
    transfer::Scratch,
    unmaps::Unmaps, //
};
use crate::{
    dsa_core::virt,
    framework::Meter, //
};

/// Carries out what one tenant submits.
#[pin_data]
pub(super) struct Engine {
    front: Arc<Front>,
    /// What the descriptors of each virtual WQ go to.
    submitters: KVec<Arc<dyn Submitter>>,
    /// What counts them.
    meters: KVec<Meter>,
    /// Most descriptors that each virtual WQ holds.
    shares: [u16; virt::WQS],
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
    /// An engine for a virtual WQ on each of `submitters`, with the meter and as many entries as
    /// `shares` has in the same place. It accepts nothing until it is opened.
    pub(super) fn new(
        front: Arc<Front>,
        submitters: KVec<Arc<dyn Submitter>>,
        meters: KVec<Meter>,
        shares: [u16; virt::WQS],
    ) -> Result<Arc<Self>> {
        let state = State::new()?;
        let unmaps = Unmaps::new()?;
        Arc::pin_init(
            pin_init!(Self {
                front,
                submitters,
                meters,
                shares,
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
        let shares = self.shares.iter().take(self.submitters.len());
        let shares = shares.map(|share| usize::from(*share));
        let scratch = Scratch::new(shares.clone().max().unwrap_or(0))?;
        let entries = shares.sum();
        let queues = state::Queues::new(entries)?;
        let old = self.scratch.lock().replace(scratch);
        let unused = self.state.lock().replace(queues);
        drop((old, unused));
        Ok(())
    }

    /// Most descriptors that a virtual WQ holds.
    fn share(&self, wq: u8) -> usize {
        let share = self.shares.get(usize::from(wq));
        share.map_or(0, |share| usize::from(*share))
    }

    /// Frees what [`Self::open`] has allocated. Nothing is in flight any more.
    pub(super) fn close(&self) {
        let scratch = self.scratch.lock().take();
        let queues = self.state.lock().replace(state::Queues::default());
        drop((scratch, queues));
    }

    /// Counts something of the virtual WQ `wq`.
    fn count(&self, wq: u8, what: impl FnOnce(&Meter)) {
        if let Some(meter) = self.meters.get(usize::from(wq)) {
            what(meter);
        }
    }

    /// Whether the hardware completes nothing any more.
    pub(super) fn is_lost(&self) -> bool {
        self.submitters.iter().any(|submitter| submitter.is_lost())
    }
}
