// SPDX-License-Identifier: MIT OR Apache-2.0
//! Operations against naive references, on memory with a hole and with mappings whose borders lie
//! across the operands.

use std::fs::File;

use nix::sys::memfd::{MFdFlags, memfd_create};
use proptest::prelude::*;

use crate::completion::{Completion, Status};
use crate::descriptor::{Descriptor, Opcode, flags};
use crate::memory::{Access, Fault, Memory, Permissions};

/// Three mappings side by side: all the memory there is.
const START: u64 = 0x1_0000;
const PAGES: [u64; 3] = [1, 2, 1];
const SIZE: usize = 4 * 4096;

struct Bench(Memory);

impl Bench {
    fn new(content: &[u8]) -> Self {
        let memory = memfd_create("operation-test", MFdFlags::MFD_CLOEXEC);
        let file = File::from(memory.expect("a memfd"));
        file.set_len(SIZE as u64).expect("a size");
        let memory = Memory::default();
        let all = Permissions {
            read: true,
            write: true,
        };
        let mut offset = 0;
        for pages in PAGES {
            let file = file.try_clone().expect("a second descriptor");
            memory
                .map(START + offset, 4096 * pages, file, offset, all)
                .expect("mapped");
            offset += 4096 * pages;
        }
        memory.write(START, content).expect("within the memory");
        Self(memory)
    }

    fn run(&self, descriptor: &Raw) -> Completion {
        super::run(descriptor.opcode, &descriptor.build(), &self.0, false)
    }

    fn content(&self) -> Vec<u8> {
        let mut content = vec![0; SIZE];
        self.0.read(START, &mut content).expect("within the memory");
        content
    }
}

/// The fields that operations look at.
struct Raw {
    opcode: Opcode,
    flags: u32,
    first: u64,
    second: u64,
    size: usize,
    rest: [u8; 24],
}

impl Raw {
    fn new(opcode: Opcode, first: u64, second: u64, size: usize) -> Self {
        Self {
            opcode,
            flags: 0,
            first,
            second,
            size,
            rest: [0; 24],
        }
    }

    fn build(&self) -> Descriptor {
        let mut bytes = [0; 64];
        bytes[0x04..0x08].copy_from_slice(&self.flags.to_le_bytes());
        bytes[0x10..0x18].copy_from_slice(&self.first.to_le_bytes());
        bytes[0x18..0x20].copy_from_slice(&self.second.to_le_bytes());
        bytes[0x20..0x24].copy_from_slice(&(self.size as u32).to_le_bytes());
        bytes[0x28..].copy_from_slice(&self.rest);
        Descriptor(bytes)
    }
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    any::<[u8; 32]>().prop_map(|seed| {
        (0..SIZE)
            .map(|index| seed[index % 32] ^ (index / 32) as u8)
            .collect()
    })
}

/// Where a range begins and how long it is; often across a border, sometimes beyond the end.
fn range() -> impl Strategy<Value = (usize, usize)> {
    (0..SIZE, prop_oneof![1..64_usize, 1..SIZE])
}

/// CRC-32C bit by bit, as the flags of CRCGEN describe it: a register whose top bit is the
/// highest power of the polynomial.
fn crc_reference(data: &[u8], seed: u32, bypass_inversion: bool, bypass_reflection: bool) -> u32 {
    let mut register = if bypass_inversion {
        seed
    } else {
        (!seed).reverse_bits()
    };
    for byte in data {
        let byte = if bypass_reflection {
            *byte
        } else {
            byte.reverse_bits()
        };
        register ^= u32::from(byte) << 24;
        for _ in 0..8 {
            let carry = register >> 31 == 1;
            register <<= 1;
            if carry {
                register ^= 0x1edc_6f41;
            }
        }
    }
    if bypass_inversion {
        register
    } else {
        !register.reverse_bits()
    }
}

fn crc(data: &[u8], flags: u32, seed: u32) -> u32 {
    let bench = Bench::new(data);
    let mut descriptor = Raw::new(Opcode::CrcGen, START, 0, data.len());
    descriptor.flags = flags;
    descriptor.rest[..4].copy_from_slice(&seed.to_le_bytes());
    let completion = bench.run(&descriptor);
    assert_eq!(completion.status, Status::Success);
    assert_eq!(completion.details[4..], [0; 12]);
    u32::from_le_bytes(std::array::from_fn(|i| completion.details[i]))
}

/// RFC 3720, appendix B.4, and the check value of the CRC catalogues.
#[test]
fn crc_of_the_published_vectors() {
    let ascending: Vec<u8> = (0..32).collect();
    let descending: Vec<u8> = (0..32).rev().collect();
    let read_10 = [
        0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00,
        0x00, 0x18, 0x28, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00,
    ];
    for (data, expected) in [
        (&[0; 32][..], 0x8a91_36aa),
        (&[0xff; 32][..], 0x62a8_ab43),
        (&ascending[..], 0x46dd_794e),
        (&descending[..], 0x113f_db5c),
        (&read_10[..], 0xd996_3a56),
        (b"123456789", 0xe306_9283),
    ] {
        assert_eq!(crc(data, 0, 0), expected, "{data:02x?}");
        assert_eq!(crc_reference(data, 0, false, false), expected);
    }
}

#[test]
fn a_crc_is_the_seed_that_continues_it() {
    assert_eq!(crc(b"6789", 0, crc(b"12345", 0, 0)), 0xe306_9283);
    let bypass = flags::CRC_BYPASS_INVERSION;
    let whole = crc(b"123456789", bypass, 7);
    assert_eq!(crc(b"6789", bypass, crc(b"12345", bypass, 7)), whole);
}

#[test]
fn a_crc_seed_can_come_from_memory() {
    let mut content = b"6789".to_vec();
    content.extend(crc(b"12345", 0, 0).to_le_bytes());
    let bench = Bench::new(&content);
    let mut descriptor = Raw::new(Opcode::CrcGen, START, 0, 4);
    descriptor.flags = flags::CRC_READ_SEED;
    descriptor.rest[..4].copy_from_slice(&[0xee; 4]);
    descriptor.rest[8..16].copy_from_slice(&(START + 4).to_le_bytes());
    let completion = bench.run(&descriptor);
    assert_eq!(completion.details[..4], 0xe306_9283_u32.to_le_bytes());

    descriptor.rest[8..16].copy_from_slice(&(START - 2).to_le_bytes());
    let fault = Fault::absent(START - 2, Access::Read);
    assert_eq!(bench.run(&descriptor).fault, Some(fault));
}

#[test]
fn a_copy_runs_downwards_when_the_last_byte_of_the_source_is_the_first_of_the_target() {
    let bench = Bench::new(b"abcd");
    let overlapping = bench.run(&Raw::new(Opcode::Memmove, START, START + 3, 4));
    assert_eq!(overlapping.result, 1);
    assert_eq!(bench.content()[..7], *b"abcabcd");
    let adjacent = bench.run(&Raw::new(Opcode::Memmove, START, START + 3, 3));
    assert_eq!(adjacent.result, 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn memmove_is_copy_within(content in content(), (from, size) in range(), to in 0..SIZE) {
        let bench = Bench::new(&content);
        let (source, target) = (START + from as u64, START + to as u64);
        let completion = bench.run(&Raw::new(Opcode::Memmove, source, target, size));

        let downwards = from < to && to < from + size;
        let mut expected = content;
        let (source_room, target_room) = (SIZE - from, SIZE - to);
        let room = source_room.min(target_room);
        prop_assert_eq!(completion.result, u8::from(downwards));
        if size <= room {
            expected.copy_within(from..from + size, to);
            let success = Completion { result: downwards.into(), ..Completion::success() };
            prop_assert_eq!(completion, success);
        } else if downwards {
            // It begins at the end, which lies beyond the memory.
            let fault = if size > source_room {
                Fault::absent(source + size as u64 - 1, Access::Read)
            } else {
                Fault::absent(target + size as u64 - 1, Access::Write)
            };
            prop_assert_eq!(completion, Completion { result: 1, ..Completion::faulted(fault, 0) });
        } else {
            expected.copy_within(from..from + room, to);
            let access = if source_room == room { Access::Read } else { Access::Write };
            let fault = Fault::absent(START + SIZE as u64, access);
            prop_assert_eq!(completion, Completion::faulted(fault, room as u32));
        }
        prop_assert!(bench.content() == expected);
    }

    #[test]
    fn fill_repeats_the_pattern(content in content(), (to, size) in range(), pattern: [u8; 8]) {
        let bench = Bench::new(&content);
        let target = START + to as u64;
        let descriptor = Raw::new(Opcode::Fill, u64::from_le_bytes(pattern), target, size);
        let completion = bench.run(&descriptor);

        let mut expected = content;
        for (index, byte) in expected[to..].iter_mut().take(size).enumerate() {
            *byte = pattern[index % 8];
        }
        prop_assert!(bench.content() == expected);
        let room = SIZE - to;
        if size <= room {
            prop_assert_eq!(completion, Completion::success());
        } else {
            let fault = Fault::absent(START + SIZE as u64, Access::Write);
            prop_assert_eq!(completion, Completion::faulted(fault, room as u32));
        }
    }

    #[test]
    fn compare_finds_the_first_difference(
        half in prop::collection::vec(any::<u8>(), SIZE / 2),
        size in 1..=SIZE / 2,
        change in prop::option::of((0..SIZE / 2, 1..=255_u8)),
        expected_result in prop::option::of(0..2_u8),
    ) {
        let mut content = half.repeat(2);
        if let Some((at, bits)) = change {
            content[at] ^= bits;
        }
        let bench = Bench::new(&content);
        let second = START + SIZE as u64 / 2;
        let mut descriptor = Raw::new(Opcode::Compare, START, second, size);
        if let Some(expected) = expected_result {
            descriptor.flags = flags::CHECK_RESULT;
            descriptor.rest[0] = expected;
        }
        let completion = bench.run(&descriptor);

        let difference = change.map(|(at, _)| at).filter(|at| *at < size);
        let result = u8::from(difference.is_some());
        let status = match expected_result {
            Some(expected) if expected != result => Status::SuccessFalsePredicate,
            _ => Status::Success,
        };
        let completed = difference.unwrap_or(0) as u32;
        prop_assert_eq!(completion, Completion { result, completed, ..Completion::new(status) });
    }

    #[test]
    fn crc_is_that_of_the_bitwise_reference(
        content in content(),
        (from, size) in range(),
        seed: u32,
        bypass_inversion: bool,
        bypass_reflection: bool,
    ) {
        let bench = Bench::new(&content);
        let mut descriptor = Raw::new(Opcode::CrcGen, START + from as u64, 0, size);
        if bypass_inversion {
            descriptor.flags |= flags::CRC_BYPASS_INVERSION;
        }
        if bypass_reflection {
            descriptor.flags |= flags::CRC_BYPASS_DATA_REFLECTION;
        }
        descriptor.rest[..4].copy_from_slice(&seed.to_le_bytes());
        let completion = bench.run(&descriptor);

        let readable = &content[from..SIZE.min(from + size)];
        let expected = crc_reference(readable, seed, bypass_inversion, bypass_reflection);
        prop_assert_eq!(&completion.details[..4], &expected.to_le_bytes());
        if readable.len() == size {
            prop_assert_eq!(completion.status, Status::Success);
        } else {
            let fault = Fault::absent(START + SIZE as u64, Access::Read);
            prop_assert_eq!(completion.fault, Some(fault));
            prop_assert_eq!(completion.completed, readable.len() as u32);
        }
    }
}
