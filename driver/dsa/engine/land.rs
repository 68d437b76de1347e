// SPDX-License-Identifier: GPL-2.0

//! Taking note of pieces that the hardware is done with.

use super::{
    super::submitter::Ended,
    lane::{
        Flying,
        Lane, //
    },
    submit::made,
    Engine,
    Queue, //
};
use crate::dsa_core::desc::{
    code::status,
    Completion, //
};

/// How often a piece is submitted again because its interrupt handle was revoked.
const RESUBMISSIONS: u8 = 3;

fn is_revoked(record: &Completion) -> bool {
    record.status & status::MASK == status::INT_HANDLE
}

impl Engine {
    /// Takes note of all pieces that have ended. Returns whether there were some.
    pub(super) fn land(&self, lane: &mut Lane, queue: &Queue) -> bool {
        let mut some = false;
        let Lane { flight, jobs, .. } = lane;
        for place in flight.iter_mut() {
            let Some(flying) = place else {
                continue;
            };
            let Some(ended) = queue.submitter.poll(&flying.ticket) else {
                continue;
            };
            some = true;
            let Some(Some(job)) = jobs.get_mut(flying.job) else {
                continue;
            };
            let ended = match ended {
                // The hardware has not done it: the handle was revoked after the submission.
                Ended::Done(record) if is_revoked(&record) && flying.again < RESUBMISSIONS => {
                    let op = job.outcome.next_op();
                    let piece = &flying.piece;
                    let make = made(&op, piece, job.work.hints, flying.quiet);
                    queue.flow.take_again(piece.len);
                    match self.give(queue, &job.accepted, &make, piece.len) {
                        Some(ticket) => {
                            flying.ticket = ticket;
                            flying.again += 1;
                            continue;
                        }
                        None => Ended::Lost,
                    }
                }
                ended => ended,
            };
            let Some(Flying { piece, sides, .. }) = place.take() else {
                continue;
            };
            self.leave(&sides);
            job.pieces = job.pieces.saturating_sub(1);
            match ended {
                Ended::Done(record) => job.outcome.piece_done(&piece, &record),
                Ended::Lost => {
                    job.outcome.piece_lost();
                    job.stopped = true;
                }
            }
        }
        some
    }
}
