// SPDX-License-Identifier: GPL-2.0

//! What decides when not all goes well.

use proptest::prelude::*;

use super::{
    super::*,
    desc::{
        code::status,
        Completion,
        Op, //
    }, //
};

const MEMMOVE: Op = Op::Memmove {
    src: 0x10_0000,
    dst: 0x20_0000,
    len: 300,
};

const fn compare(expect: Option<u8>) -> Op {
    Op::Compare {
        a: 0x10_0000,
        b: 0x20_0000,
        len: 300,
        expect,
    }
}

/// The piece of 100 bytes at `offset`.
fn piece(offset: u32) -> Piece {
    Piece {
        offset,
        a: 0xa000,
        b: 0xb000,
        len: 100,
    }
}

fn done(bytes: u32) -> Completion {
    Completion {
        status: status::SUCCESS,
        bytes,
        ..Completion::default()
    }
}

fn differs(bytes: u32) -> Completion {
    Completion {
        result: 1,
        ..done(bytes)
    }
}

#[test]
fn all_pieces_make_the_whole() {
    let mut outcome = Outcome::new(&MEMMOVE);
    for offset in [200, 0, 100] {
        assert_eq!(outcome.finish().status, status::HARDWARE);
        outcome.piece_done(&piece(offset), &done(100));
    }
    assert_eq!(outcome.finish(), done(300));
}

#[test]
fn a_missing_page_stops_where_it_is_needed() {
    for (write, code) in [(false, 0x03), (true, 0x83)] {
        let mut outcome = Outcome::new(&MEMMOVE);
        outcome.piece_done(&piece(0), &done(100));
        outcome.fault(100, 0x20_0064, write);
        let expected = Completion {
            status: code,
            bytes: 100,
            fault_addr: 0x20_0064,
            ..Completion::default()
        };
        assert_eq!(outcome.finish(), expected);
        // A later one changes nothing.
        outcome.fault(200, 0x20_00c8, false);
        assert_eq!(outcome.finish(), expected);
    }
}

#[test]
fn at_one_place_reading_comes_first() {
    let mut outcome = Outcome::new(&MEMMOVE);
    outcome.fault(100, 0x20_0064, true);
    outcome.fault(100, 0x10_0064, false);
    let record = outcome.finish();
    assert_eq!((record.status, record.fault_addr), (0x03, 0x10_0064));
}

#[test]
fn a_difference_before_a_fault_decides() {
    let mut outcome = Outcome::new(&compare(Some(0)));
    outcome.fault(200, 0x10_00c8, false);
    outcome.piece_done(&piece(100), &differs(7));
    outcome.piece_done(&piece(0), &done(100));
    let record = outcome.finish();
    assert_eq!(record.status, status::SUCCESS_UNEXPECTED);
    assert_eq!((record.result, record.bytes), (1, 107));
}

#[test]
fn a_fault_before_a_difference_decides() {
    let mut outcome = Outcome::new(&compare(Some(0)));
    outcome.piece_done(&piece(200), &differs(7));
    outcome.fault(100, 0x10_0064, false);
    let record = outcome.finish();
    assert_eq!((record.status, record.result), (status::PAGE_FAULT, 0));
    assert_eq!(record.bytes, 100);
}

#[test]
fn expected_results() {
    for (expect, equal, status) in [
        (None, true, 1),
        (None, false, 1),
        (Some(0), true, 1),
        (Some(0), false, 2),
        (Some(1), true, 2),
        (Some(1), false, 1),
    ] {
        let mut outcome = Outcome::new(&compare(expect));
        for offset in [0, 100, 200] {
            let record = if equal { done(100) } else { differs(3) };
            outcome.piece_done(&piece(offset), &record);
        }
        let record = outcome.finish();
        assert_eq!(record.status, status, "{expect:?} {equal}");
        assert_eq!(record.result, u8::from(!equal));
        assert_eq!(record.bytes, if equal { 300 } else { 3 });
    }
}

#[test]
fn addresses_of_the_hardware_are_not_told() {
    for (code, fault_addr) in [
        (0x03, 0x10_0064 + 9),
        (0x83, 0x20_0064 + 9),
        (0x84, 0x20_0064 + 9),
    ] {
        let mut outcome = Outcome::new(&MEMMOVE);
        let record = Completion {
            status: code,
            bytes: 9,
            fault_addr: 0xdead_b000,
            ..Completion::default()
        };
        outcome.piece_done(&piece(100), &record);
        let told = outcome.finish();
        assert_eq!((told.status, told.bytes), (code, 109));
        assert_eq!(told.fault_addr, fault_addr);
    }
}

#[test]
fn our_own_failures_are_the_hardwares() {
    for code in [0, status::OPCODE, status::INT_HANDLE, 0x21] {
        let mut outcome = Outcome::new(&MEMMOVE);
        let record = Completion {
            status: code,
            fault_addr: 0xdead_b000,
            tail: [0xee; 16],
            ..Completion::default()
        };
        outcome.piece_done(&piece(0), &record);
        let expected = Completion {
            status: status::HARDWARE,
            ..Completion::default()
        };
        assert_eq!(outcome.finish(), expected);
    }
}

#[test]
fn nothing_is_done_in_one_piece() {
    let mut outcome = Outcome::new(&Op::Noop);
    let raw = descriptor(&outcome.next_op(), &Piece::EMPTY, 0x1234_5660, 5);
    let mut expected = [0; 64];
    expected[4] = 0x1c;
    expected[8..16].copy_from_slice(&0x1234_5660_u64.to_le_bytes());
    expected[0x24] = 5;
    assert_eq!(raw, expected);
    outcome.piece_done(&Piece::EMPTY, &done(0));
    assert_eq!(outcome.finish(), done(0));
}

#[test]
fn a_crc_chains() {
    let op = Op::Crc {
        src: 0x10_0000,
        len: 200,
        seed: 7,
        seed_addr: Some(0x30_0000),
        bypass_inversion: true,
        bypass_reflection: false,
    }
    .with_seed(8);
    let mut outcome = Outcome::new(&op);
    let seed = |outcome: &Outcome| {
        let raw = descriptor(&outcome.next_op(), &piece(0), 0, 1);
        // Bypasses as asked for, and never a seed from memory.
        assert_eq!(raw[4..8], [0x1c, 0, 0x02, 0x10]);
        assert_eq!(raw[0x30..0x38], [0; 8]);
        raw[0x28]
    };
    assert_eq!(seed(&outcome), 8);
    let mut record = done(100);
    record.tail[0] = 9;
    outcome.piece_done(&piece(0), &record);
    assert_eq!(seed(&outcome), 9);
    record.tail[0] = 10;
    outcome.piece_done(&piece(100), &record);
    let told = outcome.finish();
    assert_eq!((told.status, told.bytes, told.crc()), (1, 200, 10));
}

/// The record of an operation that the hardware failed.
fn failed() -> Completion {
    Completion {
        status: status::HARDWARE,
        ..Completion::default()
    }
}

#[test]
fn nothing_fails_without_its_one_piece() {
    // Not submitted, and not even that was noted.
    assert_eq!(Outcome::new(&Op::Noop).finish(), failed());
    let mut outcome = Outcome::new(&Op::Noop);
    outcome.piece_lost();
    assert_eq!(outcome.finish(), failed());
}

#[test]
fn a_lost_piece_fails_the_whole() {
    let mut outcome = Outcome::new(&MEMMOVE);
    for offset in [0, 100, 200] {
        outcome.piece_done(&piece(offset), &done(100));
    }
    // As when a piece was submitted again after its first descriptor was abandoned.
    outcome.piece_lost();
    assert_eq!(outcome.finish(), failed());
}

#[test]
fn a_stop_counts_if_all_before_it_is_done() {
    let fault = |outcome: &mut Outcome| outcome.fault(100, 0x10_0064, false);
    let mut outcome = Outcome::new(&MEMMOVE);
    outcome.piece_done(&piece(0), &done(100));
    fault(&mut outcome);
    outcome.piece_lost();
    assert_eq!(outcome.finish().status, status::PAGE_FAULT);

    // Else the tenant would go on from there, and miss what was lost.
    let mut outcome = Outcome::new(&MEMMOVE);
    outcome.piece_lost();
    fault(&mut outcome);
    assert_eq!(outcome.finish(), failed());

    // The same when the piece that is done is behind.
    let mut outcome = Outcome::new(&MEMMOVE);
    outcome.piece_done(&piece(200), &done(100));
    fault(&mut outcome);
    outcome.piece_lost();
    assert_eq!(outcome.finish(), failed());

    // Whatever is lost, there is nothing before the start.
    let mut outcome = Outcome::new(&MEMMOVE);
    outcome.piece_lost();
    outcome.fault(0, 0x10_0000, false);
    assert_eq!(outcome.finish().status, status::PAGE_FAULT);
}

/// What becomes of a piece.
#[derive(Copy, Clone, PartialEq, Debug)]
enum Fate {
    Done,
    /// It faults after so many bytes.
    Faults(u32),
    Lost,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        4 => Just(Fate::Done),
        1 => (0..100_u32).prop_map(Fate::Faults),
        1 => Just(Fate::Lost),
    ];
    prop::collection::vec(fate, 1..8)
}

/// The outcome of pieces of 100 bytes that end in an order.
fn folded(fates: &[Fate], order: &[usize]) -> Completion {
    let mut outcome = Outcome::new(&Op::Memmove {
        src: 0x10_0000,
        dst: 0x20_0000,
        len: fates.len() as u32 * 100,
    });
    for &n in order {
        let piece = piece(n as u32 * 100);
        match fates[n] {
            Fate::Done => outcome.piece_done(&piece, &done(100)),
            Fate::Faults(bytes) => {
                let record = Completion {
                    status: status::PAGE_FAULT,
                    ..done(bytes)
                };
                outcome.piece_done(&piece, &record);
            }
            Fate::Lost => outcome.piece_lost(),
        }
    }
    outcome.finish()
}

/// Status and bytes as the first piece that is not done has them.
fn expected(fates: &[Fate]) -> (u8, u32) {
    match fates.iter().zip(0..).find(|(fate, _)| **fate != Fate::Done) {
        None => (status::SUCCESS, fates.len() as u32 * 100),
        Some((Fate::Faults(bytes), n)) => (status::PAGE_FAULT, n * 100 + bytes),
        Some((_, _)) => (status::HARDWARE, 0),
    }
}

proptest! {
    #[test]
    fn in_order_the_first_piece_that_is_not_done_decides(fates in fates()) {
        let order: Vec<usize> = (0..fates.len()).collect();
        let record = folded(&fates, &order);
        prop_assert_eq!((record.status, record.bytes), expected(&fates));
    }

    #[test]
    fn in_any_order_nothing_counts_as_done_that_is_not(
        (fates, order) in fates().prop_flat_map(|fates| {
            let order: Vec<usize> = (0..fates.len()).collect();
            (Just(fates), Just(order).prop_shuffle())
        }),
    ) {
        let record = folded(&fates, &order);
        if fates.contains(&Fate::Lost) && record == failed() {
            return Ok(());
        }
        prop_assert_eq!((record.status, record.bytes), expected(&fates));
    }
}
