// SPDX-License-Identifier: GPL-2.0

//! Which completion records of a work queue are in use, and for what.

use kernel::{
    prelude::*,
    sync::Arc,
    time::{
        Instant,
        Monotonic, //
    },
    warn_on, //
};

use super::submitter::{
    Ended,
    Owner,
    Ticket, //
};
use crate::dsa_core::{
    blame::Flight,
    desc::Completion, //
};

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

/// A descriptor that was submitted, and who submitted it.
struct Submitted {
    flight: Flight,
    bytes: u32,
    since: Instant<Monotonic>,
    owner: Arc<dyn Owner>,
}

/// The completion records of a work queue.
pub(super) struct Slots {
    slots: KVec<Slot>,
    /// What each record is for, if it is not free.
    submitted: KVec<Option<Submitted>>,
}

impl Slots {
    /// `len` records that are free.
    pub(super) fn new(len: usize) -> Result<Self> {
        let mut slots = KVec::with_capacity(len, GFP_KERNEL)?;
        let mut submitted = KVec::with_capacity(len, GFP_KERNEL)?;
        for _ in 0..len {
            slots.push(Slot::Free, GFP_KERNEL)?;
            submitted.push(None, GFP_KERNEL)?;
        }
        Ok(Self { slots, submitted })
    }

    /// A record that is free.
    pub(super) fn find_free(&self) -> Option<usize> {
        self.slots
            .iter()
            .position(|slot| matches!(slot, Slot::Free))
    }

    /// The hardware has the descriptor `flight` of `owner`, of so many bytes, with the record `at`,
    /// which is free.
    pub(super) fn occupy(
        &mut self,
        at: usize,
        flight: Flight,
        bytes: u32,
        owner: Arc<dyn Owner>,
    ) -> Ticket {
        if let Some(submitted) = self.submitted.get_mut(at) {
            *submitted = Some(Submitted {
                flight,
                bytes,
                since: Instant::now(),
                owner,
            });
        }
        match self.slots.get_mut(at) {
            Some(slot) => *slot = Slot::Busy,
            None => {
                warn_on!(true);
            }
        }
        Ticket::new(at)
    }

    /// Whether the hardware has the descriptor of `ticket`.
    pub(super) fn is_pending(&self, ticket: &Ticket) -> bool {
        let slot = self.slots.get(ticket.at());
        matches!(slot, Some(Slot::Busy | Slot::Doomed))
    }

    /// What became of the descriptor of `ticket`, and makes its record free. `None` if the hardware
    /// still has it.
    pub(super) fn take(&mut self, ticket: &Ticket) -> Option<Ended> {
        let Some(slot) = self.slots.get_mut(ticket.at()) else {
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
        if let Some(submitted) = self.submitted.get_mut(ticket.at()) {
            *submitted = None;
        }
        Some(ended)
    }

    /// Takes note of what is done, and tells its owners: `read` has the completion record, if it was
    /// written. Returns whether something is.
    pub(super) fn reap(&mut self, read: impl Fn(usize) -> Option<Completion>) -> bool {
        let mut some = false;
        let all = self.slots.iter_mut().zip(self.submitted.iter());
        for (at, (slot, submitted)) in all.enumerate() {
            if matches!(slot, Slot::Busy | Slot::Doomed) {
                if let Some(record) = read(at) {
                    *slot = Slot::Done(record);
                    some = true;
                    tell(submitted);
                }
            }
        }
        some
    }

    /// Marks what the hardware has, and is about to be made to drop.
    pub(super) fn doom(&mut self) {
        for slot in self.slots.iter_mut() {
            if matches!(slot, Slot::Busy) {
                *slot = Slot::Doomed;
            }
        }
    }

    /// Gives up on what is doomed: the hardware does not have it any more.
    pub(super) fn abandon(&mut self) {
        for (slot, submitted) in self.slots.iter_mut().zip(self.submitted.iter()) {
            if matches!(slot, Slot::Doomed) {
                *slot = Slot::Abandoned;
                tell(submitted);
            }
        }
    }

    /// What the hardware has of `owner` for the longest time, and since when.
    pub(super) fn oldest(&self, owner: &Arc<dyn Owner>) -> Option<(Ticket, Instant<Monotonic>)> {
        let all = self.slots.iter().zip(self.submitted.iter()).enumerate();
        all.filter(|(_, (slot, _))| matches!(slot, Slot::Busy | Slot::Doomed))
            .filter_map(|(at, (_, submitted))| Some((at, submitted.as_ref()?)))
            .filter(|(_, submitted)| Arc::ptr_eq(&submitted.owner, owner))
            .map(|(at, submitted)| (at, submitted.since))
            .min_by_key(|(_, since)| core::cmp::Reverse(since.elapsed().as_nanos()))
            .map(|(at, since)| (Ticket::new(at), since))
    }

    /// Who has submitted what the hardware has and `is_meant` applies to.
    pub(super) fn owners<'a>(
        &'a self,
        is_meant: impl Fn(&Flight) -> bool + 'a,
    ) -> impl Iterator<Item = &'a Arc<dyn Owner>> {
        let all = self.slots.iter().zip(self.submitted.iter());
        all.filter(|(slot, _)| matches!(slot, Slot::Busy | Slot::Doomed))
            .filter_map(|(_, submitted)| submitted.as_ref())
            .filter(move |submitted| is_meant(&submitted.flight))
            .map(|submitted| &submitted.owner)
    }
}

/// Tells who has submitted something that it has ended.
fn tell(submitted: &Option<Submitted>) {
    if let Some(submitted) = submitted {
        submitted.owner.ended(submitted.bytes);
    }
}
