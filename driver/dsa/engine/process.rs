// SPDX-License-Identifier: GPL-2.0

//! Carrying out what was accepted, and reporting its end.

use kernel::{
    sync::{
        barrier,
        Arc, //
    },
    warn_on,
    workqueue::WorkItem, //
};

use super::{
    super::transfer::{
        self,
        Context,
        Scratch, //
    },
    state::Item,
    Engine, //
};
use crate::{
    dsa_core::{
        desc::{
            code::status,
            Completion,
            Reject,
            Work, //
        },
        virt::Swerr, //
    },
    ffi::memory::Memory,
    framework::{
        Host,
        Meter, //
    }, //
};

impl WorkItem for Engine {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        loop {
            let Some(item) = this.state.lock().begin() else {
                return;
            };
            // Whoever closes the device waits until this has ended, and with it the reference to
            // the host.
            let host = this.front.host();
            let ended = host.is_some_and(|host| match &item.checked {
                Ok(work) => match &mut *this.scratch.lock() {
                    Some(scratch) => this.process(&item, work, &*host, scratch),
                    None => false,
                },
                Err(reject) => this.reject(&item, reject, &*host),
            });
            if !ended {
                this.count(item.accepted.wq, Meter::aborted);
            }
            let wq = item.accepted.wq;
            let has_more = {
                let mut state = this.state.lock();
                state.end();
                state.is_waiting(wq)
            };
            // For one that was dropped.
            this.bell.entry_free();
            if let Some(queue) = this.queues.get(usize::from(wq)).filter(|_| !has_more) {
                queue.flow.rest();
            }
            this.changed.notify_all();
        }
    }
}

impl Engine {
    /// Completes a descriptor that is invalid. Returns false if it is to be dropped.
    fn reject(&self, item: &Item, reject: &Reject, host: &dyn Host) -> bool {
        {
            let mut state = self.state.lock();
            if state.drops_running() {
                return false;
            }
            // Before the tenant can see the end: it may submit another at once then.
            state.free_running();
        }
        self.bell.entry_free();
        let wq = item.accepted.wq;
        self.count(wq, |meter| meter.rejected(reject.status));
        self.report_invalid(wq, item.opcode, reject, host);
        true
    }

    /// Carries out one descriptor. Returns false if it was dropped on the way.
    fn process(
        &self,
        item: &Item,
        work: &Work,
        host: &dyn Host,
        scratch: &mut Scratch,
    ) -> bool {
        let wq = item.accepted.wq;
        let Some(queue) = self.queues.get(usize::from(wq)) else {
            warn_on!(true);
            return false;
        };
        let meter = &queue.meter;
        let context = Context {
            submitter: &*queue.submitter,
            flow: &queue.flow,
            memory: host.memory(),
            gate: self,
            share: usize::from(queue.share),
            meter,
        };
        let Some(completion) = transfer::run(context, &work.op, scratch) else {
            return false;
        };
        let bytes = completion.processed(&work.op).into();
        if completion.is_success() {
            meter.completed(bytes);
        } else {
            meter.failed(completion.status & status::MASK, bytes);
        }
        if completion.is_fault() {
            meter.faulted();
        }
        // Before the tenant can see the end: it may submit another at once then.
        self.state.lock().free_running();
        self.bell.entry_free();
        let record = Completion::wants_record(work, completion.status);
        if let Some(addr) = work.cr.filter(|_| record) {
            self.write_record(wq, item.opcode, host.memory(), addr, &completion);
        } else if work.cr.is_none() && completion.status != status::SUCCESS {
            self.front.software_error(Swerr {
                code: completion.status & status::MASK,
                wq: Some(wq),
                opcode: Some(item.opcode),
                addr: completion.is_fault().then_some(completion.fault_addr),
                write: completion.status & status::WRITE != 0,
                ..Swerr::default()
            });
        }
        self.interrupt(wq, work.interrupt);
        true
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
