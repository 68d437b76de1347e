// SPDX-License-Identifier: GPL-2.0

//! What the thread of an engine does, as long as there is something to do.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Full,
            Release, //
        },
        lock::{
            mutex::MutexBackend,
            Guard, //
        },
        Arc, //
    },
    time::{
        Delta,
        Instant,
        Monotonic, //
    },
    workqueue::WorkItem, //
};

use super::{
    super::waker::WATCH,
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

/// How long whoever polls for something else anyway does so for that, too.
const WHILE: Delta = Delta::from_millis(1);

/// Most rounds of help at a time.
const ROUNDS: u32 = 16;

/// The longest sleep, in ns.
const SLEEP: u64 = 500_000_000;

/// How long what is pinned stays for descriptors that come.
const REST: Delta = Delta::from_secs(1);

/// What came of a look at a virtual WQ.
#[derive(Clone, Copy)]
struct Look {
    /// Something was done.
    did: bool,
    /// Something is being carried out.
    busy: bool,
    /// When to look again, in ns.
    wait: u64,
    /// There is something to do that takes memory which is not pinned.
    left: bool,
}

impl Look {
    const NOTHING: Self = Self {
        did: false,
        busy: false,
        wait: SLEEP,
        left: false,
    };

    fn and(self, other: Self) -> Self {
        Self {
            did: self.did || other.did,
            busy: self.busy || other.busy,
            wait: self.wait.min(other.wait),
            left: self.left || other.left,
        }
    }
}

impl WorkItem for Engine {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let mut looked = Instant::<Monotonic>::now();
        let mut busy = looked;
        loop {
            // Whoever has them queues this again.
            let Some(mut lanes) = this.take_lanes() else {
                return;
            };
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                lanes
                    .iter()
                    .zip(this.queues.iter())
                    .for_each(|(lane, queue)| look_after(lane, queue));
            }
            this.front.waker().clear();
            this.left.store(false, Release);
            this.give_up_stale();
            let look = this.look_at_all(&mut lanes);
            if look.did || look.busy {
                busy = Instant::now();
            }
            if look.did {
                continue;
            }
            if busy.elapsed() >= REST {
                // What is pinned counts against a limit that the tenant may want for something else.
                // With the lanes, as what is at hand for who has them stays so.
                if !this.give_up_idle() {
                    // Whoever has something from now on queues it again.
                    return;
                }
                continue;
            }
            let is_attended = this.front.waker().is_attended();
            let is_done = look.busy && !is_attended && this.poll(&lanes);
            // So that the thread of a portal can go on meanwhile.
            drop(lanes);
            if look.busy {
                if !is_done {
                    let _ = this.front.waker().sleep(look.wait);
                }
            } else if this.ranges.lock().is_empty() {
                return;
            } else {
                let _ = this.front.waker().sleep(SLEEP);
            }
        }
    }
}

/// Whether the hardware was given something small a moment ago.
fn ends_soon(lane: &Lane) -> bool {
    let mut flight = lane.flight.iter().flatten();
    flight.any(|flying| flying.piece.len <= SMALL && flying.since.elapsed() < MOMENT)
}

/// Whether the hardware has something of whose end no interrupt tells, and not for long.
fn ends_quietly(lane: &Lane) -> bool {
    let mut flight = lane.flight.iter().flatten();
    flight.any(|flying| flying.quiet && flying.since.elapsed() < WHILE)
}

/// Whether it takes no memory of the tenant to begin with a descriptor.
fn is_at_hand(item: &Item) -> bool {
    let Ok(work) = &item.checked else {
        return false;
    };
    !matches!(
        work.op,
        Op::Batch { .. }
            | Op::Crc {
                seed_addr: Some(_),
                ..
            }
    )
}

/// Looks after what the hardware has for long.
fn look_after(lane: &Lane, queue: &Queue) {
    let mut flight = lane.flight.iter().flatten();
    if flight.any(|flying| flying.since.elapsed() >= LOOK) {
        if lane.has_quiet() {
            // No interrupt was lost of these.
            queue.submitter.reap();
        }
        queue.submitter.look_after();
    }
}

impl Engine {
    /// What is in hand, unless another thread has it; that one has the engine's look at it then.
    fn take_lanes(&self) -> Option<Guard<'_, KVec<Lane>, MutexBackend>> {
        self.lanes.try_lock().or_else(|| {
            self.missed.xchg(true, Full);
            self.lanes.try_lock()
        })
    }

    /// Does at once what is at hand, in the calling thread, unless another does: that of a portal,
    /// between two looks at its slots, spares the descriptors of a tenant who is busy two wake-ups and
    /// the interrupt. Returns whether there was something, or is about to be. What is left is done by
    /// the engine's own thread, and nothing here before that has looked at it.
    pub(in super::super) fn help(self: &Arc<Self>) -> bool {
        let mut did = false;
        let mut left = false;
        let lanes = (!self.left.load(Acquire)).then(|| self.lanes.try_lock());
        if let Some(mut lanes) = lanes.flatten() {
            lanes.iter_mut().for_each(|lane| lane.at_hand = true);
            for _ in 0..ROUNDS {
                // What is taken away is a matter of the engine's thread, which was told of it.
                if self.unmaps.are_there() {
                    break;
                }
                let look = self.look_at_all(&mut lanes);
                left = look.left;
                if !look.did {
                    break;
                }
                did = true;
            }
            lanes.iter_mut().for_each(|lane| lane.at_hand = false);
            did |= lanes.iter().any(ends_quietly);
            if left {
                self.left.store(true, Release);
            }
        }
        if self.missed.xchg(false, Full) || left {
            self.kick();
        }
        did
    }

    /// Does what can be done for all virtual WQs.
    fn look_at_all(&self, lanes: &mut [Lane]) -> Look {
        // Whoever closes the device waits until nothing is carried out any more, and with it for the
        // reference to the host.
        let host = self.front.host();
        let looks = lanes
            .iter_mut()
            .zip(self.queues.iter())
            .map(|(lane, queue)| self.look(lane, queue, host.as_deref()));
        looks.fold(Look::NOTHING, Look::and)
    }

    /// Looks for a moment for the end of what is small: that takes the hardware less time than an
    /// interrupt takes. Returns whether there is something to look at.
    fn poll(&self, lanes: &[Lane]) -> bool {
        let soon = lanes.iter().map(ends_soon);
        let mut soon = soon.zip(self.queues.iter());
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
        if lane.has_quiet() || lane.at_hand && lane.flight.iter().any(Option::is_some) {
            // Who looks all the time need not be told by an interrupt.
            queue.submitter.reap();
        }
        look.did |= self.land(lane, queue);
        self.begin(lane, host, &mut look);
        match self.go_on_with_current(lane, queue, host) {
            Some(Went::Nowhere(ns)) => look.wait = ns,
            Some(Went::NotAtHand) => look.left = true,
            Some(_) => look.did = true,
            None => (),
        }
        match self.finish_one(lane, queue, host) {
            true => look.did = true,
            false => look.left |= lane.at_hand && lane.has_ended(),
        }
        look.busy = !lane.is_empty();
        if lane.has_quiet() {
            look.wait = look.wait.min(WATCH);
        }
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
            None if lane.at_hand => return Some(Went::NotAtHand),
            None => self.unroll(lane, current, queue, host),
        };
        if matches!(went, Went::Through) && lane.current_member.take().is_none() {
            lane.current = None;
        }
        Some(went)
    }

    /// Begins with the next descriptor, if there is one and its turn has come.
    fn begin(&self, lane: &mut Lane, host: Option<&dyn Host>, look: &mut Look) {
        if lane.current.is_some() {
            return;
        }
        let Some(at) = lane.free_job() else {
            return;
        };
        let item = {
            let mut state = self.state.lock();
            match state.first(lane.wq) {
                Some(item) if lane.at_hand && !is_at_hand(item) => {
                    look.left = true;
                    None
                }
                Some(_) => state.begin(lane.wq),
                None => None,
            }
        };
        let Some(item) = item else {
            return;
        };
        look.did = true;
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
