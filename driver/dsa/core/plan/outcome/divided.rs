// SPDX-License-Identifier: GPL-2.0

//! The result of an operation that may be divided.

use super::{
    super::{
        super::desc::{
            code::status,
            Completion,
            Op,
            Order, //
        },
        Piece, //
    },
    failed,
    fault::{
        self,
        PieceFault, //
    }, //
};

/// Folds the results of pieces.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Divided {
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
    /// The place of the buffer.
    side: usize,
    /// Start of the piece in which it is; the same as `offset` if it is in none.
    start: u32,
    /// End of that piece.
    end: u32,
    /// Bytes before `start` that are known to be done, perhaps fewer than there are.
    done_before: u32,
    status: u8,
    fault_addr: u64,
}

impl Divided {
    pub(super) fn new(op: &Op) -> Self {
        Self {
            op: *op,
            any_done: false,
            any_lost: false,
            done: 0,
            done_end: 0,
            reported: 0,
            crc: match *op {
                Op::Crc {
                    seed,
                    seed_addr: None,
                    ..
                } => seed,
                _ => 0,
            },
            stop: None,
        }
    }

    pub(super) fn next_op(&self) -> Op {
        self.op.with_seed(self.crc)
    }

    pub(super) fn piece_done(&mut self, piece: &Piece, record: &Completion) {
        match record.status & status::MASK {
            status::SUCCESS => {
                if self.compares() && record.result != 0 {
                    let at = piece.offset.saturating_add(record.bytes.min(piece.len));
                    self.stop_in(piece, at, 0, status::SUCCESS, 0);
                    return;
                }
                self.note_done(piece);
                self.reported = self.reported.saturating_add(record.bytes);
                self.note_crc(record);
            }
            status::PAGE_FAULT | status::PAGE_FAULT_INVALID => {
                let fault = PieceFault::new(&self.op, piece, record);
                let at = piece.offset.saturating_add(fault.done);
                self.stop_in(piece, at, fault.side, record.status, fault.addr);
                // It tells the CRC up to there, which is the seed of the rest.
                if fault.done > 0 {
                    self.note_crc(record);
                }
            }
            // All else is about our descriptor or our hardware, not the tenant's doing.
            _ => {
                let at = piece.offset.saturating_add(record.bytes.min(piece.len));
                self.stop_in(piece, at, 0, status::HARDWARE, 0);
            }
        }
    }

    pub(super) fn piece_lost(&mut self) {
        self.any_lost = true;
    }

    pub(super) fn missing(&mut self, side: usize, reached: u32) {
        let buffer = self.op.buffers().get(side).copied().flatten();
        let write = buffer.is_some_and(|buffer| buffer.write);
        let addr = fault::address(&self.op, side, reached);
        self.stop_between(reached, side, addr, write);
    }

    pub(super) fn fault(&mut self, offset: u32, addr: u64, write: bool) {
        self.stop_between(offset, 0, addr, write);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_some()
    }

    pub(super) fn finish(&self) -> Completion {
        let missing = match self.stop {
            // What is not submitted because of the stop is not missing; only a loss can be before
            // it.
            Some(stop) => self.any_lost && stop.done_before < stop.start,
            None => self.any_lost || !self.any_done || self.done < self.op.len(),
        };
        // Tells that the rest of a copy is before, not behind, what is done.
        let goes_back = self.op.order() == Order::Backward;
        let record = match self.stop {
            _ if missing => failed(),
            Some(stop) => Completion {
                status: stop.status,
                // A comparison that stops without an error found a difference.
                result: u8::from(stop.status == status::SUCCESS || goes_back),
                bytes: stop.offset,
                fault_addr: stop.fault_addr,
                ..Completion::default()
            },
            None => Completion {
                status: status::SUCCESS,
                result: u8::from(goes_back),
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

    /// Notes the CRC up to the end of what a record tells of.
    fn note_crc(&mut self, record: &Completion) {
        if matches!(self.op, Op::Crc { .. }) {
            self.crc = record.crc();
        }
    }

    /// Notes that a page is not there, `offset` bytes after the beginning.
    fn stop_between(&mut self, offset: u32, side: usize, fault_addr: u64, write: bool) {
        let status = match self.op {
            Op::Drain { .. } => status::READBACK,
            _ => status::PAGE_FAULT,
        };
        self.stop(Stop {
            offset,
            side,
            start: offset,
            end: offset,
            done_before: 0,
            status: status | if write { status::WRITE } else { 0 },
            fault_addr,
        });
    }

    /// Notes what stops the operation `offset` bytes after its beginning, in a piece.
    fn stop_in(&mut self, piece: &Piece, offset: u32, side: usize, status: u8, fault_addr: u64) {
        self.stop(Stop {
            offset,
            side,
            start: piece.offset,
            end: piece.offset.saturating_add(piece.len),
            done_before: 0,
            status,
            fault_addr,
        });
    }

    /// Notes what stops the operation, unless something else does earlier. At the same place
    /// reading comes before writing, and the buffers come in their order.
    fn stop(&mut self, new: Stop) {
        let order = |stop: &Stop| (stop.offset, stop.status & status::WRITE, stop.side);
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
}
