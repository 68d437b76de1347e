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
    batch::List,
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

/// Most bytes of what is polled for, and for how long: hardware moves so much in a fraction of it.
const SMALL: u32 = 64 << 10;
const MOMENT: Delta = Delta::from_micros(20);

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
                if !this.poll(&lanes) {
                    let _ = this.front.waker().sleep(look.wait);
                }
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

/// Whether the hardware was given something just now that it is done with soon.
fn ends_soon(lane: &Lane) -> bool {
    let mut flight = lane.flight.iter().flatten();
    flight.any(|flying| flying.piece.len <= SMALL && flying.since.elapsed() < MOMENT)
}

/// Looks after what the hardware has for long.
fn look_after(lane: &Lane, queue: &Queue) {
    let mut flight = lane.flight.iter().flatten();
    if flight.any(|flying| flying.since.elapsed() >= LOOK) {
        queue.submitter.look_after();
    }
}

impl Engine {
    /// Looks for a moment for the end of what is small: that takes the hardware less time than an
    /// interrupt takes. Returns whether there is something to look at.
    fn poll(&self, lanes: &[Lane]) -> bool {
        let mut soon = lanes.iter().map(ends_soon).zip(self.queues.iter());
        let Some((_, queue)) = soon.find(|(soon, _)| *soon) else {
            return false;
        };
        let since = Instant::<Monotonic>::now();
        while since.elapsed() < MOMENT {
            if queue.submitter.reap() || self.front.waker().has_news() {
                return true;
            }
            core::hint::spin_loop();
        }
        false
    }

    /// Does what can be done for a virtual WQ.
    fn look(&self, lane: &mut Lane, queue: &Queue, host: Option<&dyn Host>) -> Look {
        let mut look = Look::NOTHING;
        look.did |= self.land(lane, queue);
        look.did |= self.begin(lane, host);
        match self.go_on_with_current(lane, queue, host) {
            Some(Went::Nowhere(ns)) => look.wait = ns,
            Some(_) => look.did = true,
            None => (),
        }
        look.did |= self.finish_one(lane, queue, host);
        look.busy = !lane.is_empty();
        if lane.current.is_none() && lane.busy && !look.did {
            lane.busy = false;
            queue.flow.rest();
        }
        look
    }

    /// Goes on with what is being submitted, if there is something.
    fn go_on_with_current(
        &self,
        lane: &mut Lane,
        queue: &Queue,
        host: Option<&dyn Host>,
    ) -> Option<Went> {
        let current = lane.current?;
        let is_batch = lane.job(current).is_some_and(|job| job.batch.is_some());
        let at = lane.current_member.or((!is_batch).then_some(current));
        let went = match at {
            Some(at) => self.go_on(lane, at, queue, host.map(Host::memory).as_ref()),
            None => self.unroll(lane, current, queue, host),
        };
        if matches!(went, Went::Through) && lane.current_member.take().is_none() {
            lane.current = None;
        }
        Some(went)
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
                lane.put(at, Job::new(accepted, opcode, work, outcome));
                lane.list = List::EMPTY;
                lane.current = Some(at);
                lane.busy = true;
            }
            Err(reject) => self.reject(&accepted, opcode, &reject, host),
        }
        true
    }

    /// Reads what an operation starts from in memory, once.
    pub(super) fn read_seed(&self, mut work: Work, host: Option<&dyn Host>) -> (Work, Outcome) {
        let Op::Crc {
            seed_addr: Some(addr),
            ..
        } = work.op
        else {
            return (work, Outcome::new(&work.op));
        };
        let mut seed = [0; 4];
        self.begin_call();
        let read = host.map(|host| host.memory().read(addr, &mut seed));
        self.end_call();
        work.op = work.op.with_seed(u32::from_le_bytes(seed));
        let mut outcome = Outcome::new(&work.op);
        if let Some(Err(_)) = read {
            outcome.fault(0, addr, false);
        }
        (work, outcome)
    }
}
