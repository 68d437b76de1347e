// SPDX-License-Identifier: GPL-2.0

//! Carries out what one tenant submits, one descriptor after another, on a thread of its own.

use kernel::{
    impl_has_work,
    new_condvar,
    new_mutex,
    new_work,
    prelude::*,
    sync::{
        Arc,
        CondVar,
        Mutex, //
    },
    time::{
        delay::fsleep,
        msecs_to_jiffies,
        Delta, //
    },
    workqueue::{
        Work as WorkStruct,
        WorkItem, //
    }, //
};

use super::{
    device::Device,
    front::Front,
    ring::Ring,
    transfer::{
        self,
        Context,
        Gate,
        Scratch,
        Span, //
    },
    unmaps::Unmaps,
    wq::Wq, //
};
use crate::{
    ffi::vfio::Memory,
    framework::Host,
    dsa_core::{
        desc::{
            code::status,
            Completion,
            Descriptor,
            Reject,
            RejectTo,
            Work, //
        },
        regs::swerr,
        virt::{
            Submission,
            Swerr,
            MAX_WQS, //
        }, //
    }, //
};

/// How often, and at what intervals, somebody who takes memory away looks whether it was given back
/// while the hardware does not have it.
///
/// Pinning and unpinning need a lock of type1's that another thread of the tenant may hold until
/// this wait is over: type1 calls for one range at a time, and while it waits for its turn to call
/// for another it holds that lock. So this wait has an end; VFIO looks for itself and calls again,
/// ten times at most. That is enough, as long as little is left to be done with the lock: once
/// memory is being unmapped, one pinning that is under way, and giving back two buffers.
const UNMAP_LOOKS: u32 = 500;
const UNMAP_LOOK: Delta = Delta::from_millis(1);

/// A descriptor that was accepted.
struct Item {
    wq: u8,
    opcode: u8,
    /// What is to be done, or why it is not.
    verdict: Result<Work, Reject>,
}

/// What the engine's lock guards.
struct State {
    queue: Ring<Item>,
    /// The virtual WQ of the descriptor that is being carried out.
    running: Option<u8>,
    /// Whether that descriptor still takes an entry of its WQ.
    holds_entry: bool,
    /// Descriptors that were accepted so far, and that ended so far.
    accepted: u64,
    ended: u64,
    /// How many are waiting for the work of a virtual WQ to be discarded.
    discarding: [u32; MAX_WQS as usize],
    /// Nothing is accepted any more.
    dead: bool,
    /// What is pinned, or is being pinned or unpinned.
    pinned: [Option<Span>; 2],
    /// The hardware has what is pinned.
    flying: bool,
}

/// Carries out what one tenant submits.
#[pin_data]
pub(super) struct Engine {
    device: Arc<Device>,
    front: Arc<Front>,
    /// The hardware work queue of each virtual one.
    wqs: KVec<Arc<Wq>>,
    /// Most descriptors that one virtual WQ holds.
    share: usize,
    #[pin]
    state: Mutex<State>,
    /// Something in the state changed.
    #[pin]
    changed: CondVar,
    unmaps: Arc<Unmaps>,
    /// Taken by the thread that works; there is one at a time.
    #[pin]
    scratch: Mutex<Scratch>,
    #[pin]
    work: WorkStruct<Engine>,
}

impl_has_work! {
    impl HasWork<Self> for Engine { self.work }
}

impl Engine {
    /// An engine for virtual WQs on `wqs` with `share` entries each.
    pub(super) fn new(
        device: Arc<Device>,
        front: Arc<Front>,
        wqs: KVec<Arc<Wq>>,
        share: usize,
    ) -> Result<Arc<Self>> {
        let state = State {
            queue: Ring::new(share * wqs.len())?,
            running: None,
            holds_entry: false,
            accepted: 0,
            ended: 0,
            discarding: [0; MAX_WQS as usize],
            dead: false,
            pinned: [None; 2],
            flying: false,
        };
        let unmaps = Unmaps::new()?;
        let scratch = Scratch::new(share)?;
        Arc::pin_init(
            pin_init!(Self {
                device,
                front,
                wqs,
                share,
                state <- new_mutex!(state),
                changed <- new_condvar!(),
                unmaps,
                scratch <- new_mutex!(scratch),
                work <- new_work!("Engine::work"),
            }),
            GFP_KERNEL,
        )
    }

    /// Takes a descriptor that was written to a portal.
    pub(super) fn submit(self: &Arc<Self>, submission: &Submission) {
        let descriptor = Descriptor::parse(&submission.raw);
        let wq = submission.wq;
        let item = Item {
            wq,
            opcode: descriptor.opcode,
            verdict: descriptor.check(&self.front.limits(wq)),
        };
        if let Err(error) = self.accept(item) {
            self.front.software_error(error);
            return;
        }
        // Refused only if it is queued already, and then it will see the descriptor.
        let _ = self.device.queue.enqueue(self.clone());
    }

    fn accept(&self, item: Item) -> Result<(), Swerr> {
        let mut state = self.state.lock();
        let refused = |code| Swerr {
            code,
            wq: Some(item.wq),
            opcode: Some(item.opcode),
            ..Swerr::default()
        };
        if state.dead || state.discards(item.wq) {
            return Err(refused(swerr::WQ_NOT_ENABLED));
        }
        let queued = state
            .queue
            .iter()
            .filter(|other| other.wq == item.wq)
            .count();
        let running = usize::from(state.holds_entry && state.running == Some(item.wq));
        if queued + running >= self.share {
            return Err(refused(swerr::WQ_FULL));
        }
        let full = refused(swerr::WQ_FULL);
        state.queue.push(item).map_err(|_| full)?;
        state.accepted += 1;
        Ok(())
    }

    /// Waits until everything that was accepted so far has ended.
    pub(super) fn drain(&self) {
        let mut state = self.state.lock();
        let goal = state.accepted;
        while state.ended < goal {
            self.changed.wait(&mut state);
        }
    }

    /// Discards what the virtual WQs of `mask` have accepted. On return the hardware is done with
    /// what it had of it.
    pub(super) fn abort(&self, mask: u8) {
        let mut state = self.state.lock();
        let concerned = |wq: u8| mask.checked_shr(u32::from(wq)).unwrap_or(0) & 1 != 0;
        state.drop_queued(concerned);
        for (wq, discarding) in (0u8..).zip(state.discarding.iter_mut()) {
            *discarding += u32::from(concerned(wq));
        }
        self.changed.notify_all();
        while state.running.is_some_and(concerned) {
            self.changed.wait(&mut state);
        }
        for (wq, discarding) in (0u8..).zip(state.discarding.iter_mut()) {
            *discarding -= u32::from(concerned(wq));
        }
    }

    /// Discards everything, and accepts nothing any more. On return the hardware has nothing, and
    /// will be given nothing.
    ///
    /// Waits for the hardware only. Whoever kills holds locks, and access to the memory of a tenant
    /// may take as long as the tenant likes.
    pub(super) fn kill(&self) {
        let mut state = self.state.lock();
        state.dead = true;
        state.drop_queued(|_| true);
        self.changed.notify_all();
        while state.flying {
            self.changed.wait(&mut state);
        }
    }

    /// The calling thread is taking a range of memory away: on return nothing in it is pinned, nor
    /// will be until that thread is back in userspace.
    ///
    /// What is not given back in time, see [`UNMAP_LOOKS`], VFIO asks for again.
    pub(super) fn unmap(&self, span: Span) {
        self.unmaps.begin(span);
        let mut state = self.state.lock();
        let mut looks = 0;
        while state.pins(&span) && looks < UNMAP_LOOKS {
            if state.flying {
                self.changed.wait(&mut state);
            } else {
                drop(state);
                // A signal does not cut this short, as it does the waits of a `CondVar` that have
                // an end.
                fsleep(UNMAP_LOOK);
                looks += 1;
                state = self.state.lock();
            }
        }
    }

    /// Carries out one descriptor.
    fn process(&self, item: &Item, host: &Arc<dyn Host>, scratch: &mut Scratch) {
        let memory = host.memory();
        match &item.verdict {
            Ok(work) => {
                let Some(wq) = self.wqs.get(usize::from(item.wq)) else {
                    return;
                };
                let context = Context {
                    device: &self.device,
                    wq,
                    memory,
                    gate: self,
                };
                let Some(completion) = transfer::run(&context, &work.op, scratch) else {
                    return;
                };
                self.free_entry();
                let record = Completion::wants_record(work, completion.status);
                if let Some(addr) = work.cr.filter(|_| record) {
                    self.write_record(item, memory, addr, &completion);
                } else if work.cr.is_none() && completion.status != status::SUCCESS {
                    self.front.software_error(Swerr {
                        code: completion.status & status::MASK,
                        wq: Some(item.wq),
                        opcode: Some(item.opcode),
                        addr: Some(completion.fault_addr),
                        write: completion.status & status::WRITE != 0,
                        invalid_flags: 0,
                    });
                }
                self.interrupt(work.interrupt);
            }
            Err(reject) => {
                self.free_entry();
                match reject.to {
                    RejectTo::Record(addr) => {
                        self.write_record(item, memory, addr, &reject.completion());
                    }
                    RejectTo::Swerr => self.front.software_error(Swerr {
                        code: reject.status,
                        wq: Some(item.wq),
                        opcode: Some(item.opcode),
                        invalid_flags: reject.invalid_flags,
                        ..Swerr::default()
                    }),
                }
                self.interrupt(reject.interrupt);
            }
        }
    }

    /// The descriptor that is being carried out takes no entry any more: a tenant that is told of
    /// its end may submit another at once.
    fn free_entry(&self) {
        self.state.lock().holds_entry = false;
    }

    fn interrupt(&self, vector: Option<u16>) {
        if let Some(vector) = vector {
            self.front.interrupt(vector);
        }
    }

    /// Writes a completion record, its status last: a tenant polls it.
    fn write_record(&self, item: &Item, memory: &Memory, addr: u64, completion: &Completion) {
        let bytes = completion.to_bytes();
        let [status, rest @ ..] = &bytes;
        let written = memory
            .write(addr.wrapping_add(1), rest)
            .inspect(|()| kernel::sync::barrier::smp_mb(kernel::sync::barrier::Write))
            .and_then(|()| memory.write(addr, core::slice::from_ref(status)));
        if written.is_err() {
            self.front.software_error(Swerr {
                code: status::CR_TRANSLATION,
                wq: Some(item.wq),
                opcode: Some(item.opcode),
                addr: Some(addr),
                write: true,
                invalid_flags: 0,
            });
        }
    }
}

impl State {
    /// Discards what is queued for the virtual WQs that are `concerned`.
    fn drop_queued(&mut self, concerned: impl Fn(u8) -> bool) {
        let before = self.queue.len();
        self.queue.retain(|item| !concerned(item.wq));
        self.ended += (before - self.queue.len()) as u64;
    }

    /// Whether what is being carried out is to be dropped.
    fn drops_running(&self) -> bool {
        self.dead || self.running.is_some_and(|wq| self.discards(wq))
    }

    /// Whether the work of a virtual WQ is being discarded.
    fn discards(&self, wq: u8) -> bool {
        let waiting = self.discarding.get(usize::from(wq));
        waiting.is_some_and(|waiting| *waiting > 0)
    }

    /// Whether something in `span` is pinned.
    fn pins(&self, span: &Span) -> bool {
        let mut pinned = self.pinned.iter().flatten();
        pinned.any(|pinned| pinned.overlaps(span))
    }
}

impl Gate for Engine {
    fn enter(&self, spans: [Option<Span>; 2]) -> bool {
        let mut state = self.state.lock();
        loop {
            if state.drops_running() {
                return false;
            }
            if !self.unmaps.concern(&spans) {
                // Whoever unmaps from now on sees this, and waits.
                state.pinned = spans;
                return true;
            }
            // Looked at again soon enough, and at once when something changes.
            let _ = self
                .changed
                .wait_interruptible_timeout(&mut state, msecs_to_jiffies(1));
        }
    }

    fn is_wanted_back(&self) -> bool {
        let pinned = self.state.lock().pinned;
        self.unmaps.concern(&pinned)
    }

    fn fly(&self) -> bool {
        let mut state = self.state.lock();
        state.flying = !state.drops_running();
        state.flying
    }

    fn land(&self) {
        self.state.lock().flying = false;
        self.changed.notify_all();
    }

    fn leave(&self) {
        self.state.lock().pinned = [None; 2];
        self.changed.notify_all();
    }
}

impl WorkItem for Engine {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        loop {
            let item = {
                let mut state = this.state.lock();
                let item = state.queue.pop();
                state.running = item.as_ref().map(|item| item.wq);
                state.holds_entry = item.is_some();
                item
            };
            let Some(item) = item else {
                return;
            };
            // Whoever closes the device waits until `running` says that this has ended, and with
            // it the reference to the host.
            if let Some(host) = this.front.host() {
                this.process(&item, &host, &mut this.scratch.lock());
            }
            let mut state = this.state.lock();
            state.running = None;
            state.ended += 1;
            this.changed.notify_all();
        }
    }
}
