// SPDX-License-Identifier: GPL-2.0

//! Which completion records of a work queue are in use, and for what.

use kernel::{
    prelude::*,
    warn_on, //
};

use super::submitter::{
    Ended,
    Ticket, //
};
use crate::dsa_core::desc::Completion;

/// What a completion record is for.
#[derive(Clone, Copy)]
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

/// The completion records of a work queue.
pub(super) struct Slots(KVec<Slot>);

impl Slots {
    /// `len` records that are free.
    pub(super) fn new(len: usize) -> Result<Self> {
        let mut slots = KVec::with_capacity(len, GFP_KERNEL)?;
        for _ in 0..len {
            slots.push(Slot::Free, GFP_KERNEL)?;
        }
        Ok(Self(slots))
    }

    /// A record that is free.
    pub(super) fn find_free(&self) -> Option<usize> {
        self.0.iter().position(|slot| matches!(slot, Slot::Free))
    }

    /// The hardware has the descriptor with the record `at`, which is free.
    pub(super) fn occupy(&mut self, at: usize) -> Ticket {
        match self.0.get_mut(at) {
            Some(slot) => *slot = Slot::Busy,
            None => {
                warn_on!(true);
            }
        }
        Ticket::new(at)
    }

    /// Whether the hardware has the descriptor of `ticket`.
    pub(super) fn is_pending(&self, ticket: &Ticket) -> bool {
        let slot = self.0.get(ticket.at());
        matches!(slot, Some(Slot::Busy | Slot::Doomed))
    }

    /// What became of the descriptor of `ticket`, and makes its record free. `None` if the hardware
    /// still has it.
    pub(super) fn take(&mut self, ticket: &Ticket) -> Option<Ended> {
        let Some(slot) = self.0.get_mut(ticket.at()) else {
            warn_on!(true);
            return Some(Ended::Lost);
        };
        let ended = match *slot {
            Slot::Busy | Slot::Doomed => return None,
            Slot::Done(record) => Ended::Done(record),
            Slot::Abandoned => Ended::Lost,
            Slot::Free => {
                // A ticket stands for a record that is in use.
                warn_on!(true);
                Ended::Lost
            }
        };
        *slot = Slot::Free;
        Some(ended)
    }

    /// Takes note of what is done: `read` has the completion record, if it was written. Returns
    /// whether something is.
    pub(super) fn reap(&mut self, read: impl Fn(usize) -> Option<Completion>) -> bool {
        let mut some = false;
        for (at, slot) in self.0.iter_mut().enumerate() {
            if matches!(slot, Slot::Busy | Slot::Doomed) {
                if let Some(record) = read(at) {
                    *slot = Slot::Done(record);
                    some = true;
                }
            }
        }
        some
    }

    /// Marks what the hardware has, and is about to be made to drop.
    pub(super) fn doom(&mut self) {
        for slot in self.0.iter_mut() {
            if matches!(slot, Slot::Busy) {
                *slot = Slot::Doomed;
            }
        }
    }

    /// Gives up on what is doomed: the hardware does not have it any more.
    pub(super) fn abandon(&mut self) {
        for slot in self.0.iter_mut() {
            if matches!(slot, Slot::Doomed) {
                *slot = Slot::Abandoned;
            }
        }
    }
}
