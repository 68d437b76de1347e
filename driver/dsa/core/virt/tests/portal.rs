// SPDX-License-Identifier: GPL-2.0

use super::*;
use proptest::prelude::*;

fn descriptor() -> [u8; 64] {
    core::array::from_fn(|n| n as u8 ^ 0x5a)
}

/// A write that tears nothing.
fn write(function: &mut Function, off: u64, range: core::ops::Range<usize>) -> Option<Submission> {
    let data = &descriptor()[range.clone()];
    let (submission, effect) = function.portal_write(off + range.start as u64, data);
    assert_eq!(effect, Effect::None);
    assert_eq!(read64(function, regs::SWERR) & 1, 0);
    submission
}

/// A write that tears a descriptor of a WQ.
fn tear(function: &mut Function, off: u64, data: &[u8], wq: u64) -> Option<Submission> {
    let _ = write32(function, regs::GENCTRL, 1);
    let (submission, effect) = function.portal_write(off, data);
    assert_eq!(effect, Effect::Interrupt(0));
    // Valid, with a WQ and without a descriptor.
    assert_eq!(read64(function, regs::SWERR), wq << 16 | 0x55 << 8 | 0b1001);
    let _ = write32(function, regs::SWERR, 3);
    submission
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
fn pieces_come_in_any_order() {
    let mut f = enabled();
    assert_eq!(write(&mut f, 0, 16..24), None);
    assert_eq!(write(&mut f, 0, 0..4), None);
    assert_eq!(write(&mut f, 0, 24..64), None);
    assert_eq!(write(&mut f, 0, 8..16), None);
    let expected = Submission {
        wq: 0,
        raw: descriptor(),
    };
    assert_eq!(write(&mut f, 0, 4..8), Some(expected));
    // And it is gone: this is the first piece of another one.
    assert_eq!(write(&mut f, 0, 4..8), None);
}

#[test]
fn stores_of_two_cpus_do_not_mix() {
    // Two slots of a page, and one slot of two pages.
    for other in [0x40, 0x1000, 0x1fc0] {
        let mut f = enabled();
        let other_bytes: [u8; 64] = core::array::from_fn(|n| n as u8);
        for at in (0..56).step_by(8) {
            assert_eq!(write(&mut f, 0, at..at + 8), None);
            let piece = &other_bytes[at..at + 8];
            let none = f.portal_write(other + at as u64, piece);
            assert_eq!(none, (None, Effect::None));
        }
        let first = write(&mut f, 0, 56..64).expect("all bytes are there");
        assert_eq!(first.raw, descriptor());
        let (second, effect) = f.portal_write(other + 56, &other_bytes[56..]);
        assert_eq!(second.map(|it| it.raw), Some(other_bytes));
        assert_eq!(effect, Effect::None);
    }
}

#[test]
fn a_slot_that_begins_anew_tears_what_was_there() {
    let mut f = enabled();
    assert_eq!(write(&mut f, 0x4000, 0..48), None);
    // By one byte that is there already.
    assert_eq!(tear(&mut f, 0x4000 + 47, &descriptor()[47..56], 1), None);
    assert_eq!(write(&mut f, 0x4000, 56..64), None);
    let whole = write(&mut f, 0x4000, 0..47).expect("nothing of the torn one is left");
    assert_eq!(whole.raw, descriptor());
}

#[test]
fn a_whole_write_tears_half_a_one() {
    let mut f = enabled();
    assert_eq!(write(&mut f, 0, 0..32), None);
    assert_eq!(write(&mut f, 0x40, 0..32), None);
    let submission = tear(&mut f, 0, &descriptor(), 0);
    assert_eq!(submission.map(|it| it.raw), Some(descriptor()));
    // Other slots are left alone, and nothing of the torn one is left.
    assert!(write(&mut f, 0x40, 32..64).is_some());
    assert_eq!(write(&mut f, 0, 32..64), None);
}

#[test]
fn a_write_across_the_end_of_a_slot_is_torn() {
    let mut f = enabled();
    assert_eq!(tear(&mut f, 48, &[0; 32], 0), None);
    assert_eq!(tear(&mut f, 0x4000, &[0; 65], 1), None);
    assert_eq!(tear(&mut f, 0x1fc8, &[0; 4096], 0), None);
    // It takes along what was there of the slot.
    assert_eq!(write(&mut f, 0, 0..48), None);
    assert_eq!(tear(&mut f, 48, &[0; 32], 0), None);
    assert_eq!(write(&mut f, 0, 48..64), None);
    assert!(write(&mut f, 0, 0..48).is_some());
}

#[test]
fn an_empty_write_is_nothing() {
    let mut f = enabled();
    assert_eq!(write(&mut f, 0, 0..0), None);
    assert_eq!(write(&mut f, 0, 0..32), None);
    assert_eq!(write(&mut f, 0, 32..32), None);
    assert!(write(&mut f, 0, 32..64).is_some());
}

#[test]
fn the_oldest_half_makes_room() {
    let mut f = enabled();
    // 32 for both WQs together; the first one is of WQ 1.
    let slot = |n: u64| if n == 0 { 0x4000 } else { n * 64 };
    for n in 0..32 {
        assert_eq!(write(&mut f, slot(n), 0..32), None);
    }
    // One that goes on is no older for it, and a whole write needs no room.
    assert_eq!(write(&mut f, slot(0), 32..40), None);
    assert!(write(&mut f, slot(40), 0..64).is_some());
    assert_eq!(tear(&mut f, slot(32), &descriptor()[..8], 1), None);
    // Then the next oldest; the others complete.
    assert_eq!(tear(&mut f, slot(33), &descriptor()[..8], 0), None);
    for n in 2..32 {
        assert!(write(&mut f, slot(n), 32..64).is_some());
    }
    for n in 32..34 {
        assert!(write(&mut f, slot(n), 8..64).is_some());
    }
    // Now there is room again.
    for n in 0..32 {
        assert_eq!(write(&mut f, slot(n), 0..32), None);
    }
}

#[test]
fn one_that_began_anew_is_young() {
    let mut f = enabled();
    for n in 0..32 {
        assert_eq!(write(&mut f, n * 64, 0..32), None);
    }
    assert_eq!(tear(&mut f, 0, &descriptor()[..32], 0), None);
    assert_eq!(tear(&mut f, 32 * 64, &[0], 0), None);
    // It was slot 1 that made room.
    assert!(write(&mut f, 0, 32..64).is_some());
    assert_eq!(write(&mut f, 64, 32..64), None);
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
        opcap: ALL_OPCAP,
        max_transfer: 1 << 31,
        max_batch: 1 << 10,
        overlapping_copy: true,
        cache_control: true,
        vectors: 3,
        bus_master: true,
        wq_enabled: true,
        epoch: 0,
    };
    assert_eq!(enabled().limits(1), expected);
    assert!(!enabled().limits(2).wq_enabled);
}

#[test]
fn half_a_descriptor_does_not_survive_a_reset() {
    let resets: [fn(&mut Function); 2] = [
        |f| assert_eq!(run(f, Command::ResetDevice, 0), 0),
        |f| {
            let flr = 0x8000_u16.to_le_bytes();
            assert_eq!(f.config_write(0x48, &flr), Effect::Reset);
            f.reset();
        },
    ];
    for reset in resets {
        let mut f = enabled();
        assert_eq!(write(&mut f, 0, 0..32), None);
        reset(&mut f);
        // Nor is it torn.
        assert_eq!(write(&mut f, 0, 32..64), None);
        assert!(write(&mut f, 0, 0..32).is_some());
    }
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

    #[test]
    fn any_interleaving_of_stores_is_put_together(
        slots in prop::sample::subsequence((0..128_u64).collect::<Vec<_>>(), 1..=32),
        shuffled in any::<u64>(),
    ) {
        // Each slot's descriptor in 16 pieces, and all pieces in any order.
        let mut f = enabled();
        let mut pieces: Vec<(u64, usize)> = slots
            .iter()
            .flat_map(|slot| (0..16).map(|n| (*slot, n * 4)))
            .collect();
        let key = |(slot, at): &(u64, usize)| {
            (slot * 64 + *at as u64 + 1).wrapping_mul(shuffled | 1).rotate_left(17)
        };
        pieces.sort_by_key(key);
        let mut complete = 0;
        for (slot, at) in pieces {
            let raw = descriptor().map(|byte| byte ^ slot as u8);
            let off = slot * 64 + at as u64;
            let (submission, effect) = f.portal_write(off, &raw[at..at + 4]);
            prop_assert_eq!(effect, Effect::None);
            if let Some(submission) = submission {
                prop_assert_eq!(submission.raw, raw);
                complete += 1;
            }
        }
        prop_assert_eq!(complete, slots.len());
    }

    #[test]
    fn every_byte_is_submitted_or_torn(
        writes in prop::collection::vec((0..40_u64, 0..16_usize, 1..17_usize), 1..200),
    ) {
        // A naive portal: the bytes of each slot, the slots from the oldest on.
        let mut f = enabled();
        let mut naive: Vec<(u64, [bool; 64])> = Vec::new();
        for (slot, at, len) in writes {
            let range = at * 4..at * 4 + len * 4;
            let old = naive.iter().position(|(other, _)| *other == slot);
            let mut torn = false;
            let mut complete = false;
            if range.end > 64 {
                torn = true;
                old.map(|old| naive.remove(old));
            } else if range.len() == 64 {
                complete = true;
                torn = old.map(|old| naive.remove(old)).is_some();
            } else {
                let anew = old.is_none_or(|old| naive[old].1[range.clone()].contains(&true));
                if anew {
                    torn = old.map(|old| naive.remove(old)).is_some();
                    if naive.len() == 32 {
                        naive.remove(0);
                        torn = true;
                    }
                    naive.push((slot, [false; 64]));
                }
                let old = naive.iter().position(|(other, _)| *other == slot).unwrap();
                naive[old].1[range.clone()].fill(true);
                if !naive[old].1.contains(&false) {
                    complete = true;
                    naive.remove(old);
                }
            }
            let (submission, effect) = f.portal_write(slot * 64 + range.start as u64, &vec![7; range.len()]);
            prop_assert_eq!(effect, Effect::None);
            prop_assert_eq!(submission.is_some(), complete);
            prop_assert_eq!(read64(&f, regs::SWERR) & 1 == 1, torn);
            let _ = write32(&mut f, regs::SWERR, 3);
        }
    }
}
