// SPDX-License-Identifier: GPL-2.0

//! What each operation works on.

use super::*;

const SRC: u64 = 0x1000;
const DST: u64 = 0x3000;
const THIRD: u64 = 0x5000;

fn read(iova: u64, len: u32) -> Option<Buffer> {
    Some(Buffer {
        iova,
        len,
        write: false,
    })
}

fn write(iova: u64, len: u32) -> Option<Buffer> {
    Some(Buffer {
        iova,
        len,
        write: true,
    })
}

/// The same with fields from 0x28 on.
fn specific(raw: Raw, fields: &[(usize, &[u8])]) -> Raw {
    raw.with(|raw| {
        for (at, field) in fields {
            raw.specific[at - 0x28..][..field.len()].copy_from_slice(field);
        }
    })
}

fn dualcast(second: u64) -> Raw {
    let raw = Raw::new(opcode::DUALCAST, SRC, DST, 8);
    specific(raw, &[(0x28, &second.to_le_bytes())])
}

fn create_delta(len: u32, max: u32) -> Raw {
    let raw = Raw::new(opcode::CREATE_DELTA, SRC, DST, len);
    let record = [(0x28, &THIRD.to_le_bytes()[..]), (0x30, &max.to_le_bytes())];
    specific(raw, &record)
}

fn apply_delta(len: u32, record: u32) -> Raw {
    let raw = Raw::new(opcode::APPLY_DELTA, SRC, DST, len);
    specific(raw, &[(0x28, &record.to_le_bytes())])
}

/// A DIF operation on blocks of 512 bytes.
fn dif(opcode: u8, len: u32) -> Raw {
    let dst = if opcode == opcode::DIF_CHECK { 0 } else { DST };
    Raw::new(opcode, SRC, dst, len)
}

#[test]
fn buffers_are_the_sides_of_the_plan() {
    let plain = |opcode| Raw::new(opcode, SRC, DST, 8);
    for (raw, buffers) in [
        (plain(opcode::MEMMOVE), [read(SRC, 8), write(DST, 8), None]),
        (plain(opcode::FILL), [write(DST, 8), None, None]),
        (plain(opcode::COMPARE), [read(SRC, 8), read(DST, 8), None]),
        (plain(opcode::COMPVAL), [read(SRC, 8), None, None]),
        (plain(opcode::COPY_CRC), [read(SRC, 8), write(DST, 8), None]),
        (
            Raw::new(opcode::CRCGEN, SRC, 0, 8),
            [read(SRC, 8), None, None],
        ),
        (
            dualcast(THIRD),
            [read(SRC, 8), write(DST, 8), write(THIRD, 8)],
        ),
        (
            Raw::new(opcode::CFLUSH, 0, DST, 8),
            [read(DST, 8), None, None],
        ),
        (
            create_delta(8, 80),
            [read(SRC, 8), read(DST, 8), write(THIRD, 80)],
        ),
        (apply_delta(8, 10), [read(SRC, 10), write(DST, 8), None]),
        (dif(opcode::DIF_CHECK, 1040), [read(SRC, 1040), None, None]),
        (
            dif(opcode::DIF_INSERT, 1024),
            [read(SRC, 1024), write(DST, 1040), None],
        ),
        (
            dif(opcode::DIF_STRIP, 1040),
            [read(SRC, 1040), write(DST, 1024), None],
        ),
        (
            dif(opcode::DIF_UPDATE, 1040),
            [read(SRC, 1040), write(DST, 1040), None],
        ),
    ] {
        let op = raw.op();
        assert_eq!(op.buffers(), buffers);
        assert_eq!((op.opcode(), op.len()), (raw.opcode, raw.size));
        let bit = 1 << raw.opcode;
        assert_eq!(op.is_divisible(), SUPPORTED_OPCAP[0] & bit != 0);
        assert_eq!(op.is_divisible(), WHOLE_OPCAP[0] & bit == 0);
        if op.is_divisible() {
            let mut all = op.buffers().into_iter().flatten();
            assert!(all.all(|buffer| buffer.len == op.len()));
        }
    }
    assert_eq!(Op::Noop.buffers(), [None; 3]);
    let batch = Raw::new(opcode::BATCH, SRC, 0, 2).op();
    assert_eq!(batch.buffers(), [None; 3]);
}

#[test]
fn a_drain_reads_where_it_is_asked_to() {
    let drain = |flags, first, second| {
        Raw::new(opcode::DRAIN, first, second, 0).with(|raw| raw.flags |= flags)
    };
    let (first, second) = (flag::READBACK1_VALID, flag::READBACK2_VALID);
    assert_eq!(drain(0, 0, 0).op().buffers(), [None; 3]);
    assert_eq!(drain(0, 0, 0).op().len(), 0);
    let both = drain(first | second, SRC, DST).op();
    assert_eq!(both.buffers(), [read(SRC, 1), read(DST, 1), None]);
    assert_eq!(both.len(), 1);
    let one = drain(second, 0, DST);
    assert_eq!(one.op().buffers(), [None, read(DST, 1), None]);
    assert_eq!(one.with(|raw| raw.first = 1).refused(), status::RESERVED);
}

#[test]
fn copies_overlap_where_the_device_has_it() {
    let limits = Limits {
        overlapping_copy: true,
        ..LIMITS
    };
    for (dst, order) in [
        (SRC - 8, None),
        (SRC - 7, Some(Order::Forward)),
        (SRC, Some(Order::Forward)),
        (SRC + 1, Some(Order::Backward)),
        (SRC + 7, Some(Order::Backward)),
        (SRC + 8, None),
    ] {
        let raw = Raw::new(opcode::MEMMOVE, SRC, dst, 8);
        let op = raw.parse().check(&limits).expect("accepted").op;
        assert_eq!(op.overlap(), order, "{dst:#x}");
        assert_eq!(op.is_sequential(), order.is_some());
        let refused = raw.check().err().map(|reject| reject.status);
        assert_eq!(refused, order.map(|_| status::OVERLAP));
        // A copy that also makes a CRC does not.
        let raw = raw.with(|raw| raw.opcode = opcode::COPY_CRC);
        let refused = raw.parse().check(&limits).err().map(|reject| reject.status);
        assert_eq!(refused, order.map(|_| status::OVERLAP));
    }
}

#[test]
fn destinations_of_a_dualcast() {
    assert!(dualcast(THIRD).check().is_ok());
    assert_eq!(dualcast(THIRD + 1).refused(), status::DUALCAST_ALIGN);
    // Both alike, on the source, and on each other.
    let moved = |dst, second| dualcast(second).with(|raw| raw.second = dst);
    assert_eq!(moved(SRC, THIRD).refused(), status::OVERLAP);
    assert_eq!(moved(DST, SRC).refused(), status::OVERLAP);
    assert_eq!(moved(DST, DST).refused(), status::OVERLAP);
    let last = u64::MAX - 0xfff;
    assert!(moved(DST, last)
        .with(|raw| raw.size = 0x1000)
        .check()
        .is_ok());
    let beyond = moved(DST, last).with(|raw| raw.size = 0x1001);
    assert_eq!(beyond.refused(), status::TRANSLATION);
}

#[test]
fn delta_records_are_of_entries_and_units() {
    for (raw, status) in [
        (create_delta(12, 80), status::SIZE),
        (create_delta(0x8_0008, 80), status::SIZE),
        (create_delta(64, 70), status::DELTA_SIZE),
        (create_delta(64, 81), status::DELTA_SIZE),
        (
            create_delta(64, 80).with(|raw| raw.first += 4),
            status::ADDR_ALIGN,
        ),
        (
            create_delta(64, 80).with(|raw| raw.second = THIRD + 72),
            status::OVERLAP,
        ),
        (apply_delta(12, 10), status::SIZE),
        (apply_delta(64, 0), status::DELTA_SIZE),
        (apply_delta(64, 15), status::DELTA_SIZE),
        (
            apply_delta(64, 10).with(|raw| raw.second += 4),
            status::ADDR_ALIGN,
        ),
        (
            apply_delta(64, 10).with(|raw| raw.second = SRC + 8),
            status::OVERLAP,
        ),
    ] {
        assert_eq!(raw.refused(), status, "{:x?}", raw.parse());
    }
}

#[test]
fn no_more_is_needed_of_a_delta_record_than_can_matter() {
    let room = |len, max| {
        let far = (0x28, &0x20_0000_u64.to_le_bytes()[..]);
        let op = specific(create_delta(len, max), &[far]).op();
        op.buffers()[2].map(|buffer| buffer.len)
    };
    assert_eq!(room(640, 100), Some(100));
    assert_eq!(room(640, 4_000_000_000), Some(800));
    assert_eq!(room(8, 4_000_000_000), Some(80));
    assert_eq!(room(0x8_0000, 4_000_000_000), Some(0x8_0000 / 8 * 10));
    let record = |len, size| {
        let below = apply_delta(len, size).with(|raw| raw.second = 0x800);
        below.op().buffers()[0].map(|buffer| buffer.len)
    };
    assert_eq!(record(64, 80), Some(80));
    // The ninth of eight is an error.
    assert_eq!(record(64, 4_000_000_000), Some(90));
    // The check looks at all that was asked for.
    let long = apply_delta(64, 200).with(|raw| raw.second = SRC + 128);
    assert_eq!(long.refused(), status::OVERLAP);
}

#[test]
fn dif_operations_are_on_whole_blocks() {
    for (flags, block) in [(0, 512), (1, 520), (2, 4096), (3, 4104)] {
        for (opcode, source, destination) in [
            (opcode::DIF_CHECK, block + 8, None),
            (opcode::DIF_INSERT, block, Some(block + 8)),
            (opcode::DIF_STRIP, block + 8, Some(block)),
            (opcode::DIF_UPDATE, block + 8, Some(block + 8)),
        ] {
            let far = |raw: &mut Raw| {
                if destination.is_some() {
                    raw.second = 0x10_0000;
                }
            };
            let raw = specific(dif(opcode, 3 * source).with(far), &[(0x2a, &[flags])]);
            let [src, dst, _] = raw.op().buffers();
            assert_eq!(src, read(SRC, 3 * source));
            assert_eq!(dst, destination.and_then(|len| write(0x10_0000, 3 * len)));
            let more = raw.with(|raw| raw.size += 8);
            assert_eq!(more.refused(), status::SIZE);
            if let Some(len) = destination {
                let below = raw.with(|raw| raw.second = SRC + 0x10_0000 - u64::from(3 * len));
                let below = below.with(|raw| raw.first = SRC + 0x10_0000);
                assert!(below.check().is_ok(), "one right behind the other");
                let overlapping = below.with(|raw| raw.second += 1);
                assert_eq!(overlapping.refused(), status::OVERLAP);
            }
        }
    }
}

#[test]
fn the_hardware_is_told_what_it_can_do_better() {
    let work = |opcode, flags, limits: &Limits| {
        let first = if opcode == opcode::CFLUSH { 0 } else { SRC };
        let raw = Raw::new(opcode, first, DST, 8).with(|raw| raw.flags |= flags);
        raw.parse().check(limits).expect("accepted")
    };
    let all = flag::CACHE_CONTROL | flag::STRICT_ORDER | flag::DEST_STEERING | flag::CR_CLASS;
    let copy = work(opcode::MEMMOVE, all, &LIMITS);
    assert_eq!(copy.hints, flag::CACHE_CONTROL | flag::STRICT_ORDER);
    assert!(copy.is_strict());
    assert!(!work(opcode::MEMMOVE, flag::CACHE_CONTROL, &LIMITS).is_strict());
    let simple = Limits {
        cache_control: false,
        ..LIMITS
    };
    assert_eq!(
        work(opcode::MEMMOVE, all, &simple).hints,
        flag::STRICT_ORDER
    );
    // There it means something else, which is less than what is done without.
    assert_eq!(work(opcode::CFLUSH, flag::CACHE_CONTROL, &LIMITS).hints, 0);
}

#[test]
fn bytes_of_an_operation_are_counted() {
    let record = |status, result, bytes| Completion {
        status,
        result,
        bytes,
        ..Completion::default()
    };
    let fault = status::PAGE_FAULT;
    for (raw, record, bytes) in [
        (create_delta(64, 80), record(1, 1, 0), 64),
        (create_delta(128, 80), record(1, 2, 72), 72),
        (create_delta(128, 80), record(2, 2, 72), 72),
        (create_delta(64, 80), record(fault, 0, 8), 8),
        (apply_delta(64, 80), record(1, 0, 0), 64),
        (apply_delta(64, 80), record(status::DELTA_RANGE, 0, 30), 24),
        (
            dif(opcode::DIF_CHECK, 1040),
            record(status::DIF, 1, 520),
            520,
        ),
        (Raw::new(opcode::BATCH, 0, 0, 2), record(5, 0, 2), 0),
        // That of a copy from the end.
        (Raw::memmove(), record(1, 1, 0), 0x1000),
    ] {
        assert_eq!(record.processed(&raw.op()), bytes, "{raw:?}");
    }
    assert!(record(status::BATCH_PAGE_FAULT, 0, 0).is_fault());
    assert!(record(status::READBACK, 0, 0).is_fault());
    assert!(!record(status::BATCH_FAIL, 0, 0).is_fault());
}

#[test]
fn what_is_left_of_an_operation_is_in_whole_units() {
    let within = |raw: Raw, reached| raw.op().within(reached).map(|op| op.buffers());
    let op = create_delta(640, 800);
    assert_eq!(
        within(op, [639, 640, 800]),
        Some([read(SRC, 632), read(DST, 632), write(THIRD, 800)])
    );
    assert_eq!(
        within(op, [640, 640, 89]),
        Some([read(SRC, 640), read(DST, 640), write(THIRD, 80)])
    );
    assert_eq!(within(op, [7, 640, 800]), None);
    assert_eq!(within(op, [640, 640, 79]), None);
    assert_eq!(
        within(apply_delta(64, 40), [39, 63, 0]),
        Some([read(SRC, 30), write(DST, 56), None])
    );
    assert_eq!(within(apply_delta(64, 40), [9, 64, 0]), None);
    assert_eq!(within(apply_delta(64, 40), [40, 7, 0]), None);
    assert_eq!(
        within(dif(opcode::DIF_STRIP, 2080), [2079, 1024, 0]),
        Some([read(SRC, 1040), write(DST, 1024), None])
    );
    assert_eq!(
        within(dif(opcode::DIF_CHECK, 2080), [1560, 0, 0]),
        Some([read(SRC, 1560), None, None])
    );
    assert_eq!(within(dif(opcode::DIF_INSERT, 1024), [1024, 519, 0]), None);
}
