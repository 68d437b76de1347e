// SPDX-License-Identifier: GPL-2.0

use super::{
    refused::Why,
    *, //
};
use proptest::prelude::*;

/// A device of 128 entries, 8 WQs, 4 groups, 4 engines and 96 read buffers, with all capabilities.
fn caps() -> Caps {
    Caps {
        // Transfers of up to 2 GiB, batches of up to 1024.
        general: GenCap(0x40_915f_0107),
        wq: WqCap(WqCap::OP_CONFIG | WqCap::DEDICATED_MODE | 1 << 24 | 8 << 16 | 128),
        group: GrpCap(0x36004),
        engine: EngCap(4),
        operations: [0x1_003f_03ff, 0, 0, 0],
    }
}

fn defaults() -> (Vec<Wq>, Groups, Caps) {
    let caps = caps();
    (Wq::defaults(&caps).collect(), Groups::defaults(&caps), caps)
}

/// What WQ 3 becomes, or the attribute and the sentence of the refusal.
fn apply(change: WqChange) -> Result<Wq, (Attribute, String)> {
    let (wqs, groups, caps) = defaults();
    apply_to(&wqs, &groups, &caps, change)
}

fn apply_to(
    wqs: &[Wq],
    groups: &Groups,
    caps: &Caps,
    change: WqChange,
) -> Result<Wq, (Attribute, String)> {
    change
        .apply(3, wqs, groups, caps)
        .map_err(|refused| (refused.attribute, refused.to_string()))
}

#[test]
fn nothing_asked_for_is_nothing_changed() {
    let (wqs, ..) = defaults();
    let same = apply(WqChange::default()).expect("is nothing");
    assert_eq!(same, wqs[3]);
    assert_eq!(wqs[3].needs(&same), Needs::Nothing);
    assert_eq!(
        (same.size, same.priority, same.max_transfer_shift),
        (16, 8, 21)
    );
    assert!(same.dedicated && !same.pasid && !same.block_on_fault);
}

#[test]
fn the_others_leave_so_many_entries() {
    let ask = |size| {
        apply(WqChange {
            size: Some(size),
            ..WqChange::default()
        })
    };
    assert_eq!(ask(16).expect("as it is").size, 16);
    assert_eq!(ask(0).expect("is possible").size, 0);
    for size in [17, 129, 65536, u32::MAX] {
        let (attribute, sentence) = ask(size).expect_err("too many");
        assert_eq!(attribute, Attribute::Size);
        assert_eq!(
            sentence,
            "wq 3 can have at most 16 entries; other work queues have the rest"
        );
    }
    let (mut wqs, groups, caps) = defaults();
    wqs[0].size = 0;
    let change = WqChange {
        size: Some(32),
        ..WqChange::default()
    };
    let new = apply_to(&wqs, &groups, &caps, change).expect("WQ 0 left them");
    assert_eq!(new.size, 32);
    assert_eq!(wqs[3].needs(&new), Needs::Device(Attribute::Size));
}

#[test]
fn a_threshold_is_within_the_size() {
    let ask = |size, threshold| {
        apply(WqChange {
            size,
            threshold,
            ..WqChange::default()
        })
    };
    assert_eq!(ask(None, Some(16)).expect("all").threshold, 16);
    let (attribute, sentence) = ask(Some(8), Some(9)).expect_err("above");
    assert_eq!(attribute, Attribute::Wq("threshold"));
    assert_eq!(sentence, "a number from 0 to 8 is accepted");
    let (mut wqs, groups, caps) = defaults();
    wqs[3].threshold = 9;
    let change = WqChange {
        size: Some(8),
        ..WqChange::default()
    };
    let (attribute, sentence) = apply_to(&wqs, &groups, &caps, change).expect_err("below");
    assert_eq!(attribute, Attribute::Size);
    assert_eq!(sentence, "wq 3 has threshold 9; the size is at least that");
}

#[test]
fn limits_are_powers_of_two_that_the_device_has() {
    let transfer = |bytes| {
        apply(WqChange {
            max_transfer: Some(bytes),
            ..WqChange::default()
        })
    };
    assert_eq!(transfer(4096).expect("least").max_transfer_shift, 12);
    assert_eq!(transfer(1 << 31).expect("most").max_transfer_shift, 31);
    for bytes in [0, 1, 2048, 4097, 3 << 20, 1 << 32, u64::MAX] {
        let (attribute, sentence) = transfer(bytes).expect_err("is none");
        assert_eq!(attribute, Attribute::Wq("max-transfer-size"));
        assert_eq!(
            sentence,
            "a power of two from 4096 to 2147483648 is accepted"
        );
    }
    let batch = |descriptors| {
        apply(WqChange {
            max_batch: Some(descriptors),
            ..WqChange::default()
        })
    };
    assert_eq!(batch(1).expect("least").max_batch_shift, 0);
    assert_eq!(batch(1024).expect("most").max_batch_shift, 10);
    for descriptors in [0, 3, 2048] {
        batch(descriptors).expect_err("is none");
    }
}

#[test]
fn operations_are_those_of_the_device() {
    let ask = |caps: &Caps, operations| {
        let (wqs, groups, _) = defaults();
        let change = WqChange {
            operations: Some(operations),
            ..WqChange::default()
        };
        apply_to(&wqs, &groups, caps, change)
    };
    let (wqs, _, mut caps) = defaults();
    let new = ask(&caps, [0x9, 0, 0, 0]).expect("it has these");
    assert_eq!(wqs[3].needs(&new), Needs::Wq(Attribute::Wq("op-config")));
    for operations in [[1 << 10, 0, 0, 0], [1, 0, 0, 1 << 63]] {
        let (attribute, _) = ask(&caps, operations).expect_err("it lacks these");
        assert_eq!(attribute, Attribute::Wq("op-config"));
    }
    caps.wq = WqCap(128);
    let (_, sentence) = ask(&caps, [1, 0, 0, 0]).expect_err("there are no masks");
    assert_eq!(sentence, "the device has no masks of operations");
}

#[test]
fn a_work_queue_goes_where_there_is_an_engine() {
    let ask = |group| {
        apply(WqChange {
            group: Some(group),
            ..WqChange::default()
        })
    };
    let (attribute, sentence) = ask(1).expect_err("has no engine");
    assert_eq!(attribute, Attribute::Wq("group"));
    assert_eq!(
        sentence,
        "group 1 has no engine; give it one with parent-set first"
    );
    let (_, sentence) = ask(4).expect_err("is none");
    assert_eq!(sentence, "there is no such group; there are 0 to 3");
}

/// The groups after some changes, or the attribute and the sentence of the refusal.
fn regroup(
    wqs: &[Wq],
    groups: &Groups,
    changes: &[(u32, GroupChange)],
) -> Result<Groups, (Attribute, String)> {
    let caps = caps();
    let mut new = *groups;
    let set = changes
        .iter()
        .enumerate()
        .try_for_each(|(place, (id, change))| new.set(*id, place, change, &caps));
    set.and_then(|()| new.check(changes, wqs, &caps))
        .map_err(|refused| (refused.attribute, refused.to_string()))?;
    Ok(new)
}

fn engines(mask: u64) -> GroupChange {
    GroupChange {
        engines: Some(mask),
        ..GroupChange::default()
    }
}

#[test]
fn an_engine_is_in_one_group() {
    let (wqs, groups, caps) = defaults();
    let (attribute, sentence) =
        regroup(&wqs, &groups, &[(1, engines(0x8))]).expect_err("it is in group 0");
    assert_eq!(attribute, Attribute::Group(0, "group.engines"));
    assert_eq!(
        sentence,
        "engine 3 is in group 0; take it out of that as well"
    );
    let moved = [(1, engines(0x8)), (0, engines(0x7))];
    let new = regroup(&wqs, &groups, &moved).expect("both at once");
    assert_eq!((new.engines(0), new.engines(1)), (0x7, 0x8));
    // The hardware takes no engines without work queues.
    assert_eq!(new.registers(0, &wqs, &caps, 1).1, 0x7);
    assert_eq!(new.registers(1, &wqs, &caps, 1).1, 0);
    let mut wqs = wqs;
    wqs[3].group = 1;
    assert_eq!(new.registers(0, &wqs, &caps, 1).0, [0xf7, 0, 0, 0]);
    assert_eq!(new.registers(1, &wqs, &caps, 1).0, [0x8, 0, 0, 0]);
    assert_eq!(new.registers(1, &wqs, &caps, 1).1, 0x8);

    for (changes, blamed, text) in [
        (
            vec![(1, engines(0))],
            Attribute::Group(0, "group.engines"),
            "group 1 has wq 3; it needs an engine",
        ),
        (
            vec![(0, engines(0x17))],
            Attribute::Group(0, "group.engines"),
            "there is no such engine; there are 0 to 3",
        ),
        (
            vec![(0, engines(7)), (4, engines(8))],
            Attribute::Group(1, "group.id"),
            "there is no such group; there are 0 to 3",
        ),
        (
            vec![(0, engines(7)), (0, engines(7))],
            Attribute::Group(1, "group.id"),
            "group 0 is there twice",
        ),
    ] {
        let (attribute, sentence) = regroup(&wqs, &new, &changes).expect_err("is wrong");
        assert_eq!((attribute, sentence.as_str()), (blamed, text));
    }
}

#[test]
fn read_buffers_are_there_for_all() {
    let (wqs, groups, caps) = defaults();
    assert_eq!(groups.allowed(0, &caps), 96);
    let reserve = |n| GroupChange {
        reserved: Some(n),
        ..GroupChange::default()
    };
    let allow = |n| GroupChange {
        allowed: Some(n),
        ..GroupChange::default()
    };
    let new = regroup(&wqs, &groups, &[(1, reserve(32))]).expect("there are 96");
    // Nobody asked for a number for group 0, so it follows.
    assert_eq!((new.allowed(0, &caps), new.allowed(1, &caps)), (64, 96));
    let (_, _, flags) = new.registers(1, &wqs, &caps, 1);
    assert_eq!(flags, 1 | 1 << 3 | 32 << 8 | 96 << 20);

    let (attribute, sentence) = regroup(&wqs, &new, &[(0, reserve(65))]).expect_err("too many");
    assert_eq!(
        attribute,
        Attribute::Group(0, "group.read-buffers-reserved")
    );
    assert_eq!(
        sentence,
        "64 read buffers can be reserved; other groups have the rest"
    );
    for n in [15, 65] {
        let (attribute, sentence) = regroup(&wqs, &new, &[(0, allow(n))]).expect_err("is wrong");
        assert_eq!(attribute, Attribute::Group(0, "group.read-buffers-allowed"));
        assert_eq!(sentence, "group 0 may have 16 to 64 read buffers");
    }
    let new = regroup(&wqs, &new, &[(0, allow(64))]).expect("that many");
    let (attribute, sentence) =
        regroup(&wqs, &new, &[(1, reserve(33))]).expect_err("group 0 was promised 64");
    assert_eq!(
        attribute,
        Attribute::Group(0, "group.read-buffers-reserved")
    );
    assert_eq!(sentence, "group 0 may have 16 to 63 read buffers");
}

#[test]
fn a_limit_is_for_a_device_that_has_one() {
    let (_, mut groups, mut caps) = defaults();
    groups.set_limit(96, &caps).expect("all");
    assert_eq!(groups.limit, 96);
    let refused = groups.set_limit(97, &caps).expect_err("more than all");
    assert_eq!(refused.to_string(), "a number from 0 to 96 is accepted");
    caps.group = GrpCap(0x6004);
    let refused = groups.set_limit(1, &caps).expect_err("there is none");
    assert_eq!(refused.kind, Kind::Unsupported);
    let limited = GroupChange {
        limited: Some(1),
        ..GroupChange::default()
    };
    groups
        .set(0, 0, &limited, &caps)
        .expect_err("there is none");
    let reserved = GroupChange {
        reserved: Some(1),
        ..GroupChange::default()
    };
    let refused = groups.set(0, 0, &reserved, &caps).expect_err("no control");
    assert_eq!(
        refused.to_string(),
        "the device has no control of read buffers"
    );
}

#[test]
fn hardware_may_mask_more_than_asked_for_and_not_less() {
    let (wqs, ..) = defaults();
    let asked = wqs[0];
    let mut read = asked;
    assert!(asked.is_taken(&read));
    read.operations = [1, 0, 0, 0];
    assert!(asked.is_taken(&read));
    read.operations = [asked.operations[0], 1, 0, 0];
    assert!(!asked.is_taken(&read));
    let read = Wq { size: 15, ..asked };
    assert!(!asked.is_taken(&read));
}

fn any_wq_change() -> impl Strategy<Value = WqChange> {
    let numbers = prop::array::uniform6(prop::option::of(0..140_u32));
    let transfer = prop::option::of((0..34_u32).prop_map(|shift| 1_u64 << shift));
    (numbers, transfer, prop::option::of(any::<[u64; 4]>())).prop_map(
        |(
            [size, threshold, priority, group, block_on_fault, max_batch],
            max_transfer,
            operations,
        )| {
            WqChange {
                size,
                threshold,
                priority,
                group,
                block_on_fault,
                max_transfer,
                max_batch,
                operations,
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_accepted_can_be_enabled(change in any_wq_change()) {
        let (mut wqs, groups, caps) = defaults();
        match change.apply(3, &wqs, &groups, &caps) {
            Ok(new) => {
                prop_assert!(new.threshold <= new.size);
                prop_assert!((1..=15).contains(&new.priority));
                prop_assert!(u32::from(new.max_transfer_shift) <= caps.general.max_xfer_shift());
                prop_assert!(u32::from(new.max_batch_shift) <= caps.general.max_batch_shift());
                wqs[3] = new;
                let sum: u32 = wqs.iter().map(|wq| u32::from(wq.size)).sum();
                prop_assert!(sum <= caps.wq.total_size());
                prop_assert!(groups.registers(new.group.into(), &wqs, &caps, 1).1 != 0);
            }
            Err(refused) => prop_assert!(refused.to_string().len() <= 79, "{refused}"),
        }
    }

    #[test]
    fn groups_that_are_accepted_can_be_enabled(
        changes in prop::collection::vec(
            (0..5_u32, prop::array::uniform4(prop::option::of(0..100_u32))),
            0..4,
        ),
    ) {
        let (wqs, groups, caps) = defaults();
        let changes: Vec<_> = changes
            .into_iter()
            .map(|(id, [engines, reserved, allowed, limited])| {
                let engines = engines.map(|engines| u64::from(engines & 0x1f));
                (id, GroupChange { engines, reserved, allowed, limited })
            })
            .collect();
        match regroup(&wqs, &groups, &changes) {
            Ok(new) => {
                let entries: Vec<_> = (0..4).map(|id| new.registers(id, &wqs, &caps, 1)).collect();
                let total = caps.group.read_buffers();
                let mut reserved = 0;
                for (id, (members, engines, flags)) in entries.iter().enumerate() {
                    prop_assert_eq!(*members == [0; 4], *engines == 0);
                    let flags = crate::regs::table::grpcfg::Flags::decode(*flags);
                    prop_assert!(flags.reserved <= flags.allowed, "group {}", id);
                    prop_assert!(u32::from(flags.allowed) <= total);
                    reserved += u32::from(flags.reserved);
                    for (_, others, _) in entries.iter().skip(id + 1) {
                        prop_assert_eq!(engines & others, 0);
                    }
                }
                prop_assert!(reserved <= total);
            }
            Err((_, sentence)) => prop_assert!(sentence.len() <= 79, "{}", sentence),
        }
    }
}

/// Up to 2 MiB, no batches, and four operations.
fn offer() -> Offer {
    Offer {
        transfer_shift: 21,
        batch_shift: 0,
        operations: [0x1_0019, 0, 0, 0],
    }
}

#[test]
fn limits_of_a_subdev_are_within_those_of_its_work_queues() {
    let mut limits = Limits::default();
    for bytes in [1, 2048, 5000, 4 << 20, u64::MAX] {
        let refused = limits
            .set_max_transfer(bytes, &offer())
            .expect_err("is beyond");
        assert_eq!(refused.attribute, Attribute::Subdev("max-transfer-size"));
        let accepted = "a power of two from 4096 to 2097152 is accepted";
        assert_eq!(refused.to_string(), accepted);
    }
    let refused = limits.set_max_batch(2, &offer()).expect_err("is beyond");
    assert_eq!(refused.to_string(), "only 1 is accepted");
    for operations in [[2, 0, 0, 0], [0, 0, 0, 1 << 63]] {
        let refused = limits
            .set_operations(operations, &offer())
            .expect_err("is beyond");
        let offered = "its work queues offer the operations 190001 and no others";
        assert_eq!(refused.to_string(), offered);
    }
    assert_eq!(limits, Limits::default());
    let everything = Why::NotOffered {
        operations: [u64::MAX; 4],
    };
    let text = Refused::new(Attribute::Subdev("op-config"), everything).to_string();
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn limits_hold_where_work_queues_have_more_and_theirs_where_they_have_less() {
    let mut limits = Limits::default();
    assert_eq!(limits.within(&offer()), offer());
    limits
        .set_max_transfer(1 << 16, &offer())
        .expect("is within");
    limits
        .set_operations([9, 0, 0, 0], &offer())
        .expect("is within");
    let more = limits.within(&offer());
    assert_eq!((more.transfer_shift, more.operations[0]), (16, 9));
    let (mut wqs, ..) = defaults();
    wqs[3].max_transfer_shift = 12;
    wqs[3].operations = [1, 0, 0, 0];
    let less = limits.within(&offer().on(&wqs[3]));
    assert_eq!((less.transfer_shift, less.operations[0]), (12, 1));
}

#[test]
fn limits_are_taken_back_to_those_of_the_work_queues() {
    let mut limits = Limits {
        transfer_shift: Some(12),
        batch_shift: Some(0),
        operations: Some([9, 0, 0, 0]),
        portal: None,
    };
    limits.set_max_transfer(0, &offer()).expect("is accepted");
    limits.set_max_batch(0, &offer()).expect("is accepted");
    assert_eq!(limits.within(&offer()).operations, [9, 0, 0, 0]);
    limits
        .set_operations([0; 4], &offer())
        .expect("is accepted");
    assert_eq!(limits, Limits::default());
}

proptest! {
    #[test]
    fn limits_are_kept_as_words(
        transfer_shift in proptest::option::of(0u8..32),
        batch_shift in proptest::option::of(0u8..16),
        operations in proptest::option::of(any::<[u64; 4]>()),
        portal in proptest::option::of(prop_oneof![Just(Portal::Trapped), Just(Portal::Polled)]),
    ) {
        let limits = Limits { transfer_shift, batch_shift, operations, portal };
        prop_assert_eq!(Limits::from_words(limits.to_words()), limits);
    }
}
