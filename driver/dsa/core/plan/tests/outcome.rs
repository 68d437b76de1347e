// SPDX-License-Identifier: GPL-2.0

//! What decides when not all goes well.

use proptest::prelude::*;

use super::{
    super::*,
    desc::{
        code::{
            flag,
            status, //
        },
        Completion,
        Dif,
        DifKind,
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
        addresses: [0xa000, 0xb000, 0xc000],
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
fn a_fault_is_in_the_buffer_that_the_hardware_tells() {
    let dualcast = Op::Dualcast {
        src: 0x10_0000,
        dst: [0x20_0000, 0x30_0000],
        len: 300,
    };
    for (op, code, reported, told) in [
        (dualcast, 0x03, 0xa009, 0x10_006d),
        (dualcast, 0x83, 0xb009, 0x20_006d),
        (dualcast, 0x83, 0xc009, 0x30_006d),
        // Only of its page can one be sure.
        (dualcast, 0x83, 0xc000, 0x30_006d),
        (dualcast, 0x83, 0xdead_b000, 0x20_006d),
        (compare(None), 0x03, 0xa009, 0x10_006d),
        (compare(None), 0x03, 0xb009, 0x20_006d),
        (compare(None), 0x83, 0xb009, 0),
    ] {
        let mut outcome = Outcome::new(&op);
        outcome.piece_done(&piece(0), &done(100));
        let record = Completion {
            status: code,
            bytes: 9,
            fault_addr: reported,
            ..Completion::default()
        };
        outcome.piece_done(&piece(100), &record);
        let record = outcome.finish();
        assert_eq!((record.status, record.bytes), (code, 109));
        assert_eq!(record.fault_addr, told, "{reported:#x}");
    }
}

#[test]
fn of_two_pages_that_are_missing_the_first_buffers_is_told() {
    let dualcast = Op::Dualcast {
        src: 0x10_0000,
        dst: [0x20_0000, 0x30_0000],
        len: 300,
    };
    for sides in [[1, 2], [2, 1]] {
        let mut outcome = Outcome::new(&dualcast);
        for side in sides {
            outcome.missing(side, 100);
        }
        let record = outcome.finish();
        assert_eq!((record.status, record.bytes), (0x83, 100));
        assert_eq!(record.fault_addr, 0x20_0064);
    }
    let mut outcome = Outcome::new(&dualcast);
    outcome.missing(1, 100);
    outcome.missing(2, 99);
    assert_eq!(outcome.finish().fault_addr, 0x30_0063);
}

#[test]
fn a_copy_from_the_end_counts_from_there() {
    let op = Op::Memmove {
        src: 0x10_0000,
        dst: 0x10_0080,
        len: 300,
    };
    let mut outcome = Outcome::new(&op);
    // Pieces that do not overlap in themselves go forward, which is nothing to the tenant.
    outcome.piece_done(&piece(0), &done(100));
    outcome.piece_done(&piece(100), &differs(100));
    outcome.piece_done(&piece(200), &done(100));
    assert_eq!((outcome.finish().status, outcome.finish().result), (1, 1));

    let mut outcome = Outcome::new(&op);
    outcome.piece_done(&piece(0), &done(100));
    outcome.missing(0, 130);
    let record = outcome.finish();
    assert_eq!((record.status, record.result, record.bytes), (3, 1, 130));
    assert_eq!(record.fault_addr, 0x10_0000 + 299 - 130);

    let mut outcome = Outcome::new(&op);
    outcome.piece_done(&piece(0), &done(100));
    let record = Completion {
        status: 0x83,
        result: 1,
        bytes: 9,
        fault_addr: 0xb000 + 99 - 9,
        ..Completion::default()
    };
    outcome.piece_done(&piece(100), &record);
    let record = outcome.finish();
    assert_eq!((record.status, record.result, record.bytes), (0x83, 1, 109));
    assert_eq!(record.fault_addr, 0x10_0080 + 299 - 109);
}

#[test]
fn a_piece_that_goes_the_other_way_is_not_counted() {
    let op = Op::Memmove {
        src: 0x10_0000,
        dst: 0x10_2000,
        len: 0x3000,
    };
    let piece = |offset| Piece {
        offset,
        addresses: [0xa_0000, 0xb_0000, 0],
        len: 0x2000,
    };
    let mut outcome = Outcome::new(&op);
    outcome.piece_done(&piece(0), &done(0));
    // The lowest bytes of the next piece, which is from 0x0 to 0x1000 of the buffers, were done.
    let next = Piece {
        len: 0x1000,
        ..piece(0x2000)
    };
    let record = Completion {
        status: 0x83,
        bytes: 0x123,
        fault_addr: 0xb_0123,
        ..Completion::default()
    };
    outcome.piece_done(&next, &record);
    let told = outcome.finish();
    assert_eq!((told.status, told.result, told.bytes), (0x83, 1, 0x2000));
    assert_eq!(told.fault_addr, 0x10_2fff);
}

#[test]
fn a_drain_tells_what_it_cannot_read_back() {
    let drain = Op::Drain {
        readback: [Some(0x10_0000), Some(0x20_0000)],
    };
    let mut outcome = Outcome::new(&drain);
    outcome.piece_done(&Piece { len: 1, ..piece(0) }, &done(0));
    assert_eq!(outcome.finish(), done(0));
    outcome.missing(1, 0);
    let record = outcome.finish();
    assert_eq!((record.status, record.bytes), (status::READBACK, 0));
    assert_eq!(record.fault_addr, 0x20_0000);
    outcome.missing(0, 0);
    assert_eq!(outcome.finish().fault_addr, 0x10_0000);
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
    let raw = descriptor(&outcome.next_op(), &Piece::EMPTY, 0x1234_5660, Some(5));
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
        dst: None,
        len: 200,
        seed: 7,
        seed_addr: Some(0x30_0000),
        bypass_inversion: true,
        bypass_reflection: false,
    }
    .with_seed(8);
    let mut outcome = Outcome::new(&op);
    let seed = |outcome: &Outcome| {
        let raw = descriptor(&outcome.next_op(), &piece(0), 0, Some(1));
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

#[test]
fn a_crc_is_told_up_to_a_fault() {
    let op = |seed_addr| Op::Crc {
        src: 0x10_0000,
        dst: Some(0x20_0000),
        len: 200,
        seed: 7,
        seed_addr,
        bypass_inversion: false,
        bypass_reflection: false,
    };
    let mut record = done(100);
    record.tail[0] = 9;
    let mut outcome = Outcome::new(&op(None));
    outcome.piece_done(&piece(0), &record);
    let mut faulted = outcome;
    record.status = 0x83;
    record.bytes = 5;
    record.tail[0] = 10;
    faulted.piece_done(&piece(100), &record);
    let told = faulted.finish();
    assert_eq!((told.status, told.bytes, told.crc()), (0x83, 105, 10));
    outcome.missing(1, 100);
    let told = outcome.finish();
    assert_eq!((told.status, told.bytes, told.crc()), (0x83, 100, 9));

    // Nothing is known before the seed is.
    let mut outcome = Outcome::new(&op(Some(0x30_0000)));
    outcome.fault(0, 0x30_0000, false);
    let told = outcome.finish();
    assert_eq!((told.status, told.crc()), (0x03, 0));
    assert_eq!(told.fault_addr, 0x30_0000);
}

#[test]
fn descriptors_have_their_fields_where_the_hardware_has_them() {
    let dif = Dif {
        kind: DifKind::Update,
        src: 0x10_0000,
        dst: 0x20_0000,
        len: 520,
        fields: core::array::from_fn(|n| n as u8),
    };
    let (a, b, c) = (0xa000, 0xb000, 0xc000_u64);
    let third = c.to_le_bytes();
    // The operation, the fields at 0x10 and 0x18, and what begins at 0x28.
    for (op, code, first, second, specific) in [
        (
            Op::Dualcast {
                src: 0x10_0000,
                dst: [0x20_0000, 0x30_0000],
                len: 300,
            },
            0x09,
            a,
            b,
            &third[..],
        ),
        (
            Op::CreateDelta {
                a: 0x10_0000,
                b: 0x20_0000,
                len: 304,
                delta: 0x30_0000,
                max: 0x1234,
                expect: Some(1),
            },
            0x07,
            a,
            b,
            &[&third[..], &[0x34, 0x12]].concat(),
        ),
        (
            Op::ApplyDelta {
                delta: 0x10_0000,
                delta_len: 0x1234,
                dst: 0x20_0000,
                len: 304,
            },
            0x08,
            a,
            b,
            &[0x34, 0x12],
        ),
        (Op::Dif(dif), 0x15, a, b, &dif.fields),
        (
            Op::Flush {
                dst: 0x10_0000,
                len: 300,
            },
            0x20,
            0,
            a,
            &[],
        ),
    ] {
        let raw = descriptor(&op, &piece(0), 0x40, Some(2));
        let field = |at: usize| u64::from_le_bytes(raw[at..at + 8].try_into().unwrap());
        assert_eq!(raw[4..8], [0x1c, 0, 0, code]);
        assert_eq!((field(0x10), field(0x18)), (first, second), "{op:?}");
        assert_eq!(raw[0x20..0x26], [100, 0, 0, 0, 2, 0]);
        let (given, rest) = raw[0x28..].split_at(specific.len());
        assert_eq!(given, specific);
        assert!(rest.iter().all(|byte| *byte == 0));
    }
}

#[test]
fn what_is_the_drivers_to_do_is_nothing_to_the_hardware() {
    let nothing = descriptor(&Op::Noop, &Piece::EMPTY, 0x40, Some(2));
    for op in [
        Op::Drain {
            readback: [Some(0x10_0000), None],
        },
        Op::Batch {
            list: 0x10_0000,
            count: 2,
        },
    ] {
        assert_eq!(descriptor(&op, &piece(0), 0x40, Some(2)), nothing);
    }
}

#[test]
fn hints_are_passed_and_nothing_else() {
    let raw = descriptor(&MEMMOVE, &piece(0), 0x40, Some(2));
    let hinted = with_hints(raw, flag::CACHE_CONTROL | flag::STRICT_ORDER);
    assert_eq!(hinted[4..8], [0x1c, 0x21, 0, 0x03]);
    assert_eq!(
        with_hints(raw, !(flag::CACHE_CONTROL | flag::STRICT_ORDER)),
        raw
    );
    assert_eq!(with_hints(raw, 0), raw);
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

/// Operations of any operands, whether they would be accepted or not.
fn any_op() -> impl Strategy<Value = Op> {
    let values = (any::<[u64; 3]>(), any::<[u32; 2]>(), any::<[u8; 24]>());
    (0..14_u8, values).prop_map(|(kind, ([a, b, c], [len, other], fields))| {
        let expect = Some(fields[0]).filter(|_| fields[1] & 1 != 0);
        let flag = |bit: u8| fields[1] >> bit & 1 != 0;
        let dif = |kind| {
            Op::Dif(Dif {
                kind,
                src: a,
                dst: b,
                len,
                fields,
            })
        };
        match kind {
            0 => Op::Drain {
                readback: [Some(a), flag(1).then_some(b)],
            },
            1 => Op::Memmove {
                src: a,
                dst: if flag(2) { a ^ u64::from(other) } else { b },
                len,
            },
            2 => Op::Fill {
                dst: a,
                len,
                pattern: b,
            },
            3 => Op::Compare { a, b, len, expect },
            4 => Op::ComparePattern {
                src: a,
                len,
                pattern: b,
                expect,
            },
            5 => Op::CreateDelta {
                a,
                b,
                len,
                delta: c,
                max: other,
                expect,
            },
            6 => Op::ApplyDelta {
                delta: a,
                delta_len: other,
                dst: b,
                len,
            },
            7 => Op::Dualcast {
                src: a,
                dst: [b, c],
                len,
            },
            8 => Op::Crc {
                src: a,
                dst: flag(1).then_some(b),
                len,
                seed: other,
                seed_addr: flag(2).then_some(c),
                bypass_inversion: flag(3),
                bypass_reflection: flag(4),
            },
            9 => dif(DifKind::Check),
            10 => dif(DifKind::Insert),
            11 => dif(DifKind::Strip),
            12 => dif(DifKind::Update),
            _ => Op::Flush { dst: a, len },
        }
    })
}

/// Something that an outcome is told.
#[derive(Clone, Debug)]
enum Told {
    Record(Piece, Box<Completion>),
    Missing(usize, u32),
    Lost,
}

fn told() -> impl Strategy<Value = Told> {
    let code = prop_oneof![
        4 => prop::sample::select(vec![0x01, 0x03, 0x83, 0x04, 0x84, 0x07, 0x08, 0x09]),
        1 => any::<u8>(),
    ];
    let piece = (any::<u32>(), any::<[u64; 3]>(), any::<u32>());
    let record = (code, piece, any::<[u8; 32]>()).prop_map(|(code, piece, raw)| {
        let (offset, addresses, len) = piece;
        let piece = Piece {
            offset,
            addresses,
            len,
        };
        let record = Completion {
            status: code,
            ..Completion::from_bytes(&raw)
        };
        Told::Record(piece, Box::new(record))
    });
    prop_oneof![
        4 => record,
        2 => (0..4_usize, any::<u32>()).prop_map(|(side, reached)| Told::Missing(side, reached)),
        1 => Just(Told::Lost),
    ]
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

    #[test]
    fn whatever_the_hardware_tells_comes_to_something(
        op in any_op(),
        told in prop::collection::vec(told(), 0..6),
    ) {
        let mut outcome = Outcome::new(&op);
        for told in &told {
            let _ = outcome.whole_piece([0x1000, 0x2000, 0x3000]);
            let _ = outcome.is_stopped();
            match told {
                Told::Record(piece, record) => {
                    let _ = descriptor(&outcome.next_op(), piece, 0x40, Some(1));
                    outcome.piece_done(piece, record);
                }
                Told::Missing(side, reached) => outcome.missing(*side, *reached),
                Told::Lost => outcome.piece_lost(),
            }
            let record = outcome.finish();
            prop_assert_ne!(record.status, 0);
            if !record.is_fault() {
                prop_assert_eq!(record.fault_addr, 0);
            }
        }
    }
}
