// SPDX-License-Identifier: GPL-2.0

//! Carrying out one operation of a tenant: pin and map its memory, cut the operation into pieces
//! that are contiguous for the hardware, submit them, and fold their results into one.

use kernel::{
    page::PAGE_SIZE,
    prelude::*,
    warn_on, //
};

use super::{
    ring::Ring,
    scheduler::{
        Bounds,
        Flow, //
    },
    span::Span,
    submitter::{
        Ended,
        Submitter,
        Ticket, //
    }, //
};
use crate::{
    dsa_core::{
        desc::{
            code::status,
            Buffer,
            Completion,
            Op,
            BUFFERS, //
        },
        plan::{
            descriptor,
            pieces,
            Outcome,
            Piece,
            Segment, //
        }, //
    },
    ffi::{
        memory::{
            Memory,
            PIN_MAX, //
        },
        pinned::{
            Observer,
            Pinned,
            Slots,
            Unpinned, //
        },
        portal, //
    },
    framework::{
        Meter,
        PinnedPages, //
    }, //
};

/// Bytes that are pinned at a time: whatever their offset, they lie on at most [`PIN_MAX`] pages.
const WINDOW: u32 = ((PIN_MAX - 1) * PAGE_SIZE) as u32;

/// How often a piece is submitted again because its interrupt handle was revoked.
const RESUBMISSIONS: u8 = 3;

/// What an operation has to ask before it goes on: at any moment its tenant may take memory away,
/// or it may be discarded.
pub(super) trait Gate: Observer {
    /// Itself, as what accompanies pinning.
    fn observer(&self) -> &dyn Observer;

    /// Whether pinning may be tried: a limit of the tenant that does not allow it is not tried again
    /// for a while.
    fn may_pin(&self) -> bool;

    /// A limit of the tenant does not allow pinning.
    fn limited(&self);

    /// Asks to pin pages; waits if need be. Returns false if the operation is to be dropped.
    fn enter(&self, spans: [Option<Span>; 2]) -> bool;

    /// Asks to submit to the hardware. Returns false if the operation is to be dropped.
    fn fly(&self) -> bool;

    /// Whether the operation is to be dropped.
    fn is_dropped(&self) -> bool;

    /// Whether the operation is to fail, because the hardware was lost.
    fn is_failed(&self) -> bool;

    /// The hardware has nothing of the operation any more.
    fn land(&self);

    /// Nothing is pinned any more.
    fn leave(&self);
}

/// What carrying out one operation at a time needs, allocated once.
pub(super) struct Scratch {
    slots: [KBox<Slots>; 2],
    segments: [KVec<Segment>; 2],
    /// The pieces in flight; there is room for the largest share of a virtual WQ.
    flight: Ring<Flying>,
}

impl Scratch {
    /// Allocates for `share` pieces in flight.
    pub(super) fn new(share: usize) -> Result<Self> {
        let segments = || KVec::with_capacity(PIN_MAX, GFP_KERNEL);
        Ok(Self {
            slots: [Slots::new()?, Slots::new()?],
            segments: [segments()?, segments()?],
            flight: Ring::new(share)?,
        })
    }
}

/// Where an operation is carried out.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) submitter: &'a dyn Submitter,
    /// For turns on the WQ of the submitter.
    pub(super) flow: &'a Flow,
    pub(super) memory: &'a dyn Memory,
    pub(super) gate: &'a dyn Gate,
    /// Most pieces in flight.
    pub(super) share: usize,
    pub(super) meter: &'a Meter,
}

/// A piece that the hardware has.
struct Flying {
    ticket: Ticket,
    piece: Piece,
    /// How often it was submitted again.
    again: u8,
}

/// The pages of a buffer from some offset on, pinned as far as they can be.
struct Side<'a> {
    /// Bytes that are pinned.
    len: u32,
    /// Keeps the pages where they are.
    _pinned: Pinned<'a>,
    /// Dropped after that.
    _counted: PinnedPages<'a>,
}

impl<'a> Side<'a> {
    /// Pins `len` bytes of `buffer` from `offset` on and writes where they are to `segments`, which
    /// has the capacity.
    ///
    /// # Safety
    ///
    /// The device must be done with the segments before the value is dropped.
    unsafe fn new(
        context: Context<'a>,
        slots: &'a mut Slots,
        segments: &mut KVec<Segment>,
        buffer: &Buffer,
        offset: u32,
        len: u32,
    ) -> Result<Self, Unpinned> {
        segments.clear();
        let iova = buffer.iova.wrapping_add(u64::from(offset));
        // CAST: Below the size of a page.
        let within = (iova % PAGE_SIZE as u64) as usize;
        let pinned = Pinned::new(
            context.memory,
            context.gate.observer(),
            context.submitter.device(),
            slots,
            iova - within as u64,
            (within + len as usize).div_ceil(PAGE_SIZE),
            buffer.write,
        )?;
        let counted = context.meter.pin(pinned.len());
        let reached = pinned.len() * PAGE_SIZE;
        let mut left = reached.saturating_sub(within).min(len as usize);
        // CAST: At most `len`.
        let len = left as u32;
        let mut within = within;
        // SAFETY: The addresses go to the segments only, and `pinned` lives as long as the value.
        for page in unsafe { pinned.addresses() } {
            let part = left.min(PAGE_SIZE - within);
            let segment = Segment {
                dma: page + within as u64,
                // CAST: At most a page.
                len: part as u32,
            };
            let joined = segments.last_mut().is_some_and(|last| last.join(segment));
            if !joined && segments.push_within_capacity(segment).is_err() {
                warn_on!(true);
                return Err(Unpinned::Unmapped);
            }
            left -= part;
            within = 0;
        }
        Ok(Self {
            len,
            _pinned: pinned,
            _counted: counted,
        })
    }
}

/// Carries out `op`. `None` if it was dropped on the way.
pub(super) fn run(context: Context<'_>, op: &Op, scratch: &mut Scratch) -> Option<Completion> {
    let mut op = *op;
    if let Op::Crc {
        seed_addr: Some(addr),
        ..
    } = op
    {
        let mut seed = [0; 4];
        if context.memory.read(addr, &mut seed).is_err() {
            let mut outcome = Outcome::new(&op);
            outcome.fault(0, addr, false);
            return Some(outcome.finish());
        }
        op = op.with_seed(u32::from_le_bytes(seed));
    }

    let mut outcome = Outcome::new(&op);
    if op.buffers() == [None; BUFFERS] {
        if pace(context)?.is_none() {
            outcome.piece_lost();
            return Some(outcome.finish());
        }
        let nothing = core::iter::once(Piece::EMPTY);
        let flown = fly(context, nothing, &mut outcome, &mut scratch.flight);
        return (flown == Flown::Landed).then(|| outcome.finish());
    }
    let mut offset = 0;
    while offset < op.len() && !outcome.is_stopped() {
        if !context.gate.may_pin() {
            context.meter.pin_limited();
            outcome.piece_lost();
            break;
        }
        let Some(bounds) = pace(context)? else {
            outcome.piece_lost();
            break;
        };
        let len = WINDOW.min(bounds.window).min(op.len() - offset);
        let span = |buffer: Buffer| Span {
            iova: buffer.iova.wrapping_add(u64::from(offset)),
            len: u64::from(len),
        };
        let [first, second, _] = op.buffers();
        let spans = [first, second].map(|buffer| buffer.map(span));
        if !context.gate.enter(spans) {
            return None;
        }
        let flown = window(context, &op, offset, len, bounds, &mut outcome, scratch);
        context.gate.leave();
        match flown {
            Ok(Flown::Landed) => offset += len,
            // The rest once more, when the tenant has taken the memory away.
            Ok(Flown::Stopped(done)) => offset += done,
            Ok(Flown::Dropped) => return None,
            // Once more, when the tenant has taken the memory away.
            Err(Unpinned::Stopped) => (),
            Err(Unpinned::Limited) => context.gate.limited(),
            Err(Unpinned::Unmapped) => {
                outcome.piece_lost();
                break;
            }
        }
    }
    Some(outcome.finish())
}

/// Waits until the tenant's cap allows more. `None` if the operation is to be dropped, and nothing in
/// it if it is to fail.
fn pace(context: Context<'_>) -> Option<Option<Bounds>> {
    while !context.gate.is_dropped() {
        if context.gate.is_failed() || context.submitter.is_lost() {
            return Some(None);
        }
        let bounds = context.flow.pace();
        if bounds.is_some() {
            return Some(bounds);
        }
    }
    None
}

/// What became of a part of an operation that could be pinned.
#[derive(PartialEq, Eq)]
enum Flown {
    /// It was carried out, up to what stops the operation.
    Landed,
    /// So many bytes of it were carried out when memory was to be taken away while it waited for its
    /// turn.
    Stopped(u32),
    /// The operation is to be dropped.
    Dropped,
}

/// Carries out `len` bytes of an operation from `offset` on.
fn window(
    context: Context<'_>,
    op: &Op,
    offset: u32,
    len: u32,
    bounds: Bounds,
    outcome: &mut Outcome,
    scratch: &mut Scratch,
) -> Result<Flown, Unpinned> {
    let Scratch {
        slots: [a_slots, b_slots],
        segments: [a_segments, b_segments],
        flight,
    } = scratch;
    let [Some(a), b, _] = op.buffers() else {
        warn_on!(true);
        return Err(Unpinned::Unmapped);
    };
    b_segments.clear();
    // SAFETY: Only `fly` submits what is made of the segments, and it waits for all of that; both
    // sides live until this function returns.
    let a_side = unsafe { Side::new(context, a_slots, a_segments, &a, offset, len)? };
    let b_side = match &b {
        // SAFETY: As above.
        Some(b) => Some(unsafe { Side::new(context, b_slots, b_segments, b, offset, len)? }),
        None => None,
    };
    if context.gate.stop() {
        return Err(Unpinned::Stopped);
    }
    let reached = |side: Option<&Side<'_>>| side.map_or(len, |side| side.len);
    let usable = reached(Some(&a_side)).min(reached(b_side.as_ref()));
    let flown = if usable > 0 {
        let max = bounds.turn.min(1 << context.submitter.max_transfer_shift());
        let sides = [&a_segments[..], &b_segments[..], &[]];
        let parts = pieces(sides, op.order(), max).map(|piece| Piece {
            offset: offset + piece.offset,
            ..piece
        });
        fly(context, parts, outcome, flight)
    } else {
        Flown::Landed
    };
    if let Flown::Stopped(end) = flown {
        return Ok(Flown::Stopped(end - offset));
    }
    // What could not be pinned stops the operation there, unless something stops it earlier.
    let mut fault = |buffer: &Buffer, side: &Side<'_>| {
        if side.len < len {
            let at = offset + side.len;
            outcome.fault(at, buffer.iova.wrapping_add(u64::from(at)), buffer.write);
        }
    };
    fault(&a, &a_side);
    if let (Some(b), Some(side)) = (&b, &b_side) {
        fault(b, side);
    }
    Ok(flown)
}

/// Submits pieces, as many at a time as may be in flight, each when it is its turn. On return the
/// hardware has none of them. If it is stopped, it returns where the first piece is that was not
/// submitted.
fn fly(
    context: Context<'_>,
    parts: impl Iterator<Item = Piece>,
    outcome: &mut Outcome,
    flight: &mut Ring<Flying>,
) -> Flown {
    if !context.gate.fly() {
        return Flown::Dropped;
    }
    portal::delay_submission();
    // Each piece of a CRC starts from the result of the one before.
    let one_by_one = matches!(outcome.next_op(), Op::Crc { .. });
    let mut going_on = true;
    let mut flown = Flown::Landed;
    'pieces: for piece in parts {
        while flight.len() >= context.share.max(1) || (one_by_one && flight.len() > 0) {
            going_on &= land(context, outcome, flight);
        }
        loop {
            if context.gate.is_dropped() {
                flown = Flown::Dropped;
                break 'pieces;
            }
            if context.gate.is_failed() {
                outcome.piece_lost();
                going_on = false;
            }
            if !going_on || outcome.is_stopped() {
                break 'pieces;
            }
            if context.flow.take(piece.len) {
                break;
            }
            // What is in flight returns turns, perhaps the one that is waited for.
            if flight.len() > 0 {
                going_on &= land(context, outcome, flight);
            } else if context.gate.stop() {
                flown = Flown::Stopped(piece.offset);
                break 'pieces;
            } else {
                context.flow.wait();
            }
        }
        going_on &= submit(context, piece, 0, outcome, flight);
    }
    context.flow.withdraw();
    while flight.len() > 0 {
        land(context, outcome, flight);
    }
    context.gate.land();
    flown
}

/// Submits a piece that has its turn, which is returned if that fails. Returns false if nothing more
/// is to be submitted.
fn submit(
    context: Context<'_>,
    piece: Piece,
    again: u8,
    outcome: &mut Outcome,
    flight: &mut Ring<Flying>,
) -> bool {
    let op = outcome.next_op();
    let make = |record, handle| descriptor(&op, &piece, record, handle);
    let Ok(ticket) = context.submitter.submit(&make) else {
        context.flow.give_back(piece.len);
        outcome.piece_lost();
        return false;
    };
    context.meter.hw_submitted();
    let flying = Flying {
        ticket,
        piece,
        again,
    };
    if let Err(flying) = flight.push(flying) {
        // Callers see to it that the flight is not full.
        warn_on!(true);
        let _ = context.submitter.wait(flying.ticket);
        context.flow.give_back(piece.len);
        outcome.piece_lost();
        return false;
    }
    true
}

/// Waits for the oldest piece in flight. Returns false if nothing more is to be submitted.
fn land(context: Context<'_>, outcome: &mut Outcome, flight: &mut Ring<Flying>) -> bool {
    let Some(Flying {
        ticket,
        piece,
        again,
    }) = flight.pop()
    else {
        return true;
    };
    let ended = context.submitter.wait(ticket);
    let is_revoked = |record: &Completion| record.status & status::MASK == status::INT_HANDLE;
    match ended {
        // The hardware has not done it: the handle was revoked after the submission.
        Ended::Done(record) if is_revoked(&record) && again < RESUBMISSIONS => {
            return submit(context, piece, again + 1, outcome, flight);
        }
        _ => context.flow.give_back(piece.len),
    }
    match ended {
        Ended::Done(record) => {
            outcome.piece_done(&piece, &record);
            true
        }
        Ended::Lost => {
            outcome.piece_lost();
            false
        }
    }
}
