// SPDX-License-Identifier: GPL-2.0

//! One result of those of the pieces.

mod divided;
mod fault;
mod whole;

use self::{
    divided::Divided,
    whole::Whole, //
};
use super::{
    super::desc::{
        code::status,
        Completion,
        Op,
        BUFFERS, //
    },
    Piece, //
};

/// The result of an operation, folded from those of its pieces.
///
/// It is the one that a single descriptor of the hardware would have. What stops the operation first,
/// in the order in which it goes through its buffers, decides; pieces may complete in any order, unless
/// [`Op::is_sequential`] says otherwise. It is a failure of the hardware if pieces are missing before
/// that. Addresses that the hardware reports are never told, but those of the tenant in their place.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Outcome(Kind);

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Kind {
    Divided(Divided),
    Whole(Whole),
}

impl Outcome {
    /// The result of `op` before any piece is done. A seed in memory must have been read into it
    /// ([`Op::with_seed`]), unless it cannot be read.
    pub fn new(op: &Op) -> Self {
        Self(if op.is_divisible() {
            Kind::Divided(Divided::new(op))
        } else {
            Kind::Whole(Whole::new(op))
        })
    }

    /// The operation of which to make the next piece's descriptor: a CRC goes on from the pieces
    /// before, which must be done, and one that cannot be divided is [`Op::within`] the memory that is
    /// there.
    pub fn next_op(&self) -> Op {
        match &self.0 {
            Kind::Divided(divided) => divided.next_op(),
            Kind::Whole(whole) => whole.next_op(),
        }
    }

    /// The one piece of an operation that cannot be divided, on buffers that are contiguous at these
    /// addresses for the hardware. What of them is not there must be told before
    /// ([`Outcome::missing`]). `None` if that leaves nothing to do.
    ///
    /// Destinations must not lie right below sources for the device: hardware takes that for an
    /// overlap of Strip DIF (DML's `validation.cpp` works around it).
    pub fn whole_piece(&self, addresses: [u64; BUFFERS]) -> Option<Piece> {
        match &self.0 {
            Kind::Divided(_) => None,
            Kind::Whole(whole) => whole.piece(addresses),
        }
    }

    /// A piece is complete with the record that the hardware wrote.
    pub fn piece_done(&mut self, piece: &Piece, record: &Completion) {
        match &mut self.0 {
            Kind::Divided(divided) => divided.piece_done(piece, record),
            Kind::Whole(whole) => whole.piece_done(piece, record),
        }
    }

    /// A piece that the hardware does not complete: it was not submitted, or was abandoned.
    ///
    /// It makes the operation a failure of the hardware, unless something stops the operation and
    /// all before that is known to be done. It is known whenever pieces complete in order.
    pub fn piece_lost(&mut self) {
        match &mut self.0 {
            Kind::Divided(divided) => divided.piece_lost(),
            Kind::Whole(whole) => whole.piece_lost(),
        }
    }

    /// Of the buffer at the place `side`, only `reached` bytes are there, in the order of the
    /// operation, or there only for reading where it is written to.
    pub fn missing(&mut self, side: usize, reached: u32) {
        match &mut self.0 {
            Kind::Divided(divided) => divided.missing(side, reached),
            Kind::Whole(whole) => whole.missing(side, reached),
        }
    }

    /// The page of the tenant's address `addr`, needed `offset` bytes after the beginning, is not
    /// there, or not there for a write. For what is in no buffer, as the seed of a CRC; else see
    /// [`Outcome::missing`].
    pub fn fault(&mut self, offset: u32, addr: u64, write: bool) {
        match &mut self.0 {
            Kind::Divided(divided) => divided.fault(offset, addr, write),
            Kind::Whole(whole) => whole.fault(addr, write),
        }
    }

    /// Whether later pieces need not be done, as something stops the operation.
    pub fn is_stopped(&self) -> bool {
        match &self.0 {
            Kind::Divided(divided) => divided.is_stopped(),
            Kind::Whole(whole) => whole.is_stopped(),
        }
    }

    /// The tenant's completion record.
    pub fn finish(&self) -> Completion {
        match &self.0 {
            Kind::Divided(divided) => divided.finish(),
            Kind::Whole(whole) => whole.finish(),
        }
    }
}

/// The record of an operation that the hardware failed.
fn failed() -> Completion {
    Completion {
        status: status::HARDWARE,
        ..Completion::default()
    }
}
