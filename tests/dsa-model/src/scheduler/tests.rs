// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shares of work queues, and limits of groups. No engine runs: the tests take work themselves.

use std::sync::Arc;

use crate::descriptor::{Descriptor, Opcode};
use crate::interrupts::Interrupts;
use crate::profile::Profile;
use crate::registers::{self, offset};
use crate::state::{Answer, State, Write};
use crate::trace::Trace;

const GROUPS: u64 = 0x400;
const WQS: u64 = 0x500;

/// A device whose first work queues are in group 0 with these priorities.
fn device(priorities: &[u32], group_flags: u32) -> State {
    let profile = Profile::default();
    let interrupts = Interrupts::new(profile.vectors(), Arc::new(Trace::off()));
    let mut state = State::new(profile, Arc::new(interrupts), Arc::default());
    state.set_bus_master(true);
    set(&mut state, GROUPS, (1 << priorities.len()) - 1);
    set(&mut state, GROUPS + 0x20, 0b1111);
    set(&mut state, GROUPS + 0x28, group_flags);
    for (entry, priority) in (WQS..).step_by(0x20).zip(priorities) {
        set(&mut state, entry, 16);
        set(&mut state, entry + 8, 1 | priority << 4);
    }
    set(&mut state, offset::CMD, 1 << 20);
    for wq in 0..priorities.len() as u32 {
        set(&mut state, offset::CMD, 6 << 20 | wq);
        assert_eq!(state.cmdsts, 0, "wq {wq}");
    }
    state
}

fn set(state: &mut State, offset: u64, value: u32) {
    registers::write(state, offset, &value.to_le_bytes());
}

fn fill(state: &mut State, wqs: u8, count: usize) {
    for wq in 0..wqs {
        for _ in 0..count {
            submit(state, wq, Opcode::Noop);
        }
    }
}

fn submit(state: &mut State, wq: u8, opcode: Opcode) {
    let mut descriptor = Descriptor([0; 64]);
    descriptor.0[7] = opcode as u8;
    let answer = state.submit(wq, descriptor, Write::Posted { limited: true });
    assert_ne!(answer, Answer::Refused);
}

/// The work queue whose turn it is; its descriptor is done at once.
fn turn(state: &mut State) -> Option<u8> {
    let job = state.take_work(0)?;
    state.finish(job.wq, job.sequence, &[]);
    Some(job.wq)
}

#[test]
fn work_queues_share_by_priority() {
    for (priorities, shares) in [
        ([1, 1, 1], [4, 4, 4]),
        ([1, 3, 8], [1, 3, 8]),
        ([15, 15, 6], [5, 5, 2]),
    ] {
        let mut state = device(&priorities, 96 << 20);
        fill(&mut state, 3, 12);
        let mut turns = [0; 3];
        for _ in 0..12 {
            turns[usize::from(turn(&mut state).expect("work"))] += 1;
        }
        assert_eq!(turns, shares, "priorities {priorities:?}");
    }
}

#[test]
fn nobody_waits_for_a_work_queue_that_has_nothing() {
    let mut state = device(&[1, 15], 96 << 20);
    fill(&mut state, 1, 3);
    let turns: Vec<_> = std::iter::from_fn(|| turn(&mut state)).collect();
    assert_eq!(turns, [0, 0, 0]);
}

#[test]
fn a_group_is_never_at_more_descriptors_than_it_has_read_buffers() {
    let mut state = device(&[1], 2 << 20);
    fill(&mut state, 1, 4);
    let first = state.take_work(0).expect("one buffer");
    assert!(state.take_work(1).is_some(), "the other");
    assert!(state.take_work(2).is_none(), "no third");
    state.finish(first.wq, first.sequence, &[]);
    assert!(state.take_work(2).is_some(), "that of the first");
}

#[test]
fn the_limit_of_the_device_holds_for_groups_that_heed_it() {
    let heeds = 1 << 7;
    for (flags, limit, at_once) in [
        (96 << 20 | heeds, 1, 1),
        (96 << 20, 1, 3),
        (96 << 20 | heeds, 0, 3),
    ] {
        let mut state = device(&[1], flags);
        state.gencfg = limit;
        fill(&mut state, 1, 3);
        let taken = (0..3).filter_map(|engine| state.take_work(engine)).count();
        assert_eq!(taken, at_once, "flags {flags:#x}, limit {limit}");
    }
}

#[test]
fn a_drain_waits_for_what_runs_in_its_work_queue_and_holds_up_what_follows() {
    let mut state = device(&[1, 1], 96 << 20);
    submit(&mut state, 0, Opcode::Noop);
    submit(&mut state, 0, Opcode::Drain);
    submit(&mut state, 0, Opcode::Noop);
    let first = state.take_work(0).expect("the first");
    assert!(state.take_work(1).is_none(), "the drain waits");
    submit(&mut state, 1, Opcode::Noop);
    let other = state.take_work(1).expect("of the other work queue");
    assert_eq!(other.wq, 1);
    state.finish(first.wq, first.sequence, &[]);
    let drain = state.take_work(0).expect("the drain");
    assert_eq!(drain.descriptor.opcode(), Opcode::Drain as u8);
}
