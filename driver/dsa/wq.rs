// SPDX-License-Identifier: GPL-2.0

//! A hardware work queue: what it has, of whom, and whether it takes more.

use kernel::{
    new_condvar,
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        CondVar,
        Mutex, //
    },
    time::{
        msecs_to_jiffies,
        Delta,
        Instant,
        Monotonic, //
    }, //
};

use super::{
    port::Port,
    scheduler::Scheduler,
    slots::Slots,
    submitter::{
        Ended,
        Make,
        Owner,
        Ticket, //
    }, //
};
use crate::{
    dsa_core::{
        blame::{
            Flight,
            Report, //
        },
        setup, //
    },
    framework::{
        WqDescription,
        WqMode,
        WqState, //
    }, //
};

/// How long a submission waits for a recovery to end. That runs one command, which is bounded, and
/// may have to wait for one of another work queue.
const RECOVERY: Delta = Delta::from_secs(30);

/// What a work queue does with descriptors.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It takes none: the hardware drops what is stored to the portal.
    Disabled,
    /// It takes and completes them.
    Enabled,
    /// What it has is being aborted; submissions wait until that is over.
    Recovering,
    /// It takes none any more.
    Lost,
}

/// What the lock of a work queue guards.
struct State<P> {
    status: Status,
    slots: Slots,
    port: P,
    /// Largest transfer as a power of two.
    max_transfer_shift: u32,
}

/// A hardware work queue, which is reached by a [`Port`].
#[pin_data]
pub(super) struct Wq<P: Port> {
    id: u8,
    scheduler: Arc<Scheduler>,
    #[pin]
    state: Mutex<State<P>>,
    /// The status changed.
    #[pin]
    changed: CondVar,
}

impl<P: Port> Wq<P> {
    /// A work queue that is disabled, for as many descriptors at a time as `slots` has.
    pub(super) fn with_port(id: u8, slots: Slots, port: P) -> Result<Arc<Self>> {
        let scheduler = Scheduler::new()?;
        Arc::pin_init(
            pin_init!(Self {
                id,
                scheduler,
                state <- new_mutex!(State {
                    status: Status::Disabled,
                    slots,
                    port,
                    max_transfer_shift: 0,
                }, "Wq::state"),
                changed <- new_condvar!("Wq::changed"),
            }),
            GFP_KERNEL,
        )
    }

    /// Looks at the port, or changes it, and with it what is in use: nothing is in flight where the
    /// slots are others then.
    pub(super) fn with<R>(&self, change: impl FnOnce(&mut Slots, &mut P) -> R) -> R {
        let State { slots, port, .. } = &mut *self.state.lock();
        change(slots, port)
    }

    /// Number of the work queue.
    pub(super) fn id(&self) -> u8 {
        self.id
    }

    /// Has those that submit to it take turns.
    pub(super) fn scheduler(&self) -> &Arc<Scheduler> {
        &self.scheduler
    }

    pub(super) fn status(&self) -> Status {
        self.state.lock().status
    }

    /// What the framework is to know of it, as it is set up.
    pub(super) fn describe(&self, setup: &setup::Wq) -> WqDescription {
        WqDescription {
            state: match self.status() {
                Status::Enabled | Status::Recovering => WqState::Enabled,
                Status::Disabled | Status::Lost => WqState::Disabled,
            },
            mode: match setup.dedicated {
                true => WqMode::Dedicated,
                false => WqMode::Shared,
            },
            size: setup.size.into(),
        }
    }

    /// Largest transfer of one descriptor as a power of two.
    pub(super) fn max_transfer_shift(&self) -> u32 {
        self.state.lock().max_transfer_shift
    }

    /// The hardware has enabled the work queue.
    pub(super) fn open(&self, max_transfer_shift: u32) {
        let mut state = self.state.lock();
        state.max_transfer_shift = max_transfer_shift;
        if state.status == Status::Disabled {
            state.status = Status::Enabled;
        }
    }

    /// The hardware is about to disable the work queue: on return nothing is stored to its portal
    /// any more.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        if state.status != Status::Lost {
            state.status = Status::Disabled;
        }
        self.changed.notify_all();
    }

    /// Submits a descriptor of `owner`, which is told of its end with `bytes`.
    ///
    /// EBUSY says that there is no free entry, or that a recovery does not end; ENXIO that the work
    /// queue is disabled, ENODEV that it is lost.
    pub(super) fn submit(
        &self,
        make: Make<'_>,
        bytes: u32,
        owner: &Arc<dyn Owner>,
    ) -> Result<Ticket> {
        let mut state = self.state.lock();
        let since = Instant::<Monotonic>::now();
        loop {
            match state.status {
                Status::Enabled => break,
                Status::Disabled => return Err(ENXIO),
                Status::Lost => return Err(ENODEV),
                Status::Recovering if since.elapsed() >= RECOVERY => return Err(EBUSY),
                Status::Recovering => {
                    let _ = self
                        .changed
                        .wait_interruptible_timeout(&mut state, msecs_to_jiffies(100));
                }
            }
        }
        let State { slots, port, .. } = &mut *state;
        let at = slots.find_free().ok_or(EBUSY)?;
        // Under the lock, which serialises the stores, and orders them before `close`.
        let descriptor = port.submit(at, make)?;
        let flight = Flight::new(&descriptor);
        Ok(slots.occupy(at, flight, bytes, owner.clone()))
    }

    /// What became of a descriptor; nothing as long as the hardware has it.
    pub(super) fn take(&self, ticket: &Ticket) -> Option<Ended> {
        self.state.lock().slots.take(ticket)
    }

    /// What the hardware has of `owner` for the longest time, and since when.
    pub(super) fn oldest(&self, owner: &Arc<dyn Owner>) -> Option<(Ticket, Instant<Monotonic>)> {
        self.state.lock().slots.oldest(owner)
    }

    /// Calls `found` with who has submitted what an error of the hardware may be about.
    pub(super) fn blame(&self, report: &Report, found: impl FnMut(&Arc<dyn Owner>)) {
        let state = self.state.lock();
        let owners = state
            .slots
            .owners(|flight| report.may_blame(self.id, flight));
        owners.for_each(found);
    }

    /// Takes note of all descriptors that are done, and tells their owners. Returns whether there were
    /// some.
    pub(super) fn reap(&self) -> bool {
        self.reap_locked(&mut self.state.lock())
    }

    fn reap_locked(&self, state: &mut State<P>) -> bool {
        let State { slots, port, .. } = state;
        port.reap(slots)
    }

    /// Begins a recovery: marks what the hardware has as doomed, and bars submission until
    /// [`Self::settle`]. Returns false, and does neither, if the hardware does not have `stuck` any
    /// more: another recovery has ended it, or it is done after all.
    pub(super) fn bar(&self, stuck: Option<&Ticket>) -> bool {
        let mut state = self.state.lock();
        self.reap_locked(&mut state);
        if stuck.is_some_and(|stuck| !state.slots.is_pending(stuck)) {
            return false;
        }
        state.slots.doom();
        if state.status == Status::Enabled {
            state.status = Status::Recovering;
        }
        true
    }

    /// Ends a recovery, after which the hardware has nothing of what was doomed; the work queue is
    /// then `next`.
    pub(super) fn settle(&self, next: Status) {
        let mut state = self.state.lock();
        self.reap_locked(&mut state);
        state.slots.abandon();
        if state.status == Status::Recovering {
            state.status = next;
        }
        self.changed.notify_all();
    }

    /// Ends a recovery that came to nothing: the hardware may have all of it still.
    pub(super) fn resume(&self) {
        let mut state = self.state.lock();
        if state.status == Status::Recovering {
            state.status = Status::Enabled;
        }
        self.changed.notify_all();
    }

    /// The hardware was reset after it was lost: the work queue is there again, disabled.
    pub(super) fn find_again(&self) {
        let mut state = self.state.lock();
        if state.status == Status::Lost {
            state.status = Status::Disabled;
        }
    }

    /// The hardware does nothing any more until it is reset: ends what it has, and takes nothing.
    pub(super) fn lose(&self) {
        let mut state = self.state.lock();
        state.status = Status::Lost;
        self.reap_locked(&mut state);
        state.slots.doom();
        state.slots.abandon();
        self.changed.notify_all();
    }
}
