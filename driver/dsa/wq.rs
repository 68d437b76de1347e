// SPDX-License-Identifier: GPL-2.0

//! A hardware work queue: submitting descriptors, and waiting for their completion records.

use kernel::{
    device::Bound,
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

use super::device::{
    Device,
    Registers, //
};
use crate::{
    ffi::records::Records,
    dsa_core::{
        desc::Completion,
        regs::table::portal, //
    }, //
};

/// How long to wait before looking without having been told: an interrupt may be lost.
const LOOK_MS: u32 = 500;
/// How long until a descriptor counts as stuck.
const STUCK: Delta = Delta::from_secs(10);

/// What a completion record is for.
enum Slot {
    Free,
    /// The hardware has the descriptor.
    Busy,
    /// The hardware has the descriptor, and is being made to drop it.
    Doomed,
    /// The hardware is done.
    Done(Completion),
    /// The hardware will not complete it any more.
    Abandoned,
}

/// What the lock of a work queue guards.
struct State {
    slots: KVec<Slot>,
    /// Interrupt handle for completions; set when the work queue is enabled.
    handle: u16,
    /// Nothing is taken any more.
    lost: bool,
}

/// A hardware work queue.
#[pin_data]
pub(super) struct Wq {
    id: u8,
    records: Records,
    #[pin]
    state: Mutex<State>,
    /// A slot became free or done.
    #[pin]
    changed: CondVar,
}

/// A descriptor that the hardware has. To be given to [`Wq::wait`].
#[must_use]
#[derive(Clone, Copy)]
pub(super) struct Ticket(usize);

impl Wq {
    /// Makes room for `size` descriptors at a time.
    pub(super) fn new(dev: &kernel::device::Device<Bound>, id: u8, size: u32) -> Result<Arc<Self>> {
        let size = size as usize;
        let mut slots = KVec::with_capacity(size, GFP_KERNEL)?;
        for _ in 0..size {
            slots.push(Slot::Free, GFP_KERNEL)?;
        }
        let records = Records::new(dev, size.max(1))?;
        Arc::pin_init(
            pin_init!(Self {
                id,
                records,
                state <- new_mutex!(State { slots, handle: 0, lost: false }),
                changed <- new_condvar!(),
            }),
            GFP_KERNEL,
        )
    }

    /// Number of the work queue.
    pub(super) fn id(&self) -> u8 {
        self.id
    }

    /// Sets the interrupt handle that descriptors ask for.
    pub(super) fn set_handle(&self, handle: u16) {
        self.state.lock().handle = handle;
    }

    /// The interrupt handle that descriptors ask for.
    pub(super) fn handle(&self) -> u16 {
        self.state.lock().handle
    }

    /// Submits the descriptor that `make` makes of the address of its completion record and the
    /// interrupt handle.
    ///
    /// There is a free slot: subdevs have no more under way than their shares, which are at most
    /// the size together.
    pub(super) fn submit(
        &self,
        regs: &Registers,
        make: impl FnOnce(u64, u16) -> [u8; 64],
    ) -> Result<Ticket> {
        let mut state = self.state.lock();
        if state.lost {
            return Err(ENODEV);
        }
        let at = state
            .slots
            .iter()
            .position(|slot| matches!(slot, Slot::Free));
        let at = at.ok_or(EBUSY)?;
        self.records.clear(at);
        let descriptor = make(self.records.address(at), state.handle);
        if let Some(slot) = state.slots.get_mut(at) {
            *slot = Slot::Busy;
        }
        // Under the lock, which serialises the stores to the portal.
        let place = portal::offset(self.id, portal::LIMITED_MSIX) as usize;
        let stored = regs.submit(place, &descriptor);
        if let Err(error) = stored {
            if let Some(slot) = state.slots.get_mut(at) {
                *slot = Slot::Free;
            }
            return Err(error);
        }
        Ok(Ticket(at))
    }

    /// Takes note of all descriptors that are done; called by the interrupt's thread.
    pub(super) fn reap(&self) {
        let mut state = self.state.lock();
        for (at, slot) in state.slots.iter_mut().enumerate() {
            if matches!(slot, Slot::Busy | Slot::Doomed) {
                if let Some(record) = self.records.read(at) {
                    *slot = Slot::Done(Completion::from_bytes(&record));
                }
            }
        }
        self.changed.notify_all();
    }

    /// Marks the descriptors that the hardware has, and is about to be made to drop. What is
    /// submitted from here on is not among them.
    pub(super) fn doom(&self) {
        let mut state = self.state.lock();
        for slot in state.slots.iter_mut() {
            if matches!(slot, Slot::Busy) {
                *slot = Slot::Doomed;
            }
        }
    }

    /// Gives up on the descriptors that are doomed: the hardware does not have them any more.
    pub(super) fn abandon(&self) {
        let mut state = self.state.lock();
        for slot in state.slots.iter_mut() {
            if matches!(slot, Slot::Doomed) {
                *slot = Slot::Abandoned;
            }
        }
        self.changed.notify_all();
    }

    /// The hardware does nothing any more until it is reset: ends what it has, and takes nothing.
    pub(super) fn lose(&self) {
        self.state.lock().lost = true;
        self.doom();
        self.reap();
        self.abandon();
    }

    /// Waits until the hardware is done with a descriptor; `None` if it never will be.
    ///
    /// On return the hardware no longer accesses memory for it, whatever happened.
    pub(super) fn wait(&self, device: &Device, ticket: Ticket) -> Option<Completion> {
        let since = Instant::<Monotonic>::now();
        loop {
            let mut state = self.state.lock();
            let slot = state.slots.get_mut(ticket.0)?;
            match slot {
                Slot::Done(record) => {
                    let record = *record;
                    *slot = Slot::Free;
                    return Some(record);
                }
                Slot::Abandoned => {
                    *slot = Slot::Free;
                    return None;
                }
                Slot::Free => return None,
                Slot::Busy | Slot::Doomed => (),
            }
            if since.elapsed() >= STUCK {
                drop(state);
                device.recover(self);
                continue;
            }
            let woken = self
                .changed
                .wait_interruptible_timeout(&mut state, msecs_to_jiffies(LOOK_MS));
            drop(state);
            if matches!(woken, kernel::sync::CondVarTimeoutResult::Timeout) {
                self.reap();
            }
        }
    }
}
