// SPDX-License-Identifier: GPL-2.0

//! The result of an operation that cannot be divided.
//!
//! It is carried out as far as its memory is there ([`Op::within`]), and what the hardware reports is
//! passed on. Where it would have come upon what is missing, the fault is made up here:
//!
//! | operation | missing | bytes completed |
//! |---|---|---|
//! | create delta record | of a source | of the sources, in units |
//! | | of the record, when there is more to record than fits | 0: from the beginning again |
//! | apply delta record | of the record | of the record, in entries |
//! | | of the destination, at an entry beyond what is there | the same |
//! | DIF | of source or destination | of the source, in blocks |
//!
//! What is behind the first byte of a buffer that is missing is never reached. So where the hardware
//! would go past a gap, a fault is told: of a delta record that is applied, when an entry is behind the
//! gap. Whoever has the page put there and goes on comes to the same end. A field is not checked when the
//! destination of its block is missing.

use super::{
    super::{
        super::desc::{
            code::{
                delta,
                status, //
            },
            Completion,
            Op,
            BUFFERS, //
        },
        Piece, //
    },
    failed,
    fault, //
};

/// Makes the result of that of the one piece.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Whole {
    op: Op,
    /// Bytes of each buffer that are there.
    reached: [u32; BUFFERS],
    /// The record of the piece, with the tenant's address.
    record: Option<Completion>,
    is_lost: bool,
}

impl Whole {
    pub(super) fn new(op: &Op) -> Self {
        Self {
            op: *op,
            reached: op
                .buffers()
                .map(|buffer| buffer.map_or(0, |buffer| buffer.len)),
            record: None,
            is_lost: false,
        }
    }

    /// The part of the operation that can be carried out.
    fn part(&self) -> Option<Op> {
        self.op.within(self.reached)
    }

    pub(super) fn next_op(&self) -> Op {
        self.part().unwrap_or(self.op)
    }

    pub(super) fn piece(&self, addresses: [u64; BUFFERS]) -> Option<Piece> {
        let len = self.part()?.len();
        Some(Piece {
            offset: 0,
            addresses,
            len,
        })
    }

    pub(super) fn piece_done(&mut self, piece: &Piece, record: &Completion) {
        let write = record.status & status::WRITE != 0;
        self.record = Some(match record.status & status::MASK {
            status::PAGE_FAULT | status::PAGE_FAULT_INVALID => Completion {
                fault_addr: fault::translate(&self.op, piece, record.fault_addr, write),
                ..*record
            },
            status
            @ (status::SUCCESS | status::DELTA_ORDER | status::DELTA_RANGE | status::DIF) => {
                Completion {
                    status,
                    fault_addr: 0,
                    ..*record
                }
            }
            // All else is about our descriptor or our hardware, not the tenant's doing.
            _ => failed(),
        });
    }

    pub(super) fn piece_lost(&mut self) {
        self.is_lost = true;
    }

    pub(super) fn missing(&mut self, side: usize, reached: u32) {
        if let Some(known) = self.reached.get_mut(side) {
            *known = reached.min(*known);
        }
    }

    pub(super) fn fault(&mut self, addr: u64, write: bool) {
        let buffers = self.op.buffers();
        let reached = buffers.iter().map(|buffer| {
            let buffer = buffer.filter(|buffer| buffer.write == write)?;
            let at = u32::try_from(addr.checked_sub(buffer.iova)?).ok()?;
            (at < buffer.len).then_some(at)
        });
        let found = reached.enumerate().find_map(|(side, at)| Some((side, at?)));
        match found {
            Some((side, at)) => self.missing(side, at),
            None => self.is_lost = true,
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.record.is_some() || self.is_lost || self.part().is_none()
    }

    pub(super) fn finish(&self) -> Completion {
        let part = self.part();
        let record = match self.record {
            Some(record) => self.amended(&record),
            None if self.is_lost || part.is_some() => failed(),
            None => self.stopped(part, [0; 16]).unwrap_or(failed()),
        };
        match self.op {
            Op::CreateDelta {
                expect: Some(expected),
                ..
            } if record.status == status::SUCCESS
                && u32::from(expected) >> (record.result & 31) & 1 == 0 =>
            {
                Completion {
                    status: status::SUCCESS_UNEXPECTED,
                    ..record
                }
            }
            _ => record,
        }
    }

    /// The record of the whole, from that of the part.
    fn amended(&self, record: &Completion) -> Completion {
        let is_all_there = |side| self.gap(side).is_none();
        match (record.status, self.op) {
            // There is more to record.
            (status::SUCCESS, Op::CreateDelta { .. }) if record.result == delta::OVERFLOW => {
                if is_all_there(2) {
                    *record
                } else {
                    self.fault_at(2, 0, [0; 16])
                }
            }
            (status::SUCCESS, _) => self.stopped(self.part(), record.tail).unwrap_or(*record),
            // There is more of the destination.
            (status::DELTA_RANGE, _) if !is_all_there(1) => self.fault_at(1, record.bytes, [0; 16]),
            _ => *record,
        }
    }

    /// The record when the operation goes on behind `part`, and comes upon what is missing. `None` if
    /// nothing is that it needs.
    fn stopped(&self, part: Option<Op>, tail: [u8; 16]) -> Option<Completion> {
        let done = part.map_or(0, |part| part.len());
        match self.op {
            Op::CreateDelta { .. } => {
                let ends = |side| {
                    self.gap(side)
                        .is_some_and(|gap| gap / delta::UNIT * delta::UNIT == done)
                };
                match [0, 1].into_iter().find(|side| ends(*side)) {
                    Some(side) => Some(self.fault_at(side, done, tail)),
                    None if part.is_none() => Some(self.fault_at(2, 0, [0; 16])),
                    None => None,
                }
            }
            Op::ApplyDelta { .. } => {
                let done = match part {
                    Some(Op::ApplyDelta { delta_len, .. }) => delta_len,
                    _ => 0,
                };
                match self.gap(0) {
                    Some(gap) if gap / delta::ENTRY * delta::ENTRY == done => {
                        Some(self.fault_at(0, done, [0; 16]))
                    }
                    _ if part.is_none() => Some(self.fault_at(1, 0, [0; 16])),
                    _ => None,
                }
            }
            Op::Dif(dif) => {
                let ends = |side, step| {
                    let gap = self.gap(side)?;
                    let blocks = gap.checked_div(step)?;
                    (blocks == done / dif.source_step()).then_some(side)
                };
                let side =
                    ends(0, dif.source_step()).or_else(|| ends(1, dif.destination_step()))?;
                let tail = part.map_or(dif.first_tags(), |_| tail);
                Some(self.fault_at(side, done, tail))
            }
            _ => None,
        }
    }

    /// Where a buffer ends to be there, if it is not as a whole.
    fn gap(&self, side: usize) -> Option<u32> {
        let buffer = self.op.buffers().get(side).copied().flatten()?;
        let reached = self.reached.get(side).copied()?;
        (reached < buffer.len).then_some(reached)
    }

    /// The record of a fault where a buffer ends to be there.
    fn fault_at(&self, side: usize, bytes: u32, tail: [u8; 16]) -> Completion {
        let buffer = self.op.buffers().get(side).copied().flatten();
        let write = buffer.is_some_and(|buffer| buffer.write);
        let at = self.gap(side).unwrap_or(0);
        Completion {
            status: status::PAGE_FAULT | if write { status::WRITE } else { 0 },
            bytes,
            fault_addr: fault::address(&self.op, side, at),
            tail,
            ..Completion::default()
        }
    }
}
