// SPDX-License-Identifier: GPL-2.0

//! From an address that the hardware reports to the tenant's.

use super::super::{
    super::desc::{
        code::status,
        Buffer,
        Completion,
        Op,
        Order, //
    },
    Piece,
    PAGE_SIZE, //
};

/// The tenant's address `at` bytes after the beginning of the buffer at the place `side`, in the order
/// of the operation; 0 if there is no such buffer.
pub(super) fn address(op: &Op, side: usize, at: u32) -> u64 {
    let buffer = op.buffers().get(side).copied().flatten();
    buffer.map_or(0, |buffer| {
        let from_start = match op.order() {
            Order::Forward => at,
            Order::Backward => buffer.len.saturating_sub(1).saturating_sub(at),
        };
        buffer.iova.wrapping_add(u64::from(from_start))
    })
}

/// A fault that the hardware reports of a piece of an operation that may be divided.
pub(super) struct PieceFault {
    /// Bytes of the piece that are done, in the order of the operation.
    pub(super) done: u32,
    /// The place of the buffer.
    pub(super) side: usize,
    /// The tenant's address; 0 if no buffer is accessed this way.
    pub(super) addr: u64,
}

impl PieceFault {
    /// What the record of `piece` tells.
    ///
    /// A piece that does not overlap in itself goes forward though the operation goes backward. What
    /// is done of it is not what comes first then: nothing of it counts, and it is told of the page
    /// as far as the operation comes upon it first.
    pub(super) fn new(op: &Op, piece: &Piece, record: &Completion) -> Self {
        let write = record.status & status::WRITE != 0;
        let reported = record.bytes.min(piece.len);
        let last = piece.len.saturating_sub(1);
        let goes_back = op.order() == Order::Backward;
        let is_reversed = goes_back && record.result == 0;
        // Where in the piece it is, from its lowest byte on.
        let low = if goes_back && !is_reversed {
            last.saturating_sub(reported)
        } else {
            reported
        };
        let found = side(op, piece, low, record.fault_addr, write);
        let addr = found.map_or(0, |(_, buffer)| {
            let before = if goes_back {
                buffer
                    .len
                    .saturating_sub(piece.offset.saturating_add(piece.len))
            } else {
                piece.offset
            };
            let start = buffer.iova.wrapping_add(u64::from(before));
            let addr = start.wrapping_add(u64::from(low));
            if is_reversed {
                let end_of_page = addr | u64::from(PAGE_SIZE - 1);
                end_of_page.min(start.wrapping_add(u64::from(last)))
            } else {
                addr
            }
        });
        Self {
            done: if is_reversed { 0 } else { reported },
            side: found.map_or(0, |(side, _)| side),
            addr,
        }
    }
}

/// The buffer that faulted in a piece, `low` bytes from its lowest on, and its place; `None` if there
/// is none that is accessed this way.
///
/// The hardware tells an address, of which the page counts: two buffers may be accessed in one way.
fn side(op: &Op, piece: &Piece, low: u32, fault_addr: u64, write: bool) -> Option<(usize, Buffer)> {
    let is_there = |dma: u64| page(dma.wrapping_add(u64::from(low))) == page(fault_addr);
    let mut candidates = accessed(op, piece, write);
    let first = candidates.clone().next();
    let found = candidates.find(|(_, _, dma)| is_there(*dma)).or(first);
    found.map(|(side, buffer, _)| (side, buffer))
}

/// The tenant's address for the one that the hardware reports of a piece that is the whole operation,
/// wherever in a buffer it is. Without a buffer that it can be in, the start of the first that is
/// accessed this way.
pub(super) fn translate(op: &Op, piece: &Piece, fault_addr: u64, write: bool) -> u64 {
    let has = |buffer: &Buffer, dma: u64| {
        let last = dma.wrapping_add(u64::from(buffer.len.saturating_sub(1)));
        (page(dma)..=page(last)).contains(&page(fault_addr))
    };
    let mut candidates = accessed(op, piece, write);
    let first = candidates.clone().next().map(|(_, buffer, _)| buffer.iova);
    let found = candidates.find(|(_, buffer, dma)| has(buffer, *dma));
    let found = found.map(|(_, buffer, dma)| {
        let last = u64::from(buffer.len.saturating_sub(1));
        let at = fault_addr.saturating_sub(dma).min(last);
        buffer.iova.wrapping_add(at)
    });
    found.or(first).unwrap_or(0)
}

/// Buffers that are accessed in one way, with their places and their addresses for the hardware.
fn accessed<'a>(
    op: &Op,
    piece: &'a Piece,
    write: bool,
) -> impl Iterator<Item = (usize, Buffer, u64)> + Clone + 'a {
    let sides = op.buffers().into_iter().zip(piece.addresses).enumerate();
    sides.filter_map(move |(side, (buffer, dma))| {
        let buffer = buffer.filter(|buffer| buffer.write == write)?;
        Some((side, buffer, dma))
    })
}

const fn page(addr: u64) -> u64 {
    // CAST: Widening; `From` is not usable in a const function.
    addr / PAGE_SIZE as u64
}
