// SPDX-License-Identifier: GPL-2.0

use super::*;

/// A copy of 0x100 bytes from 0x1000 to 0x2000 with its record at 0x3000.
fn copy() -> Flight {
    let mut raw = [0; DESC_LEN];
    raw[7] = 3;
    raw[0x08..0x10].copy_from_slice(&0x3000_u64.to_le_bytes());
    raw[0x10..0x18].copy_from_slice(&0x1000_u64.to_le_bytes());
    raw[0x18..0x20].copy_from_slice(&0x2000_u64.to_le_bytes());
    raw[0x20..0x24].copy_from_slice(&0x100_u32.to_le_bytes());
    Flight::new(&raw)
}

/// An error of which nothing is known.
const UNKNOWN: Report = Report {
    code: 0x1a,
    wq: None,
    opcode: None,
    address: None,
    overflow: false,
};

#[test]
fn a_report_is_read_as_far_as_it_is_valid() {
    assert_eq!(Report::decode([0xff00, 0, 1, 0]), None);
    let told = Report::decode([0x3_0005_1a0f, 7, 0x1234, 0]);
    let all = Report {
        code: 0x1a,
        wq: Some(5),
        opcode: Some(3),
        address: Some(0x1234),
        overflow: true,
    };
    assert_eq!(told, Some(all));
    assert_eq!(Report::decode([0x3_0005_1a01, 0, 0, 0]), Some(UNKNOWN));
}

#[test]
fn what_is_known_has_to_fit() {
    let on_wq = Report {
        wq: Some(2),
        ..UNKNOWN
    };
    assert!(on_wq.may_blame(2, &copy()));
    assert!(!on_wq.may_blame(3, &copy()));
    for (opcode, blamed) in [(3, true), (4, false)] {
        let of = Report {
            opcode: Some(opcode),
            ..on_wq
        };
        assert_eq!(of.may_blame(2, &copy()), blamed);
    }
}

#[test]
fn an_address_is_within_what_is_accessed() {
    for (address, blamed) in [
        (0xfff, false),
        (0x1000, true),
        (0x10ff, true),
        (0x1100, false),
        (0x20ff, true),
        (0x2100, false),
        (0x301f, true),
        (0x3020, false),
        (u64::MAX, false),
    ] {
        let at = Report {
            address: Some(address),
            ..UNKNOWN
        };
        assert_eq!(at.may_blame(0, &copy()), blamed, "{address:#x}");
    }
}

#[test]
fn who_knows_nothing_blames_nobody() {
    assert!(!UNKNOWN.may_blame(0, &copy()));
    let of = Report {
        opcode: Some(3),
        ..UNKNOWN
    };
    assert!(!of.may_blame(0, &copy()));
}
