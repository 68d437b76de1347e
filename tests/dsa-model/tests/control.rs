// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be asked of the model through its control socket, and the trace.

mod common;

use std::fs;

use common::descriptor::Builder;
use common::{
    BAR2, Bench, CONFIG, DISABLE_WQ, DRAIN_ALL, ENABLE_WQ, GENCTRL, GENSTS, INTCAUSE, MEMORY,
    RELEASE_HANDLE, REQUEST_HANDLE, RESET_DEVICE, WQCFG, eventually,
};
use serde_json::Value;

const RECORD: u64 = MEMORY;
const SOURCE: u64 = MEMORY + 0x1000;
const TARGET: u64 = MEMORY + 0x2000;

#[test]
fn a_software_error_is_raised() {
    let mut bench = Bench::enabled(&[]);
    bench.set32(GENCTRL, 1);
    bench.ctl("swerr 0x77 --wq 1 --address 0xabc000");
    assert_eq!(bench.software_error(), [0x1_7709, 0, 0xabc000]);
    assert_eq!(bench.get32(INTCAUSE), 1);
    assert_eq!(bench.interrupts(0), 1);
}

#[test]
fn a_halt_ends_with_the_reset_that_it_takes() {
    for (reset, bits) in [("software", 0), ("flr", 1), ("warm", 2), ("cold", 3)] {
        let mut bench = Bench::enabled(&[0]);
        bench.set32(GENCTRL, 2);
        bench.ctl(&format!("halt {reset}"));
        assert_eq!(bench.get32(GENSTS), 3 | bits << 2, "{reset}");
        assert_eq!(bench.get32(INTCAUSE), 1 << 4, "{reset}");
        assert_eq!(bench.command(ENABLE_WQ, 0), 3, "{reset}");
        let by_command = bench.command(RESET_DEVICE, 0) == 0;
        assert_eq!(by_command, reset == "software");
        let flr = 0x8000_u16;
        bench.write(CONFIG, 0x48, &flr.to_le_bytes());
        let state = bench.get32(GENSTS) & 3;
        assert_eq!(state == 0, matches!(reset, "software" | "flr"), "{reset}");
        bench.ctl("vanish");
        bench.ctl("return");
        assert_eq!(bench.get32(GENSTS), 0, "without power no halt lasts");
    }
}

#[test]
fn the_command_that_is_to_fail_fails_and_no_other() {
    let mut bench = Bench::enabled(&[]);
    bench.ctl("fail-command 0x23 --command 6 --nth 2");
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    assert_eq!(bench.command(DRAIN_ALL, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 1), 0x23);
    assert_eq!(bench.get32(WQCFG + 0x38) >> 30, 0, "it is not enabled");
    assert_eq!(bench.command(ENABLE_WQ, 1), 0);
}

#[test]
fn what_is_held_waits_until_it_is_released() {
    let mut bench = Bench::enabled(&[0]);
    bench.ctl("hold");
    for index in 0..3 {
        bench.submit(0, &Builder::noop(RECORD + 0x20 * index).bytes());
    }
    assert_eq!(bench.get32(WQCFG + 0x18) & 0xffff, 3, "waiting");
    let status = String::from_utf8(bench.process.ctl("status").stdout).expect("text");
    assert!(status.contains(r#""hold": true"#), "{status}");
    assert!(status.contains(r#""waiting": 3"#), "{status}");
    bench.ctl("release");
    for index in 0..3 {
        assert_eq!(bench.completion(RECORD + 0x20 * index).status(), 1);
    }
}

#[test]
fn the_slots_that_descriptors_come_through_are_counted_from_enabling_on() {
    let mut bench = Bench::enabled(&[0, 1]);
    let of_wqs = |bench: &Bench| {
        let status = bench.process.ctl("status").stdout;
        let status: Value = serde_json::from_slice(&status).expect("JSON");
        [0, 1].map(|wq| {
            let wq = &status["wqs"][wq];
            (wq["submitted"].as_u64(), wq["portal-slots"].as_u64())
        })
    };
    let noop = Builder::noop(RECORD).bytes();
    for (page, slot) in [(0, 0), (0, 63), (1, 0), (1, 1), (1, 0)] {
        bench.write(BAR2, page * 0x1000 + slot * 64, &noop);
    }
    let none = (Some(0), Some(0));
    assert_eq!(of_wqs(&bench), [(Some(5), Some(4)), none]);
    assert_eq!(bench.command(DISABLE_WQ, 1), 0);
    assert_eq!(of_wqs(&bench)[0], (Some(5), Some(4)), "disabled");
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    assert_eq!(of_wqs(&bench), [none, none]);
}

#[test]
fn memory_fails_where_it_is_to_fail() {
    let mut bench = Bench::enabled(&[0]);
    bench.ctl(&format!(
        "fail-dma {:#x} 0x10 --access write",
        TARGET + 0x20
    ));
    let copy = Builder::memmove(RECORD, SOURCE, TARGET, 0x100);
    let record = bench.run(0, &copy);
    assert_eq!((record.status(), record.completed()), (0x83, 0x20));
    assert_eq!(record.fault_address(), TARGET + 0x20);
    bench.ctl("clear");
    assert_eq!(bench.run(0, &copy).status(), 1);
}

#[test]
fn a_fault_on_which_a_descriptor_blocks_ends_as_a_page_request_that_is_invalid() {
    let mut bench = Bench::start(&[]);
    bench.configure();
    bench.set32(WQCFG + 0x08, 1 | 1 << 1 | 10 << 4);
    assert_eq!(bench.command(common::ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    bench.ctl(&format!("fail-dma {SOURCE:#x} 1 --access read"));
    let copy = Builder::memmove(RECORD, SOURCE, TARGET, 16);
    assert_eq!(bench.run(0, &copy).status(), 0x03);
    assert_eq!(bench.run(0, &copy.flags(1 << 1)).status(), 0x04);
}

#[test]
fn interrupts_are_lost_doubled_and_made_up() {
    let mut bench = Bench::enabled(&[0]);
    let noop = Builder::noop(RECORD).interrupt(1);
    let after = |bench: &mut Bench, request: &str| {
        bench.ctl(request);
        assert_eq!(bench.run(0, &noop).status(), 1);
        // The record comes before the interrupt, and a drained device has sent it.
        assert_eq!(bench.command(DRAIN_ALL, 0), 0);
        bench.interrupts(1)
    };
    assert_eq!(after(&mut bench, "drop-interrupt 1"), 0);
    assert_eq!(after(&mut bench, "duplicate-interrupt 1"), 2);
    assert_eq!(after(&mut bench, "clear"), 1);
    bench.ctl("raise-interrupt 1");
    assert_eq!(bench.interrupts(1), 1);
}

#[test]
fn revoked_handles_are_told_and_others_are_granted() {
    let mut bench = Bench::start(&["--interrupt-handles"]);
    bench.enable(&[0]);
    let request = |bench: &mut Bench| {
        let result = bench.command(REQUEST_HANDLE, 1);
        assert_eq!(result & 0xff, 0);
        (result >> 8) as u16
    };
    let old = request(&mut bench);
    let noop = |handle| Builder::noop(RECORD).interrupt(handle);
    assert_eq!(bench.run(0, &noop(old)).status(), 1);
    bench.await_interrupt(1);

    // One that waits has not begun.
    bench.ctl("hold");
    bench.poke(RECORD, &[0; 32]);
    bench.submit(0, &noop(old).bytes());
    assert_eq!(bench.get32(GENCTRL), 0, "which does not matter");
    bench.ctl("revoke-handles");
    assert_eq!(bench.interrupts(0), 1);
    assert_eq!(bench.get32(INTCAUSE), 1 << 31);
    bench.ctl("release");
    assert_eq!(bench.completion(RECORD).status(), 0x19);

    assert_eq!(bench.command(RELEASE_HANDLE, old.into()), 0x41);
    let new = request(&mut bench);
    assert_ne!(new, old);
    assert_eq!(bench.run(0, &noop(old)).status(), 0x19);
    assert_eq!(bench.run(0, &noop(new)).status(), 1);
    bench.await_interrupt(1);
    let without = Builder::noop(RECORD);
    assert_eq!(bench.run(0, &without).status(), 1);

    // Told once, until that is acknowledged.
    bench.ctl("revoke-handles");
    assert_eq!(bench.interrupts(0), 0);
    bench.set32(INTCAUSE, 1 << 31);
    bench.ctl("revoke-handles");
    assert_eq!(bench.interrupts(0), 1);
    bench.set32(INTCAUSE, 1 << 31);
    assert_eq!(bench.get32(INTCAUSE), 0);
}

#[test]
fn a_device_that_has_vanished_answers_nothing() {
    let mut bench = Bench::enabled(&[0]);
    bench.ctl("vanish");
    assert_eq!(bench.get32(GENSTS), u32::MAX);
    let mut id = [0; 4];
    bench.read(CONFIG, 0, &mut id);
    assert_eq!(id, [0xff; 4]);
    bench.submit(0, &Builder::noop(RECORD).bytes());
    bench.ctl("return");
    assert_eq!(bench.get32(GENSTS), 0, "as after power-on");
    assert_eq!(
        bench.peek(RECORD, 1),
        [0],
        "what was submitted meanwhile is lost"
    );
    bench.enable(&[0]);
    assert_eq!(bench.run(0, &Builder::noop(RECORD)).status(), 1);
}

#[test]
fn what_makes_no_sense_is_refused_with_what_would() {
    let bench = Bench::start(&[]);
    for (request, status, words) in [
        (
            "swerr 0x77 --wq 8",
            1,
            "there is no work queue 8; 0 to 7 are accepted",
        ),
        ("halt flr", 1, "the device is not enabled"),
        ("drop-interrupt 9", 1, "there is no vector 9"),
        ("fail-dma 0 0", 1, "are empty or wrap around"),
        ("swerr 0x100", 2, "a number of 8 bits is accepted"),
        ("revoke-handles", 1, "the device has no interrupt handles"),
        ("explode", 2, "unrecognized subcommand"),
    ] {
        let output = bench.process.ctl(request);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{request}: {said}");
        assert!(said.contains(words), "{request}: {said}");
    }
}

#[test]
fn the_trace_tells_in_words_what_happened() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let path = directory.path().join("trace");
    let mut bench = Bench::start(&["--trace", path.to_str().expect("plain characters")]);
    bench.enable(&[0]);
    let copy = Builder::memmove(RECORD, SOURCE, TARGET, 16).interrupt(1);
    assert_eq!(bench.run(0, &copy).status(), 1);
    bench.await_interrupt(1);
    let events = [
        "write  GENCFG                 0x00001000",
        "ENABLE_WQ 0x0",
        "read   CMDSTS                 0x00000000         done",
        "submit wq 0 Memmove flags 0x1c, 0x101000, 0x102000, size 0x10, record 0x100000",
        "done   wq 0 Memmove: 0x01 Success, result 0, completed 0",
        "irq    vector 1",
    ];
    eventually("the trace", || {
        let trace = fs::read_to_string(&path).expect("a trace");
        let mut rest = trace.as_str();
        events
            .iter()
            .all(|event| match rest.split_once(event) {
                Some((_, after)) => {
                    rest = after;
                    true
                }
                None => false,
            })
            .then_some(())
    });
}
