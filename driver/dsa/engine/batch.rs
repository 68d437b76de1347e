// SPDX-License-Identifier: GPL-2.0

//! Carrying out batches, one descriptor of the list after another.

use super::{
    finish::{
        Ended,
        Origin, //
    },
    lane::{
        Job,
        Lane,
        Member, //
    },
    submit::Went,
    Engine,
    Queue, //
};
use crate::{
    dsa_core::{
        desc::{
            Completion,
            Descriptor,
            Op,
            DESC_LEN, //
        },
        plan::{
            member,
            BatchOutcome, //
        }, //
    },
    ffi::{
        memory::Memory,
        pinned::Observer, //
    },
    framework::Host, //
};

/// Descriptors that are read at a time.
const READ: usize = 16;

/// Bytes of a page; a list that goes over the end of one is read up to there.
const PAGE: u64 = kernel::page::PAGE_SIZE as u64;

/// A batch that is being carried out.
pub(super) struct Batch {
    outcome: BatchOutcome,
    /// Descriptors of the list that were begun.
    begun: u32,
    /// Bytes that they processed.
    bytes: u64,
}

impl Batch {
    /// That of an operation, if it is one.
    pub(super) fn of(op: &Op) -> Option<Self> {
        match *op {
            Op::Batch { count, .. } => Some(Self {
                outcome: BatchOutcome::new(count),
                begun: 0,
                bytes: 0,
            }),
            _ => None,
        }
    }

    /// Its completion record, and the bytes that its descriptors processed.
    pub(super) fn finish(&self) -> (Completion, u64) {
        (self.outcome.finish(), self.bytes)
    }
}

/// What was read of a list. Each descriptor is read once: nothing that is changed later counts.
pub(super) struct List {
    raw: [[u8; DESC_LEN]; READ],
    /// Place in the list of the first.
    start: u32,
    /// How many there are.
    count: u32,
}

impl List {
    pub(super) const EMPTY: Self = Self {
        raw: [[0; DESC_LEN]; READ],
        start: 0,
        count: 0,
    };

    /// The descriptor at a place of the list, if it was read.
    fn get(&self, index: u32) -> Option<Descriptor> {
        let at = index
            .checked_sub(self.start)
            .filter(|at| *at < self.count)?;
        self.raw.get(at as usize).map(Descriptor::parse)
    }

    /// Reads the descriptors of a list of `count` from a place on, as many as lie on one page. Returns
    /// whether they are there.
    fn read(&mut self, memory: &dyn Memory, list: u64, count: u32, index: u32) -> bool {
        let addr = member(list, index);
        let on_page = (PAGE - addr % PAGE) / DESC_LEN as u64;
        // CAST: Widening, and at most `READ`.
        let some = on_page.min((count - index).into()).min(READ as u64) as usize;
        self.start = index;
        self.count = 0;
        let Some(raw) = self.raw.get_mut(..some) else {
            return false;
        };
        if memory.read(addr, raw.as_flattened_mut()).is_err() {
            return false;
        }
        // CAST: At most `READ`.
        self.count = some as u32;
        true
    }
}

impl Engine {
    /// Begins with the next descriptor of the batch at `at`.
    pub(super) fn unroll(
        &self,
        lane: &mut Lane,
        at: usize,
        queue: &Queue,
        host: Option<&dyn Host>,
    ) -> Went {
        let place = lane.free_job();
        let wq = lane.wq;
        let Lane { jobs, list, .. } = lane;
        let Some(Some(Job {
            accepted,
            work,
            batch: Some(batch),
            pieces,
            ..
        })) = jobs.get_mut(at)
        else {
            return Went::Through;
        };
        let Op::Batch {
            list: address,
            count,
        } = work.op
        else {
            return Went::Through;
        };
        let (drops, fails) = {
            let state = self.state.lock();
            (state.drops(accepted), state.fails(accepted))
        };
        let limits = self.front.limits(wq);
        let Some((host, limits)) = host.zip(limits).filter(|_| !drops) else {
            return Went::Through;
        };
        if batch.begun == count || fails || queue.submitter.is_lost() {
            return Went::Through;
        }
        let index = batch.begun;
        let descriptor = match list.get(index) {
            Some(descriptor) => descriptor,
            None => {
                self.begin_call();
                let is_there = list.read(&*host.memory(), address, count, index);
                self.end_call();
                if is_there {
                    return Went::On;
                }
                batch.outcome.list_fault(member(address, index));
                return Went::Through;
            }
        };
        let checked = descriptor.check_member(&limits);
        let is_fenced = match &checked {
            Ok(work) => work.fence,
            Err(reject) => reject.fence,
        };
        if is_fenced && *pieces > 0 {
            return Went::WHEN_WOKEN;
        }
        if is_fenced && !batch.outcome.may_pass_fence() {
            return Went::Through;
        }
        let member = Member {
            batch: at,
            // CAST: A batch has at most 2^15 descriptors.
            index: index as u16,
        };
        match checked {
            Ok(work) => {
                let Some(place) = place else {
                    return Went::WHEN_WOKEN;
                };
                batch.begun += 1;
                *pieces += 1;
                let accepted = *accepted;
                let (work, outcome) = self.read_seed(work, Some(host));
                let mut job = Job::new(accepted, descriptor.opcode, work, outcome);
                job.member = Some(member);
                lane.put(place, job);
                lane.current_member = Some(place);
            }
            Err(reject) => {
                batch.begun += 1;
                batch.outcome.member_done(reject.status, true);
                self.begin_call();
                let origin = Origin {
                    wq,
                    opcode: descriptor.opcode,
                    index: Some(member.index),
                };
                self.report_invalid(origin, &reject, host);
                self.end_call();
            }
        }
        Went::On
    }
}

/// A descriptor of a batch has ended with this status; `is_recorded` is false if its record could not
/// be written.
pub(super) fn member_ended(lane: &mut Lane, at: usize, ended: &Ended) {
    if let Some(job) = lane.job(at) {
        job.pieces = job.pieces.saturating_sub(1);
        if let Some(batch) = &mut job.batch {
            batch.outcome.member_done(ended.status, ended.is_recorded);
            batch.bytes = batch.bytes.saturating_add(ended.bytes);
        }
    }
}
