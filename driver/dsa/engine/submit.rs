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
        Window, //
    },
    memory::Missing,
    state::Accepted,
    Engine,
    Queue, //
};
use crate::{
    dsa_core::{
        desc::{
            Buffer,
            Op,
            Order,
            BUFFERS, //
        },
        plan::{
            descriptor,
            with_hints,
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

/// Most bytes of an operation that are pinned at a time.
fn longest(op: &Op) -> u32 {
    // Leaves as much for the distance of two buffers that overlap.
    WINDOW >> u32::from(op.overlap().is_some())
}

/// Where a part of a buffer is, from `offset` to `end` in the order of the operation.
fn part(op: &Op, buffer: &Buffer, offset: u32, end: u32) -> Span {
    let low = match op.order() {
        Order::Forward => offset,
        Order::Backward => buffer.len.saturating_sub(end),
    };
    Span {
        iova: buffer.iova.wrapping_add(u64::from(low)),
        len: u64::from(end.saturating_sub(offset)),
    }
}

/// The memory of both buffers of a copy, from `offset` to `end`, if they overlap there: the hardware
/// must see that they do. Buffers that are further apart are copied in parts that do not, and a single
/// byte is copied in one go.
fn union(op: &Op, offset: u32, end: u32) -> Option<Span> {
    op.overlap()?;
    let mut parts = op.buffers().into_iter().flatten();
    let (a, b) = (parts.next()?, parts.next()?);
    let (a, b) = (part(op, &a, offset, end), part(op, &b, offset, end));
    (end - offset > 1 && a.overlaps(&b)).then(|| a.around(Some(b)))
}

/// How many bytes there are of `own` in a range, in the order of the operation.
fn there(op: &Op, own: &Span, range: &Span) -> u32 {
    let there = match op.order() {
        Order::Backward if !range.contains(own) => 0,
        Order::Backward => own.len,
        Order::Forward => {
            let before = own.iova.saturating_sub(range.iova);
            range.len.saturating_sub(before).min(own.len)
        }
    };
    // CAST: No longer than an operation.
    there as u32
}

/// What came of an attempt to go on with a descriptor.
pub(super) enum Went {
    /// It went on.
    On,
    /// It cannot before something happens, or before so many ns have passed.
    Nowhere(u64),
    /// All of it that there is to submit is submitted.
    Through,
}

impl Went {
    /// It cannot before something ends, which wakes the thread.
    pub(super) const WHEN_WOKEN: Self = Self::Nowhere(LOOK);
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
            return Went::WHEN_WOKEN;
        };
        // What comes later has not begun.
        let waits = !lane.has_only(at);
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
    fn open_window(&self, queue: &Queue, job: &mut Job, memory: &Arc<dyn Memory>) -> Opened {
        let bounds = match queue.flow.pace() {
            Ok(bounds) => bounds,
            Err(ns) => return Opened::Later(ns),
        };
        let op = &job.work.op;
        let most = bounds.window.min(job.most).min(op.len() - job.offset);
        let end = job.offset + most.min(longest(op));
        let mut window = Window {
            bounds,
            end,
            sides: [None; BUFFERS],
            missing: [None; BUFFERS],
        };
        let Window { sides, missing, .. } = &mut window;
        let buffers = op.buffers().into_iter();
        for ((buffer, side), missing) in buffers.zip(sides.iter_mut()).zip(missing.iter_mut()) {
            let Some(buffer) = buffer else {
                continue;
            };
            let own = part(op, &buffer, job.offset, end);
            let (span, write) = match union(op, job.offset, end) {
                Some(union) => (union, true),
                None => (own, buffer.write),
            };
            match self.range(queue, memory, &span, write) {
                Ok(at) => {
                    *side = at;
                    let range = at.and_then(|at| self.ranges.lock().span(at));
                    let there = range.map_or(0, |range| there(op, &own, &range));
                    *missing = (there < end - job.offset).then_some(job.offset + there);
                }
                Err(why) => {
                    self.leave(sides);
                    return match why {
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
            }
        }
        let reached = window.missing.iter().flatten().fold(end, |end, at| end.min(*at));
        let is_union = union(op, job.offset, end).is_some();
        let goes_back = op.order() == Order::Backward;
        if (is_union || goes_back) && reached < end && end - job.offset > 1 {
            // What is there is known from the start on, and of a union not for which buffer it is
            // missing, nor whether that one needs to write there. So once more with less, down to parts
            // that do not overlap, and backward to the byte that is missing.
            self.leave(&window.sides);
            job.most = match reached - job.offset {
                0 => (end - job.offset) / 2,
                there => there,
            };
            return Opened::Later(0);
        }
        job.most = u32::MAX;
        window.end = reached;
        Opened::Window(window)
    }

    /// All that is there of a window is submitted. What is not there stops the operation, unless
    /// something stops it earlier.
    fn shut(&self, job: &mut Job) {
        let Some(window) = job.window.take() else {
            return;
        };
        for (side, missing) in window.missing.iter().enumerate() {
            if let Some(at) = missing {
                job.outcome.missing(side, *at);
            }
        }
        self.leave(&window.sides);
    }

    /// The next piece of a window. `None` if nothing is mapped any more.
    fn piece(&self, queue: &Queue, job: &Job) -> Option<Piece> {
        let window = job.window.as_ref()?;
        let op = &job.work.op;
        let turn = window.bounds.turn;
        let max = turn.min(1 << queue.submitter.max_transfer_shift());
        let mut len = max.min(window.end - job.offset);
        let mut addresses = [0; BUFFERS];
        let is_backward = op.order() == Order::Backward;
        let ranges = self.ranges.lock();
        let sides = window.sides.iter().zip(op.buffers());
        for ((side, buffer), address) in sides.zip(addresses.iter_mut()) {
            let (Some(side), Some(buffer)) = (side, buffer) else {
                continue;
            };
            let own = part(op, &buffer, job.offset, window.end);
            let range = ranges.span(*side)?;
            let offset = own.iova.checked_sub(range.iova)?;
            let mapped = ranges.mapped(*side)?;
            // SAFETY: The range has this window as its user, and has the piece as another before the
            // hardware has it, until it is done with it (`land`). One that is unmapped all the same
            // is so when the engine is dead and nothing is in flight, and nothing is submitted then.
            let (dma, there) = unsafe {
                if is_backward {
                    mapped.up_to(offset.checked_add(own.len)?, len)
                } else {
                    mapped.from(offset, len)
                }
            }?;
            *address = dma;
            len = len.min(there);
        }
        if is_backward {
            for (side, address) in window.sides.iter().zip(addresses.iter_mut()) {
                // Of its end.
                *address = address.wrapping_sub(side.map_or(0, |_| u64::from(len)));
            }
        }
        Some(Piece {
            offset: job.offset,
            addresses,
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
        let hints = job.work.hints;
        let make = |record, handle| with_hints(descriptor(&op, &piece, record, handle), hints);
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
