// SPDX-License-Identifier: GPL-2.0

//! Pinning what comes next of a descriptor, and cutting it into pieces that are contiguous for the
//! hardware.

use kernel::{
    page::PAGE_SIZE,
    sync::Arc, //
};

use super::{
    super::span::Span,
    lane::{
        Job,
        Window, //
    },
    memory::Missing,
    submit::LOOK,
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
        plan::Piece,
        setup::MAX_TRANSFER_SHIFT, //
    },
    ffi::{
        memory::Memory,
        pinned::PINNED_MAX, //
    }, //
};

/// Bytes of an operation that are pinned at a time, unless it cannot be divided: one descriptor of
/// [`MAX_TRANSFER_SHIFT`].
const WINDOW: u32 = 1 << MAX_TRANSFER_SHIFT;

/// Whatever the offset, it can be pinned; so can a destination that has fields which the source lacks.
const _: () = assert!(WINDOW as usize + WINDOW as usize / 64 < (PINNED_MAX - 1) * PAGE_SIZE);

/// How long, in ns, to wait for memory that a tenant is taking away.
const TAKEN_AWAY: u64 = 1_000_000;

/// Most bytes of an operation that are pinned at a time.
fn longest(op: &Op) -> u32 {
    // Leaves as much for the distance of two buffers that overlap.
    WINDOW >> u32::from(op.overlap().is_some())
}

/// Where a part of a buffer is, from `offset` to `end` in the order of the operation: all of it if that
/// cannot be divided.
fn part(op: &Op, buffer: &Buffer, offset: u32, end: u32) -> Span {
    if !op.is_divisible() {
        return Span {
            iova: buffer.iova,
            len: buffer.len.into(),
        };
    }
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

/// Tells where buffers are not there.
fn tell_missing(job: &mut Job, missing: [Option<u32>; BUFFERS]) {
    for (side, at) in missing.into_iter().enumerate() {
        if let Some(at) = at {
            job.outcome.missing(side, at);
        }
    }
}

/// How a window is opened.
pub(super) enum Opened {
    Window(Window),
    /// Not now; as [`Went::Nowhere`].
    Later(u64),
    /// Not with what is pinned.
    NotAtHand,
    /// It cannot be, and the operation fails.
    Never,
}

impl Engine {
    /// Gives up the window of a descriptor if its tenant takes that memory away.
    pub(super) fn leave_if_taken_away(&self, queue: &Queue, job: &mut Job) {
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
    pub(super) fn open_window(
        &self,
        queue: &Queue,
        job: &mut Job,
        memory: &Arc<dyn Memory>,
        at_hand: bool,
    ) -> Opened {
        let bounds = match queue.flow.pace() {
            Ok(bounds) => bounds,
            Err(ns) => return Opened::Later(ns),
        };
        let op = &job.work.op;
        let is_divisible = op.is_divisible();
        let most = bounds.window.min(job.most).min(op.len() - job.offset);
        let end = match is_divisible {
            true => job.offset + most.min(longest(op)),
            false => op.len(),
        };
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
            match self.range(queue, memory, &span, write, at_hand) {
                Ok(at) => {
                    *side = at;
                    let range = at.and_then(|at| self.ranges.lock().span(at));
                    let there = range.map_or(0, |range| there(op, &own, &range));
                    *missing = (u64::from(there) < own.len).then_some(job.offset + there);
                }
                Err(why) => {
                    self.leave(sides);
                    return match why {
                        Missing::TakenAway => Opened::Later(TAKEN_AWAY),
                        Missing::NotAtHand => Opened::NotAtHand,
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
        let reached = window.missing.iter().flatten();
        let reached = reached.fold(end, |end, at| end.min(*at));
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
        if !is_divisible {
            // What can be done depends on it.
            tell_missing(job, core::mem::take(&mut window.missing));
            return Opened::Window(window);
        }
        window.end = reached;
        Opened::Window(window)
    }

    /// All that is there of a window is submitted. What is not there stops the operation, unless
    /// something stops it earlier.
    pub(super) fn shut(&self, job: &mut Job) {
        let Some(window) = job.window.take() else {
            return;
        };
        tell_missing(job, window.missing);
        self.leave(&window.sides);
    }

    /// The next piece of a window. `None` if nothing is mapped any more.
    pub(super) fn piece(&self, queue: &Queue, job: &Job) -> Option<Piece> {
        let window = job.window.as_ref()?;
        let op = &job.work.op;
        let max = match op.is_divisible() {
            true => window
                .bounds
                .turn
                .min(1 << queue.submitter.max_transfer_shift()),
            false => u32::MAX,
        };
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
            let most = match op.is_divisible() {
                true => len,
                false => there(op, &own, &range),
            };
            // The range has this window as its user, and has the piece as another before the hardware
            // has it, until it is done with it (`land`). One that is unmapped all the same is so when
            // the engine is dead and nothing is in flight, and nothing is submitted then.
            let (dma, contiguous) = match is_backward {
                true => mapped.up_to(offset.checked_add(own.len)?, most),
                false => mapped.from(offset, most),
            }?;
            *address = dma;
            if !op.is_divisible() && contiguous < most {
                return None;
            }
            len = len.min(contiguous);
        }
        if is_backward {
            for (side, address) in window.sides.iter().zip(addresses.iter_mut()) {
                // Of its end.
                *address = address.wrapping_sub(side.map_or(0, |_| u64::from(len)));
            }
        }
        if !op.is_divisible() {
            return job.outcome.whole_piece(addresses);
        }
        Some(Piece {
            offset: job.offset,
            addresses,
            len,
        })
    }
}
