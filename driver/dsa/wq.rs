// SPDX-License-Identifier: GPL-2.0

//! A hardware work queue: submission, and completion records.

use kernel::{
    device::{
        Bound,
        Device, //
    },
    new_condvar,
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        CondVar,
        CondVarTimeoutResult,
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
    registers::Registers,
    scheduler::Scheduler,
    slots::Slots,
    submitter::{
        Ended,
        Make,
        Ticket, //
    }, //
};
use crate::{
    dsa_core::{
        desc::{
            Completion,
            DESC_LEN, //
        },
        regs::table::portal, //
    },
    ffi::records::Records, //
};

/// How long a submission waits for a recovery to end. That runs one command, which is bounded, and
/// may have to wait for one of another work queue.
const RECOVERY: Delta = Delta::from_secs(30);

/// Descriptors that a page of a portal takes at different addresses.
const PLACES: u64 = portal::PAGE / DESC_LEN as u64;

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
struct State {
    status: Status,
    slots: Slots,
    /// Interrupt handle for completions.
    handle: u16,
    /// Largest transfer as a power of two.
    max_transfer_shift: u32,
    /// Where in the page of the portal the next descriptor is stored.
    place: u64,
}

/// A hardware work queue.
#[pin_data]
pub(super) struct Wq {
    id: u8,
    regs: Arc<Registers>,
    records: Records,
    scheduler: Arc<Scheduler>,
    #[pin]
    state: Mutex<State>,
    /// A descriptor ended, or the status changed.
    #[pin]
    changed: CondVar,
}

impl Wq {
    /// A work queue that is disabled, with completion records for `size` descriptors at a time.
    pub(super) fn new(
        dev: &Device<Bound>,
        regs: Arc<Registers>,
        id: u8,
        size: u32,
    ) -> Result<Arc<Self>> {
        let size = size as usize;
        let slots = Slots::new(size)?;
        let records = Records::new(dev, size.max(1))?;
        let scheduler = Scheduler::new()?;
        Arc::pin_init(
            pin_init!(Self {
                id,
                regs,
                records,
                scheduler,
                state <- new_mutex!(State {
                    status: Status::Disabled,
                    slots,
                    handle: 0,
                    max_transfer_shift: 0,
                    place: 0,
                }, "Wq::state"),
                changed <- new_condvar!("Wq::changed"),
            }),
            GFP_KERNEL,
        )
    }

    /// Number of the work queue.
    pub(super) fn id(&self) -> u8 {
        self.id
    }

    /// Who submits when.
    pub(super) fn scheduler(&self) -> &Arc<Scheduler> {
        &self.scheduler
    }

    pub(super) fn status(&self) -> Status {
        self.state.lock().status
    }

    /// Largest transfer of one descriptor as a power of two.
    pub(super) fn max_transfer_shift(&self) -> u32 {
        self.state.lock().max_transfer_shift
    }

    /// The interrupt handle that descriptors ask for.
    pub(super) fn handle(&self) -> u16 {
        self.state.lock().handle
    }

    /// Changes the interrupt handle that descriptors ask for from now on.
    pub(super) fn set_handle(&self, handle: u16) {
        self.state.lock().handle = handle;
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

    /// Submits a descriptor.
    ///
    /// EBUSY says that there is no free entry, or that a recovery does not end; ENXIO that the work
    /// queue is disabled, ENODEV that it is lost.
    pub(super) fn submit(&self, make: Make<'_>) -> Result<Ticket> {
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
        let at = state.slots.find_free().ok_or(EBUSY)?;
        let descriptor = {
            let dev = self.regs.bound().get().ok_or(ENODEV)?;
            let record = self.records.get(&dev, at)?;
            record.clear();
            make(record.address(), state.handle)
        };
        // Each descriptor goes to another address than the one before, as with idxd: a CPU may
        // combine stores to the same one.
        let page = portal::offset(self.id, portal::LIMITED_MSIX);
        let place = page + state.place * DESC_LEN as u64;
        state.place = (state.place + 1) % PLACES;
        // Under the lock, which serialises the stores, and orders them before `close`.
        self.regs.submit(place as usize, &descriptor)?;
        Ok(state.slots.occupy(at))
    }

    /// Waits for the end of a descriptor, at most `millis` ms. On `None` the hardware still has it.
    pub(super) fn wait(&self, ticket: &Ticket, millis: u32) -> Option<Ended> {
        let mut left = msecs_to_jiffies(millis);
        let mut state = self.state.lock();
        loop {
            if let Some(ended) = state.slots.take(ticket) {
                return Some(ended);
            }
            match self.changed.wait_interruptible_timeout(&mut state, left) {
                // Engines run in kernel threads, which get no signals.
                CondVarTimeoutResult::Woken { jiffies }
                | CondVarTimeoutResult::Signal { jiffies } => left = jiffies,
                CondVarTimeoutResult::Timeout => return state.slots.take(ticket),
            }
        }
    }

    /// Takes note of all descriptors that are done.
    pub(super) fn reap(&self) {
        self.reap_locked(&mut self.state.lock());
        self.changed.notify_all();
    }

    fn reap_locked(&self, state: &mut State) {
        // Without the device there are no records either.
        if let Some(dev) = self.regs.bound().get() {
            state.slots.reap(|at| {
                let record = self.records.get(&dev, at).ok()?.read()?;
                Some(Completion::from_bytes(&record))
            });
        }
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
