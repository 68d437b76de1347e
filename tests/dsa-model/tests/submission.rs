// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptors through the portals of the real program, to completion record and interrupt.

mod common;

use common::descriptor::{
    BATCH, Builder, COMPARE, CRAV, CRCGEN, FENCE, FILL, MEMMOVE, NOOP, RCI, RCR,
};
use common::{
    BAR2, Bench, DISABLE_WQ, DRAIN_WQ, ENABLE_DEVICE, ENABLE_WQ, GENCFG, GRPCFG, MEMORY,
    MEMORY_SIZE, REQUEST_HANDLE, RESET_WQ, SWERR, WQCFG,
};

/// Where completion records, lists, sources and destinations are.
const RECORD: u64 = MEMORY;
const LIST: u64 = MEMORY + 0x1000;
const SOURCE: u64 = MEMORY + 0x10_0000;
const TARGET: u64 = MEMORY + 0x20_0000;
const END: u64 = MEMORY + MEMORY_SIZE;

fn noise(length: usize) -> Vec<u8> {
    (0..length as u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}

#[test]
fn memmove_moves_and_interrupts_after_the_record() {
    let mut bench = Bench::enabled(&[3]);
    let data = noise(300_001);
    bench.poke(SOURCE + 3, &data);
    let memmove = Builder::memmove(RECORD, SOURCE + 3, TARGET + 5, data.len() as u32).interrupt(4);
    bench.submit(3, &memmove.bytes());
    bench.await_interrupt(4);
    let record = bench.peek(RECORD, 32);
    assert_eq!(record[0], 1, "the record is there when the interrupt is");
    assert_eq!(record[1..], [0; 31]);
    assert_eq!(bench.peek(TARGET + 5, data.len()), data);
    assert_eq!(bench.peek(TARGET + 4, 1), [0]);
    assert_eq!(bench.peek(TARGET + 5 + data.len() as u64, 1), [0]);
    for vector in (0..9).filter(|vector| *vector != 4) {
        assert_eq!(bench.interrupts(vector), 0, "vector {vector}");
    }
}

#[test]
fn every_work_queue_page_and_slot_is_a_doorbell() {
    let mut bench = Bench::enabled(&[0, 1, 2, 3, 4, 5, 6, 7]);
    for wq in 0..8 {
        for page in 0..2 {
            for slot in [0, 1, 63] {
                bench.poke(RECORD, &[0; 32]);
                let offset = wq * 0x4000 + page * 0x1000 + slot * 0x40;
                bench.write(BAR2, offset, &Builder::noop(RECORD).bytes());
                assert_eq!(bench.completion(RECORD).status(), 1, "at {offset:#x}");
            }
        }
    }
}

#[test]
fn portals_read_as_ones() {
    let mut bench = Bench::start(&[]);
    let mut data = [0; 64];
    bench.read(BAR2, 0x1000, &mut data);
    assert_eq!(data, [0xff; 64]);
}

#[test]
fn fill_compare_and_crc_give_their_results() {
    let mut bench = Bench::enabled(&[0]);
    let pattern = 0x8877_6655_4433_2211;
    let fill = Builder::new(FILL, RECORD).operands(pattern, TARGET, 11);
    assert_eq!(bench.run(0, &fill).status(), 1);
    let filled = [
        0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x11, 0x22, 0x33, 0,
    ];
    assert_eq!(bench.peek(TARGET, 12), filled);

    let compare = Builder::new(COMPARE, RECORD).operands(SOURCE, TARGET, 12);
    bench.poke(SOURCE, &filled);
    let equal = bench.run(0, &compare);
    assert_eq!(
        (equal.status(), equal.result(), equal.completed()),
        (1, 0, 0)
    );
    bench.poke(SOURCE + 9, &[0xff]);
    let different = bench.run(0, &compare);
    assert_eq!(
        (
            different.status(),
            different.result(),
            different.completed()
        ),
        (1, 1, 9)
    );
    let check_result = 1 << 7;
    let expected_equal = bench.run(0, &compare.clone().flags(check_result));
    assert_eq!((expected_equal.status(), expected_equal.result()), (2, 1));
    let expected_different = bench.run(0, &compare.flags(check_result).rest(&[1]));
    assert_eq!(expected_different.status(), 1);

    bench.poke(SOURCE, b"123456789");
    let crc = Builder::new(CRCGEN, RECORD).operands(SOURCE, 0, 9);
    assert_eq!(bench.run(0, &crc).detail(), 0xe306_9283);
}

#[test]
fn faults_say_where_and_how_far() {
    let mut bench = Bench::enabled(&[0]);
    let read = bench.run(0, &Builder::memmove(RECORD, END - 100, TARGET, 200));
    assert_eq!(
        (read.status(), read.completed(), read.fault_address()),
        (0x03, 100, END)
    );
    let write = bench.run(0, &Builder::memmove(RECORD, SOURCE, END - 7, 200));
    assert_eq!(
        (write.status(), write.completed(), write.fault_address()),
        (0x83, 7, END)
    );
    // Overlapping, so it begins at the end, which does not exist.
    let backwards = bench.run(0, &Builder::memmove(RECORD, END - 100, END - 50, 100));
    assert_eq!(
        (
            backwards.status(),
            backwards.result(),
            backwards.completed()
        ),
        (0x83, 1, 0)
    );
    assert_eq!(backwards.fault_address(), END + 49);
    let wrapping = bench.run(0, &Builder::memmove(RECORD, u64::MAX - 3, TARGET, 8));
    assert_eq!((wrapping.status(), wrapping.completed()), (0x03, 0));
}

#[test]
fn each_mistake_in_a_descriptor_has_its_status() {
    let mut bench = Bench::enabled(&[0]);
    let memmove = Builder::memmove(RECORD, SOURCE, TARGET, 64);
    let batch = Builder::new(BATCH, RECORD).operands(LIST, 0, 2);
    let cases = [
        (
            "an operation that is not in OPCAP",
            Builder::new(0x0a, RECORD),
            0x10,
        ),
        (
            "an operation that nobody has",
            Builder::new(0xff, RECORD),
            0x10,
        ),
        (
            "block on fault without the capability",
            memmove.clone().flags(2),
            0x11,
        ),
        (
            "a flag of another operation",
            memmove.clone().flags(1 << 16),
            0x11,
        ),
        ("reserved byte 0x28", memmove.clone().rest(&[1]), 0x12),
        (
            "reserved byte 0x3f",
            memmove.clone().rest(&[[0; 23].as_slice(), &[1]].concat()),
            0x12,
        ),
        (
            "a NOOP with a size",
            Builder::noop(RECORD).operands(0, 0, 1),
            0x12,
        ),
        (
            "a transfer of nothing",
            memmove.clone().operands(SOURCE, TARGET, 0),
            0x13,
        ),
        (
            "a transfer of 2 MiB + 1",
            memmove.clone().operands(SOURCE, TARGET, (2 << 20) + 1),
            0x13,
        ),
        ("a batch of one", batch.clone().operands(LIST, 0, 1), 0x14),
        ("a batch of 33", batch.clone().operands(LIST, 0, 33), 0x14),
        ("a crooked list", batch.operands(LIST + 32, 0, 2), 0x18),
        (
            "a vector that does not exist",
            memmove.clone().interrupt(9),
            0x19,
        ),
        (
            "data and record in two classes",
            memmove.clone().flags(1 << 10),
            0x01,
        ),
    ];
    for (what, descriptor, status) in cases {
        assert_eq!(bench.run(0, &descriptor).status(), status, "{what}");
    }
    assert_eq!(
        bench.run(0, &memmove.flags(1 << 16 | 2)).detail(),
        1 << 16 | 2,
        "the record names the flags"
    );
}

#[test]
fn the_largest_transfer_and_batch_are_allowed() {
    let mut bench = Bench::enabled(&[0]);
    let largest = Builder::memmove(RECORD, MEMORY, MEMORY, 2 << 20);
    // The record lies within the moved range, so its status is not zeroed first.
    assert_eq!(
        bench
            .run(
                0,
                &Builder {
                    completion: END - 32,
                    ..largest
                }
            )
            .status(),
        1
    );
    let members: Vec<_> = (0..32)
        .flat_map(|_| {
            Builder {
                flags: 0,
                ..Builder::noop(0)
            }
            .bytes()
        })
        .collect();
    bench.poke(LIST, &members);
    let batch = bench.run(0, &Builder::new(BATCH, RECORD).operands(LIST, 0, 32));
    assert_eq!((batch.status(), batch.completed()), (1, 32));
}

#[test]
fn traffic_classes_that_differ_need_a_readback() {
    let mut bench = Bench::start(&[]);
    bench.configure();
    // TC-A is 0 and TC-B is 1.
    bench.set64(GRPCFG + 0x28, 96 << 20 | 1 << 3);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    let memmove = Builder::memmove(RECORD, SOURCE, TARGET, 64);
    let (target_class, record_class, readback) = (1 << 10, 1 << 12, 1 << 14);
    for (flags, status) in [
        (0, 0x01),
        (target_class, 0x1e),
        (record_class, 0x1e),
        (target_class | record_class, 0x01),
        (target_class | readback, 0x01),
    ] {
        let record = bench.run(0, &memmove.clone().flags(flags));
        assert_eq!(record.status(), status, "flags {flags:#x}");
    }
}

#[test]
fn a_batch_runs_its_members_and_counts_them() {
    let mut bench = Bench::enabled(&[0]);
    bench.poke(SOURCE, b"batch");
    let member = |index: u64| RECORD + 0x100 + 0x20 * index;
    let list = [
        Builder::memmove(member(0), SOURCE, TARGET, 5),
        Builder::memmove(member(1), TARGET, TARGET + 5, 5).flags(FENCE),
        Builder::noop(member(2)).interrupt(2),
    ];
    for (index, descriptor) in list.iter().enumerate() {
        bench.poke(LIST + 64 * index as u64, &descriptor.bytes());
    }
    let record = bench.run(
        0,
        &Builder::new(BATCH, RECORD)
            .operands(LIST, 0, 3)
            .interrupt(1),
    );
    assert_eq!((record.status(), record.completed()), (1, 3));
    assert_eq!(bench.peek(TARGET, 10), b"batchbatch");
    for index in 0..3 {
        assert_eq!(bench.peek(member(index), 1), [1], "member {index}");
    }
    bench.await_interrupt(1);
    assert_eq!(bench.interrupts(2), 1);
}

#[test]
fn a_member_that_fails_fails_the_batch_and_a_fence_gives_up_the_rest() {
    let mut bench = Bench::enabled(&[0]);
    let member = |index: u64| RECORD + 0x100 + 0x20 * index;
    let list = [
        Builder::new(BATCH, member(0)).operands(LIST, 0, 2),
        Builder::noop(member(1)),
        Builder::noop(member(2)).flags(FENCE),
        Builder::noop(member(3)),
    ];
    for (index, descriptor) in list.iter().enumerate() {
        bench.poke(LIST + 64 * index as u64, &descriptor.bytes());
    }
    let record = bench.run(0, &Builder::new(BATCH, RECORD).operands(LIST, 0, 4));
    assert_eq!((record.status(), record.completed()), (5, 2));
    let statuses: Vec<_> = (0..4)
        .map(|index| bench.peek(member(index), 1)[0])
        .collect();
    assert_eq!(
        statuses,
        [0x10, 1, 0, 0],
        "no batch in a batch, then the fence"
    );
}

#[test]
fn a_list_that_ends_in_nothing_is_told_from_a_member_that_fails() {
    let mut bench = Bench::enabled(&[0]);
    bench.poke(
        END - 64,
        &Builder {
            flags: 0,
            ..Builder::noop(0)
        }
        .bytes(),
    );
    let record = bench.run(0, &Builder::new(BATCH, RECORD).operands(END - 64, 0, 3));
    assert_eq!((record.status(), record.completed()), (6, 1));
    assert_eq!(record.fault_address(), END);
}

#[test]
fn a_record_is_written_on_request_or_on_failure() {
    let mut bench = Bench::enabled(&[0]);
    let quiet = Builder {
        flags: CRAV,
        ..Builder::noop(RECORD)
    };
    bench.submit(0, &quiet.interrupt(1).bytes());
    bench.await_interrupt(1);
    assert_eq!(bench.peek(RECORD, 32), [0; 32]);
    let wrong = Builder {
        flags: CRAV,
        ..Builder::new(0x77, RECORD)
    };
    assert_eq!(bench.run(0, &wrong).status(), 0x10);
}

#[test]
fn what_no_record_can_tell_is_in_swerr() {
    let mut bench = Bench::enabled(&[5]);
    bench.submit(5, &Builder::noop(RECORD + 16).bytes());
    assert_eq!(
        bench.software_error(),
        [0x0000_0000_0005_1b0d, 0, 0],
        "alignment"
    );

    let unmapped = 0xdead_0000_0000;
    bench.submit(5, &Builder::noop(unmapped).bytes());
    assert_eq!(
        bench.software_error(),
        [0x0000_0000_0005_1a2d, 0, unmapped],
        "translation"
    );

    let no_record = Builder {
        flags: 0,
        ..Builder::memmove(0, END, TARGET, 4)
    };
    bench.submit(5, &no_record.bytes());
    assert_eq!(
        bench.software_error(),
        [0x0000_0003_0005_030d, 0, END],
        "page fault"
    );

    let no_address = Builder {
        flags: RCR,
        ..Builder::noop(RECORD)
    };
    bench.submit(5, &no_address.bytes());
    assert_eq!(
        bench.software_error(),
        [0x0000_0000_0005_110d, u64::from(RCR) << 32, 0],
        "a record is requested without an address"
    );

    bench.poke(
        LIST,
        &Builder {
            flags: 0,
            ..Builder::noop(0)
        }
        .bytes(),
    );
    bench.poke(
        LIST + 64,
        &Builder {
            flags: 0,
            ..Builder::new(0x55, 0)
        }
        .bytes(),
    );
    let batch = bench.run(5, &Builder::new(BATCH, RECORD).operands(LIST, 0, 2));
    assert_eq!(batch.status(), 5);
    assert_eq!(
        bench.software_error(),
        [0x0000_0055_0005_101d, 1, 0],
        "member 1 of a batch"
    );
}

#[test]
fn a_software_error_interrupts_once_if_enabled() {
    let mut bench = Bench::enabled(&[]);
    let noop = Builder::noop(RECORD).bytes();
    bench.submit(2, &noop);
    assert_eq!(bench.get32(common::INTCAUSE), 0, "not enabled");
    assert_eq!(bench.interrupts(0), 0);
    assert_eq!(bench.software_error(), [0x0000_0000_0002_530d, 0, 0]);

    bench.set32(common::GENCTRL, 1);
    bench.submit(2, &noop);
    bench.submit(1, &noop);
    assert_eq!(bench.get32(common::INTCAUSE), 1);
    assert_eq!(bench.interrupts(0), 1);
    assert_eq!(
        bench.get64(SWERR),
        0x0000_0000_0002_530f,
        "the first, and overflow"
    );
    bench.set32(common::INTCAUSE, 1);
    assert_eq!(bench.get32(common::INTCAUSE), 0);
    bench.set32(SWERR, 1);
    assert_eq!(bench.get64(SWERR), 2, "the overflow is cleared on its own");
    bench.set32(SWERR, 2);
    assert_eq!(bench.get64(SWERR), 0);
}

#[test]
fn interrupts_of_users_need_permission() {
    let mut bench = Bench::start(&[]);
    bench.configure();
    bench.set32(GENCFG, 0);
    // WQ 1 is privileged.
    bench.set32(WQCFG + 0x20 + 8, 1 | 10 << 4 | 1 << 29);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 1), 0);
    let noop = Builder::noop(RECORD).interrupt(3);
    let refused = bench.run(0, &noop);
    assert_eq!((refused.status(), refused.detail()), (0x11, RCI));
    assert_eq!(bench.run(1, &noop).status(), 1);
    bench.await_interrupt(3);
}

#[test]
fn a_granted_handle_names_the_vector() {
    let mut bench = Bench::start(&["--interrupt-handles"]);
    bench.configure();
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    let result = bench.command(REQUEST_HANDLE, 7);
    assert_eq!(result & 0xff, 0);
    let handle = (result >> 8) as u16;
    let by_handle = Builder::noop(RECORD).interrupt(handle);
    assert_eq!(bench.run(0, &by_handle).status(), 1);
    bench.await_interrupt(7);
    let by_vector = Builder::noop(RECORD).interrupt(7);
    assert_eq!(bench.run(0, &by_vector).status(), 0x19);
}

#[test]
fn a_work_queue_does_the_operations_of_its_mask_only() {
    let mut bench = Bench::start(&["--op-config"]);
    bench.bus_master(true);
    bench.set32(GENCFG, 1 << 12);
    bench.set64(GRPCFG, 0b11);
    bench.set64(GRPCFG + 0x20, 0xf);
    bench.set64(GRPCFG + 0x28, 96 << 20 | 1 << 3 | 1);
    let entry = |wq: u64| WQCFG + 0x40 * wq;
    for wq in 0..2 {
        bench.set32(entry(wq), 16);
        bench.set32(entry(wq) + 0x08, 1 | 10 << 4);
        bench.set32(entry(wq) + 0x0c, 21 | 5 << 5);
    }
    bench.set64(entry(0) + 0x20, 1 << MEMMOVE | 1 << BATCH);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 1), 0);
    let copy = Builder::memmove(RECORD, SOURCE, TARGET, 64);
    let noop = Builder::noop(RECORD);
    assert_eq!(bench.run(0, &copy).status(), 1);
    assert_eq!(bench.run(0, &noop).status(), 0x10);
    assert_eq!(bench.run(1, &copy).status(), 0x10, "its mask has none");

    let list = [&copy, &noop].map(Builder::bytes).concat();
    bench.poke(LIST, &list);
    let batch = Builder::new(BATCH, RECORD + 0x40).operands(LIST, 0, 2);
    assert_eq!(bench.run(0, &batch).status(), 0x05, "holds for members");

    let mask = entry(0) + 0x20;
    bench.set64(mask, 1 << NOOP);
    assert_eq!(bench.get64(mask), 1 << MEMMOVE | 1 << BATCH, "enabled");
    assert_eq!(bench.command(DISABLE_WQ, 1), 0);
    bench.set64(mask, 1 << NOOP);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    assert_eq!(bench.run(0, &noop).status(), 1);
    assert_eq!(bench.run(0, &copy).status(), 0x10);
    assert_eq!(bench.command(RESET_WQ, 1), 0);
    assert_eq!(bench.get64(mask), 0);
}

#[test]
fn a_fixed_configuration_masks_no_operation() {
    let mut bench = Bench::start(&["--fixed-config", "--op-config"]);
    bench.bus_master(true);
    bench.set64(WQCFG + 0x20, 0);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    assert_eq!(bench.run(0, &Builder::noop(RECORD)).status(), 1);
}

#[test]
fn a_device_with_a_fixed_configuration_works_as_it_is() {
    let mut bench = Bench::start(&["--fixed-config"]);
    bench.bus_master(true);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    for (wq, most) in [(0, 1 << 20), (1, 1 << 16)] {
        assert_eq!(bench.command(ENABLE_WQ, wq), 0);
        let memmove = |size| Builder::memmove(RECORD, SOURCE, TARGET, size).interrupt(1);
        let wq = u64::from(wq);
        assert_eq!(bench.run(wq, &memmove(most)).status(), 1);
        bench.await_interrupt(1);
        let expected = if wq == 1 { 0x13 } else { 1 };
        assert_eq!(bench.run(wq, &memmove(most + 1)).status(), expected);
    }
}

#[test]
fn a_pasid_and_privilege_in_the_descriptor_are_replaced_and_do_not_matter() {
    let mut bench = Bench::enabled(&[0]);
    let mut noop = Builder::noop(RECORD).bytes();
    noop[..4].copy_from_slice(&0x800f_ffff_u32.to_le_bytes());
    bench.submit(0, &noop);
    assert_eq!(bench.completion(RECORD).status(), 1);
    bench.poke(RECORD, &[0; 32]);
    noop[2] |= 0x10;
    bench.submit(0, &noop);
    assert_eq!(
        bench.completion(RECORD).status(),
        0x12,
        "bit 20 is reserved"
    );
}

#[test]
fn drain_waits_for_all_that_was_submitted() {
    let mut bench = Bench::enabled(&[0]);
    for index in 0..8 {
        let record = RECORD + 0x20 * index;
        let fill = Builder::new(FILL, record).operands(index, TARGET, 1 << 20);
        bench.submit(0, &fill.bytes());
    }
    assert_eq!(bench.command(DRAIN_WQ, 1), 0);
    for index in 0..8 {
        assert_eq!(
            bench.peek(RECORD + 0x20 * index, 1),
            [1],
            "descriptor {index}"
        );
    }
    assert_eq!(bench.command(DISABLE_WQ, 1), 0);
    assert_eq!(bench.get32(WQCFG + 0x18), 1 << 29, "disabled and empty");
}

#[test]
fn memory_can_go_and_come_while_engines_work() {
    let mut bench = Bench::enabled(&[0]);
    let extra = common::memfd(0x10_0000);
    let address = 0x7000_0000;
    let fd = std::os::fd::AsRawFd::as_raw_fd(&extra);
    for round in 0..20 {
        bench
            .client
            .dma_map(0, address, 0x10_0000, fd)
            .expect("mapped");
        bench.poke(RECORD, &[0; 32]);
        let fill = Builder::new(FILL, RECORD).operands(round, address, 0x10_0000);
        bench.submit(0, &fill.bytes());
        bench
            .client
            .dma_unmap(address, 0x10_0000)
            .expect("unmapped");
        let record = bench.completion(RECORD);
        let done = (record.status() == 1 && record.completed() == 0)
            || (record.status() == 0x83
                && record.fault_address() == address + u64::from(record.completed()));
        assert!(done, "round {round}: {record:?}");
    }
    let gone = bench.run(0, &Builder::new(FILL, RECORD).operands(0, address, 8));
    assert_eq!((gone.status(), gone.fault_address()), (0x83, address));
}

#[test]
fn opcodes_of_the_bench_are_those_of_opcap() {
    let mut bench = Bench::start(&[]);
    let known = [NOOP, BATCH, MEMMOVE, FILL, COMPARE, CRCGEN]
        .iter()
        .fold(0, |bits, opcode| bits | 1_u64 << opcode);
    assert_eq!(bench.get64(0x40) & known, known);
}
