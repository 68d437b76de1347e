// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every operation through the real program: results against references that are as plain as can
//! be, and each error that an operation can give.

mod common;

use std::cell::RefCell;

use common::descriptor::{
    AP_DELTA, BATCH, Builder, CFLUSH, COMPVAL, COPY_CRC, CR_DELTA, DIF_CHECK, DIF_INS, DIF_STRP,
    DIF_UPDT, DIX_GEN, DRAIN, DUALCAST, FILL, TRANSL_FETCH,
};
use common::{Bench, MEMORY, MEMORY_SIZE, Record};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const RECORD: u64 = MEMORY;
const LIST: u64 = MEMORY + 0x1000;
const SOURCE: u64 = MEMORY + 0x10_0000;
const TARGET: u64 = MEMORY + 0x20_0000;
const OTHER: u64 = MEMORY + 0x30_0000;
const END: u64 = MEMORY + MEMORY_SIZE;

const CHECK_RESULT: u32 = 1 << 7;

fn noise(seed: u32, length: usize) -> Vec<u8> {
    (0..length as u32)
        .map(|index| ((index ^ seed << 9).wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}

fn outcome(record: &Record) -> (u8, u8, u32) {
    (record.status(), record.result(), record.completed())
}

/// The 24 bytes from 0x28 on, with these fields at these offsets of the descriptor.
fn specific(fields: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; 24];
    for (offset, field) in fields {
        bytes[offset - 0x28..][..field.len()].copy_from_slice(field);
    }
    bytes
}

fn property(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    })
}

#[test]
fn compval_finds_where_the_pattern_ends() {
    let mut bench = Bench::enabled(&[0]);
    let pattern = *b"abcdefgh";
    let compval = |size| {
        Builder::new(COMPVAL, RECORD).operands(SOURCE + 3, u64::from_le_bytes(pattern), size)
    };
    bench.poke(SOURCE + 3, &pattern.repeat(10_000));
    assert_eq!(outcome(&bench.run(0, &compval(80_000))), (1, 0, 0));
    bench.poke(SOURCE + 3 + 70_001, b"!");
    assert_eq!(outcome(&bench.run(0, &compval(80_000))), (1, 1, 70_001));
    assert_eq!(outcome(&bench.run(0, &compval(70_001))), (1, 0, 0));
    let expects_equal = compval(80_000).flags(CHECK_RESULT);
    assert_eq!(outcome(&bench.run(0, &expects_equal)), (2, 1, 70_001));
    let expects_difference = expects_equal.rest(&[1]);
    assert_eq!(outcome(&bench.run(0, &expects_difference)), (1, 1, 70_001));
}

#[test]
fn dualcast_copies_to_two_places() {
    let mut bench = Bench::enabled(&[0]);
    let data = noise(1, 200_000);
    bench.poke(SOURCE, &data);
    let dualcast = Builder::new(DUALCAST, RECORD)
        .operands(SOURCE, TARGET + 5, data.len() as u32)
        .rest(&(OTHER + 5).to_le_bytes());
    assert_eq!(outcome(&bench.run(0, &dualcast)), (1, 0, 0));
    for target in [TARGET, OTHER] {
        assert_eq!(bench.peek(target + 5, data.len()), data);
        assert_eq!(bench.peek(target + 4, 1), [0]);
        assert_eq!(bench.peek(target + 5 + data.len() as u64, 1), [0]);
    }
    let near_the_end = END - 0x1000 + 5;
    let beyond = dualcast.rest(&near_the_end.to_le_bytes());
    let record = bench.run(0, &beyond);
    assert_eq!(outcome(&record), (0x83, 0, 0xffb));
    assert_eq!(record.fault_address(), END);
}

#[test]
fn copy_crc_copies_and_gives_the_crc_of_published_vectors() {
    let mut bench = Bench::enabled(&[0]);
    // RFC 3720, B.4, and the check value of the CRC catalogue.
    for (data, crc) in [
        (vec![0; 32], 0x8a91_36aa),
        (vec![0xff; 32], 0x62a8_ab43),
        ((0..32).collect(), 0x46dd_794e),
        (b"123456789".to_vec(), 0xe306_9283_u32),
    ] {
        bench.poke(SOURCE, &data);
        bench.poke(TARGET, &[0xee; 33]);
        let copy = Builder::new(COPY_CRC, RECORD).operands(SOURCE, TARGET, data.len() as u32);
        let record = bench.run(0, &copy);
        assert_eq!((record.status(), record.detail()), (1, crc));
        assert_eq!(bench.peek(TARGET, data.len()), data);
        assert_eq!(bench.peek(TARGET + data.len() as u64, 1), [0xee]);
    }
}

/// What CR_DELTA is to record, by the definition: eight bytes at a time.
fn delta(old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    for (index, (old, new)) in old.chunks(8).zip(new.chunks(8)).enumerate() {
        if old != new {
            record.extend((index as u16).to_le_bytes());
            record.extend(new);
        }
    }
    record
}

fn create(size: u32, room: u32) -> Builder {
    Builder::new(CR_DELTA, RECORD)
        .operands(SOURCE, TARGET, size)
        .rest(&specific(&[
            (0x28, &OTHER.to_le_bytes()),
            (0x30, &room.to_le_bytes()),
        ]))
}

fn apply(size: u32, record: u32) -> Builder {
    Builder::new(AP_DELTA, RECORD)
        .operands(OTHER, SOURCE, size)
        .rest(&record.to_le_bytes())
}

#[test]
fn a_delta_record_turns_the_old_into_the_new() {
    let bench = RefCell::new(Bench::enabled(&[0]));
    let changes = prop::collection::vec((0..4096_usize, any::<u8>()), 0..40);
    property(64)
        .run(&changes, |changes| {
            let old = noise(2, 4096);
            let mut new = old.clone();
            changes.iter().for_each(|(at, byte)| new[*at] = *byte);
            let expected = delta(&old, &new);
            let mut bench = bench.borrow_mut();
            bench.poke(SOURCE, &old);
            bench.poke(TARGET, &new);
            let record = bench.run(0, &create(4096, 400));
            let result = u8::from(!expected.is_empty());
            prop_assert_eq!(outcome(&record), (1, result, 0));
            prop_assert_eq!(record.detail() as usize, expected.len());
            prop_assert_eq!(&bench.peek(OTHER, expected.len()), &expected);
            if !expected.is_empty() {
                let record = bench.run(0, &apply(4096, expected.len() as u32));
                prop_assert_eq!(outcome(&record), (1, 0, 0));
                prop_assert_eq!(bench.peek(SOURCE, 4096), new);
            }
            Ok(())
        })
        .expect("the property holds");
}

#[test]
fn a_delta_without_room_says_how_far_it_came() {
    let mut bench = Bench::enabled(&[0]);
    bench.poke(SOURCE, &[0; 160]);
    bench.poke(TARGET, &[1; 160]);
    let record = bench.run(0, &create(160, 80));
    assert_eq!(
        outcome(&record),
        (1, 2, 64),
        "eight entries, eight bytes each"
    );
    assert_eq!(record.detail(), 80);
    for (expected, status) in [(0b100_u8, 1), (0b011, 2)] {
        let mut check = create(160, 80).flags(CHECK_RESULT);
        check.rest[0x10] = expected;
        assert_eq!(bench.run(0, &check).status(), status, "mask {expected:#b}");
    }
}

#[test]
fn a_delta_record_that_makes_no_sense_is_refused_where_it_stops_to_make_sense() {
    let mut bench = Bench::enabled(&[0]);
    let entry = |offset: u16| [&offset.to_le_bytes()[..], &[7; 8]].concat();
    for (offsets, status) in [([1, 1], 0x07), ([2, 1], 0x07), ([1, 8], 0x08)] {
        let record = offsets.map(entry).concat();
        bench.poke(OTHER, &record);
        bench.poke(SOURCE, &[0; 64]);
        let done = bench.run(0, &apply(64, 20));
        assert_eq!(outcome(&done), (status, 0, 10), "{offsets:?}");
        let first = SOURCE + 8 * u64::from(offsets[0]);
        assert_eq!(bench.peek(first, 8), [7; 8], "the first entry is applied");
    }
}

#[test]
fn drain_waits_and_reads_back() {
    let mut bench = Bench::enabled(&[0]);
    // 8 MiB to copy, then the drain; one engine is free for it at once.
    let long = Builder::memmove(RECORD + 0x20, SOURCE, TARGET, 1 << 20);
    bench.poke(RECORD, &[0; 0x200]);
    for index in 0..8 {
        let record = RECORD + 0x40 + 0x20 * index;
        let copy = Builder {
            completion: record,
            ..long.clone()
        };
        bench.submit(0, &copy.bytes());
    }
    bench.submit(0, &Builder::new(DRAIN, RECORD).bytes());
    assert_eq!(bench.completion(RECORD).status(), 1);
    for index in 0..8 {
        let record = RECORD + 0x40 + 0x20 * index;
        assert_eq!(bench.peek(record, 1), [1], "copy {index} was before it");
    }
    let (first_valid, second_valid) = (1 << 16, 1 << 17);
    let reads = Builder::new(DRAIN, RECORD)
        .operands(SOURCE, END, 0)
        .flags(first_valid);
    assert_eq!(
        bench.run(0, &reads).status(),
        0x12,
        "an address that is not said to be valid"
    );
    let fails = bench.run(0, &reads.flags(second_valid));
    assert_eq!((fails.status(), fails.fault_address()), (0x1f, END));
}

#[test]
fn cflush_needs_memory() {
    let mut bench = Bench::enabled(&[0]);
    let flush = |address| Builder::new(CFLUSH, RECORD).operands(0, address, 0x2000);
    assert_eq!(outcome(&bench.run(0, &flush(TARGET))), (1, 0, 0));
    let record = bench.run(0, &flush(END - 0x1000));
    assert_eq!(outcome(&record), (0x03, 0, 0x1000));
}

/// The guard by its definition: bit by bit, polynomial 0x8bb7.
fn guard(block: &[u8], seed: u16) -> u16 {
    block.iter().fold(seed, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            let carry = if crc >> 15 == 1 { 0x8bb7 } else { 0 };
            crc << 1 ^ carry
        })
    })
}

#[test]
fn the_reference_guard_is_that_of_the_catalogue() {
    assert_eq!(guard(b"123456789", 0), 0xd0db);
}

fn field(guard: u16, application: u16, reference: u32) -> Vec<u8> {
    let parts = [&guard.to_be_bytes()[..], &application.to_be_bytes()];
    [parts.concat(), reference.to_be_bytes().to_vec()].concat()
}

/// Blocks with fields whose tags count up.
fn protected(data: &[u8], block: usize, application: u16, reference: u32) -> Vec<u8> {
    data.chunks(block)
        .zip(reference..)
        .flat_map(|(block, reference)| {
            [
                block.to_vec(),
                field(guard(block, 0), application, reference),
            ]
            .concat()
        })
        .collect()
}

/// Tags as they are in a descriptor and in a record.
fn tags(reference: u32, mask: u16, application: u16) -> Vec<u8> {
    let parts = [&reference.to_le_bytes()[..], &mask.to_le_bytes()].concat();
    [parts, application.to_le_bytes().to_vec()].concat()
}

#[test]
fn dif_insert_check_strip_and_update_agree_with_the_reference() {
    let mut bench = Bench::enabled(&[0]);
    for (code, block) in [(0_u8, 512), (1, 520), (2, 4096), (3, 4104)] {
        let data = noise(code.into(), 3 * block);
        let with_fields = protected(&data, block, 0x1234, 77);
        let whole = with_fields.len() as u32;
        let source_tags = tags(77, 0, 0x1234);

        bench.poke(SOURCE, &data);
        let insert = Builder::new(DIF_INS, RECORD)
            .operands(SOURCE, TARGET, data.len() as u32)
            .rest(&specific(&[(0x2a, &[code]), (0x38, &source_tags)]));
        let record = bench.run(0, &insert);
        assert_eq!(outcome(&record), (1, 0, 0), "insert, {block}");
        assert_eq!(bench.peek(TARGET, whole as usize), with_fields);
        assert_eq!(
            record.0[0x18..],
            tags(80, 0, 0x1234),
            "the tags that follow"
        );

        let check = Builder::new(DIF_CHECK, RECORD)
            .operands(TARGET, 0, whole)
            .rest(&specific(&[(0x2a, &[code]), (0x30, &source_tags)]));
        let record = bench.run(0, &check);
        assert_eq!(outcome(&record), (1, 0, 0), "check, {block}");
        assert_eq!(record.0[0x10..0x18], tags(80, 0, 0x1234));

        let strip = Builder::new(DIF_STRP, RECORD)
            .operands(TARGET, OTHER, whole)
            .rest(&specific(&[(0x2a, &[code]), (0x30, &source_tags)]));
        assert_eq!(outcome(&bench.run(0, &strip)), (1, 0, 0), "strip, {block}");
        assert_eq!(bench.peek(OTHER, data.len()), data);

        let update = Builder::new(DIF_UPDT, RECORD)
            .operands(TARGET, OTHER, whole)
            .rest(&specific(&[
                (0x2a, &[code]),
                (0x30, &source_tags),
                (0x38, &tags(9, 0, 0xabcd)),
            ]));
        assert_eq!(
            outcome(&bench.run(0, &update)),
            (1, 0, 0),
            "update, {block}"
        );
        let updated = protected(&data, block, 0xabcd, 9);
        assert_eq!(bench.peek(OTHER, updated.len()), updated);
    }
}

#[test]
fn dif_errors_say_what_is_wrong_and_where() {
    let mut bench = Bench::enabled(&[0]);
    let data = noise(5, 1024);
    let good = protected(&data, 512, 0x1234, 77);
    let second = 520 + 512;
    let ones = [0xff; 8];
    // What is written over the second field, the source's flags, status, result.
    let cases: [(&str, &[u8], u8, u8, u8); 13] = [
        ("nothing", &[], 0, 1, 0),
        ("the guard", &field(1, 0x1234, 78), 0, 9, 1),
        ("the guard, unchecked", &field(1, 0x1234, 78), 1 << 5, 1, 0),
        (
            "the application tag",
            &field(guard(&data[512..], 0), 0x1235, 78),
            0,
            9,
            2,
        ),
        (
            "the reference tag",
            &field(guard(&data[512..], 0), 0x1234, 77),
            0,
            9,
            4,
        ),
        (
            "the reference tag, unchecked",
            &field(guard(&data[512..], 0), 0x1234, 77),
            1 << 6,
            1,
            0,
        ),
        ("everything", &ones, 0, 9, 7),
        ("all ones, detected", &ones, 1 << 1, 1, 0),
        ("all ones, an error", &ones, 1 << 1 | 1, 9, 8),
        (
            "an application tag of ones",
            &field(1, 0xffff, 1),
            1 << 2,
            1,
            0,
        ),
        ("the same, not all ones", &field(1, 0xffff, 1), 1 << 1, 9, 7),
        (
            "both tags of ones",
            &field(1, 0xffff, u32::MAX),
            1 << 3,
            1,
            0,
        ),
        ("not both", &field(1, 0xffff, 1), 1 << 3, 9, 7),
    ];
    for (what, written, flags, status, result) in cases {
        bench.poke(SOURCE, &good);
        bench.poke(SOURCE + second as u64, written);
        let fields = specific(&[(0x28, &[flags]), (0x30, &tags(77, 0, 0x1234))]);
        for (opcode, target) in [(DIF_CHECK, 0), (DIF_STRP, TARGET)] {
            let check = Builder::new(opcode, RECORD)
                .operands(SOURCE, target, good.len() as u32)
                .rest(&fields);
            let record = bench.run(0, &check);
            let completed = if status == 9 { 520 } else { 0 };
            assert_eq!(outcome(&record), (status, result, completed), "{what}");
        }
    }
}

#[test]
fn dif_tags_count_stay_or_pass_as_the_flags_say() {
    let mut bench = Bench::enabled(&[0]);
    let data = noise(6, 1024);
    let halves: Vec<u16> = data.chunks(512).map(|block| guard(block, 0)).collect();
    bench.poke(SOURCE, &protected(&data, 512, 0x1234, 77));
    let fields_of = |bench: &Bench| {
        let bytes = bench.peek(TARGET, 1040);
        [bytes[512..520].to_vec(), bytes[1032..].to_vec()]
    };
    // The destination's flags and mask, and the fields of both blocks.
    let cases = [
        (
            "fixed reference",
            1 << 7,
            0,
            [(halves[0], 5, 9), (halves[1], 5, 9)],
        ),
        (
            "counting application",
            1 << 4,
            0,
            [(halves[0], 5, 9), (halves[1], 6, 10)],
        ),
        (
            "application passes",
            1 << 3,
            0,
            [(halves[0], 0x1234, 9), (halves[1], 0x1234, 10)],
        ),
        (
            "reference passes",
            1 << 6,
            0,
            [(halves[0], 5, 77), (halves[1], 5, 78)],
        ),
        (
            "masked application",
            0,
            0xff00,
            [(halves[0], 0x1205, 9), (halves[1], 0x1205, 10)],
        ),
    ];
    for (what, flags, mask, expected) in cases {
        let update = Builder::new(DIF_UPDT, RECORD)
            .operands(SOURCE, TARGET, 1040)
            .rest(&specific(&[
                (0x29, &[flags]),
                (0x30, &tags(77, 0, 0x1234)),
                (0x38, &tags(9, mask, 5)),
            ]));
        assert_eq!(bench.run(0, &update).status(), 1, "{what}");
        let expected = expected.map(|(guard, app, reference)| field(guard, app, reference));
        assert_eq!(fields_of(&bench), expected, "{what}");
    }

    // Seed and result inverted.
    bench.poke(SOURCE, &data);
    let insert = Builder::new(DIF_INS, RECORD)
        .operands(SOURCE, TARGET, 512)
        .rest(&specific(&[(0x2a, &[0b1100])]));
    assert_eq!(bench.run(0, &insert).status(), 1);
    assert_eq!(
        bench.peek(TARGET + 512, 2),
        (!guard(&data[..512], 0xffff)).to_be_bytes()
    );
}

#[test]
fn a_dif_operation_that_faults_has_done_whole_blocks() {
    let mut bench = Bench::enabled(&[0]);
    let data = noise(7, 1024);
    bench.poke(SOURCE, &data);
    let insert = Builder::new(DIF_INS, RECORD)
        .operands(SOURCE, END - 600, 1024)
        .rest(&specific(&[(0x38, &tags(1, 0, 0))]));
    let record = bench.run(0, &insert);
    assert_eq!(outcome(&record), (0x83, 0, 512));
    assert_eq!(record.fault_address(), END);
    assert_eq!(record.0[0x18..], tags(2, 0, 0), "where to go on");
}

#[test]
fn each_mistake_in_the_operands_has_its_status() {
    let mut bench = Bench::enabled(&[0]);
    let dualcast = |first, second| {
        Builder::new(DUALCAST, RECORD)
            .operands(SOURCE, first, 64)
            .rest(&u64::to_le_bytes(second))
    };
    let copy = Builder::new(COPY_CRC, RECORD);
    let insert = Builder::new(DIF_INS, RECORD);
    let strip = Builder::new(DIF_STRP, RECORD);
    let check = Builder::new(DIF_CHECK, RECORD);
    let cases = [
        ("a delta of 12 bytes", create(12, 80), 0x13),
        ("a delta of more than 512 KiB", create(0x8_0008, 80), 0x13),
        ("a record of 70 bytes", create(64, 70), 0x15),
        ("a record of 85 bytes", create(64, 85), 0x15),
        (
            "a crooked source",
            create(64, 80).operands(SOURCE + 4, TARGET, 64),
            0x1c,
        ),
        (
            "a crooked second source",
            create(64, 80).operands(SOURCE, TARGET + 1, 64),
            0x1c,
        ),
        (
            "a record over a source",
            create(64, 80).operands(OTHER + 16, TARGET, 64),
            0x16,
        ),
        ("no record to apply", apply(64, 0), 0x15),
        ("a record of 19 bytes to apply", apply(64, 19), 0x15),
        (
            "a crooked target",
            apply(64, 20).operands(OTHER, SOURCE + 2, 64),
            0x1c,
        ),
        (
            "a record over the target",
            apply(64, 20).operands(OTHER, OTHER + 8, 64),
            0x16,
        ),
        ("a delta of no bytes", apply(0, 20), 0x13),
        (
            "targets at different places",
            dualcast(TARGET, OTHER + 8),
            0x17,
        ),
        ("the same target twice", dualcast(TARGET, TARGET), 0x16),
        (
            "a target over the source",
            dualcast(SOURCE + 0x1000, SOURCE + 0x2000).operands(SOURCE, SOURCE + 0x1000, 0x1001),
            0x16,
        ),
        (
            "a copy over its source",
            copy.clone().operands(SOURCE, SOURCE + 63, 64),
            0x16,
        ),
        (
            "a copy beside its source",
            copy.operands(SOURCE, SOURCE + 64, 64),
            0x01,
        ),
        (
            "half a block",
            insert.clone().operands(SOURCE, TARGET, 256),
            0x13,
        ),
        (
            "a block without its field",
            check.clone().operands(SOURCE, 0, 512),
            0x13,
        ),
        (
            "blocks over themselves",
            insert.clone().operands(SOURCE, SOURCE + 512, 1024),
            0x16,
        ),
        (
            "fields stripped in place",
            strip.operands(SOURCE, SOURCE, 520),
            0x16,
        ),
        (
            "a target of a check",
            check.clone().operands(SOURCE, TARGET, 520),
            0x12,
        ),
        (
            "source flags of an insertion",
            insert.clone().operands(SOURCE, TARGET, 512).rest(&[1]),
            0x12,
        ),
        (
            "reserved DIF flags",
            check.clone().operands(SOURCE, 0, 520).rest(&[0, 0, 0x10]),
            0x12,
        ),
        (
            "reserved destination flags",
            insert.operands(SOURCE, TARGET, 512).rest(&[0, 1]),
            0x12,
        ),
        (
            "a flag of another operation",
            check.operands(SOURCE, 0, 520).flags(1 << 16),
            0x11,
        ),
        (
            "a source of a flush",
            Builder::new(CFLUSH, RECORD).operands(SOURCE, TARGET, 64),
            0x12,
        ),
        (
            "an operation of DSA 2.0",
            Builder::new(DIX_GEN, RECORD).operands(SOURCE, TARGET, 512),
            0x10,
        ),
    ];
    for (what, descriptor, status) in cases {
        assert_eq!(bench.run(0, &descriptor).status(), status, "{what}");
    }
}

#[test]
fn a_drain_has_no_place_in_a_batch_of_dsa_1() {
    for (generation, status) in [("1.0", 0x10), ("2.0", 0x01)] {
        let mut bench = Bench::start(&["--generation", generation]);
        bench.enable(&[0]);
        let member = RECORD + 0x40;
        let list = [Builder::noop(member + 0x20), Builder::new(DRAIN, member)];
        for (index, descriptor) in list.iter().enumerate() {
            bench.poke(LIST + 64 * index as u64, &descriptor.bytes());
        }
        bench.run(0, &Builder::new(BATCH, RECORD).operands(LIST, 0, 2));
        assert_eq!(bench.peek(member, 1), [status], "DSA {generation}");
    }
}

#[test]
fn the_second_generation_has_wide_patterns_and_operations_of_its_own() {
    let mut bench = Bench::start(&["--generation", "2.0"]);
    bench.enable(&[0]);
    let (lower, upper) = (*b"abcdefgh", *b"ijklmnop");
    let fill = Builder::new(FILL, RECORD)
        .operands(u64::from_le_bytes(lower), TARGET + 1, 20)
        .rest(&upper);
    assert_eq!(bench.run(0, &fill).status(), 1);
    assert_eq!(bench.peek(TARGET + 1, 21), b"abcdefghijklmnopabcd\0");

    let data = noise(8, 1024);
    bench.poke(SOURCE, &data);
    let generate = Builder::new(DIX_GEN, RECORD)
        .operands(SOURCE, TARGET, 1024)
        .rest(&specific(&[(0x38, &tags(7, 0, 3))]));
    assert_eq!(bench.run(0, &generate).status(), 1);
    let expected = [
        field(guard(&data[..512], 0), 3, 7),
        field(guard(&data[512..], 0), 3, 8),
    ];
    assert_eq!(bench.peek(TARGET, 16), expected.concat());

    let fetch = Builder::new(TRANSL_FETCH, RECORD)
        .operands(END - 0x2000, 0, 0x4000)
        .rest(&specific(&[(0x30, &0x1000_u32.to_le_bytes())]));
    let record = bench.run(0, &fetch);
    assert_eq!((record.status(), record.fault_address()), (0x03, END));
    assert_eq!(bench.run(0, &create(64, 80)).status(), 0x10, "gone");
}
