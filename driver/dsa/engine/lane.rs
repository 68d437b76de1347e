// SPDX-License-Identifier: GPL-2.0

//! What is being carried out of one virtual WQ.

use kernel::{
    prelude::*,
    time::{
        Instant,
        Monotonic, //
    }, //
};

use super::{
    super::{
        scheduler::Bounds,
        submitter::Ticket, //
    },
    batch::{
        Batch,
        List, //
    },
    finish::Origin,
    state::Accepted, //
};
use crate::dsa_core::{
    desc::{
        Work,
        BUFFERS, //
    },
    plan::{
        Outcome,
        Piece, //
    }, //
};

/// The ranges that buffers lie in, by their places.
pub(super) type Sides = [Option<usize>; BUFFERS];

/// A descriptor that is being carried out.
pub(super) struct Job {
    pub(super) accepted: Accepted,
    pub(super) opcode: u8,
    pub(super) work: Work,
    pub(super) outcome: Outcome,
    /// Bytes that were submitted, in the order of the operation.
    pub(super) offset: u32,
    /// Most bytes that are pinned at a time.
    pub(super) most: u32,
    /// Where it goes on.
    pub(super) window: Option<Window>,
    /// Pieces in flight; of a batch, descriptors that were begun and have not ended.
    pub(super) pieces: usize,
    /// Nothing more is to be submitted.
    pub(super) stopped: bool,
    /// What becomes of it if it is a batch.
    pub(super) batch: Option<Batch>,
    /// Where it is from if it is from the list of a batch.
    pub(super) member: Option<Member>,
}

/// A descriptor of a batch.
#[derive(Clone, Copy)]
pub(super) struct Member {
    /// Place of the batch.
    pub(super) batch: usize,
    /// Place in its list.
    pub(super) index: u16,
}

impl Job {
    pub(super) fn new(accepted: Accepted, opcode: u8, work: Work, outcome: Outcome) -> Self {
        Self {
            accepted,
            opcode,
            batch: Batch::of(&work.op),
            work,
            outcome,
            offset: 0,
            most: u32::MAX,
            window: None,
            pieces: 0,
            stopped: false,
            member: None,
        }
    }

    /// What it is told of as.
    pub(super) fn origin(&self) -> Origin {
        Origin {
            wq: self.accepted.wq,
            opcode: self.opcode,
            index: self.member.map(|member| member.index),
        }
    }
}

/// A part of a descriptor whose memory is pinned, as far as it is there.
pub(super) struct Window {
    pub(super) bounds: Bounds,
    /// Where what is there of all buffers ends, in the order of the operation.
    pub(super) end: u32,
    pub(super) sides: Sides,
    /// Where a buffer goes on that is not there, and so a fault is.
    pub(super) missing: [Option<u32>; BUFFERS],
}

/// A piece that the hardware has.
pub(super) struct Flying {
    pub(super) ticket: Ticket,
    pub(super) since: Instant<Monotonic>,
    pub(super) piece: Piece,
    /// Place of its descriptor.
    pub(super) job: usize,
    pub(super) sides: Sides,
    /// How often it was submitted again.
    pub(super) again: u8,
    /// No interrupt tells of its end.
    pub(super) quiet: bool,
}

/// What is being carried out of one virtual WQ.
pub(super) struct Lane {
    pub(super) wq: u8,
    /// There are twice as many places as the WQ has entries: those from the lists of batches take
    /// none.
    pub(super) jobs: KVec<Option<Job>>,
    /// As many as it has entries.
    pub(super) flight: KVec<Option<Flying>>,
    /// The descriptor whose pieces are being submitted, or the batch whose descriptors are; the
    /// others have all in flight.
    pub(super) current: Option<usize>,
    /// The descriptor of that batch whose pieces are being submitted.
    pub(super) current_member: Option<usize>,
    /// What was read of the list of that batch.
    pub(super) list: List,
    /// Whether it takes part in the order of those who share the WQ.
    pub(super) busy: bool,
    /// Whether only that is done now for which no memory of the tenant has to be reached that is not
    /// pinned.
    pub(super) at_hand: bool,
}

fn places<T>(len: usize) -> Result<KVec<Option<T>>> {
    let mut places = KVec::with_capacity(len, GFP_KERNEL)?;
    for _ in 0..len {
        places.push(None, GFP_KERNEL)?;
    }
    Ok(places)
}

impl Lane {
    /// For a virtual WQ with a share of `share` entries.
    pub(super) fn new(wq: u8, share: usize) -> Result<Self> {
        Ok(Self {
            wq,
            jobs: places(2 * share)?,
            flight: places(share)?,
            current: None,
            current_member: None,
            list: List::EMPTY,
            busy: false,
            at_hand: false,
        })
    }

    pub(super) fn job(&mut self, at: usize) -> Option<&mut Job> {
        self.jobs.get_mut(at)?.as_mut()
    }

    /// Puts a descriptor in a place that is free.
    pub(super) fn put(&mut self, at: usize, job: Job) {
        if let Some(place) = self.jobs.get_mut(at) {
            *place = Some(job);
        }
    }

    /// Whether there may be more to submit of the descriptor at `at`.
    pub(super) fn is_current(&self, at: usize) -> bool {
        [self.current, self.current_member].contains(&Some(at))
    }

    /// A place for another descriptor.
    pub(super) fn free_job(&self) -> Option<usize> {
        self.jobs.iter().position(Option::is_none)
    }

    /// A place for another piece.
    pub(super) fn free_flight(&self) -> Option<usize> {
        self.flight.iter().position(Option::is_none)
    }

    /// Whether nothing is being carried out but this.
    pub(super) fn has_only(&self, at: usize) -> bool {
        let mut others = self.jobs.iter().enumerate();
        others.all(|(other, job)| other == at || job.is_none())
    }

    /// Whether the hardware has something of whose end no interrupt tells.
    pub(super) fn has_quiet(&self) -> bool {
        self.flight.iter().flatten().any(|flying| flying.quiet)
    }

    /// Bytes of that.
    pub(super) fn quiet_bytes(&self) -> u64 {
        let quiet = self.flight.iter().flatten().filter(|flying| flying.quiet);
        quiet.map(|flying| u64::from(flying.piece.len)).sum()
    }

    /// Whether something has ended that is to be reported.
    pub(super) fn has_ended(&self) -> bool {
        let mut jobs = self.jobs.iter().enumerate();
        jobs.any(|(at, job)| {
            job.as_ref().is_some_and(|job| job.pieces == 0) && !self.is_current(at)
        })
    }

    /// Whether nothing is being carried out.
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.iter().all(Option::is_none)
    }
}
