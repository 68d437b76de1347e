// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands while descriptors wait and run. There are no engine threads here: the tests take and
//! finish descriptors themselves, so nothing depends on time.

use std::sync::Arc;

use crate::descriptor::Descriptor;
use crate::interrupts::Interrupts;
use crate::profile::Profile;
use crate::registers::{self, offset};
use crate::state::{Answer, Job, State, Write};
use crate::trace::Trace;

const GROUPS: u64 = 0x400;
const WQS: u64 = 0x500;

const ENABLE_DEVICE: u32 = 1;
const DISABLE_DEVICE: u32 = 2;
const DRAIN_ALL: u32 = 3;
const ABORT_ALL: u32 = 4;
const RESET_DEVICE: u32 = 5;
const ENABLE_WQ: u32 = 6;
const DISABLE_WQ: u32 = 7;
const DRAIN_WQ: u32 = 8;
const ABORT_WQ: u32 = 9;
const RESET_WQ: u32 = 10;

const POSTED: Write = Write::Posted { limited: true };

/// The state of a device with work queues 0 and 1 (four descriptors each) enabled.
struct Rig(State);

impl Rig {
    fn new() -> Self {
        let profile = Profile::default();
        let trace = Arc::new(Trace::off());
        let interrupts = Arc::new(Interrupts::new(profile.vectors(), trace));
        let mut rig = Self(State::new(profile, interrupts, Arc::default()));
        rig.0.set_bus_master(true);
        rig.set(GROUPS, 0b11);
        rig.set(GROUPS + 0x20, 0b1111);
        rig.set(GROUPS + 0x28, 96 << 20);
        for wq in 0..2 {
            rig.set(WQS + 0x20 * wq, 4);
            rig.set(WQS + 0x20 * wq + 8, 1 | 1 << 4);
        }
        rig.done(ENABLE_DEVICE, 0);
        rig.done(ENABLE_WQ, 0);
        rig.done(ENABLE_WQ, 1);
        rig
    }

    fn set(&mut self, offset: u64, value: u32) {
        registers::write(&mut self.0, offset, &value.to_le_bytes());
    }

    fn get(&self, offset: u64) -> u32 {
        let mut data = [0; 4];
        registers::read(&self.0, offset, &mut data);
        u32::from_le_bytes(data)
    }

    fn command(&mut self, code: u32, operand: u32) {
        self.set(offset::CMD, code << 20 | operand);
    }

    fn active(&self) -> bool {
        self.get(offset::CMDSTS) == 1 << 31
    }

    /// A command that is done at once and well.
    fn done(&mut self, code: u32, operand: u32) {
        self.command(code, operand);
        assert_eq!(self.get(offset::CMDSTS), 0, "command {code}");
    }

    /// A command that has to wait.
    fn waits(&mut self, code: u32, operand: u32) {
        self.command(code, operand);
        assert!(self.active(), "command {code}");
    }

    fn submit(&mut self, wq: u8) {
        let answer = self.0.submit(wq, Descriptor([0; 64]), POSTED);
        assert_ne!(answer, Answer::Refused);
    }

    fn refused(&mut self, wq: u8) -> bool {
        self.0.submit(wq, Descriptor([0; 64]), POSTED);
        let code = self.0.swerr.word(0) >> 8 & 0xff;
        self.set(offset::SWERR, 3);
        code == 0x53
    }

    fn take(&mut self) -> Job {
        self.0.take_work(0).expect("a descriptor waits")
    }

    fn finish(&mut self, job: &Job) {
        self.0.finish(job.wq, job.sequence, &[]);
    }

    fn occupancy(&self, wq: u64) -> u32 {
        self.get(WQS + 0x20 * wq + 0x18) & 0xffff
    }

    fn wq_state(&self, wq: u64) -> u32 {
        self.get(WQS + 0x20 * wq + 0x18) >> 30
    }
}

#[test]
fn a_drain_waits_for_what_came_before_it_and_for_nothing_else() {
    for (code, operand) in [(DRAIN_ALL, 0), (DRAIN_WQ, 0b01)] {
        let mut rig = Rig::new();
        rig.submit(0);
        rig.submit(0);
        let first = rig.take();
        rig.waits(code, operand);
        rig.submit(0);
        rig.finish(&first);
        assert!(rig.active(), "the second is not done");
        let second = rig.take();
        assert!(rig.active());
        rig.finish(&second);
        assert_eq!(rig.get(offset::CMDSTS), 0);
        assert_eq!(rig.occupancy(0), 1, "the third came later");
    }
}

#[test]
fn draining_one_work_queue_does_not_wait_for_another() {
    let mut rig = Rig::new();
    rig.submit(0);
    rig.done(DRAIN_WQ, 0b10);
    rig.waits(DRAIN_WQ, 0b11);
}

#[test]
fn an_abort_discards_what_waits_and_waits_for_what_runs() {
    for (code, operand) in [(ABORT_ALL, 0), (ABORT_WQ, 0b11)] {
        let mut rig = Rig::new();
        rig.submit(0);
        rig.submit(0);
        rig.submit(1);
        let running = rig.take();
        rig.waits(code, operand);
        assert_eq!((rig.occupancy(0), rig.occupancy(1)), (0, 0));
        rig.submit(0);
        rig.finish(&running);
        assert!(!rig.active());
        assert_eq!(rig.occupancy(0), 1, "accepted after the abort");
    }
}

#[test]
fn aborting_one_work_queue_spares_another() {
    let mut rig = Rig::new();
    rig.submit(0);
    rig.submit(1);
    rig.done(ABORT_WQ, 0b10);
    assert_eq!((rig.occupancy(0), rig.occupancy(1)), (1, 0));
}

#[test]
fn disabling_finishes_what_was_accepted_and_accepts_no_more() {
    let mut rig = Rig::new();
    rig.submit(0);
    rig.waits(DISABLE_WQ, 0b01);
    assert_eq!(rig.wq_state(0), 2, "busy");
    assert!(rig.refused(0));
    rig.set(WQS + 8, 0);
    assert_eq!(rig.get(WQS + 8), 0x11, "still configured");
    rig.submit(1);
    let job = rig.take();
    assert_eq!(job.wq, 0, "the oldest first");
    rig.finish(&job);
    assert!(!rig.active());
    assert_eq!((rig.wq_state(0), rig.wq_state(1)), (0, 1));
}

#[test]
fn disabling_the_device_drains_and_disables_every_work_queue() {
    let mut rig = Rig::new();
    rig.submit(1);
    rig.waits(DISABLE_DEVICE, 0);
    assert_eq!(rig.get(offset::GENSTS), 2, "draining");
    assert!(rig.refused(0));
    let job = rig.take();
    rig.finish(&job);
    assert_eq!(rig.get(offset::GENSTS), 0);
    assert_eq!((rig.wq_state(0), rig.wq_state(1)), (0, 0));
    assert_eq!(rig.get(WQS + 8), 0x11, "the configuration stays");
}

#[test]
fn a_reset_discards_waits_and_clears() {
    let mut rig = Rig::new();
    rig.submit(0);
    rig.submit(0);
    let running = rig.take();
    rig.waits(RESET_WQ, 0b01);
    assert_eq!(rig.occupancy(0), 0);
    assert_eq!(rig.get(WQS + 8), 0x11, "not yet");
    rig.finish(&running);
    assert_eq!((rig.get(WQS), rig.get(WQS + 8)), (4, 0));

    rig.submit(1);
    let running = rig.take();
    rig.waits(RESET_DEVICE, 0);
    assert!(rig.refused(1));
    rig.finish(&running);
    assert_eq!(rig.get(offset::CMDSTS), 0);
    assert_eq!(rig.get(offset::GENSTS), 0);
    assert_eq!(rig.get(WQS + 0x20), 0, "even the size");
}

#[test]
fn a_command_during_another_is_an_error_and_does_not_happen() {
    let mut rig = Rig::new();
    rig.submit(0);
    let job = rig.take();
    rig.waits(DRAIN_ALL, 0);
    rig.command(RESET_DEVICE, 0);
    assert_eq!(rig.0.swerr.word(0), 0x5201);
    rig.finish(&job);
    assert_eq!(rig.get(offset::CMDSTS), 0);
    assert_eq!(rig.get(offset::GENSTS), 1, "the device is still enabled");
}

#[test]
fn the_interrupt_of_a_command_that_waits_comes_at_its_end() {
    let mut rig = Rig::new();
    rig.submit(0);
    let job = rig.take();
    rig.command(DRAIN_ALL | 1 << 11, 0);
    assert_eq!(rig.get(offset::INTCAUSE), 0);
    rig.finish(&job);
    assert_eq!(rig.get(offset::INTCAUSE), 2);
    assert_eq!(rig.0.interrupts.pending(0), 1, "vector 0");
}

#[test]
fn a_work_queue_holds_its_size_not_counting_what_runs() {
    let mut rig = Rig::new();
    for waiting in 1..=4 {
        rig.submit(0);
        assert_eq!(rig.occupancy(0), waiting);
    }
    rig.0.submit(0, Descriptor([0x10; 64]), POSTED);
    assert_eq!(rig.0.swerr.word(0), 0x0010_0000_540d, "full: dropped");
    rig.set(offset::SWERR, 3);
    let job = rig.take();
    assert_eq!(rig.occupancy(0), 3);
    rig.submit(0);
    rig.finish(&job);
    assert_eq!(rig.occupancy(0), 4);
}

#[test]
fn a_halt_fails_the_command_that_waits() {
    let mut rig = Rig::new();
    rig.submit(0);
    let job = rig.take();
    rig.waits(DRAIN_ALL, 0);
    rig.0.set_bus_master(false);
    assert_eq!(rig.get(offset::CMDSTS), 3);
    rig.finish(&job);
    assert_eq!(rig.get(offset::CMDSTS), 3);
}

#[test]
fn an_idle_engine_of_the_group_is_woken_once() {
    let mut rig = Rig::new();
    assert!(rig.0.take_work(2).is_none());
    let answer = rig.0.submit(0, Descriptor([0; 64]), POSTED);
    assert_eq!(answer, Answer::Accepted { wake: Some(2) });
    let answer = rig.0.submit(0, Descriptor([0; 64]), POSTED);
    let on_its_way_and_no_other_idle = Answer::Accepted { wake: None };
    assert_eq!(answer, on_its_way_and_no_other_idle);
}
