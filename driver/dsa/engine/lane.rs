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
    /// Pieces in flight.
    pub(super) pieces: usize,
    /// Nothing more is to be submitted.
    pub(super) stopped: bool,
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
}

/// What is being carried out of one virtual WQ.
pub(super) struct Lane {
    pub(super) wq: u8,
    /// There are as many places as the WQ has entries.
    pub(super) jobs: KVec<Option<Job>>,
    /// As many as well.
    pub(super) flight: KVec<Option<Flying>>,
    /// The descriptor whose pieces are being submitted; the others have all in flight.
    pub(super) current: Option<usize>,
    /// Whether it takes part in the order of those who share the WQ.
    pub(super) busy: bool,
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
            jobs: places(share)?,
            flight: places(share)?,
            current: None,
            busy: false,
        })
    }

    pub(super) fn job(&mut self, at: usize) -> Option<&mut Job> {
        self.jobs.get_mut(at)?.as_mut()
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

    /// Whether nothing is being carried out.
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.iter().all(Option::is_none)
    }
}
