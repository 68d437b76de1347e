// SPDX-License-Identifier: GPL-2.0

use super::*;
use proptest::prelude::*;

fn descriptor() -> [u8; 64] {
    core::array::from_fn(|n| n as u8 ^ 0x5a)
}

fn write(function: &mut Function, off: u64, range: core::ops::Range<usize>) -> Option<Submission> {
    let data = &descriptor()[range.clone()];
    function.portal_write(off + range.start as u64, data)
}

#[test]
fn any_slot_of_the_two_msix_pages_submits() {
    let mut f = enabled();
    for (off, wq) in [
        (0x0000, Some(0)),
        (0x0fc0, Some(0)),
        (0x1000, Some(0)),
        (0x1040, Some(0)),
        (0x2000, None),
        (0x3fc0, None),
        (0x5000, Some(1)),
        // There are two WQs, and not even the kernel has 2^50 of them.
        (0x8000, None),
        (1 << 62, None),
    ] {
        let submission = write(&mut f, off, 0..64);
        let expected = wq.map(|wq| Submission {
            wq,
            raw: descriptor(),
        });
        assert_eq!(submission, expected, "{off:#x}");
    }
}

#[test]
fn writes_out_of_sequence_are_dropped() {
    let mut f = enabled();
    // A gap; then the rest is not the rest of anything.
    assert_eq!(write(&mut f, 0, 0..8), None);
    assert_eq!(write(&mut f, 0, 16..24), None);
    assert_eq!(write(&mut f, 0, 8..64), None);
    // Another slot, another page.
    assert_eq!(write(&mut f, 0, 0..32), None);
    assert_eq!(write(&mut f, 64, 32..64), None);
    assert_eq!(write(&mut f, 0, 0..32), None);
    assert_eq!(write(&mut f, 0x1000, 32..64), None);
    // Across the end of a slot.
    assert_eq!(write(&mut f, 0, 0..48), None);
    assert_eq!(f.portal_write(48, &[0; 32]), None);
    assert_eq!(f.portal_write(0, &[0; 65]), None);
    // The start begins anew.
    assert_eq!(write(&mut f, 0, 0..48), None);
    assert_eq!(write(&mut f, 0, 0..32), None);
    assert!(write(&mut f, 0, 32..64).is_some());
}

#[test]
fn wqs_do_not_mix() {
    let mut f = enabled();
    assert_eq!(write(&mut f, 0, 0..32), None);
    assert_eq!(write(&mut f, 0x4000, 0..32), None);
    assert_eq!(write(&mut f, 0, 32..64).map(|s| s.wq), Some(0));
    assert_eq!(write(&mut f, 0x4000, 32..64).map(|s| s.wq), Some(1));
}

#[test]
fn a_disabled_wq_submits_to_be_refused() {
    let mut f = Function::new(&params());
    assert!(write(&mut f, 0, 0..64).is_some());
    assert!(!f.limits(0).wq_enabled);
}

#[test]
fn descriptors_are_checked_against_the_registers() {
    let expected = Limits {
        opcap: SUPPORTED_OPCAP,
        max_transfer: 1 << 31,
        vectors: 3,
        bus_master: true,
        wq_enabled: true,
    };
    assert_eq!(enabled().limits(1), expected);
    assert!(!enabled().limits(2).wq_enabled);
}

#[test]
fn half_a_descriptor_does_not_survive_a_reset() {
    let mut f = enabled();
    assert_eq!(write(&mut f, 0, 0..32), None);
    assert_eq!(run(&mut f, Command::ResetDevice, 0), 0);
    assert_eq!(write(&mut f, 0, 32..64), None);
}

#[test]
fn bar2_has_a_power_of_two() {
    for (wqs, size) in [
        (1, 0x4000),
        (2, 0x8000),
        (3, 0x1_0000),
        (5, 0x2_0000),
        (8, 0x2_0000),
    ] {
        let f = Function::new(&Params { wqs, ..params() });
        assert_eq!(f.bar2_size(), size);
    }
}

proptest! {
    #[test]
    fn any_cut_of_a_store_is_put_together(
        slot in 0..128_u64,
        wq in 0..2_u64,
        quads in prop::collection::vec(any::<bool>(), 16),
    ) {
        let mut f = enabled();
        let off = wq * 0x4000 + slot * 64;
        let mut at = 0;
        for quad in quads {
            let end = (at + if quad { 8 } else { 4 }).min(64);
            let submission = write(&mut f, off, at..end);
            at = end;
            if at == 64 {
                let expected = Submission { wq: wq as u8, raw: descriptor() };
                prop_assert_eq!(submission, Some(expected));
                break;
            }
            prop_assert_eq!(submission, None);
        }
        prop_assert_eq!(at, 64);
    }
}
