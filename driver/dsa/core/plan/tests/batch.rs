// SPDX-License-Identifier: GPL-2.0

//! One result of a batch.

use super::{
    super::*,
    desc::{
        code::status,
        Completion, //
    }, //
};

fn record(status: u8, done: u32, fault_addr: u64) -> Completion {
    Completion {
        status,
        bytes: done,
        fault_addr,
        ..Completion::default()
    }
}

#[test]
fn a_batch_succeeds_with_all_that_is_in_it() {
    let mut outcome = BatchOutcome::new(3);
    for _ in 0..3 {
        assert_eq!(outcome.finish().status, status::HARDWARE);
        assert!(outcome.may_pass_fence());
        outcome.member_done(status::SUCCESS, true);
    }
    assert_eq!(outcome.finish(), record(0x01, 3, 0));
}

#[test]
fn what_is_not_plain_success_fails_the_batch() {
    for (status, is_recorded) in [
        (status::SUCCESS_UNEXPECTED, true),
        (status::PAGE_FAULT | status::WRITE, true),
        (status::OPCODE, false),
        (status::SUCCESS, false),
    ] {
        let mut outcome = BatchOutcome::new(3);
        outcome.member_done(status::SUCCESS, true);
        outcome.member_done(status, is_recorded);
        assert!(!outcome.may_pass_fence());
        // A fence ended it here, or it went on.
        assert_eq!(outcome.finish(), record(0x05, 2, 0));
        outcome.member_done(status::SUCCESS, true);
        assert_eq!(outcome.finish(), record(0x05, 3, 0));
    }
}

#[test]
fn a_list_ends_where_it_cannot_be_read() {
    let mut outcome = BatchOutcome::new(9);
    outcome.member_done(status::SUCCESS, true);
    outcome.list_fault(member(0x1f80, 2));
    // What was begun before that ends as it does.
    outcome.member_done(status::OPCODE, true);
    assert_eq!(outcome.finish(), record(0x06, 2, 0x2000));
}
