// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shared work queues, PASIDs, the event log of DSA 2.0, and profiles from files.

mod common;

use std::fs;

use common::descriptor::Builder;
use common::{
    BAR2, Bench, CMD, DRAIN_ALL, ENABLE_DEVICE, ENABLE_WQ, GENCFG, GENCTRL, INTCAUSE, MEMORY,
    SWERR, WQCFG,
};

const RECORD: u64 = MEMORY;
const LOG: u64 = MEMORY + 0x1000;
const EVLCFG: u64 = 0xe0;
const EVLSTATUS: u64 = 0xf0;

const ACCEPTED: u64 = 0;
const RETRY: u64 = 1;
const UNLIMITED: u64 = 0;
const LIMITED: u64 = 1;

/// WQ 0 shared, of 16 descriptors, 4 of them through the limited portal; WQ 1 dedicated.
fn shared() -> Bench {
    let mut bench = Bench::start(&["--pasid"]);
    bench.enable_pasid();
    bench.configure();
    bench.set32(WQCFG + 0x04, 4);
    bench.set32(WQCFG + 0x08, 10 << 4 | 1 << 28);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 1), 0);
    bench
}

fn noop(pasid: u32, record: u64) -> [u8; 64] {
    let mut bytes = Builder::noop(record).bytes();
    bytes[..4].copy_from_slice(&pasid.to_le_bytes());
    bytes
}

#[test]
fn the_limited_portal_accepts_up_to_the_threshold_and_the_other_up_to_the_size() {
    let mut bench = shared();
    bench.ctl("hold");
    for (page, most) in [(LIMITED, 4), (UNLIMITED, 16)] {
        let waiting = bench.get32(WQCFG + 0x18) & 0xffff;
        for index in waiting..most {
            let record = RECORD + 0x20 * u64::from(index);
            assert_eq!(bench.enqueue(0, page, &noop(3, record)), ACCEPTED);
        }
        assert_eq!(bench.enqueue(0, page, &noop(3, RECORD)), RETRY);
        assert_eq!(bench.enqueue(0, LIMITED, &noop(3, RECORD)), RETRY);
    }
    bench.ctl("release");
    for index in 0..16 {
        assert_eq!(bench.completion(RECORD + 0x20 * index).status(), 1);
    }
    assert_eq!(bench.enqueue(0, LIMITED, &noop(3, RECORD)), ACCEPTED);
    assert_eq!(
        bench.get64(SWERR),
        0,
        "a refusal that is answered is no error"
    );
}

#[test]
fn each_mode_takes_its_own_kind_of_write() {
    let mut bench = shared();
    assert_eq!(
        bench.enqueue(1, LIMITED, &noop(3, RECORD)),
        RETRY,
        "dedicated"
    );
    assert_eq!(
        bench.enqueue(2, LIMITED, &noop(3, RECORD)),
        RETRY,
        "not enabled"
    );
    assert_eq!(bench.get64(SWERR), 0);
    bench.submit(0, &noop(3, RECORD));
    assert_eq!(
        bench.software_error()[0] >> 8 & 0xff,
        0x55,
        "an ordinary write"
    );
}

#[test]
fn a_descriptor_of_a_shared_work_queue_is_told_by_its_pasid() {
    let mut bench = shared();
    bench.ctl("hold");
    for (pasid, record) in [(3, RECORD), (4, RECORD + 0x20), (3, RECORD + 0x40)] {
        assert_eq!(bench.enqueue(0, LIMITED, &noop(pasid, record)), ACCEPTED);
    }
    let abort_pasid = 12;
    assert_eq!(bench.command(abort_pasid, 3), 0);
    assert_eq!(
        bench.get32(WQCFG + 0x18) & 0xffff,
        1,
        "that of PASID 4 stays"
    );
    let drain_pasid = 11;
    assert_eq!(
        bench.command(drain_pasid, 3),
        0,
        "nothing of PASID 3 is left"
    );
    bench.set32(CMD, drain_pasid << 20 | 4);
    assert_eq!(bench.get32(0xa8), 1 << 31, "that of PASID 4 is held");
    bench.ctl("release");
    assert_eq!(bench.completion(RECORD + 0x20).status(), 1);
    assert_eq!(bench.peek(RECORD, 1), [0]);

    let unaligned = noop(5, RECORD + 1);
    assert_eq!(bench.enqueue(0, LIMITED, &unaligned), ACCEPTED);
    let error = bench.software_error()[0];
    assert_eq!((error >> 40 & 0xf_ffff, error >> 8 & 0xff), (5, 0x1b));
    let privileged = noop(1 << 31 | 5, RECORD);
    assert_eq!(bench.enqueue(0, LIMITED, &privileged), ACCEPTED);
    assert_eq!(bench.software_error()[0] >> 8 & 0xff, 0x1d);
}

#[test]
fn without_pasid_the_commands_that_name_one_do_not_exist() {
    let mut bench = Bench::enabled(&[0]);
    for command in [11, 12] {
        assert_eq!(bench.command(command, 3), 1);
    }
}

#[test]
fn occupancy_that_falls_to_its_limit_interrupts_once() {
    let mut bench = Bench::enabled(&[0]);
    bench.set32(WQCFG + 0x10, 5);
    bench.set32(WQCFG + 0x14, 1 << 16 | 1);
    bench.ctl("hold");
    for index in 0..4 {
        bench.submit(0, &Builder::noop(RECORD + 0x20 * index).bytes());
    }
    assert_eq!(bench.interrupts(5), 0);
    bench.ctl("release");
    bench.await_interrupt(5);
    assert_eq!(bench.command(DRAIN_ALL, 0), 0);
    assert_eq!(bench.interrupts(5), 0, "once");
    assert_eq!(bench.get32(INTCAUSE) & 4, 4);
    assert_eq!(bench.get32(WQCFG + 0x14), 1, "not enabled any more");
}

/// A device of the second generation with a log of 64 entries.
fn logging() -> Bench {
    let mut bench = Bench::start(&["--generation", "2.0"]);
    bench.set64(EVLCFG, LOG);
    bench.set64(EVLCFG + 8, 64);
    bench.configure();
    bench.set32(GENCFG, 1 << 12 | 1 << 13);
    bench.set32(GENCTRL, 1 << 2);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 5), 0);
    bench
}

#[test]
fn the_event_log_takes_errors_of_descriptors_with_their_records() {
    let mut bench = logging();
    let no_record = Builder {
        flags: 0,
        ..Builder::new(0x55, 0)
    };
    bench.submit(5, &no_record.bytes());
    bench.await_interrupt(0);
    assert_eq!(bench.get32(INTCAUSE), 1 << 5);
    assert_eq!(
        bench.get64(EVLSTATUS),
        1 << 62 | 1 << 32,
        "pending, tail 1, head 0"
    );
    let entry = bench.peek(LOG, 64);
    // Descriptor and WQ are valid; error 0x10; WQ 5; operation 0x55.
    assert_eq!(entry[..8], [0x0c, 0x10, 5, 0, 0x55, 0, 0, 0]);
    assert_eq!(entry[32], 0x10, "the status of the completion record");

    bench.submit(5, &no_record.bytes());
    assert_eq!(bench.command(DRAIN_ALL, 0), 0);
    assert_eq!(bench.interrupts(0), 0, "the first is not acknowledged yet");
    bench.set32(INTCAUSE, 1 << 5);
    bench.set32(EVLSTATUS + 4, 1 << 30);
    bench.set32(EVLSTATUS, 2);
    assert_eq!(bench.get64(EVLSTATUS), 2 << 32 | 2, "taken");
    bench.submit(5, &no_record.bytes());
    bench.await_interrupt(0);
    assert_eq!(bench.get64(SWERR), 0);
}

#[test]
fn an_event_log_that_is_full_leaves_errors_to_swerr() {
    let mut bench = logging();
    let no_record = Builder {
        flags: 0,
        ..Builder::new(0x55, 0)
    };
    for _ in 0..63 {
        bench.submit(5, &no_record.bytes());
        assert_eq!(bench.command(DRAIN_ALL, 0), 0);
    }
    assert_eq!(bench.get64(EVLSTATUS) >> 32 & 0xffff, 63);
    assert_eq!(bench.get64(SWERR), 0);
    bench.submit(5, &no_record.bytes());
    assert_eq!(bench.software_error()[0], 0x0000_0055_0005_100d);
}

#[test]
fn a_profile_comes_from_a_file_and_options_go_before_it() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let path = directory.path().join("profile.toml");
    fs::write(&path, "generation = '2.0'\nwqs = 16\ngroups = 2\n").expect("written");
    let path = path.to_str().expect("plain characters");
    let mut bench = Bench::start(&["--profile", path, "--groups", "3"]);
    assert_eq!(bench.get32(0x00), 0x200);
    assert_eq!(bench.get64(0x20) >> 16 & 0xff, 16);
    assert_eq!(bench.get64(0x30) & 0xff, 3);
    let mut portal_of_wq_15 = [0; 8];
    bench.read(BAR2, 15 * 0x4000, &mut portal_of_wq_15);
    assert_eq!(portal_of_wq_15, [0xff; 8]);
}
