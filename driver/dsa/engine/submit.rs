// SPDX-License-Identifier: GPL-2.0

//! Submitting what descriptors ask for to the hardware, piece by piece.

use kernel::{
    sync::Arc,
    time::Instant,
    warn_on, //
};

use super::{
    super::submitter::{
        Make,
        Ticket, //
    },
    lane::{
        Flying,
        Job,
        Lane,
        Sides, //
    },
    state::Accepted,
    window::Opened,
    Engine,
    Queue, //
};
use crate::{
    dsa_core::{
        desc::{
            Op,
            BUFFERS,
            DESC_LEN, //
        },
        plan::{
            descriptor,
            with_hints,
            Piece, //
        }, //
    },
    ffi::{
        memory::Memory,
        portal, //
    }, //
};

/// How long, in ns, whoever waits for what is in flight waits before it looks of itself.
pub(super) const LOOK: u64 = 500_000_000;

/// Most bytes of what the hardware has and no interrupt tells of the end of: it is done with them in
/// a tenth of a millisecond.
const QUIET: u64 = 2 << 20;

/// What came of an attempt to go on with a descriptor.
pub(super) enum Went {
    /// It went on.
    On,
    /// It cannot before something happens, or before so many ns have passed.
    Nowhere(u64),
    /// It cannot with what is at hand.
    NotAtHand,
    /// All of it that there is to submit is submitted.
    Through,
}

/// What makes the descriptor of a piece; no interrupt tells of the end of one that is `quiet`.
pub(super) fn made<'a>(
    op: &'a Op,
    piece: &'a Piece,
    hints: u32,
    quiet: bool,
) -> impl Fn(u64, u16) -> [u8; DESC_LEN] + 'a {
    move |record, handle| {
        let handle = (!quiet).then_some(handle);
        with_hints(descriptor(op, piece, record, handle), hints)
    }
}

impl Went {
    /// It cannot before something ends, which wakes the thread.
    pub(super) const WHEN_WOKEN: Self = Self::Nowhere(LOOK);
}

impl Engine {
    /// Goes on with the descriptor whose pieces are being submitted.
    pub(super) fn go_on(
        &self,
        lane: &mut Lane,
        at: usize,
        queue: &Queue,
        memory: Option<&Arc<dyn Memory>>,
    ) -> Went {
        let Some(place) = lane.free_flight() else {
            return Went::WHEN_WOKEN;
        };
        // What comes later has not begun.
        let waits = !lane.has_only(at);
        let at_hand = lane.at_hand;
        let Some(job) = lane.job(at) else {
            warn_on!(true);
            return Went::Through;
        };
        let (drops, fails) = {
            let state = self.state.lock();
            (state.drops(&job.accepted), state.fails(&job.accepted))
        };
        let Some(memory) = memory.filter(|_| !drops) else {
            return self.stop(queue, job);
        };
        if job.stopped || job.outcome.is_stopped() {
            return self.stop(queue, job);
        }
        if fails || queue.submitter.is_lost() {
            job.outcome.piece_lost();
            return self.stop(queue, job);
        }
        if (job.work.op.is_sequential() || job.work.is_strict()) && job.pieces > 0 {
            return Went::WHEN_WOKEN;
        }
        if waits && matches!(job.work.op, Op::Drain { .. }) {
            return Went::WHEN_WOKEN;
        }
        if job.work.op.buffers() == [None; BUFFERS] {
            return match queue.flow.pace() {
                Err(ns) => Went::Nowhere(ns),
                Ok(_) => {
                    let went =
                        self.submit_piece(queue, lane, at, place, Piece::EMPTY, [None; BUFFERS]);
                    self.through_if_on(lane, at, went)
                }
            };
        }
        self.leave_if_taken_away(queue, job);
        if job.window.is_none() {
            if job.offset >= job.work.op.len() {
                return self.stop(queue, job);
            }
            match self.open_window(queue, job, memory, at_hand) {
                Opened::Window(window) => {
                    job.window = Some(window);
                    return Went::On;
                }
                Opened::Later(ns) => return Went::Nowhere(ns),
                Opened::NotAtHand => return Went::NotAtHand,
                Opened::Never => {
                    job.outcome.piece_lost();
                    return self.stop(queue, job);
                }
            }
        }
        let Some(window) = &job.window else {
            return Went::On;
        };
        if job.offset >= window.end {
            self.shut(job);
            return Went::On;
        }
        let sides = window.sides;
        match self.piece(queue, job) {
            Some(piece) => self.submit_piece(queue, lane, at, place, piece, sides),
            None => {
                job.outcome.piece_lost();
                self.stop(queue, job)
            }
        }
    }

    /// An operation without buffers is through with its only piece.
    fn through_if_on(&self, lane: &mut Lane, at: usize, went: Went) -> Went {
        match went {
            Went::On => {
                if let Some(job) = lane.job(at) {
                    job.stopped = true;
                }
                Went::Through
            }
            other => other,
        }
    }

    /// Nothing more of a descriptor is submitted.
    fn stop(&self, queue: &Queue, job: &mut Job) -> Went {
        job.stopped = true;
        queue.flow.withdraw();
        if let Some(window) = job.window.take() {
            self.leave(&window.sides);
        }
        Went::Through
    }

    /// Submits a piece when it is its turn.
    fn submit_piece(
        &self,
        queue: &Queue,
        lane: &mut Lane,
        at: usize,
        place: usize,
        piece: Piece,
        sides: Sides,
    ) -> Went {
        if !queue.flow.take(piece.len) {
            return Went::Nowhere(queue.flow.alarm());
        }
        // Who looks all the time sees the end of what does not take long.
        let quiet = lane.at_hand && lane.quiet_bytes() + u64::from(piece.len) <= QUIET;
        let Some(job) = lane.job(at) else {
            warn_on!(true);
            return Went::Through;
        };
        let op = job.outcome.next_op();
        let make = made(&op, &piece, job.work.hints, quiet);
        // Before the hardware has it.
        {
            let mut ranges = self.ranges.lock();
            sides.iter().flatten().for_each(|side| ranges.enter(*side));
        }
        match self.give(queue, &job.accepted, &make, piece.len) {
            Some(ticket) => {
                job.offset = match op.is_divisible() {
                    true => job.offset + piece.len,
                    false => job.work.op.len(),
                };
                job.pieces += 1;
                let flying = Flying {
                    ticket,
                    since: Instant::now(),
                    piece,
                    job: at,
                    sides,
                    again: 0,
                    quiet,
                };
                if let Some(place) = lane.flight.get_mut(place) {
                    *place = Some(flying);
                }
                Went::On
            }
            None => {
                self.leave(&sides);
                // That it is dropped is found later.
                job.outcome.piece_lost();
                self.stop(queue, job)
            }
        }
    }

    /// Gives a descriptor to the hardware, which has its turn; that is returned when it ends, or here.
    /// Returns nothing if the hardware does not take it, or must not have it.
    pub(super) fn give(
        &self,
        queue: &Queue,
        accepted: &Accepted,
        make: Make<'_>,
        bytes: u32,
    ) -> Option<Ticket> {
        let flights = self.front.flights();
        let goes = {
            let state = self.state.lock();
            let goes = !state.drops(accepted);
            if goes {
                // Under the lock, so that whoever kills waits for it.
                flights.enter();
            }
            goes
        };
        portal::delay_submission();
        let ticket = goes
            .then(|| queue.submitter.submit(make, bytes).ok())
            .flatten();
        if ticket.is_some() {
            queue.meter.hw_submitted();
        } else {
            if goes {
                flights.leave();
            }
            queue.flow.give_back(bytes);
        }
        ticket
    }
}
