// SPDX-License-Identifier: MIT OR Apache-2.0
//! Completion records that the device of the second generation cannot write and leaves to software,
//! in its event log, as `idxd_evl_fault_work` of the kernel reads it.

mod common;

use common::descriptor::{BATCH, Builder, DRAIN};
use common::{Bench, DRAIN_ALL, ENABLE_DEVICE, ENABLE_WQ, GENCFG, MEMORY, MEMORY_SIZE, SWERR};

const RECORD: u64 = MEMORY;
const LOG: u64 = MEMORY + 0x1000;
const LIST: u64 = MEMORY + 0x3000;
const NOWHERE: u64 = MEMORY + MEMORY_SIZE;
const EVLCFG: u64 = 0xe0;
const EVLSTATUS: u64 = 0xf0;

/// A device of the second generation; WQ 0 is enabled, and so is the log if that is wanted.
fn device(log: bool) -> Bench {
    let mut bench = Bench::start(&["--generation", "2.0"]);
    bench.set64(EVLCFG, LOG);
    bench.set64(EVLCFG + 8, 64);
    bench.configure();
    bench.set32(GENCFG, 1 << 12 | u32::from(log) << 13);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    bench
}

/// An entry of the log, by the fields of `struct __evl_entry`.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    error: u8,
    wq: u8,
    operation: u8,
    /// Its number, the member's place, and whether it is the first of the batch.
    batch: Option<(u8, u16, bool)>,
    wants_record: bool,
    address: u64,
    /// Status and number of members of the record.
    record: (u8, u32),
}

/// Waits until all is done, and gives the entries.
fn entries(bench: &mut Bench) -> Vec<Entry> {
    assert_eq!(bench.command(DRAIN_ALL, 0), 0);
    let tail = bench.get64(EVLSTATUS) >> 32 & 0xffff;
    let read = |index| {
        let bytes = bench.peek(LOG + 64 * index, 64);
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|index| bytes[at + index]));
        let (first, second) = (word(0), word(8));
        // Descriptor, WQ and the other information are valid; it was a write.
        assert_eq!(first & !(1 << 4) & 0xff, 0b1010_1100, "{first:#x}");
        let batch = first >> 4 & 1 == 1;
        Entry {
            error: (first >> 8) as u8,
            wq: (first >> 16) as u8,
            operation: (first >> 32) as u8,
            batch: batch.then_some(((first >> 24) as u8, second as u16, second >> 51 & 1 == 1)),
            wants_record: second >> 50 & 1 == 1,
            address: word(16),
            record: (bytes[32], word(36) as u32),
        }
    };
    (0..tail).map(read).collect()
}

#[test]
fn a_record_without_a_place_is_in_the_log_and_that_of_a_drain_follows_it() {
    let mut bench = device(true);
    bench.submit(0, &Builder::noop(NOWHERE).bytes());
    for _ in 0..2 {
        bench.poke(RECORD, &[0; 32]);
        bench.submit(0, &Builder::new(DRAIN, RECORD).bytes());
        assert_eq!(bench.command(DRAIN_ALL, 0), 0);
    }
    let entry = |error, operation, address| Entry {
        error,
        wq: 0,
        operation,
        batch: None,
        wants_record: true,
        address,
        record: (1, 0),
    };
    let expected = [entry(0x1a, 0, NOWHERE), entry(0x26, 2, RECORD)];
    assert_eq!(entries(&mut bench), expected);
    assert_eq!(
        bench.peek(RECORD, 1),
        [1],
        "the second DRAIN has nothing to follow"
    );
    assert_eq!(bench.get64(SWERR), 0);
}

#[test]
fn the_record_of_a_batch_follows_those_of_its_members() {
    let mut bench = device(true);
    let wrong = Builder::noop(NOWHERE + 64).flags(1 << 23);
    let members = [
        Builder::noop(RECORD + 0x40),
        Builder::noop(NOWHERE),
        wrong.clone(),
    ];
    for (index, member) in members.iter().enumerate() {
        bench.poke(LIST + 64 * index as u64, &member.bytes());
    }
    bench.submit(0, &Builder::new(BATCH, RECORD).operands(LIST, 0, 2).bytes());
    let found = entries(&mut bench);
    let (number, _, _) = found[0].batch.expect("a member");
    let member = |index, first, address, status| Entry {
        error: 0x1a,
        wq: 0,
        operation: 0,
        batch: Some((number, index, first)),
        wants_record: true,
        address,
        record: (status, 0),
    };
    let whole = |status, completed| Entry {
        error: 0x27,
        operation: 1,
        batch: None,
        record: (status, completed),
        ..member(0, false, RECORD, status)
    };
    let expected = [member(1, true, NOWHERE, 1), whole(1, 2)];
    assert_eq!(found, expected, "software may still have it succeed");
    assert_eq!(bench.peek(RECORD, 1), [0], "it is software's to write");
    assert_eq!(bench.peek(RECORD + 0x40, 1), [1], "that of a member is not");

    bench.submit(0, &Builder::new(BATCH, RECORD).operands(LIST, 0, 3).bytes());
    let found = entries(&mut bench).split_off(2);
    let numbers = found.iter().filter_map(|entry| Some(entry.batch?.0));
    let [number, same] = numbers.collect::<Vec<_>>()[..] else {
        panic!("two members: {found:?}");
    };
    assert_eq!(number, same);
    let statuses: Vec<_> = found.iter().map(|entry| entry.record.0).collect();
    assert_eq!(statuses, [1, 0x11, 5], "a member that fails still fails it");
    assert_eq!(found[1].batch, Some((number, 2, false)));
}

#[test]
fn without_a_log_a_record_without_a_place_is_an_error_and_fails_the_batch() {
    let mut bench = device(false);
    bench.poke(LIST, &Builder::noop(NOWHERE).bytes());
    bench.poke(LIST + 64, &Builder::noop(RECORD + 0x40).bytes());
    let batch = Builder::new(BATCH, RECORD).operands(LIST, 0, 2);
    assert_eq!(bench.run(0, &batch).status(), 5);
    assert_eq!(bench.software_error()[0] >> 8 & 0xff, 0x1a);
    assert_eq!(bench.get64(EVLSTATUS), 0);
}
