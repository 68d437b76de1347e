// SPDX-License-Identifier: MIT OR Apache-2.0
//! BAR0 and configuration space of the real program: what reads give, what writes change.

mod common;

use std::collections::BTreeMap;

use common::{
    BAR0, Bench, CONFIG, ENABLE_DEVICE, ENABLE_WQ, GENCFG, GENCTRL, GENSTS, GRPCFG, INTCAUSE,
    MEMORY, RESET_DEVICE, RESET_WQ, WQCFG,
};

const PERMISSIONS: u64 = 0x300;
const MSIX_TABLE: u64 = 0x2000;

/// Every dword of BAR0 that is not zero after power-on.
fn after_power_on() -> BTreeMap<u64, u32> {
    let mut dwords = BTreeMap::from([
        (0x00, 0x0000_0100),
        (0x10, 0x815f_0107),
        (0x14, 0x0000_0040),
        (0x20, 0x0008_0080),
        (0x24, 0x003b_0000),
        (0x30, 0x0003_6004),
        (0x38, 0x0000_0004),
        (0x40, 0x003f_03ff),
        (0x44, 0x0000_0001),
        (0x60, 0x0005_0004),
        (0x64, 0x0000_0003),
    ]);
    for wq in 0..8 {
        // The mode can be changed; empty and disabled.
        dwords.insert(WQCFG + 0x20 * wq + 0x18, 1 << 29);
    }
    for vector in 0..9 {
        dwords.insert(MSIX_TABLE + 16 * vector + 12, 1);
    }
    dwords
}

/// What sticks of all ones, in each dword that can be written while the device is disabled.
fn writable() -> BTreeMap<u64, u32> {
    let mut masks = BTreeMap::from([(GENCFG, 0x10ff), (GENCTRL, 0x3)]);
    for vector in 0..9 {
        masks.insert(PERMISSIONS + 8 * vector, 0xffff_f00c);
        let entry = MSIX_TABLE + 16 * vector;
        masks.insert(entry, 0xffff_fffc);
        masks.insert(entry + 4, 0xffff_ffff);
        masks.insert(entry + 8, 0xffff_ffff);
        masks.insert(entry + 12, 1);
    }
    for group in 0..4 {
        let entry = GRPCFG + 0x40 * group;
        masks.insert(entry, 0xff);
        masks.insert(entry + 0x20, 0xf);
        masks.insert(entry + 0x28, 0x0ff0_ffbf);
    }
    for wq in 0..8 {
        let entry = WQCFG + 0x20 * wq;
        masks.insert(entry, 0xffff);
        masks.insert(entry + 0x04, 0xffff);
        masks.insert(entry + 0x08, 0x3fff_ffff);
        masks.insert(entry + 0x0c, 0x1fff);
        masks.insert(entry + 0x10, 0xffff);
        masks.insert(entry + 0x14, 0x1_ffff);
    }
    masks
}

fn all_dwords(bench: &mut Bench) -> BTreeMap<u64, u32> {
    let mut bar = vec![0; 0x1_0000];
    bench.read(BAR0, 0, &mut bar);
    let (dwords, _) = bar.as_chunks::<4>();
    (0..)
        .step_by(4)
        .zip(dwords)
        .map(|(offset, dword)| (offset, u32::from_le_bytes(*dword)))
        .filter(|(_, value)| *value != 0)
        .collect()
}

fn hex(dwords: &BTreeMap<u64, u32>) -> Vec<String> {
    dwords
        .iter()
        .map(|(offset, value)| format!("{offset:#06x}: {value:#010x}"))
        .collect()
}

#[test]
fn bar0_after_power_on() {
    let mut bench = Bench::start(&[]);
    assert_eq!(hex(&all_dwords(&mut bench)), hex(&after_power_on()));
}

#[test]
fn every_dword_takes_what_it_can_hold_and_nothing_else() {
    let mut bench = Bench::start(&[]);
    let command = 0xa0;
    for offset in (0..0x1_0000).step_by(4).filter(|offset| *offset != command) {
        bench.set32(offset, u32::MAX);
    }
    let mut expected = after_power_on();
    expected.extend(writable());
    assert_eq!(hex(&all_dwords(&mut bench)), hex(&expected));

    // Pairs of dwords written at once end in the same places.
    let mut bench = Bench::start(&[]);
    for offset in (0..0x1_0000).step_by(8).filter(|offset| *offset != command) {
        bench.set64(offset, u64::MAX);
    }
    assert_eq!(hex(&all_dwords(&mut bench)), hex(&expected));
}

#[test]
fn each_table_entry_is_its_own() {
    let mut bench = Bench::start(&[]);
    let mut expected = after_power_on();
    for (number, (offset, mask)) in (1..).zip(writable()) {
        let value = mask & (0x0101_0101 * number);
        bench.set32(offset, value);
        expected.insert(offset, value);
    }
    expected.retain(|_, value| *value != 0);
    assert_eq!(hex(&all_dwords(&mut bench)), hex(&expected));
}

#[test]
fn reads_of_every_width_agree_and_narrow_writes_change_nothing() {
    let mut bench = Bench::start(&[]);
    bench.set32(GENCFG, 0x1034);
    let expected = [0x34, 0x10, 0, 0, 0, 0, 0, 0];
    for width in [1, 2, 4, 8] {
        for start in (0..8).step_by(width) {
            let mut data = vec![0xee; width];
            bench.read(BAR0, GENCFG + start as u64, &mut data);
            assert_eq!(data, expected[start..start + width], "{width} at {start}");
        }
    }
    bench.write(BAR0, GENCFG, &[0xff]);
    bench.write(BAR0, GENCFG, &[0xff, 0xff]);
    bench.write(BAR0, GENCFG + 2, &[0xff; 4]);
    assert_eq!(bench.get32(GENCFG), 0x1034);
}

#[test]
fn the_tables_of_another_profile_move_and_grow() {
    let mut bench = Bench::start(&["--wqs", "32", "--groups", "5", "--engines", "2"]);
    assert_eq!(bench.get64(0x60), 0x0003_0007_0005, "OFFSETS");
    assert_eq!(bench.get64(0x20), 0x003b_0000_0020_0080, "WQCAP");
    assert_eq!(bench.get64(0x30), 0x36005, "GRPCAP");
    assert_eq!(bench.get64(0x38), 2, "ENGCAP");
    let last = [0x300 + 8 * 32, 0x500 + 0x40 * 4, 0x700 + 0x20 * 31];
    for offset in last {
        bench.set32(offset, u32::MAX);
    }
    let values = last.map(|offset| bench.get32(offset));
    assert_eq!(values, [0xffff_f00c, 0xffff_ffff, 0xffff]);
    bench.set32(0x500 + 0x40 * 4 + 0x20, u32::MAX);
    assert_eq!(bench.get32(0x500 + 0x40 * 4 + 0x20), 0b11, "engines");
}

#[test]
fn each_work_queue_has_a_mask_of_operations_on_request() {
    let mut bench = Bench::start(&["--op-config"]);
    assert_eq!(bench.get64(0x20), 0x007b_0000_0108_0080, "WQCAP");
    let entry = |wq: u64| WQCFG + 0x40 * wq;
    for wq in 0..8 {
        for offset in (0x20..0x40).step_by(8) {
            assert_eq!(bench.get64(entry(wq) + offset), 0, "wq {wq}");
            bench.set64(entry(wq) + offset, u64::MAX);
        }
        let mask = [0x20, 0x28, 0x30, 0x38].map(|offset| bench.get64(entry(wq) + offset));
        assert_eq!(mask, [bench.get64(0x40), 0, 0, 0], "no more than OPCAP");
        bench.set32(entry(wq) + 0x20, 1 << wq);
        bench.set32(entry(wq) + 0x24, 0);
    }
    for wq in 0..8 {
        assert_eq!(bench.get64(entry(wq) + 0x20), 1 << wq, "wq {wq}");
        assert_eq!(bench.get32(entry(wq) + 0x18), 1 << 29, "wq {wq}");
    }
}

#[test]
fn an_enabled_device_keeps_its_configuration() {
    let mut bench = Bench::enabled(&[2]);
    assert_eq!(bench.get32(GENSTS), 1);
    let before = all_dwords(&mut bench);
    let wq = |index: u64, dword: u64| WQCFG + 0x20 * index + 4 * dword;
    bench.set32(GENCFG, 0);
    for offset in (GRPCFG..GRPCFG + 0x100).step_by(4) {
        bench.set32(offset, 0);
    }
    for index in 0..8 {
        bench.set32(wq(index, 0), 1);
    }
    for dword in 0..8 {
        bench.set32(wq(2, dword), 0);
    }
    assert_eq!(hex(&all_dwords(&mut bench)), hex(&before));

    // The fields of a work queue that is disabled, other than its size, can change.
    bench.set32(wq(3, 1), 7);
    bench.set32(wq(3, 2), 0x11);
    bench.set32(wq(3, 3), 0x22);
    let changed = [1, 2, 3].map(|dword| bench.get32(wq(3, dword)));
    assert_eq!(changed, [7, 0x11, 0x22]);
}

#[test]
fn the_state_of_a_work_queue_shows_and_reset_keeps_its_size_only() {
    let mut bench = Bench::enabled(&[2]);
    let entry = WQCFG + 0x40;
    bench.set32(entry + 4, 5);
    assert_eq!(bench.get32(entry + 0x18), 1 << 30 | 1 << 29);
    assert_eq!(bench.command(RESET_WQ, 1 << 2), 0);
    let entry: Vec<_> = (0..8).map(|dword| bench.get32(entry + 4 * dword)).collect();
    assert_eq!(entry, [16, 0, 0, 0, 0, 0, 1 << 29, 0]);
}

#[test]
fn a_device_reset_restores_bar0_but_for_msix() {
    let mut bench = Bench::enabled(&[0, 7]);
    bench.set32(GENCTRL, 3);
    bench.set32(PERMISSIONS + 8, 4);
    bench.set32(MSIX_TABLE + 16, 0xfee0_0000);
    // Sets SWERR and INTCAUSE: the work queue is not enabled.
    bench.write(common::BAR2, 0x4000, &[0; 64]);
    assert_eq!(bench.get32(INTCAUSE), 1);
    assert_eq!(bench.command(RESET_DEVICE, 0), 0);
    let mut expected = after_power_on();
    expected.insert(MSIX_TABLE + 16, 0xfee0_0000);
    assert_eq!(hex(&all_dwords(&mut bench)), hex(&expected));
}

/// GENCFG, GRPCFG and WQCFG of a device that is configured for good, where they are not zero.
fn fixed(pasid: bool) -> BTreeMap<u64, u32> {
    let mut dwords = BTreeMap::from([
        (GENCFG, 1 << 12),
        (GRPCFG, 0xff),
        (GRPCFG + 0x20, 0xf),
        (GRPCFG + 0x28, 96 << 20 | 1 << 3 | 1),
    ]);
    for wq in 0..8 {
        let entry = WQCFG + 0x20 * wq;
        let shared = wq == 7;
        let with_pasid = pasid && (shared || wq == 2);
        dwords.insert(entry, 12);
        dwords.insert(entry + 0x04, if shared { 12 } else { 0 });
        let pasid = if with_pasid { 1 << 28 | 1 << 8 } else { 0 };
        dwords.insert(entry + 0x08, u32::from(!shared) | 5 << 4 | pasid);
        let transfer = if wq == 1 { 16 } else { 31 };
        dwords.insert(entry + 0x0c, transfer | 10 << 5);
    }
    dwords.retain(|_, value| *value != 0);
    dwords
}

/// What a device has of [`fixed`].
fn configuration(bench: &mut Bench) -> BTreeMap<u64, u32> {
    let mut dwords = all_dwords(bench);
    dwords.retain(|offset, _| *offset == GENCFG || (GRPCFG..0x600).contains(offset));
    dwords
}

#[test]
fn a_fixed_configuration_is_there_from_the_start_and_stays() {
    let mut bench = Bench::start(&["--fixed-config", "--wq-capacity", "100", "--pasid"]);
    assert_eq!(bench.get32(0x10), 0x015f_0107, "GENCAP");
    let expected = fixed(true);
    assert_eq!(hex(&configuration(&mut bench)), hex(&expected));
    let written = |bench: &mut Bench, what: &str, expected: &BTreeMap<u64, u32>| {
        for offset in (GRPCFG..0x600).step_by(4).chain([GENCFG]) {
            bench.set32(offset, u32::MAX);
            bench.set32(offset, 0);
        }
        assert_eq!(hex(&configuration(bench)), hex(expected), "{what}");
    };
    written(&mut bench, "disabled", &expected);

    bench.bus_master(true);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 3), 0);
    assert_eq!(bench.command(ENABLE_WQ, 2), 0x26, "PASID is not enabled");
    assert_eq!(bench.command(ENABLE_WQ, 7), 0x26, "PASID is not enabled");
    let state = WQCFG + 0x60 + 0x18;
    let mut enabled = expected.clone();
    enabled.insert(state, 1 << 30);
    written(&mut bench, "enabled", &enabled);

    let occupancy = WQCFG + 0x60 + 0x10;
    bench.set64(occupancy, 0x1_0005_0000_0003);
    assert_eq!(bench.get64(occupancy), 0x1_0005_0000_0003, "can be set");
    assert_eq!(bench.command(RESET_WQ, 1 << 3), 0);
    assert_eq!(hex(&configuration(&mut bench)), hex(&expected));

    assert_eq!(bench.command(RESET_DEVICE, 0), 0);
    assert_eq!(hex(&configuration(&mut bench)), hex(&expected));
    let flr = 0x8000_u16;
    bench.write(CONFIG, 0x48, &flr.to_le_bytes());
    assert_eq!(hex(&configuration(&mut bench)), hex(&expected));
    bench.enable_pasid();
    bench.bus_master(true);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    for wq in 0..8 {
        assert_eq!(bench.command(ENABLE_WQ, wq), 0, "wq {wq}");
    }
}

#[test]
fn the_event_log_of_a_device_with_a_fixed_configuration_can_be_placed() {
    let evlcfg = 0xe0;
    let mut bench = Bench::start(&["--fixed-config", "--generation", "2.0"]);
    bench.set64(evlcfg, MEMORY);
    assert_eq!(bench.get64(evlcfg), MEMORY);
    bench.bus_master(true);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    bench.set64(evlcfg, 0);
    assert_eq!(bench.get64(evlcfg), MEMORY, "not while it is enabled");
}

#[test]
fn a_fixed_configuration_has_the_modes_that_the_device_has() {
    for (modes, dedicated) in [("dedicated", [1; 8]), ("shared", [0; 8])] {
        let mut bench = Bench::start(&["--fixed-config", "--modes", modes]);
        let found = [0, 1, 2, 3, 4, 5, 6, 7].map(|wq| bench.get32(WQCFG + 0x20 * wq + 8) & 1);
        assert_eq!(found, dedicated, "{modes}");
    }
}

fn config(bench: &mut Bench, offset: u64) -> u32 {
    let mut data = [0; 4];
    bench.read(CONFIG, offset, &mut data);
    u32::from_le_bytes(data)
}

/// The dwords of configuration space that are not zero.
fn all_config(bench: &mut Bench) -> BTreeMap<u64, u32> {
    let mut space = vec![0; 4096];
    bench.read(CONFIG, 0, &mut space);
    let (dwords, _) = space.as_chunks::<4>();
    (0..)
        .step_by(4)
        .zip(dwords.iter().map(|dword| u32::from_le_bytes(*dword)))
        .filter(|(_, value)| *value != 0)
        .collect()
}

/// Those of a device after power-on.
fn config_after_power_on() -> BTreeMap<u64, u32> {
    BTreeMap::from([
        (0x00, 0x0b25_8086),
        (0x04, 0x0010_0000),
        (0x08, 0x0880_0000),
        (0x10, 0x0000_000c),
        (0x18, 0x0000_000c),
        (0x2c, 0x0000_8086),
        (0x34, 0x0000_0040),
        // PCI Express 2, RC-integrated endpoint; FLR; MSI-X with 9 vectors; power management.
        (0x40, 0x0092_8010),
        (0x44, 0x1000_8021),
        (0x48, 0x0000_2810),
        (0x80, 0x0008_9011),
        (0x84, 0x0000_2000),
        (0x88, 0x0000_3000),
        (0x90, 0x0003_0001),
        (0x94, 0x0000_0008),
    ])
}

#[test]
fn configuration_space_is_that_of_a_dsa() {
    let mut bench = Bench::start(&[]);
    let found = all_config(&mut bench);
    assert_eq!(hex(&found), hex(&config_after_power_on()));
}

#[test]
fn ats_pasid_and_pri_are_there_on_request() {
    let mut bench = Bench::start(&["--pasid"]);
    let mut expected = config_after_power_on();
    // A prefix for the PASID in DevCap2; the first extended capability is empty and leads on.
    expected.extend([(0x64, 0x0060_0000), (0x100, 0x2201_0000)]);
    // ATS, requests aligned to pages; PASID of 20 bits, privileged mode; PRI, stopped, 512 requests.
    expected.extend([(0x220, 0x2301_000f), (0x224, 0x0000_0020)]);
    expected.extend([(0x230, 0x2401_001b), (0x234, 0x0000_1404)]);
    expected.extend([(0x240, 0x0001_0013), (0x244, 0x8100_0000), (0x248, 0x200)]);
    assert_eq!(hex(&all_config(&mut bench)), hex(&expected));

    bench.write(CONFIG, 0x100, &[0xff; 0x200]);
    let controls = [0x224, 0x234, 0x244, 0x248, 0x24c].map(|at| config(&mut bench, at));
    assert_eq!(
        controls,
        [
            0x801f_0020,
            0x0005_1404,
            0x8100_0001,
            0x0000_0200,
            0xffff_ffff
        ]
    );
    bench.write(CONFIG, 0x48, &0x8000_u16.to_le_bytes());
    assert_eq!(hex(&all_config(&mut bench)), hex(&expected), "after FLR");
}

#[test]
fn bars_are_sized_by_writing_ones() {
    let mut bench = Bench::start(&[]);
    for offset in (0x10..0x28).step_by(4) {
        bench.write(CONFIG, offset, &[0xff; 4]);
    }
    let bars: Vec<_> = (0x10..0x28)
        .step_by(4)
        .map(|offset| config(&mut bench, offset))
        .collect();
    let (bar0_size, bar2_size) = (0x1_0000_u32, 0x2_0000_u32);
    assert_eq!(
        bars,
        [
            !(bar0_size - 1) | 0xc,
            u32::MAX,
            !(bar2_size - 1) | 0xc,
            u32::MAX,
            0,
            0
        ]
    );
}

#[test]
fn only_the_bits_of_configuration_space_that_exist_can_be_written() {
    let mut bench = Bench::start(&[]);
    bench.write(CONFIG, 0, &[0xff; 0x40]);
    bench.write(CONFIG, 0x80, &[0xff; 0x20]);
    let found = [
        0x00, 0x04, 0x08, 0x2c, 0x34, 0x3c, 0x80, 0x84, 0x88, 0x90, 0x94,
    ]
    .map(|offset| config(&mut bench, offset));
    assert_eq!(
        found,
        [
            0x0b25_8086,
            0x0010_0546,
            0x0880_0000,
            0x0000_8086,
            0x0000_0040,
            0x0000_00ff,
            0xc008_9011,
            0x0000_2000,
            0x0000_3000,
            0x0003_0001,
            0x0000_000b,
        ]
    );
}

#[test]
fn a_function_level_reset_resets_everything() {
    let mut bench = Bench::enabled(&[0]);
    bench.set32(MSIX_TABLE + 16, 0xfee0_0000);
    bench.write(CONFIG, 0x10, &0xf000_0000_u32.to_le_bytes());
    bench.write(CONFIG, 0x48, &0x8000_u16.to_le_bytes());
    assert_eq!(hex(&all_dwords(&mut bench)), hex(&after_power_on()));
    assert_eq!(config(&mut bench, 0x04), 0x0010_0000, "command");
    assert_eq!(config(&mut bench, 0x10), 0xc, "BAR0");
    assert_eq!(config(&mut bench, 0x48), 0x2810, "device control");
    assert_eq!(
        bench.command(ENABLE_DEVICE, 0),
        0x12,
        "bus mastering is off"
    );
    bench.configure();
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
}

#[test]
fn a_function_level_reset_forgets_half_a_descriptor() {
    let mut bench = Bench::start(&[]);
    bench.write(common::BAR2, 0, &[0; 32]);
    bench.write(CONFIG, 0x48, &0x8000_u16.to_le_bytes());
    bench.write(common::BAR2, 32, &[0; 32]);
    assert_eq!(bench.get64(common::SWERR), 0, "no descriptor arrived");
    bench.write(common::BAR2, 0, &[0; 64]);
    assert_eq!(bench.get64(common::SWERR), 0x530d, "one did");
}
