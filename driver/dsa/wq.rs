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
    records: Records,
    /// Interrupt handle for completions.
    handle: u16,
    /// Largest transfer as a power of two.
    max_transfer_shift: u32,
    /// Where in the page of the portal the next descriptor is stored.
    place: u64,
}

/// Completion records for as many descriptors at a time as a work queue has entries.
pub(super) struct Room {
    slots: Slots,
    records: Records,
}

impl Room {
    fn new(dev: &Device<Bound>, size: u16) -> Result<Self> {
        let size = usize::from(size);
        Ok(Self {
            slots: Slots::new(size)?,
            records: Records::new(dev, size.max(1))?,
        })
    }
}

/// A hardware work queue.
#[pin_data]
pub(super) struct Wq {
    id: u8,
    regs: Arc<Registers>,
    scheduler: Arc<Scheduler>,
    #[pin]
    state: Mutex<State>,
    /// The status changed.
    #[pin]
    changed: CondVar,
}

impl Wq {
    /// A work queue that is disabled, with completion records for `size` descriptors at a time.
    pub(super) fn new(
        dev: &Device<Bound>,
        regs: Arc<Registers>,
        id: u8,
        size: u16,
    ) -> Result<Arc<Self>> {
        let Room { slots, records } = Room::new(dev, size)?;
        let scheduler = Scheduler::new()?;
        Arc::pin_init(
            pin_init!(Self {
                id,
                regs,
                scheduler,
                state <- new_mutex!(State {
                    status: Status::Disabled,
                    slots,
                    records,
                    handle: 0,
                    max_transfer_shift: 0,
                    place: 0,
                }, "Wq::state"),
                changed <- new_condvar!("Wq::changed"),
            }),
            GFP_KERNEL,
        )
    }

    /// Allocates what the work queue needs with `size` entries.
    pub(super) fn room(&self, size: u16) -> Result<Room> {
        let dev = self.regs.bound().get().ok_or(ENODEV)?;
        Room::new(&dev, size)
    }

    /// The work queue, which is disabled and has nothing in flight, has another size from now on.
    pub(super) fn resize(&self, room: Room) {
        let Room {
            mut slots,
            mut records,
        } = room;
        let mut state = self.state.lock();
        core::mem::swap(&mut state.slots, &mut slots);
        core::mem::swap(&mut state.records, &mut records);
        drop(state);
        // What was there before is freed without the lock.
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
        let at = state.slots.find_free().ok_or(EBUSY)?;
        let descriptor = {
            let dev = self.regs.bound().get().ok_or(ENODEV)?;
            let record = state.records.get(&dev, at)?;
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
        let flight = Flight::new(&descriptor);
        Ok(state.slots.occupy(at, flight, bytes, owner.clone()))
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

    fn reap_locked(&self, state: &mut State) -> bool {
        // Without the device there are no records either.
        let Some(dev) = self.regs.bound().get() else {
            return false;
        };
        let State { slots, records, .. } = state;
        slots.reap(|at| {
            let record = records.get(&dev, at).ok()?.read()?;
            Some(Completion::from_bytes(&record))
        })
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
