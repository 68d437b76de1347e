// SPDX-License-Identifier: GPL-2.0

//! Operations that cannot be divided.

use super::{
    super::*,
    desc::{
        code::{
            delta,
            status, //
        },
        Completion,
        Dif,
        DifKind,
        Op, //
    }, //
};

const SRC: u64 = 0x10_0000;
const DST: u64 = 0x20_0000;
const RECORD: u64 = 0x30_0000;

/// Where the buffers are for the hardware.
const DMA: [u64; 3] = [0xa_0000, 0xb_0000, 0xc_0000];

const CREATE: Op = Op::CreateDelta {
    a: SRC,
    b: DST,
    len: 6400,
    delta: RECORD,
    max: 8000,
    expect: None,
};

const APPLY: Op = Op::ApplyDelta {
    delta: RECORD,
    delta_len: 8000,
    dst: DST,
    len: 6400,
};

/// On 20 blocks of 512 bytes.
fn dif(kind: DifKind) -> Op {
    let mut fields = [0; 24];
    for (at, field) in (8..).zip(&mut fields[8..]) {
        *field = at;
    }
    Op::Dif(Dif {
        kind,
        src: SRC,
        dst: DST,
        len: 20 * if kind.checks() { 520 } else { 512 },
        fields,
    })
}

fn success(result: u8, bytes: u32, tail: u8) -> Completion {
    let mut record = Completion {
        status: status::SUCCESS,
        result,
        bytes,
        ..Completion::default()
    };
    record.tail[0] = tail;
    record
}

fn fault(status: u8, bytes: u32, addr: u64) -> Completion {
    Completion {
        status,
        bytes,
        fault_addr: addr,
        ..Completion::default()
    }
}

/// The record of an operation that the hardware failed.
fn failed() -> Completion {
    fault(status::HARDWARE, 0, 0)
}

/// Carries out an operation of whose buffers so much is there; gives the size that the hardware is
/// told, and the result.
fn carried_out(op: &Op, missing: &[(usize, u32)], record: Completion) -> (Option<u32>, Completion) {
    let mut outcome = Outcome::new(op);
    for (side, reached) in missing {
        outcome.missing(*side, *reached);
    }
    let piece = outcome.whole_piece(DMA);
    assert_eq!(outcome.is_stopped(), piece.is_none());
    if let Some(piece) = &piece {
        assert_eq!((piece.offset, piece.addresses), (0, DMA));
        outcome.piece_done(piece, &record);
        assert!(outcome.is_stopped());
    }
    (piece.map(|piece| piece.len), outcome.finish())
}

#[test]
fn what_the_hardware_tells_is_passed_on() {
    for (op, record) in [
        (CREATE, success(delta::DIFFERENT, 0, 70)),
        (CREATE, success(delta::OVERFLOW, 320, 80)),
        (APPLY, success(0, 0, 0)),
        (APPLY, fault(status::DELTA_ORDER, 30, 0)),
        (APPLY, fault(status::DELTA_RANGE, 30, 0)),
        (dif(DifKind::Update), success(0, 0, 9)),
        (
            dif(DifKind::Check),
            Completion {
                status: status::DIF,
                ..success(5, 1040, 9)
            },
        ),
    ] {
        let (len, told) = carried_out(&op, &[], record);
        assert_eq!((len, told), (Some(op.len()), record));
    }
}

#[test]
fn addresses_of_the_hardware_become_the_tenants() {
    for (op, code, reported, told) in [
        (CREATE, 0x03, 0xa_0123, SRC + 0x123),
        (CREATE, 0x03, 0xb_0123, DST + 0x123),
        (CREATE, 0x83, 0xc_0123, RECORD + 0x123),
        // The page alone, and one of which nothing is known.
        (CREATE, 0x04, 0xb_1000, DST + 0x1000),
        (CREATE, 0x03, 0xdead_b000, SRC),
        (CREATE, 0x83, 0xa_0000, RECORD),
        (APPLY, 0x83, 0xb_0123, DST + 0x123),
        (APPLY, 0x03, 0xa_0123, RECORD + 0x123),
        (dif(DifKind::Strip), 0x83, 0xb_0123, DST + 0x123),
        (dif(DifKind::Check), 0x83, 0xb_0123, 0),
    ] {
        let (_, record) = carried_out(&op, &[], fault(code, 8, reported));
        assert_eq!(record, fault(code, 8, told), "{op:x?}");
    }
    // Nor does an address come with what is no fault.
    let (_, record) = carried_out(&APPLY, &[], fault(status::DELTA_ORDER, 8, 0xb_0000));
    assert_eq!(record, fault(status::DELTA_ORDER, 8, 0));
}

#[test]
fn our_own_failures_are_the_hardwares() {
    for code in [0, status::OVERLAP, status::ADDR_ALIGN, status::TRANSLATION] {
        let (_, record) = carried_out(&CREATE, &[], fault(code, 8, 0xdead_b000));
        assert_eq!(record, failed());
    }
    assert_eq!(Outcome::new(&CREATE).finish(), failed());
    let mut outcome = Outcome::new(&CREATE);
    outcome.missing(0, 4096);
    outcome.piece_lost();
    assert_eq!(outcome.finish(), failed());
}

#[test]
fn a_delta_is_created_up_to_the_page_that_is_missing() {
    let created = success(delta::DIFFERENT, 0, 70);
    for (missing, addr) in [
        (&[(0, 4096)][..], SRC + 4096),
        (&[(1, 4096)], DST + 4096),
        (&[(1, 4096), (0, 4099)], SRC + 4099),
    ] {
        let (len, record) = carried_out(&CREATE, missing, created);
        assert_eq!(len, Some(4096));
        let mut expected = fault(0x03, 4096, addr);
        // Whoever goes on knows how much is recorded.
        expected.tail[0] = 70;
        assert_eq!(record, expected);
    }
    // It does not come to there.
    let overflow = success(delta::OVERFLOW, 320, 80);
    let (_, record) = carried_out(&CREATE, &[(0, 4096)], overflow);
    assert_eq!(record, overflow);
    // It does not begin.
    let (len, record) = carried_out(&CREATE, &[(1, 0)], created);
    assert_eq!((len, record), (None, fault(0x03, 0, DST)));
}

#[test]
fn a_delta_needs_as_much_memory_as_it_has() {
    let missing = [(2, 4096)];
    let created = success(delta::DIFFERENT, 0, 70);
    let (len, record) = carried_out(&CREATE, &missing, created);
    assert_eq!((len, record), (Some(6400), created));
    let overflow = success(delta::OVERFLOW, 320, 80);
    let (_, record) = carried_out(&CREATE, &missing, overflow);
    assert_eq!(record, fault(0x83, 0, RECORD + 4096));
    let (len, record) = carried_out(&CREATE, &[(2, 0)], created);
    assert_eq!((len, record), (None, fault(0x83, 0, RECORD)));
}

#[test]
fn results_of_a_delta_are_expected_or_not() {
    for (mask, result, status) in [
        (0b001, delta::EQUAL, 1),
        (0b110, delta::EQUAL, 2),
        (0b010, delta::DIFFERENT, 1),
        (0b101, delta::DIFFERENT, 2),
        (0b100, delta::OVERFLOW, 1),
        (0b011, delta::OVERFLOW, 2),
    ] {
        let mut op = CREATE;
        if let Op::CreateDelta { expect, .. } = &mut op {
            *expect = Some(mask);
        }
        let (_, record) = carried_out(&op, &[], success(result, 0, 0));
        assert_eq!((record.status, record.result), (status, result));
    }
}

#[test]
fn a_delta_is_applied_up_to_the_page_that_is_missing() {
    let done = success(0, 0, 0);
    let range = fault(status::DELTA_RANGE, 30, 0);
    for (missing, record, expected) in [
        (&[(0, 4096)][..], done, fault(0x03, 4090, RECORD + 4096)),
        (&[(0, 9)], done, fault(0x03, 0, RECORD + 9)),
        (&[(1, 4096)], done, done),
        (&[(1, 4096)], range, fault(0x83, 30, DST + 4096)),
        (&[(1, 7)], done, fault(0x83, 0, DST + 7)),
        (&[(0, 4096)], range, range),
    ] {
        let (_, told) = carried_out(&APPLY, missing, record);
        assert_eq!(told, expected, "{missing:?}");
    }
}

#[test]
fn blocks_are_done_up_to_the_page_that_is_missing() {
    let done = success(0, 0, 99);
    let told = |kind, missing: &[(usize, u32)]| {
        let (len, record) = carried_out(&dif(kind), missing, done);
        assert!(len.is_none() || record.tail[0] == 99);
        (len, record.status, record.bytes, record.fault_addr)
    };
    // 7 blocks with fields are in a page, 8 without.
    assert_eq!(
        told(DifKind::Update, &[(0, 4096)]),
        (Some(3640), 0x03, 3640, SRC + 4096)
    );
    assert_eq!(
        told(DifKind::Strip, &[(1, 4096)]),
        (Some(4160), 0x83, 4160, DST + 4096)
    );
    assert_eq!(
        told(DifKind::Insert, &[(0, 4096), (1, 4096)]),
        (Some(3584), 0x83, 3584, DST + 4096)
    );
    assert_eq!(
        told(DifKind::Check, &[(0, 519)]),
        (None, 0x03, 0, SRC + 519)
    );
    let wrong = Completion {
        status: status::DIF,
        ..success(1, 520, 8)
    };
    let (_, record) = carried_out(&dif(DifKind::Check), &[(0, 4096)], wrong);
    assert_eq!(record, wrong);
}

#[test]
fn the_tags_of_the_next_block_are_told_before_the_first() {
    let tags = |kind| {
        let (_, record) = carried_out(&dif(kind), &[(0, 0)], failed());
        record.tail
    };
    let source: [u8; 8] = core::array::from_fn(|n| 8 + n as u8);
    let destination: [u8; 8] = core::array::from_fn(|n| 16 + n as u8);
    let none = [0; 8];
    for (kind, parts) in [
        (DifKind::Check, [source, none]),
        (DifKind::Insert, [none, destination]),
        (DifKind::Strip, [source, none]),
        (DifKind::Update, [source, destination]),
    ] {
        assert_eq!(tags(kind), parts.concat()[..], "{kind:?}");
    }
}

#[test]
fn what_is_missing_may_be_told_by_its_address() {
    let mut outcome = Outcome::new(&CREATE);
    outcome.fault(0, DST + 4096, false);
    assert_eq!(outcome.whole_piece(DMA).map(|piece| piece.len), Some(4096));
    let mut outcome = Outcome::new(&CREATE);
    outcome.fault(0, DST + 4096, true);
    assert_eq!(outcome.finish(), failed());
}
