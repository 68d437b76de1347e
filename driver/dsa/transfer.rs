// SPDX-License-Identifier: GPL-2.0

//! Carrying out one operation of a tenant: pin and map its memory, cut the operation into pieces
//! that are contiguous for the hardware, submit them, and fold their results into one.

use kernel::{
    page::PAGE_SIZE,
    prelude::*, //
};

use super::{
    device::Device,
    ring::Ring,
    wq::{
        Ticket,
        Wq, //
    }, //
};
use crate::{
    ffi::{
        pinned::{
            Pinned,
            Slots, //
        },
        vfio::{
            Memory,
            PIN_MAX, //
        }, //
    },
    dsa_core::{
        desc::{
            Buffer,
            Completion,
            Op, //
        },
        plan::{
            descriptor,
            pieces,
            Outcome,
            Piece,
            Segment, //
        }, //
    }, //
};

/// Bytes that are pinned at a time: whatever their offset, they lie on at most [`PIN_MAX`] pages.
const WINDOW: u32 = ((PIN_MAX - 1) * PAGE_SIZE) as u32;

/// A range of a tenant's memory.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) iova: u64,
    pub(super) len: u64,
}

impl Span {
    /// Whether two ranges have a byte in common.
    pub(super) fn overlaps(&self, other: &Span) -> bool {
        let last = |span: &Span| span.iova.saturating_add(span.len.saturating_sub(1));
        self.iova <= last(other) && other.iova <= last(self)
    }

    /// The smallest range that has all of this one and of another.
    pub(super) fn around(self, other: Option<Span>) -> Span {
        let Some(other) = other else {
            return self;
        };
        let end = |span: &Span| span.iova.saturating_add(span.len);
        let iova = self.iova.min(other.iova);
        Span {
            iova,
            len: end(&self).max(end(&other)) - iova,
        }
    }
}

/// Who decides when memory may be pinned: a tenant may be taking it away at this moment.
pub(super) trait Gate {
    /// Asks to pin pages; waits if need be. Returns false if the operation is to be dropped.
    fn enter(&self, spans: [Option<Span>; 2]) -> bool;

    /// Whether somebody waits for what is pinned to be given back.
    fn is_wanted_back(&self) -> bool;

    /// Asks to let the hardware have what is pinned. Returns false if the operation is to be
    /// dropped.
    fn fly(&self) -> bool;

    /// The hardware is done with it.
    fn land(&self);

    /// Nothing is pinned any more.
    fn leave(&self);
}

/// Room for one operation at a time, made once, so that carrying it out allocates nothing.
pub(super) struct Scratch {
    slots: [KBox<Slots>; 2],
    segments: [KVec<Segment>; 2],
    /// The descriptors that are under way, as many as the subdev's share.
    flight: Ring<(Ticket, Piece)>,
}

impl Scratch {
    /// Makes the room.
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
pub(super) struct Context<'a> {
    pub(super) device: &'a Device,
    pub(super) wq: &'a Wq,
    pub(super) memory: &'a Memory,
    pub(super) gate: &'a dyn Gate,
}

/// The pages of a buffer from `offset` on, pinned as far as they can be.
struct Side<'a> {
    /// Bytes that are pinned.
    len: u32,
    /// Keeps the pages where they are.
    _pinned: Pinned<'a>,
}

impl<'a> Side<'a> {
    /// Pins `len` bytes of `buffer` from `offset` on and writes where they are to `segments`. `None`
    /// if they are wanted back already.
    fn new(
        context: &Context<'a>,
        slots: &'a mut Slots,
        segments: &mut KVec<Segment>,
        buffer: &Buffer,
        offset: u32,
        len: u32,
    ) -> Result<Option<Self>> {
        segments.clear();
        let iova = buffer.iova.wrapping_add(u64::from(offset));
        // CAST: Below the size of a page.
        let within = (iova % PAGE_SIZE as u64) as usize;
        let base = iova - within as u64;
        let count = (within + len as usize).div_ceil(PAGE_SIZE);
        let dev = context.device.regs.bound().get();
        let wanted_back = || context.gate.is_wanted_back();
        let pinned = Pinned::new(
            context.memory,
            dev,
            slots,
            base,
            count,
            buffer.write,
            wanted_back,
        )?;
        let Some(pinned) = pinned else {
            return Ok(None);
        };
        let reached = pinned.addresses().len() * PAGE_SIZE;
        let mut left = reached.saturating_sub(within).min(len as usize);
        // CAST: At most `len`.
        let len = left as u32;
        let mut within = within;
        for &page in pinned.addresses() {
            let part = left.min(PAGE_SIZE - within);
            let segment = Segment {
                dma: page + within as u64,
                // CAST: At most a page.
                len: part as u32,
            };
            let joined = segments.last_mut().is_some_and(|last| last.join(segment));
            if !joined {
                segments.push(segment, GFP_KERNEL)?;
            }
            left -= part;
            within = 0;
        }
        Ok(Some(Self {
            len,
            _pinned: pinned,
        }))
    }
}

/// Carries out `op`. `None` if it was dropped on the way.
pub(super) fn run(context: &Context<'_>, op: &Op, scratch: &mut Scratch) -> Option<Completion> {
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
    if op.buffers() == [None, None] {
        let nothing = core::iter::once(Piece::EMPTY);
        submit_all(context, nothing, &mut outcome, &mut scratch.flight);
        return Some(outcome.finish());
    }
    let mut offset = 0;
    while offset < op.len() && !outcome.is_stopped() {
        let len = WINDOW.min(op.len() - offset);
        let span = |buffer: Buffer| Span {
            iova: buffer.iova.wrapping_add(u64::from(offset)),
            len: u64::from(len),
        };
        if !context
            .gate
            .enter(op.buffers().map(|buffer| buffer.map(span)))
        {
            return None;
        }
        let flown = window(context, &op, offset, len, &mut outcome, scratch);
        context.gate.leave();
        match flown {
            Ok(Flown::Landed) => offset += len,
            Ok(Flown::GivenBack) => (),
            Ok(Flown::Dropped) => return None,
            // Out of resources half way: what is missing shows as a failure of the hardware.
            Err(_) => break,
        }
    }
    Some(outcome.finish())
}

/// What became of a part of an operation.
enum Flown {
    /// It was carried out, up to what stops the operation.
    Landed,
    /// Nothing was done, because its memory was wanted back: it is to be tried again.
    GivenBack,
    /// The operation is to be dropped.
    Dropped,
}

/// Carries out `len` bytes of an operation from `offset` on.
fn window(
    context: &Context<'_>,
    op: &Op,
    offset: u32,
    len: u32,
    outcome: &mut Outcome,
    scratch: &mut Scratch,
) -> Result<Flown> {
    let Scratch {
        slots: [a_slots, b_slots],
        segments: [a_segments, b_segments],
        flight,
    } = scratch;
    let [Some(a), b] = op.buffers() else {
        return Err(EINVAL);
    };
    b_segments.clear();
    let Some(a_side) = Side::new(context, a_slots, a_segments, &a, offset, len)? else {
        return Ok(Flown::GivenBack);
    };
    let mut usable = a_side.len;
    let mut b_side = None;
    if let Some(b) = &b {
        let Some(side) = Side::new(context, b_slots, b_segments, b, offset, len)? else {
            return Ok(Flown::GivenBack);
        };
        usable = usable.min(side.len);
        b_side = Some(side);
    }
    if context.gate.is_wanted_back() {
        return Ok(Flown::GivenBack);
    }
    if usable > 0 {
        let max = 1 << context.device.max_transfer_shift();
        let parts = pieces(a_segments, b_segments, max).map(|piece| Piece {
            offset: offset + piece.offset,
            ..piece
        });
        if !context.gate.fly() {
            return Ok(Flown::Dropped);
        }
        submit_all(context, parts, outcome, flight);
        context.gate.land();
    }
    // What could not be pinned stops the operation there, unless something stops it earlier.
    let mut fault = |buffer: &Buffer, reached: u32| {
        if reached < len {
            let at = offset + reached;
            outcome.fault(at, buffer.iova.wrapping_add(u64::from(at)), buffer.write);
        }
    };
    fault(&a, a_side.len);
    if let (Some(b), Some(side)) = (&b, &b_side) {
        fault(b, side.len);
    }
    Ok(Flown::Landed)
}

/// Submits pieces, as many at a time as the flight has room for, and waits for all of them.
fn submit_all(
    context: &Context<'_>,
    parts: impl Iterator<Item = Piece>,
    outcome: &mut Outcome,
    flight: &mut Ring<(Ticket, Piece)>,
) {
    // Each piece of a CRC starts from the result of the one before.
    let one_by_one = matches!(outcome.next_op(), Op::Crc { .. });
    let mut lost = false;
    for piece in parts {
        while flight.is_full() || (one_by_one && flight.len() > 0) {
            lost |= !land(context, outcome, flight);
        }
        if lost || outcome.is_stopped() {
            break;
        }
        let op = outcome.next_op();
        let submitted = context.wq.submit(&context.device.regs, |record, handle| {
            descriptor(&op, &piece, record, handle)
        });
        let Ok(ticket) = submitted else {
            break;
        };
        // There is room, as was just seen to.
        let _ = flight.push((ticket, piece));
    }
    while flight.len() > 0 {
        land(context, outcome, flight);
    }
}

/// Waits for the oldest piece. Returns false if the hardware will not complete it.
fn land(context: &Context<'_>, outcome: &mut Outcome, flight: &mut Ring<(Ticket, Piece)>) -> bool {
    let Some((ticket, piece)) = flight.pop() else {
        return true;
    };
    let record = context.wq.wait(context.device, ticket);
    if let Some(record) = &record {
        outcome.piece_done(&piece, record);
    }
    record.is_some()
}
