// SPDX-License-Identifier: GPL-2.0

//! What the thread of an engine does, as long as there is something to do.

use kernel::{
    sync::Arc,
    time::{
        Delta,
        Instant,
        Monotonic, //
    },
    workqueue::WorkItem, //
};

use super::{
    lane::{
        Job,
        Lane, //
    },
    state::Item,
    submit::Went,
    Engine,
    Queue, //
};
use crate::{
    dsa_core::{
        desc::{
            Op,
            Work, //
        },
        plan::Outcome, //
    },
    ffi::pinned::Observer,
    framework::Host, //
};

/// How long the hardware may take before somebody looks without an interrupt: one may be lost.
const LOOK: Delta = Delta::from_millis(500);

/// The longest sleep, in ns.
const SLEEP: u64 = 500_000_000;

/// How long, in ns, what is pinned stays for descriptors that come.
const REST: u64 = 1_000_000_000;

/// What came of a look at a virtual WQ.
#[derive(Clone, Copy)]
struct Look {
    /// Something was done.
    did: bool,
    /// Something is being carried out.
    busy: bool,
    /// When to look again, in ns.
    wait: u64,
}

impl Look {
    const NOTHING: Self = Self {
        did: false,
        busy: false,
        wait: SLEEP,
    };

    fn and(self, other: Self) -> Self {
        Self {
            did: self.did || other.did,
            busy: self.busy || other.busy,
            wait: self.wait.min(other.wait),
        }
    }
}

impl WorkItem for Engine {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let mut lanes = this.lanes.lock();
        let mut looked = Instant::<Monotonic>::now();
        let mut rested = false;
        loop {
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                lanes
                    .iter()
                    .zip(this.queues.iter())
                    .for_each(|(lane, queue)| look_after(lane, queue));
            }
            this.front.waker().clear();
            this.give_up_stale();
            // Whoever closes the device waits until nothing is carried out any more, and with it for
            // the reference to the host.
            let host = this.front.host();
            let mut look = Look::NOTHING;
            for (lane, queue) in lanes.iter_mut().zip(this.queues.iter()) {
                look = look.and(this.look(lane, queue, host.as_deref()));
            }
            drop(host);
            if look.did {
                rested = false;
            } else if look.busy {
                let _ = this.front.waker().sleep(look.wait);
            } else if rested {
                // What is pinned counts against a limit that the tenant may want for something else.
                if !this.give_up_idle() {
                    // Whoever has something from now on queues it again.
                    return;
                }
            } else if this.ranges.lock().is_empty() {
                return;
            } else {
                rested = !this.front.waker().sleep(REST);
            }
        }
    }
}

/// Looks after what the hardware has for long.
fn look_after(lane: &Lane, queue: &Queue) {
    let mut flight = lane.flight.iter().flatten();
    if flight.any(|flying| flying.since.elapsed() >= LOOK) {
        queue.submitter.look_after();
    }
}

impl Engine {
    /// Does what can be done for a virtual WQ.
    fn look(&self, lane: &mut Lane, queue: &Queue, host: Option<&dyn Host>) -> Look {
        let memory = host.map(Host::memory);
        let mut look = Look::NOTHING;
        look.did |= self.land(lane, queue);
        look.did |= self.begin(lane, host);
        if let Some(at) = lane.current {
            match self.go_on(lane, at, queue, memory.as_ref()) {
                Went::On => look.did = true,
                Went::Nowhere(ns) => look.wait = ns,
                Went::Through => {
                    lane.current = None;
                    look.did = true;
                }
            }
        }
        look.did |= self.finish_one(lane, queue, host);
        look.busy = !lane.is_empty();
        if lane.current.is_none() && lane.busy && !look.did {
            lane.busy = false;
            queue.flow.rest();
        }
        look
    }

    /// Begins with the next descriptor, if there is one and its turn has come. Returns whether it did.
    fn begin(&self, lane: &mut Lane, host: Option<&dyn Host>) -> bool {
        if lane.current.is_some() {
            return false;
        }
        let Some(at) = lane.free_job() else {
            return false;
        };
        let Some(item) = self.state.lock().begin(lane.wq) else {
            return false;
        };
        let Item {
            accepted,
            opcode,
            checked,
        } = item;
        match checked {
            Ok(work) => {
                let (work, outcome) = self.read_seed(work, host);
                let job = Job {
                    accepted,
                    opcode,
                    outcome,
                    work,
                    offset: 0,
                    most: u32::MAX,
                    window: None,
                    pieces: 0,
                    stopped: false,
                };
                if let Some(place) = lane.jobs.get_mut(at) {
                    *place = Some(job);
                }
                lane.current = Some(at);
                lane.busy = true;
            }
            Err(reject) => self.reject(&accepted, opcode, &reject, host),
        }
        true
    }

    /// Reads what an operation starts from in memory, once.
    fn read_seed(&self, mut work: Work, host: Option<&dyn Host>) -> (Work, Outcome) {
        let Op::Crc {
            seed_addr: Some(addr),
            ..
        } = work.op
        else {
            return (work, Outcome::new(&work.op));
        };
<<<<<<< HEAD
        let mut seed = [0; 4];
        self.begin_call();
        let read = host.map(|host| host.memory().read(addr, &mut seed));
        self.end_call();
        work.op = work.op.with_seed(u32::from_le_bytes(seed));
        let mut outcome = Outcome::new(&work.op);
        if let Some(Err(_)) = read {
            outcome.fault(0, addr, false);
=======
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
>>>>>>> w-ops
        }
        (work, outcome)
    }
}
