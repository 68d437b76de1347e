// SPDX-License-Identifier: GPL-2.0

//! Cutting a descriptor into pieces that are contiguous for the hardware, and submitting them.

use kernel::{
    page::PAGE_SIZE,
    sync::Arc,
    time::Instant,
    warn_on, //
};

use super::{
    super::{
        span::Span,
        submitter::{
            Make,
            Ticket, //
        }, //
    },
    lane::{
        Flying,
        Job,
        Lane,
        Sides,
        Window,
        SIDES, //
    },
    memory::Missing,
    state::Accepted,
    Engine,
    Queue, //
};
use crate::{
    dsa_core::{
        desc::Op,
        plan::{
            descriptor,
            Piece, //
        }, //
    },
    ffi::{
        memory::{
            Memory,
            PIN_MAX, //
        },
        portal, //
    }, //
};

/// Bytes that are pinned at a time: whatever their offset, they lie on at most [`PIN_MAX`] pages.
const WINDOW: u32 = ((PIN_MAX - 1) * PAGE_SIZE) as u32;

/// How long, in ns, to wait for memory that a tenant is taking away.
const TAKEN_AWAY: u64 = 1_000_000;

/// How long, in ns, whoever waits for what is in flight waits before it looks of itself.
const LOOK: u64 = 500_000_000;

/// What came of an attempt to go on with a descriptor.
pub(super) enum Went {
    /// It went on.
    On,
    /// It cannot before something happens, or before so many ns have passed.
    Nowhere(u64),
    /// All of it that there is to submit is submitted.
    Through,
}

/// How a window is opened.
enum Opened {
    Window(Window),
    /// Not now; as [`Went::Nowhere`].
    Later(u64),
    /// It cannot be, and the operation fails.
    Never,
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
            return Went::Nowhere(LOOK);
        };
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
        // Each piece of a CRC starts from the result of the one before.
        if matches!(job.work.op, Op::Crc { .. }) && job.pieces > 0 {
            return Went::Nowhere(LOOK);
        }
        if job.work.op.buffers() == [None; SIDES] {
            return match queue.flow.pace() {
                Err(ns) => Went::Nowhere(ns),
                Ok(_) => {
                    let went =
                        self.submit_piece(queue, lane, at, place, Piece::EMPTY, [None; SIDES]);
                    self.through_if_on(lane, at, went)
                }
            };
        }
        self.leave_if_taken_away(queue, job);
        if job.window.is_none() {
            if job.offset >= job.work.op.len() {
                return self.stop(queue, job);
            }
            match self.open_window(queue, job, memory) {
                Opened::Window(window) => job.window = Some(window),
                Opened::Later(ns) => return Went::Nowhere(ns),
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

    /// Gives up the window of a descriptor if its tenant takes that memory away.
    fn leave_if_taken_away(&self, queue: &Queue, job: &mut Job) {
        let Some(window) = &job.window else {
            return;
        };
        let is_going = {
            let ranges = self.ranges.lock();
            let spans = window.sides.iter().flatten();
            let mut spans = spans.filter_map(|at| ranges.span(*at));
            spans.any(|span| self.unmaps.concern(&span))
        };
        if is_going {
            // Others need not wait for who waits for memory.
            queue.flow.withdraw();
            if let Some(window) = job.window.take() {
                self.leave(&window.sides);
            }
        }
    }

    /// Pins what comes next of a descriptor.
    fn open_window(&self, queue: &Queue, job: &Job, memory: &Arc<dyn Memory>) -> Opened {
        let bounds = match queue.flow.pace() {
            Ok(bounds) => bounds,
            Err(ns) => return Opened::Later(ns),
        };
        let op = &job.work.op;
        let len = WINDOW.min(bounds.window).min(op.len() - job.offset);
        let mut window = Window {
            bounds,
            end: job.offset + len,
            sides: [None; SIDES],
            faults: [None; SIDES],
        };
        let wanted = window.end;
        let Window {
            end, sides, faults, ..
        } = &mut window;
        let buffers = op.buffers().into_iter();
        for ((buffer, side), fault) in buffers.zip(sides.iter_mut()).zip(faults.iter_mut()) {
            let Some(buffer) = buffer else {
                continue;
            };
            let span = Span {
                iova: buffer.iova.wrapping_add(u64::from(job.offset)),
                len: u64::from(len),
            };
            let reached = match self.range(queue, memory, &span, buffer.write) {
                Ok(Some(at)) => {
                    *side = Some(at);
                    let range = self.ranges.lock().span(at);
                    let there = range.map_or(0, |range| {
                        let before = span.iova.saturating_sub(range.iova);
                        range.len.saturating_sub(before)
                    });
                    // CAST: At most `len`.
                    there.min(span.len) as u32
                }
                Ok(None) => 0,
                Err(missing) => {
                    self.leave(sides);
                    return match missing {
                        Missing::TakenAway => Opened::Later(TAKEN_AWAY),
                        Missing::Later if self.ranges.lock().are_used() => Opened::Later(LOOK),
                        // Nothing will end that it could wait for.
                        Missing::Later | Missing::Limited => {
                            queue.meter.pin_limited();
                            Opened::Never
                        }
                        Missing::Unmapped => Opened::Never,
                    };
                }
            };
            let reached = job.offset + reached;
            *fault = (reached < wanted).then_some(reached);
            *end = (*end).min(reached);
        }
        Opened::Window(window)
    }

    /// All that is there of a window is submitted. What is not there stops the operation, unless
    /// something stops it earlier.
    fn shut(&self, job: &mut Job) {
        let Some(window) = job.window.take() else {
            return;
        };
        for (buffer, fault) in job.work.op.buffers().iter().zip(window.faults) {
            if let (Some(buffer), Some(at)) = (buffer, fault) {
                let addr = buffer.iova.wrapping_add(u64::from(at));
                job.outcome.fault(at, addr, buffer.write);
            }
        }
        self.leave(&window.sides);
    }

    /// The next piece of a window. `None` if nothing is mapped any more.
    fn piece(&self, queue: &Queue, job: &Job) -> Option<Piece> {
        let window = job.window.as_ref()?;
        let max = window
            .bounds
            .turn
            .min(1 << queue.submitter.max_transfer_shift());
        let mut len = max.min(window.end - job.offset);
        let mut addresses = [0; SIDES];
        let ranges = self.ranges.lock();
        let sides = window.sides.iter().zip(job.work.op.buffers());
        for ((side, buffer), address) in sides.zip(addresses.iter_mut()) {
            let (Some(side), Some(buffer)) = (side, buffer) else {
                continue;
            };
            let iova = buffer.iova.wrapping_add(u64::from(job.offset));
            let offset = iova.checked_sub(ranges.span(*side)?.iova)?;
            // SAFETY: The range has this window as its user, and has the piece as another before the
            // hardware has it, until it is done with it (`land`). One that is unmapped all the same
            // is so when the engine is dead and nothing is in flight, and nothing is submitted then.
            let (dma, there) = unsafe { ranges.mapped(*side)?.at(offset, len) }?;
            *address = dma;
            len = len.min(there);
        }
        let [a, b] = addresses;
        Some(Piece {
            offset: job.offset,
            a,
            b,
            len,
        })
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
        let Some(job) = lane.job(at) else {
            warn_on!(true);
            return Went::Through;
        };
        let op = job.outcome.next_op();
        let make = |record, handle| descriptor(&op, &piece, record, handle);
        // Before the hardware has it.
        {
            let mut ranges = self.ranges.lock();
            sides.iter().flatten().for_each(|side| ranges.enter(*side));
        }
        match self.give(queue, &job.accepted, &make, piece.len) {
            Some(ticket) => {
                job.offset += piece.len;
                job.pieces += 1;
                let flying = Flying {
                    ticket,
                    since: Instant::now(),
                    piece,
                    job: at,
                    sides,
                    again: 0,
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
                flights.begin();
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
                flights.end();
            }
            queue.flow.give_back(bytes);
        }
        ticket
    }
}
