// SPDX-License-Identifier: GPL-2.0

//! A function with an engine, enabled, and what a tenant does with it.

use kernel::{
    prelude::*,
    sync::Arc,
    time::{
        delay::fsleep,
        Delta,
        Instant,
        Monotonic, //
    }, //
};

use super::{
    super::{
        super::{
            account::Account,
            front::Front,
            scheduler::Scheduler, //
        },
        Engine,
        Queue, //
    },
    fake::{
        Host,
        Submitter, //
    }, //
};
use crate::{
    dsa_core::{
        desc::{
            code::{
                flag,
                opcode, //
            },
            Completion,
            DESC_LEN, //
        },
        plan::member,
        regs::{
            self,
            Command, //
        },
        virt::{
            Effect,
            Params,
            Submission,
            WQS, //
        }, //
    },
    ffi::{
        bound::kunit::Faux,
        memory::{
            kunit::{
                let_do_dma,
                Fake,
                Pins,
                BASE, //
            },
            Memory, //
        },
        workqueue, //
    },
    framework::{
        Meter,
        Stats, //
    },
    subdev_core::quality::Quality, //
};

/// Where completion records, sources and destinations are.
const RECORDS: u64 = BASE;
pub(super) const SRC: u64 = BASE + 0x1000;
pub(super) const DST: u64 = BASE + 0x3000;
/// Where the list of a batch is.
pub(super) const LIST: u64 = BASE + 0x5000;
/// The first byte that is not there.
pub(super) const END: u64 = BASE + 0x8000;

/// How long anything may take.
const SOON: Delta = Delta::from_secs(20);

/// A descriptor of a tenant.
pub(super) struct Descriptor([u8; DESC_LEN]);

impl Descriptor {
    fn new(opcode: u8) -> Self {
        Self([0; DESC_LEN]).put(7, &[opcode])
    }

    fn put(mut self, at: usize, bytes: &[u8]) -> Self {
        for (to, from) in self.0.iter_mut().skip(at).zip(bytes) {
            *to |= from;
        }
        self
    }

    pub(super) fn noop() -> Self {
        Self::new(opcode::NOOP)
    }

    /// An operation that there is not.
    pub(super) fn unknown() -> Self {
        Self::new(0xfe)
    }

    pub(super) fn memmove(len: u32) -> Self {
        Self::new(opcode::MEMMOVE)
            .put(16, &SRC.to_le_bytes())
            .put(24, &DST.to_le_bytes())
            .put(32, &len.to_le_bytes())
    }

    pub(super) fn fill(at: u64, len: u32) -> Self {
        Self::new(opcode::FILL)
            .put(24, &at.to_le_bytes())
            .put(32, &len.to_le_bytes())
    }

    pub(super) fn batch(list: u64, count: u32) -> Self {
        Self::new(opcode::BATCH)
            .put(16, &list.to_le_bytes())
            .put(32, &count.to_le_bytes())
    }

    /// Behind those that come before it in its batch.
    pub(super) fn fence(self) -> Self {
        self.put(4, &flag::FENCE.to_le_bytes())
    }

    /// With completion record `n`.
    pub(super) fn record(self, n: u32) -> Self {
        let flags = flag::CR_VALID | flag::CR_REQUEST;
        self.put(4, &flags.to_le_bytes())
            .put(8, &record_address(n).to_le_bytes())
    }

    /// With an interrupt.
    pub(super) fn interrupt(self) -> Self {
        self.put(4, &flag::INT_REQUEST.to_le_bytes())
            .put(36, &1u16.to_le_bytes())
    }
}

fn record_address(n: u32) -> u64 {
    RECORDS + u64::from(n) * Completion::LEN as u64
}

/// A function with one WQ, which is enabled. Fields are dropped in this order: the device last.
pub(super) struct Bench {
    pub(super) engine: Arc<Engine>,
    pub(super) submitter: Arc<Submitter>,
    pub(super) memory: Arc<Fake>,
    pub(super) host: Arc<Host>,
    pub(super) stats: Arc<Stats>,
    front: Arc<Front>,
    _device: Faux,
}

impl Bench {
    /// With a share of `share` entries.
    pub(super) fn new(share: u16) -> Result<Self> {
        Self::beside(share, &Scheduler::new()?)
    }

    /// With a share of `share` entries, and with others on the same WQ.
    pub(super) fn beside(share: u16, scheduler: &Arc<Scheduler>) -> Result<Self> {
        let device = Faux::new()?;
        let_do_dma(device.device());

        let sizes = [share; WQS];
        let params = Params {
            device_id: 0x0b25,
            revision: 0,
            version: regs::VERSION_1,
            gencap: 21 << 16 | 5 << 21,
            opcap: [u64::MAX; 4],
            wqs: 1,
            sizes,
            engines: 1,
        };
        let front = Front::new(&params, &[0])?;
        let flow = scheduler.flow(Quality::default(), front.waker().clone())?;
        let owner = Account::new(front.clone(), flow.clone())?;
        let submitter = Submitter::new(device.reference(), owner)?;
        let (meter, stats) = Meter::kunit()?;
        let mut queues = KVec::new();
        let queue = Queue {
            submitter: submitter.clone(),
            flow,
            meter,
            share,
        };
        queues.push(queue, GFP_KERNEL)?;
        let engine = Engine::new(front.clone(), queues)?;
        let memory = Fake::new()?;
        let host = Host::new(memory.clone())?;
        engine.open()?;
        front.open(host.clone())?;
        let bench = Self {
            engine,
            submitter,
            memory,
            host,
            stats,
            front,
            _device: device,
        };
        // Memory and bus mastering.
        let enabled = bench.front.change(|r| r.config_write(4, &[6]));
        assert!(enabled == Some(Effect::None));
        bench.command(Command::EnableDevice.encode(0, false));
        bench.command(Command::EnableWq.encode(0, false));
        Ok(bench)
    }

    fn command(&self, word: u32) {
        let effect = self
            .front
            .change(|registers| registers.bar0_write(regs::CMD as u64, &word.to_le_bytes()));
        let Some(Effect::Command(command)) = effect else {
            pr_err!("a command was refused: {:?}\n", effect);
            return;
        };
        let _ = self.front.change(|registers| registers.finish(command));
    }

    /// Submits a descriptor, as a write to a portal does.
    pub(super) fn submit(&self, descriptor: Descriptor) {
        self.engine.submit(&Submission {
            wq: 0,
            raw: descriptor.0,
        });
    }

    /// Writes a descriptor to memory.
    pub(super) fn put(&self, addr: u64, descriptor: Descriptor) -> Result {
        self.memory.write(addr, &descriptor.0)
    }

    /// Writes descriptor `n` of a list.
    pub(super) fn list(&self, n: u32, descriptor: Descriptor) -> Result {
        self.put(member(LIST, n), descriptor)
    }

    fn swerr_word(&self, n: usize) -> Option<u64> {
        let mut bytes = [0; 8];
        self.front
            .look(|registers| registers.bar0_read((regs::SWERR + 8 * n) as u64, &mut bytes))?;
        Some(u64::from_le_bytes(bytes))
    }

    /// The error that SWERR reports, if any.
    pub(super) fn swerr(&self) -> Option<u8> {
        let register = self.swerr_word(0)?;
        let valid = register & regs::swerr::VALID != 0;
        // CAST: A field of 8 bits.
        valid.then_some((register >> regs::swerr::ERROR_SHIFT) as u8)
    }

    /// The place in its batch of the descriptor that SWERR reports, if it is from one.
    pub(super) fn swerr_place(&self) -> Option<u16> {
        let is_member = self.swerr_word(0)? & regs::swerr::BATCH != 0;
        // CAST: A field of 16 bits.
        is_member.then_some(self.swerr_word(1)? as u16)
    }

    /// Descriptors that were submitted, and how they ended: with success, with an error, refused and
    /// dropped.
    pub(super) fn counts(&self) -> (u64, [u64; 4]) {
        let counts = self.stats.counts();
        let ends = [
            counts.completed,
            counts.failed,
            counts.rejected,
            counts.aborted,
        ];
        (counts.submitted, ends)
    }

    fn completion(&self, n: u32) -> Result<Completion> {
        let mut bytes = [0; Completion::LEN];
        self.memory.read(record_address(n), &mut bytes)?;
        Ok(Completion::from_bytes(&bytes))
    }

    /// Makes completion record `n` as before its descriptor.
    pub(super) fn clear_record(&self, n: u32) -> Result {
        self.memory.write(record_address(n), &[0])
    }

    /// The status in completion record `n`.
    pub(super) fn record(&self, n: u32) -> Result<u8> {
        Ok(self.completion(n)?.status)
    }

    /// The bytes completed in completion record `n`.
    pub(super) fn bytes(&self, n: u32) -> Result<u32> {
        Ok(self.completion(n)?.bytes)
    }

    /// The address that faulted in completion record `n`.
    pub(super) fn fault(&self, n: u32) -> Result<u64> {
        Ok(self.completion(n)?.fault_addr)
    }

    /// Waits for completion record `n`; its status.
    pub(super) fn wait_for_record(&self, n: u32) -> Result<u8> {
        self.eventually(|| !matches!(self.record(n), Ok(0)));
        self.record(n)
    }

    /// Waits until something is so; whether it is.
    pub(super) fn eventually(&self, so: impl Fn() -> bool) -> bool {
        let since = Instant::<Monotonic>::now();
        while !so() && since.elapsed() < SOON {
            fsleep(Delta::from_millis(1));
        }
        so()
    }

    /// Waits for what should not happen.
    pub(super) fn pause(&self) {
        fsleep(Delta::from_millis(50));
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.submitter.release();
        self.memory.set_pins(Pins::Granted);
        self.front.forget_host();
        self.engine.abort(u8::MAX);
        workqueue::flush_engines();
        self.front.close();
        self.engine.close();
    }
}
