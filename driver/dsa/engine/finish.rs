// SPDX-License-Identifier: GPL-2.0

//! Reporting the end of descriptors.

use kernel::sync::barrier;

use super::{
    lane::{
        Job,
        Lane, //
    },
    state::Accepted,
    Engine,
    Queue, //
};
use crate::{
    dsa_core::{
        desc::{
            code::status,
            Completion,
            Reject, //
        },
        virt::Swerr, //
    },
    ffi::{
        memory::Memory,
        pinned::Observer, //
    },
    framework::{
        Host,
        Meter, //
    }, //
};

impl Engine {
    /// Reports the end of a descriptor that has ended, if there is one. Returns whether there was: as
    /// that may have to wait for the tenant, others are looked for after what else there is to do.
    pub(super) fn finish_one(
        &self,
        lane: &mut Lane,
        queue: &Queue,
        host: Option<&dyn Host>,
    ) -> bool {
        for at in 0..lane.jobs.len() {
            if lane.current == Some(at) {
                continue;
            }
            let Some(place) = lane.jobs.get_mut(at) else {
                continue;
            };
            if place.as_ref().is_some_and(|job| job.pieces == 0) {
                if let Some(job) = place.take() {
                    self.finish(&job, queue, host);
                    return true;
                }
            }
        }
        false
    }

    /// Reports the end of a descriptor, unless it was dropped.
    fn finish(&self, job: &Job, queue: &Queue, host: Option<&dyn Host>) {
        let drops = self.state.lock().drops(&job.accepted);
        match host.filter(|_| !drops) {
            Some(host) => self.report(job, queue, host),
            None => queue.meter.aborted(),
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
                self.report_invalid(wq, opcode, reject, host);
                self.end_call();
            }
            None => self.count(wq, Meter::aborted),
        }
        self.end(accepted);
    }

    fn report(&self, job: &Job, queue: &Queue, host: &dyn Host) {
        let Job {
            accepted,
            opcode,
            work,
            outcome,
            ..
        } = job;
        let wq = accepted.wq;
        let meter = &queue.meter;
        let completion = outcome.finish();
        let bytes = completion.processed(&work.op).into();
        if completion.is_success() {
            meter.completed(bytes);
        } else {
            meter.failed(completion.status & status::MASK, bytes);
        }
        if completion.is_fault() {
            meter.faulted();
        }
        self.free(accepted);
        let record = Completion::wants_record(work, completion.status);
        if let Some(addr) = work.cr.filter(|_| record) {
            self.begin_call();
            self.write_record(wq, *opcode, &*host.memory(), addr, &completion);
            self.end_call();
        } else if work.cr.is_none() && completion.status != status::SUCCESS {
            self.front.software_error(Swerr {
                code: completion.status & status::MASK,
                wq: Some(wq),
                opcode: Some(*opcode),
                addr: completion.is_fault().then_some(completion.fault_addr),
                write: completion.status & status::WRITE != 0,
                ..Swerr::default()
            });
        }
        self.interrupt(wq, work.interrupt);
    }

    /// Raises the interrupt that the end of a descriptor of `wq` asks for, if it does.
    pub(super) fn interrupt(&self, wq: u8, vector: Option<u16>) {
        if let Some(vector) = vector {
            self.count(wq, Meter::interrupted);
            self.front.interrupt(vector);
        }
    }

    /// Writes a completion record, its status last: a tenant polls it.
    pub(super) fn write_record(
        &self,
        wq: u8,
        opcode: u8,
        memory: &dyn Memory,
        addr: u64,
        completion: &Completion,
    ) {
        let bytes = completion.to_bytes();
        let [status, rest @ ..] = &bytes;
        let written = memory
            .write(addr.wrapping_add(1), rest)
            .inspect(|()| barrier::smp_mb(barrier::Write))
            .and_then(|()| memory.write(addr, core::slice::from_ref(status)));
        if written.is_err() {
            self.count(wq, Meter::faulted);
            self.front.software_error(Swerr {
                code: status::CR_TRANSLATION,
                wq: Some(wq),
                opcode: Some(opcode),
                addr: Some(addr),
                write: true,
                ..Swerr::default()
            });
        }
    }
}
