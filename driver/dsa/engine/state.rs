// SPDX-License-Identifier: GPL-2.0

//! What the lock of an engine guards.

use kernel::prelude::*;

use super::super::ring::Ring;
use crate::dsa_core::{
    desc::{
        Reject,
        Work, //
    },
    virt::MAX_WQS, //
};

/// A descriptor that was accepted and has not ended.
#[derive(Clone, Copy)]
pub(super) struct Accepted {
    /// The virtual WQ.
    pub(super) wq: u8,
    /// Which one it is of all that were accepted.
    pub(super) number: u64,
    /// Whether it takes an entry of the WQ.
    pub(super) holds_entry: bool,
}

/// A descriptor that is to be carried out, or completed as invalid.
pub(super) struct Item {
    pub(super) accepted: Accepted,
    pub(super) opcode: u8,
    pub(super) checked: Result<Work, Reject>,
}

/// The descriptors that were accepted and have not ended.
#[derive(Default)]
pub(super) struct Queues {
    /// What is to be carried out, of each virtual WQ.
    waiting: KVec<Ring<Item>>,
    /// What is being carried out.
    running: KVec<Accepted>,
    /// What is invalid, and being completed by the thread that submitted it.
    invalid: KVec<Accepted>,
}

impl Queues {
    /// For virtual WQs with these shares.
    pub(super) fn new(shares: impl Iterator<Item = usize> + Clone) -> Result<Self> {
        let all = shares.clone().sum();
        let mut waiting = KVec::new();
        for share in shares {
            waiting.push(Ring::new(share)?, GFP_KERNEL)?;
        }
        Ok(Self {
            waiting,
            // One of each WQ may have given its entry back already.
            running: KVec::with_capacity(2 * all, GFP_KERNEL)?,
            invalid: KVec::with_capacity(all, GFP_KERNEL)?,
        })
    }

    fn of(&mut self, wq: u8) -> Option<&mut Ring<Item>> {
        self.waiting.get_mut(usize::from(wq))
    }
}

/// Whether an epoch comes before another, which it is not further away from than half of all.
fn is_before(epoch: u32, other: u32) -> bool {
    // CAST: To the signed number with the same bits.
    (epoch.wrapping_sub(other) as i32) < 0
}

/// What an engine's lock guards.
pub(super) struct State {
    queues: Queues,
    /// Number of the next descriptor.
    next: u64,
    /// The descriptors of each WQ with numbers below this are dropped.
    dropped: [u64; MAX_WQS as usize],
    /// The descriptors with numbers below this fail without the hardware, which was lost.
    failed: u64,
    /// What was checked in an earlier epoch of a WQ than this is not accepted.
    epochs: [u32; MAX_WQS as usize],
    /// Nothing is accepted or submitted any more.
    dead: bool,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            queues: Queues::default(),
            next: 0,
            dropped: [0; MAX_WQS as usize],
            failed: 0,
            epochs: [0; MAX_WQS as usize],
            dead: false,
        }
    }

    /// Begins with other queues, and with the epochs of a function as after power-on. Returns the
    /// old queues.
    pub(super) fn replace(&mut self, queues: Queues) -> Queues {
        self.epochs = [0; MAX_WQS as usize];
        core::mem::replace(&mut self.queues, queues)
    }

    /// Whether something that was checked in an epoch of a WQ is accepted still.
    pub(super) fn accepts(&self, wq: u8, epoch: u32) -> bool {
        let current = self.epochs.get(usize::from(wq));
        // One that is ahead is of a check that has seen what `set_epoch` is about to be called for.
        !self.dead && current.is_some_and(|current| !is_before(epoch, *current))
    }

    /// Accepts nothing of a WQ any more that was checked in an earlier epoch.
    pub(super) fn set_epoch(&mut self, wq: u8, epoch: u32) {
        let current = self.epochs.get_mut(usize::from(wq));
        if let Some(current) = current.filter(|current| is_before(**current, epoch)) {
            *current = epoch;
        }
    }

    /// Nothing is accepted or submitted any more, and what waits is dropped; `aborted` is called
    /// with the WQ of each.
    pub(super) fn kill(&mut self, aborted: impl Fn(u8)) {
        self.dead = true;
        self.drop_waiting(|_| true, aborted);
    }

    /// All that was accepted and has not ended.
    fn all(&self) -> impl Iterator<Item = &Accepted> {
        let Queues {
            waiting,
            running,
            invalid,
        } = &self.queues;
        let waiting = waiting.iter().flat_map(Ring::iter);
        let waiting = waiting.map(|item| &item.accepted);
        Iterator::chain(waiting, Iterator::chain(running.iter(), invalid.iter()))
    }

    /// Entries that are taken of a WQ.
    pub(super) fn entries(&self, wq: u8) -> usize {
        let holds = |accepted: &&Accepted| accepted.wq == wq && accepted.holds_entry;
        self.all().filter(holds).count()
    }

    /// The next descriptor of a WQ.
    pub(super) fn number(&mut self, wq: u8) -> Accepted {
        let number = self.next;
        self.next += 1;
        Accepted {
            wq,
            number,
            holds_entry: true,
        }
    }

    /// Has a descriptor wait to be carried out. Returns false if there is no place.
    pub(super) fn enqueue(&mut self, item: Item) -> bool {
        let waiting = self.queues.of(item.accepted.wq);
        waiting.is_some_and(|waiting| waiting.push(item).is_ok())
    }

    /// Has an invalid descriptor being completed. Returns false if there is no place.
    pub(super) fn begin_invalid(&mut self, accepted: Accepted) -> bool {
        self.queues.invalid.push_within_capacity(accepted).is_ok()
    }

    /// An invalid descriptor takes no entry any more.
    pub(super) fn free_invalid(&mut self, number: u64) {
        for accepted in self.queues.invalid.iter_mut() {
            accepted.holds_entry &= accepted.number != number;
        }
    }

    /// An invalid descriptor is complete.
    pub(super) fn end_invalid(&mut self, number: u64) {
        self.queues.invalid.retain(|other| other.number != number);
    }

    /// The next descriptor of a WQ that is to be carried out.
    pub(super) fn first(&self, wq: u8) -> Option<&Item> {
        self.queues.waiting.get(usize::from(wq))?.first()
    }

    /// Takes the next descriptor of a WQ that is to be carried out.
    pub(super) fn begin(&mut self, wq: u8) -> Option<Item> {
        if self.queues.running.len() == self.queues.running.capacity() {
            return None;
        }
        let item = self.queues.of(wq)?.pop()?;
        // There is room for one.
        let _ = self.queues.running.push_within_capacity(item.accepted);
        Some(item)
    }

    /// A descriptor that is being carried out takes no entry any more.
    pub(super) fn free(&mut self, number: u64) {
        for accepted in self.queues.running.iter_mut() {
            accepted.holds_entry &= accepted.number != number;
        }
    }

    /// A descriptor that was being carried out has ended.
    pub(super) fn end(&mut self, number: u64) {
        self.queues.running.retain(|other| other.number != number);
    }

    /// Number of what will be accepted next.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Whether a descriptor of a `concerned` WQ with a number below `next` has not ended.
    pub(super) fn has(&self, next: u64, concerned: impl Fn(u8) -> bool) -> bool {
        self.all()
            .any(|accepted| concerned(accepted.wq) && accepted.number < next)
    }

    /// Drops what the `concerned` WQs have accepted so far. `aborted` is called with the WQ of each
    /// that waits: who carries one out sees for itself.
    pub(super) fn drop_accepted(&mut self, concerned: impl Fn(u8) -> bool, aborted: impl Fn(u8)) {
        for (wq, dropped) in (0u8..).zip(self.dropped.iter_mut()) {
            if concerned(wq) {
                *dropped = self.next;
            }
        }
        self.drop_waiting(concerned, aborted);
    }

    /// What was accepted so far, and the hardware does not have yet, fails without it.
    pub(super) fn fail_accepted(&mut self) {
        self.failed = self.next;
    }

    /// Whether a descriptor is to fail.
    pub(super) fn fails(&self, accepted: &Accepted) -> bool {
        accepted.number < self.failed
    }

    fn drop_waiting(&mut self, concerned: impl Fn(u8) -> bool, aborted: impl Fn(u8)) {
        let keep = |item: &Item| {
            let wq = item.accepted.wq;
            let keep = !concerned(wq);
            if !keep {
                aborted(wq);
            }
            keep
        };
        for waiting in self.queues.waiting.iter_mut() {
            waiting.retain(keep);
        }
    }

    /// Whether a descriptor is to be dropped.
    pub(super) fn drops(&self, accepted: &Accepted) -> bool {
        let dropped = self.dropped.get(usize::from(accepted.wq));
        self.dead || dropped.is_some_and(|dropped| accepted.number < *dropped)
    }
}
