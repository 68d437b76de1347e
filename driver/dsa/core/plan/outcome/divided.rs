// SPDX-License-Identifier: GPL-2.0

//! One result of those of the pieces.

use super::{
    super::desc::{
        code::status,
        Completion,
        Op, //
    },
    Piece, //
};

/// The result of an operation, folded from those of its pieces.
///
/// It is the one that a single descriptor of the hardware would have: what stops the operation
/// first, counted in bytes from its start, decides, in whatever order the pieces complete. It is a
/// failure of the hardware if pieces are missing before that.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    op: Op,
    /// Whether a piece succeeded, be it an empty one.
    any_done: bool,
    /// Whether a piece was lost.
    any_lost: bool,
    /// Bytes of the pieces that succeeded.
    done: u32,
    /// Where the last of the pieces that succeeded ends.
    done_end: u32,
    /// Bytes that the hardware reported of these.
    reported: u32,
    /// The CRC up to here.
    crc: u32,
    stop: Option<Stop>,
}

/// What stops an operation, after `offset` bytes.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Stop {
    offset: u32,
    /// Start of the piece in which it is; the same as `offset` if it is in none.
    start: u32,
    /// End of that piece.
    end: u32,
    /// Bytes before `start` that are known to be done, perhaps fewer than there are.
    done_before: u32,
    status: u8,
    fault_addr: u64,
}

impl Outcome {
    /// The result of `op` before any piece is done. A seed in memory must have been read into it
    /// ([`Op::with_seed`]).
    pub fn new(op: &Op) -> Self {
        Self {
            op: *op,
            any_done: false,
            any_lost: false,
            done: 0,
            done_end: 0,
            reported: 0,
            crc: match *op {
                Op::Crc { seed, .. } => seed,
                _ => 0,
            },
            stop: None,
        }
    }

    /// The operation of which to make the next piece's descriptor: a CRC goes on from the pieces
    /// before, which must be done.
    pub fn next_op(&self) -> Op {
        self.op.with_seed(self.crc)
    }

    /// A piece is complete with the record that the hardware wrote. Those of a CRC must come in
    /// order.
    pub fn piece_done(&mut self, piece: &Piece, record: &Completion) {
        let at = piece.offset.saturating_add(record.bytes.min(piece.len));
        match record.status & status::MASK {
            status::SUCCESS => {
                if self.compares() && record.result != 0 {
                    self.stop_in(piece, at, status::SUCCESS, 0);
                    return;
                }
                self.note_done(piece);
                self.reported = self.reported.saturating_add(record.bytes);
                if matches!(self.op, Op::Crc { .. }) {
                    self.crc = record.crc();
                }
            }
            status::PAGE_FAULT | status::PAGE_FAULT_INVALID => {
                let write = record.status & status::WRITE != 0;
                self.stop_in(piece, at, record.status, self.address(at, write));
            }
            // All else is about our descriptor or our hardware, not the tenant's doing.
            _ => self.stop_in(piece, at, status::HARDWARE, 0),
        }
    }

    /// A piece that the hardware does not complete: it was not submitted, or was abandoned.
    ///
    /// It makes the operation a failure of the hardware, unless something stops the operation and
    /// all before that is known to be done. It is known whenever pieces complete in order.
    pub fn piece_lost(&mut self) {
        self.any_lost = true;
    }

    /// The page of the tenant's address `addr`, needed `offset` bytes after the start, is not
    /// there, or not there for a write.
    pub fn fault(&mut self, offset: u32, addr: u64, write: bool) {
        let kind = if write { status::WRITE } else { 0 };
        self.stop(Stop {
            offset,
            start: offset,
            end: offset,
            done_before: 0,
            status: status::PAGE_FAULT | kind,
            fault_addr: addr,
        });
    }

    /// Whether something stops the operation, so that later pieces need not be done.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// The tenant's completion record.
    pub fn finish(&self) -> Completion {
        let missing = match self.stop {
            // What is not submitted because of the stop is not missing; only a loss can be before
            // it.
            Some(stop) => self.any_lost && stop.done_before < stop.start,
            None => self.any_lost || !self.any_done || self.done < self.op.len(),
        };
        let record = match self.stop {
            _ if missing => Completion {
                status: status::HARDWARE,
                ..Completion::default()
            },
            Some(stop) => Completion {
                status: stop.status,
                // A comparison that stops without an error found a difference.
                result: u8::from(stop.status == status::SUCCESS),
                bytes: stop.offset,
                fault_addr: stop.fault_addr,
                ..Completion::default()
            },
            None => Completion {
                status: status::SUCCESS,
                bytes: self.reported,
                ..Completion::default()
            },
        };
        match self.op {
            Op::Crc { .. } => record.with_tail(self.crc),
            Op::Compare {
                expect: Some(expected),
                ..
            }
            | Op::ComparePattern {
                expect: Some(expected),
                ..
            } if record.status == status::SUCCESS && record.result != expected => Completion {
                status: status::SUCCESS_UNEXPECTED,
                ..record
            },
            _ => record,
        }
    }

    /// Whether the operation is a comparison.
    const fn compares(&self) -> bool {
        matches!(self.op, Op::Compare { .. } | Op::ComparePattern { .. })
    }

    /// Notes that a piece succeeded.
    fn note_done(&mut self, piece: &Piece) {
        self.any_done = true;
        self.done = self.done.saturating_add(piece.len);
        self.done_end = self.done_end.max(piece.offset.saturating_add(piece.len));
        if let Some(stop) = &mut self.stop {
            if piece.offset < stop.start {
                stop.done_before = stop.done_before.saturating_add(piece.len);
            }
        }
    }

    /// Notes what stops the operation `offset` bytes after its start, in a piece.
    fn stop_in(&mut self, piece: &Piece, offset: u32, status: u8, fault_addr: u64) {
        self.stop(Stop {
            offset,
            start: piece.offset,
            end: piece.offset.saturating_add(piece.len),
            done_before: 0,
            status,
            fault_addr,
        });
    }

    /// Notes what stops the operation, unless something else does earlier. At the same place
    /// reading comes before writing.
    fn stop(&mut self, new: Stop) {
        let order = |stop: &Stop| (stop.offset, stop.status & status::WRITE);
        if self.stop.is_none_or(|old| order(&new) < order(&old)) {
            // All that is done lies before its piece, except for at most what is between that and
            // the last piece that is done.
            let behind = self.done_end.saturating_sub(new.end);
            self.stop = Some(Stop {
                done_before: self.done.saturating_sub(behind),
                ..new
            });
        }
    }

    /// The tenant's address `offset` bytes after the start, in the first buffer that is accessed
    /// this way. The address that the hardware reports is not the tenant's to know.
    fn address(&self, offset: u32, write: bool) -> u64 {
        self.op
            .buffers()
            .into_iter()
            .flatten()
            .find(|buffer| buffer.write == write)
            .map_or(0, |buffer| buffer.iova.wrapping_add(u64::from(offset)))
    }
}
