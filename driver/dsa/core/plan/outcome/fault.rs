// SPDX-License-Identifier: GPL-2.0

//! From an address that the hardware reports to the tenant's.

use super::super::{
    super::desc::{
        Buffer,
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
        buffer.iova.wrapping_add(place(op, buffer.len, at))
    })
}

/// The place of the buffer that faulted in a piece after `at` bytes of it; `None` if there is none
/// that is accessed this way.
///
/// The hardware tells an address, of which the page counts: two buffers may be accessed in one way.
pub(super) fn side(op: &Op, piece: &Piece, at: u32, fault_addr: u64, write: bool) -> Option<usize> {
    let within = place(op, piece.len, at);
    let is_there = |dma: u64| page(dma.wrapping_add(within)) == page(fault_addr);
    let mut candidates = accessed(op, piece, write);
    let first = candidates.clone().next();
    let found = candidates.find(|(_, _, dma)| is_there(*dma)).or(first);
    found.map(|(side, _, _)| side)
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

/// The byte of `len` that is processed after `at` others.
fn place(op: &Op, len: u32, at: u32) -> u64 {
    u64::from(match op.order() {
        Order::Forward => at,
        Order::Backward => len.saturating_sub(1).saturating_sub(at),
    })
}

const fn page(addr: u64) -> u64 {
    // CAST: Widening; `From` is not usable in a const function.
    addr / PAGE_SIZE as u64
}
