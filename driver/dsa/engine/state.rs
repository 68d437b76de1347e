// SPDX-License-Identifier: GPL-2.0

//! What the lock of an engine guards.

use kernel::{
    prelude::*,
    sync::aref::ARef,
    task::Task,
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};

use super::super::{
    ring::Ring,
    span::Span, //
};
use crate::dsa_core::{
    desc::{
        Reject,
        Work, //
    },
    virt::MAX_WQS, //
};

/// How long pinning is not tried after a limit of the tenant did not allow it: VFIO prints a line
/// whenever one does not.
const BACK_OFF: Delta = Delta::from_secs(60);

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

/// The descriptors that were accepted, but for the one that is being carried out.
#[derive(Default)]
pub(super) struct Queues {
    /// What is to be carried out.
    waiting: Ring<Item>,
    /// What is invalid, and being completed by the thread that submitted it.
    invalid: KVec<Accepted>,
}

impl Queues {
    /// For at most `entries` of each kind.
    pub(super) fn new(entries: usize) -> Result<Self> {
        Ok(Self {
            waiting: Ring::new(entries)?,
            invalid: KVec::with_capacity(entries, GFP_KERNEL)?,
        })
    }
}

/// A thread that is in a call to pin or unpin.
pub(super) struct Call {
    pub(super) task: ARef<Task>,
    /// Which one it is of all calls.
    pub(super) number: u64,
}

/// Whether an epoch comes before another, which it is not further away from than half of all.
fn is_before(epoch: u32, other: u32) -> bool {
    // CAST: To the signed number with the same bits.
    (epoch.wrapping_sub(other) as i32) < 0
}

/// What an engine's lock guards.
pub(super) struct State {
    queues: Queues,
    /// The descriptor that is being carried out.
    running: Option<Accepted>,
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
    /// What is pinned, or is being pinned or unpinned.
    pub(super) pinned: [Option<Span>; 2],
    /// The hardware may have something of the descriptor that is being carried out.
    pub(super) flying: bool,
    /// The call to pin or unpin that is in progress.
    pub(super) call: Option<Call>,
    /// Number of such calls so far.
    calls: u64,
    /// When a limit of the tenant did not allow pinning last.
    limited: Option<Instant<Monotonic>>,
}

impl State {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            queues: Queues::default(),
            running: None,
            next: 0,
            dropped: [0; MAX_WQS as usize],
            failed: 0,
            epochs: [0; MAX_WQS as usize],
            dead: false,
            pinned: [None; 2],
            flying: false,
            call: None,
            calls: 0,
            limited: None,
        })
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
        let waiting = self.queues.waiting.iter().map(|item| &item.accepted);
        let others = Iterator::chain(self.queues.invalid.iter(), self.running.iter());
        Iterator::chain(waiting, others)
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
        self.queues.waiting.push(item).is_ok()
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

    /// Takes the next descriptor that is to be carried out.
    pub(super) fn begin(&mut self) -> Option<Item> {
        let item = self.queues.waiting.pop();
        self.running = item.as_ref().map(|item| item.accepted);
        item
    }

    /// The descriptor that is being carried out takes no entry any more.
    pub(super) fn free_running(&mut self) {
        if let Some(running) = &mut self.running {
            running.holds_entry = false;
        }
    }

    /// The descriptor that was being carried out has ended.
    pub(super) fn end(&mut self) {
        self.running = None;
    }

    /// Whether a descriptor of a WQ is to be carried out.
    pub(super) fn is_waiting(&self, wq: u8) -> bool {
        self.queues
            .waiting
            .iter()
            .any(|item| item.accepted.wq == wq)
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

    /// Whether the descriptor that is being carried out is to fail.
    pub(super) fn fails_running(&self) -> bool {
        self.running
            .is_some_and(|running| running.number < self.failed)
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
        self.queues.waiting.retain(keep);
    }

    /// Whether the descriptor that is being carried out is to be dropped.
    pub(super) fn drops_running(&self) -> bool {
        let is_dropped = |running: Accepted| {
            let dropped = self.dropped.get(usize::from(running.wq));
            dropped.is_some_and(|dropped| running.number < *dropped)
        };
        self.dead || self.running.is_some_and(is_dropped)
    }

    /// Whether something in `span` is pinned.
    pub(super) fn pins(&self, span: &Span) -> bool {
        let mut pinned = self.pinned.iter().flatten();
        pinned.any(|pinned| pinned.overlaps(span))
    }

    /// A thread begins a call to pin or unpin.
    pub(super) fn begin_call(&mut self, task: ARef<Task>) {
        self.calls += 1;
        self.call = Some(Call {
            task,
            number: self.calls,
        });
    }

    /// A limit of the tenant does not allow pinning.
    pub(super) fn set_limited(&mut self) {
        self.limited = Some(Instant::now());
    }

    /// Whether a limit of the tenant did not allow pinning a while ago.
    pub(super) fn is_limited(&self) -> bool {
        self.limited.is_some_and(|since| since.elapsed() < BACK_OFF)
    }
}
