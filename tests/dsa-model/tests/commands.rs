// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands of the real program: their errors, interrupts and effects on the state.

mod common;

use common::descriptor::Builder;
use common::{
    ABORT_ALL, ABORT_WQ, Bench, CMD, CMDSTS, CONFIG, DISABLE_DEVICE, DISABLE_WQ, DRAIN_ALL,
    DRAIN_WQ, ENABLE_DEVICE, ENABLE_WQ, GENCTRL, GENSTS, GRPCFG, INTCAUSE, MEMORY, RELEASE_HANDLE,
    REQUEST_HANDLE, RESET_DEVICE, RESET_WQ, SWERR, WQCFG,
};

/// States in WQCFG, as bits 31:30 of dword 6.
const DISABLED: u32 = 0;
const ENABLED: u32 = 1;

fn wq_state(bench: &mut Bench, wq: u64) -> u32 {
    bench.get32(WQCFG + 0x20 * wq + 0x18) >> 30
}

#[test]
fn commands_that_do_not_exist() {
    let mut bench = Bench::start(&[]);
    for code in [0, 11, 12, REQUEST_HANDLE, RELEASE_HANDLE, 15, 31] {
        assert_eq!(bench.command(code, 1), 1, "command {code}");
    }
    assert_eq!(bench.get32(0xb0), 0, "CMDCAP");
}

#[test]
fn a_device_that_is_disabled_takes_few_commands() {
    let mut bench = Bench::start(&[]);
    for (code, status) in [
        (DISABLE_DEVICE, 0x31),
        (DRAIN_ALL, 0x31),
        (ABORT_ALL, 0x31),
        (RESET_DEVICE, 0),
        (ENABLE_WQ, 0x20),
        (DISABLE_WQ, 0x32),
        (DRAIN_WQ, 0x32),
        (ABORT_WQ, 0x32),
        (RESET_WQ, 0x32),
    ] {
        assert_eq!(bench.command(code, 1), status, "command {code}");
    }
}

#[test]
fn each_mistake_in_the_configuration_refuses_the_device() {
    type Mistake = fn(&mut Bench);
    let cases: [(&str, Mistake, u32); 15] = [
        ("bus mastering is off", |b| b.bus_master(false), 0x12),
        ("sizes sum up to 129", |b| b.set32(WQCFG, 17), 0x14),
        (
            "a group without engines",
            |b| b.set32(GRPCFG + 0x20, 0),
            0x15,
        ),
        ("a group without work queues", |b| b.set32(GRPCFG, 0), 0x15),
        (
            "a second group without work queues",
            |b| b.set32(GRPCFG + 0x60, 1),
            0x15,
        ),
        (
            "a work queue in two groups",
            |b| {
                b.set32(GRPCFG + 0x40, 1 << 7);
                b.set32(GRPCFG + 0x20, 0b0111);
                b.set32(GRPCFG + 0x60, 0b1000);
            },
            0x16,
        ),
        (
            "a work queue with a size in no group",
            |b| b.set32(GRPCFG, 0x7f),
            0x16,
        ),
        (
            "an engine in two groups",
            |b| {
                b.set32(GRPCFG, 0x7f);
                b.set32(GRPCFG + 0x40, 0x80);
                b.set32(GRPCFG + 0x60, 0b1000);
            },
            0x17,
        ),
        (
            "no read buffer allowed",
            |b| b.set32(GRPCFG + 0x28, 0),
            0x18,
        ),
        (
            "97 read buffers allowed",
            |b| b.set32(GRPCFG + 0x28, 97 << 20),
            0x18,
        ),
        (
            "more reserved than allowed",
            |b| b.set32(GRPCFG + 0x28, 4 << 20 | 5 << 8),
            0x18,
        ),
        (
            "128 reserved",
            |b| b.set32(GRPCFG + 0x28, 96 << 20 | 128 << 8),
            0x18,
        ),
        (
            "more reserved than there are",
            |b| {
                b.set32(GRPCFG, 0x7f);
                b.set32(GRPCFG + 0x20, 0b0111);
                b.set32(GRPCFG + 0x28, 96 << 20 | 48 << 8);
                b.set32(GRPCFG + 0x40, 0x80);
                b.set32(GRPCFG + 0x60, 0b1000);
                b.set32(GRPCFG + 0x68, 96 << 20 | 49 << 8);
            },
            0x18,
        ),
        (
            "nothing is configured",
            |b| {
                assert_eq!(b.command(RESET_DEVICE, 0), 0);
            },
            0x11,
        ),
        (
            "it is enabled",
            |b| {
                assert_eq!(b.command(ENABLE_DEVICE, 0), 0);
            },
            0x10,
        ),
    ];
    for (what, mistake, status) in cases {
        let mut bench = Bench::start(&[]);
        bench.configure();
        mistake(&mut bench);
        assert_eq!(bench.command(ENABLE_DEVICE, 0), status, "{what}");
        assert_eq!(bench.get32(GENSTS), u32::from(status == 0x10), "{what}");
    }
}

#[test]
fn two_complete_groups_are_accepted() {
    let mut bench = Bench::start(&[]);
    bench.configure();
    bench.set32(GRPCFG, 0x7f);
    bench.set32(GRPCFG + 0x20, 0b0111);
    bench.set32(GRPCFG + 0x28, 48 << 20 | 48 << 8);
    bench.set32(GRPCFG + 0x40, 0x80);
    bench.set32(GRPCFG + 0x60, 0b1000);
    bench.set32(GRPCFG + 0x68, 96 << 20 | 48 << 8);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    // The engine of the second group serves its work queue.
    assert_eq!(bench.command(ENABLE_WQ, 7), 0);
    assert_eq!(bench.run(7, &Builder::noop(MEMORY)).status(), 1);
}

#[test]
fn each_mistake_in_its_configuration_refuses_a_work_queue() {
    let good = 1 | 10 << 4;
    let limits = 21 | 5 << 5;
    let cases = [
        ("no size", 0, good, limits, 0x22),
        ("priority 0", 16, 1, limits, 0x23),
        ("blocks on faults", 16, good | 1 << 1, limits, 0x25),
        ("PASID", 16, good | 1 << 28, limits, 0x26),
        ("shared, which needs a PASID", 16, good & !1, limits, 0x26),
        ("batches of 2^11", 16, good, 21 | 11 << 5, 0x27),
        ("batches of 2^10", 16, good, 21 | 10 << 5, 0),
        ("transfers of 2^31", 16, good, 31 | 5 << 5, 0),
    ];
    for (what, size, mode, limits, status) in cases {
        let mut bench = Bench::start(&["--block-on-fault", "false"]);
        bench.configure();
        let entry = WQCFG + 0x20 * 6;
        bench.set32(entry, size);
        bench.set32(entry + 8, mode);
        bench.set32(entry + 12, limits);
        assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
        assert_eq!(bench.command(ENABLE_WQ, 6), status, "{what}");
        assert_eq!(wq_state(&mut bench, 6), u32::from(status == 0), "{what}");
    }
    let mut bench = Bench::start(&["--max-transfer-shift", "20"]);
    bench.configure();
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0x28, "transfers of 2^21");
}

#[test]
fn a_mode_that_the_device_does_not_have_refuses_a_work_queue() {
    let (dedicated, shared) = (1 | 10 << 4, 10 << 4 | 1 << 28);
    for (modes, capability, statuses) in [
        ("both", 0b11, [0, 0]),
        ("dedicated", 0b10, [0, 0x24]),
        ("shared", 0b01, [0x24, 0]),
    ] {
        let mut bench = Bench::start(&["--pasid", "--modes", modes]);
        assert_eq!(bench.get64(0x20) >> 48 & 3, capability, "WQCAP, {modes}");
        let support = bench.get32(WQCFG + 0x18) >> 29 & 1;
        assert_eq!(support == 1, modes == "both", "WQCFG, {modes}");
        bench.enable_pasid();
        bench.configure();
        bench.set32(WQCFG + 0x08, dedicated);
        bench.set32(WQCFG + 0x24, 8);
        bench.set32(WQCFG + 0x28, shared);
        assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
        let found = [bench.command(ENABLE_WQ, 0), bench.command(ENABLE_WQ, 1)];
        assert_eq!(found, statuses, "{modes}");
    }
}

#[test]
fn a_work_queue_with_a_pasid_needs_the_capability_to_be_enabled() {
    let mut bench = Bench::start(&["--pasid"]);
    bench.configure();
    bench.set32(WQCFG + 0x08, 1 | 10 << 4 | 1 << 28);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0x26, "PASID is off");
    bench.enable_pasid();
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
}

#[test]
fn page_requests_are_allocated_within_their_capacity() {
    for (enable, allocation, status) in [
        (0, 0, 0),
        (1, 0, 0x13),
        (1, 1, 0),
        (1, 0x200, 0),
        (1, 0x201, 0x13),
    ] {
        let mut bench = Bench::start(&["--pasid"]);
        bench.write(CONFIG, 0x24c, &u32::to_le_bytes(allocation));
        bench.write(CONFIG, 0x244, &u16::to_le_bytes(enable));
        bench.configure();
        let what = format!("{allocation:#x} requests, enable {enable}");
        assert_eq!(bench.command(ENABLE_DEVICE, 0), status, "{what}");
        // A function-level reset sets them back.
        bench.write(CONFIG, 0x48, &0x8000_u16.to_le_bytes());
        bench.configure();
        assert_eq!(bench.command(ENABLE_DEVICE, 0), 0, "{what}, reset");
    }
}

#[test]
fn work_queue_commands_name_work_queues_that_exist_and_are_enabled() {
    let mut bench = Bench::enabled(&[0, 7]);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0x21);
    assert_eq!(bench.command(ENABLE_WQ, 8), 0x02);
    assert_eq!(bench.command(ENABLE_WQ, 0x1_0000), 0x02);
    for code in [DISABLE_WQ, DRAIN_WQ, ABORT_WQ, RESET_WQ] {
        for (operand, status) in [
            (0, 0x02),
            (1 << 8, 0x02),
            (1 << 16 | 1, 0x02),
            (15 << 16 | 1, 0x02),
            (1 << 1, 0x32),
            (1 << 7 | 1 << 1, 0x32),
        ] {
            assert_eq!(bench.command(code, operand), status, "{code}, {operand:#x}");
        }
    }
    let states: Vec<_> = (0..8).map(|wq| wq_state(&mut bench, wq)).collect();
    assert_eq!(states, [1, 0, 0, 0, 0, 0, 0, 1], "nothing has changed");
}

#[test]
fn the_operand_selects_sixteen_work_queues_at_a_time() {
    let mut bench = Bench::start(&["--wqs", "32", "--groups", "1", "--wq-capacity", "64"]);
    // The larger permission table moves the others.
    let (groups, wqs) = (0x500, 0x600);
    bench.bus_master(true);
    bench.set32(groups, u32::MAX);
    bench.set32(groups + 0x20, 1);
    bench.set32(groups + 0x28, 1 << 20);
    for wq in [15, 16, 31] {
        bench.set32(wqs + 0x20 * wq, 2);
        bench.set32(wqs + 0x20 * wq + 8, 0x11);
    }
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    for wq in [15, 16, 31] {
        assert_eq!(bench.command(ENABLE_WQ, wq), 0, "wq {wq}");
    }
    let states =
        |bench: &mut Bench| [15, 16, 31].map(|wq| bench.get32(wqs + 0x20 * wq + 0x18) >> 30);
    assert_eq!(bench.command(DISABLE_WQ, 1 << 16 | 1), 0);
    assert_eq!(states(&mut bench), [1, 0, 1]);
    assert_eq!(bench.command(RESET_WQ, 1 << 16 | 1 << 15), 0);
    assert_eq!(states(&mut bench), [1, 0, 0]);
    assert_eq!(bench.command(DISABLE_WQ, 1 << 15), 0);
    assert_eq!(states(&mut bench), [0, 0, 0]);
}

#[test]
fn disabling_keeps_the_configuration_and_the_device_takes_its_work_queues_along() {
    let mut bench = Bench::enabled(&[1, 2]);
    let before: Vec<_> = (0..4)
        .map(|dword| bench.get32(WQCFG + 0x20 + 4 * dword))
        .collect();
    assert_eq!(bench.command(DISABLE_WQ, 1 << 1), 0);
    assert_eq!(wq_state(&mut bench, 1), DISABLED);
    assert_eq!(wq_state(&mut bench, 2), ENABLED);
    assert_eq!(bench.command(DISABLE_DEVICE, 0), 0);
    assert_eq!(bench.get32(GENSTS), 0);
    assert_eq!(wq_state(&mut bench, 2), DISABLED);
    let after: Vec<_> = (0..4)
        .map(|dword| bench.get32(WQCFG + 0x20 + 4 * dword))
        .collect();
    assert_eq!(before, after);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 1), 0);
}

#[test]
fn an_interrupt_comes_if_and_only_if_it_is_asked_for() {
    let mut bench = Bench::start(&[]);
    bench.configure();
    bench.set32(GENCTRL, 0);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!((bench.get32(INTCAUSE), bench.interrupts(0)), (0, 0));

    let ask = 1 << 31;
    // An error interrupts as well, and a reset keeps the eventfds.
    for (code, status) in [(ENABLE_DEVICE, 0x10), (ENABLE_WQ, 0), (RESET_DEVICE, 0)] {
        bench.set32(CMD, ask | code << 20);
        bench.await_interrupt(0);
        assert_eq!(bench.get32(CMDSTS), status);
        assert_eq!(bench.get32(INTCAUSE), 2);
        bench.set32(INTCAUSE, 2);
        assert_eq!(bench.get32(INTCAUSE), 0);
    }

    // A cause that is still set does not interrupt again.
    bench.set32(CMD, ask);
    bench.set32(CMD, ask);
    assert_eq!(bench.interrupts(0), 1);
}

#[test]
fn handles_are_granted_and_released() {
    let mut bench = Bench::start(&["--interrupt-handles"]);
    assert_eq!(bench.get64(0x10) >> 4 & 1, 1, "GENCAP.cmd_cap");
    assert_eq!(bench.get32(0xb0), 0x67fe, "CMDCAP");
    for index in [0, 9, 1 << 16 | 1] {
        assert_eq!(
            bench.command(REQUEST_HANDLE, index),
            0x41,
            "index {index:#x}"
        );
    }
    let handles: Vec<_> = (1..9)
        .map(|index| bench.command(REQUEST_HANDLE, index))
        .collect();
    assert!(handles.iter().all(|status| status & 0xff == 0));
    assert_eq!(bench.command(REQUEST_HANDLE, 1), 0x42, "all are in use");
    let handle = handles[4] >> 8;
    assert_eq!(bench.command(RELEASE_HANDLE, handle), 0);
    assert_eq!(
        bench.command(RELEASE_HANDLE, handle),
        0x41,
        "released before"
    );
    assert_eq!(bench.command(REQUEST_HANDLE, 3), handles[4]);
    assert_eq!(bench.command(RESET_DEVICE, 0), 0);
    assert_eq!(
        bench.command(RELEASE_HANDLE, handle),
        0x41,
        "gone with the reset"
    );
}

#[test]
fn losing_the_bus_while_enabled_halts_until_a_function_level_reset() {
    let mut bench = Bench::enabled(&[0]);
    bench.set32(GENCTRL, 3);
    bench.bus_master(false);
    assert_eq!(bench.get32(GENSTS), 3 | 1 << 2);
    assert_eq!(bench.get64(SWERR), 0x5101);
    assert_eq!(bench.get32(INTCAUSE), 1 << 4 | 1);
    assert_eq!(bench.interrupts(0), 2, "one for each cause");
    assert_eq!(bench.command(RESET_DEVICE, 0), 3);
    bench.write(CONFIG, 0x48, &0x8000_u16.to_le_bytes());
    assert_eq!(bench.get32(GENSTS), 0);
    assert_eq!(bench.get64(SWERR), 0);
    bench.bus_master(true);
    bench.bus_master(false);
    assert_eq!(bench.get32(GENSTS), 0, "a disabled device does not mind");
}
