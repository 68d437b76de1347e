// SPDX-License-Identifier: GPL-2.0

//! Reporting the end of descriptors.

use super::{
    batch,
    lane::{
        Job,
        Lane, //
    },
    record::span_of,
    state::Accepted,
    Engine,
    Queue, //
};
use crate::{
    dsa_core::{
        desc::{
            code::status,
            Completion,
            Reject,
            RejectTo, //
        },
        virt::Swerr, //
    },
    ffi::pinned::Observer,
    framework::{
        Host,
        Meter, //
    }, //
};

/// A descriptor that a tenant is told of.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    /// The virtual WQ that it, or its batch, was submitted to.
    pub(super) wq: u8,
    pub(super) opcode: u8,
    /// Place in its batch, if it is from one.
    pub(super) index: Option<u16>,
}

impl Origin {
    /// What SWERR has of it.
    pub(super) fn swerr(&self) -> Swerr {
        Swerr {
            wq: Some(self.wq),
            opcode: Some(self.opcode),
            batch_index: self.index,
            ..Swerr::default()
        }
    }
}

/// How a descriptor ended.
#[derive(Default)]
pub(super) struct Ended {
    /// Its status.
    pub(super) status: u8,
    /// Whether its record is written, if there was to be one.
    pub(super) is_recorded: bool,
    /// Bytes that it processed.
    pub(super) bytes: u64,
}

impl Engine {
    /// Reports the end of a descriptor that has ended, if there is one. Returns whether there was: as
    /// that may have to wait for the tenant, others are looked for after what else there is to do.
    pub(super) fn finish_one(
        &self,
        lane: &mut Lane,
        queue: &Queue,
        host: Option<&dyn Host>,
    ) -> bool {
        let at_hand = lane.at_hand;
        for at in 0..lane.jobs.len() {
            if lane.is_current(at) {
                continue;
            }
            let Some(place) = lane.jobs.get_mut(at) else {
                continue;
            };
            let ends = |job: &Job| job.pieces == 0 && (!at_hand || self.is_at_hand(job));
            if place.as_ref().is_some_and(ends) {
                if let Some(job) = place.take() {
                    self.finish(lane, &job, queue, host);
                    return true;
                }
            }
        }
        false
    }

    /// Whether the end of a descriptor can be reported without reaching memory that is not pinned.
    fn is_at_hand(&self, job: &Job) -> bool {
        job.work
            .cr
            .is_none_or(|addr| self.ranges.lock().has(&span_of(addr)))
    }

    /// Reports the end of a descriptor, unless it was dropped.
    fn finish(&self, lane: &mut Lane, job: &Job, queue: &Queue, host: Option<&dyn Host>) {
        let drops = self.state.lock().drops(&job.accepted);
        let ended = host
            .filter(|_| !drops)
            .map(|host| self.report(job, queue, host));
        if let Some(member) = job.member {
            // One that is dropped is so with its batch, of which nothing is told.
            batch::member_ended(lane, member.batch, &ended.unwrap_or_default());
            return;
        }
        if ended.is_none() {
            queue.meter.aborted();
        }
        self.end(&job.accepted);
    }

    /// A descriptor was carried out, or dropped.
    fn end(&self, accepted: &Accepted) {
        self.state.lock().end(accepted.number);
        // For one that was dropped.
        self.bell.entry_free();
        self.changed.notify_all();
    }

    /// A descriptor takes no entry any more. Before its tenant can see the end: it may submit another
    /// at once then.
    fn free(&self, accepted: &Accepted) {
        self.state.lock().free(accepted.number);
        self.bell.entry_free();
    }

    /// Completes a descriptor that is invalid, unless it is dropped.
    pub(super) fn reject(
        &self,
        accepted: &Accepted,
        opcode: u8,
        reject: &Reject,
        host: Option<&dyn Host>,
    ) {
        let wq = accepted.wq;
        let drops = self.state.lock().drops(accepted);
        match host.filter(|_| !drops) {
            Some(host) => {
                self.free(accepted);
                self.count(wq, |meter| meter.rejected(reject.status));
                self.begin_call();
                let origin = Origin {
                    wq,
                    opcode,
                    index: None,
                };
                self.report_invalid(origin, reject, host);
                self.end_call();
            }
            None => self.count(wq, Meter::aborted),
        }
        self.end(accepted);
    }

    /// Reports how a descriptor ended.
    fn report(&self, job: &Job, queue: &Queue, host: &dyn Host) -> Ended {
        let work = &job.work;
        let origin = job.origin();
        let meter = &queue.meter;
        let (completion, bytes) = match &job.batch {
            Some(batch) => batch.finish(),
            None => {
                let completion = job.outcome.finish();
                (completion, completion.processed(&work.op).into())
            }
        };
        if job.member.is_none() {
            if completion.is_success() {
                meter.completed(bytes);
            } else {
                meter.failed(completion.status & status::MASK, bytes);
            }
            self.free(&job.accepted);
        }
        if completion.is_fault() {
            meter.faulted();
        }
        let record = Completion::wants_record(work, completion.status);
        let mut is_recorded = true;
        if let Some(addr) = work.cr.filter(|_| record) {
            self.begin_call();
            is_recorded = self.record(origin, queue, &host.memory(), addr, &completion);
            self.end_call();
        } else if work.cr.is_none() && !completion.is_success() {
            self.front.software_error(Swerr {
                code: completion.status & status::MASK,
                addr: completion.is_fault().then_some(completion.fault_addr),
                write: completion.status & status::WRITE != 0,
                ..origin.swerr()
            });
        }
        // It tells that the record is there.
        self.interrupt(origin.wq, work.interrupt.filter(|_| is_recorded));
        Ended {
            status: completion.status,
            is_recorded,
            bytes,
        }
    }

    /// Reports the end of a descriptor that is invalid.
    pub(super) fn report_invalid(&self, origin: Origin, reject: &Reject, host: &dyn Host) {
        let is_recorded = match reject.to {
            RejectTo::Record(addr) => {
                let record = reject.completion();
                self.write_record(origin, &*host.memory(), addr, &record)
            }
            RejectTo::Swerr => {
                self.front.software_error(Swerr {
                    code: reject.status,
                    invalid_flags: reject.invalid_flags,
                    ..origin.swerr()
                });
                true
            }
        };
        self.interrupt(origin.wq, reject.interrupt.filter(|_| is_recorded));
    }

    /// Raises the interrupt that the end of a descriptor of `wq` asks for, if it does.
    fn interrupt(&self, wq: u8, vector: Option<u16>) {
        if let Some(vector) = vector {
            self.count(wq, Meter::interrupted);
            self.front.interrupt(vector);
        }
    }
}
