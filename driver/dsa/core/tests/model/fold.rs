// SPDX-License-Identifier: GPL-2.0

//! An operation carried out in pieces comes to the same as in one.

use super::{
    super::*,
    desc::{
        Completion,
        Op, //
    },
    hardware::{
        execute,
        Memory, //
    }, //
};
use proptest::prelude::*;

/// Where the tenant has its buffers, in its memory and by its own addresses.
const TENANT_A: u64 = 0;
const TENANT_B: u64 = 4096;
const TENANT_SIZE: usize = 8192;
/// Segments begin at multiples of this in the device's memory.
const SLOT: u64 = 64;
const SLOTS: usize = 256;

/// A way to scatter a buffer: the length of each segment, 0 to 40 bytes, and its gap.
type Scatter = Vec<(u32, u64)>;

fn scatter() -> impl Strategy<Value = Scatter> {
    prop::collection::vec((0..=40_u32, 0..=20_u64), 100)
}

/// Segments of `len` bytes together, backwards in memory from `slot` on.
fn place(scatter: &Scatter, len: u32, slot: usize) -> Vec<Segment> {
    let mut left = len;
    let mut segments = Vec::new();
    for (n, (len, gap)) in scatter.iter().enumerate() {
        let len = (*len).min(left);
        let dma = (slot - n) as u64 * SLOT + gap;
        segments.push(Segment { dma, len });
        left -= len;
    }
    let dma = (slot - scatter.len()) as u64 * SLOT;
    segments.push(Segment {
        dma,
        len: left.min(SLOT as u32),
    });
    segments
}

fn total(segments: &[Segment]) -> u32 {
    segments.iter().map(|segment| segment.len).sum()
}

fn copy_out(tenant: &Memory, iova: u64, device: &mut Memory, segments: &[Segment]) {
    let mut at = iova;
    for segment in segments {
        let bytes = tenant.at(at, segment.len);
        device
            .at_mut(segment.dma, segment.len)
            .copy_from_slice(bytes);
        at += u64::from(segment.len);
    }
}

fn copy_in(tenant: &mut Memory, iova: u64, device: &Memory, segments: &[Segment]) {
    let mut at = iova;
    for segment in segments {
        let bytes = device.at(segment.dma, segment.len);
        tenant.at_mut(at, segment.len).copy_from_slice(bytes);
        at += u64::from(segment.len);
    }
}

/// Carries out an operation as a single descriptor of the tenant, with its expected result.
fn in_one(tenant: &mut Memory, op: &Op) -> [u8; 32] {
    let [a, b] = op.buffers();
    let piece = Piece {
        offset: 0,
        a: a.map_or(0, |buffer| buffer.iova),
        b: b.map_or(0, |buffer| buffer.iova),
        len: op.len(),
    };
    let mut raw = descriptor(op, &piece, 0, 1);
    if let Op::Compare {
        expect: Some(expected),
        ..
    }
    | Op::ComparePattern {
        expect: Some(expected),
        ..
    } = *op
    {
        raw[4] |= 1 << 7;
        raw[0x28] = expected;
    }
    execute(tenant, &raw)
}

/// Carries out an operation in pieces on scattered memory, which completes in an order of its own.
fn in_pieces(
    tenant: &mut Memory,
    op: &Op,
    a: &[Segment],
    b: &[Segment],
    max: u32,
    order: u64,
) -> [u8; 32] {
    let mut device = Memory(vec![0xee; SLOTS * SLOT as usize * 2]);
    let [first, second] = op.buffers();
    let sides = [(first, a), (second, b)];
    for (buffer, segments) in sides {
        if let Some(buffer) = buffer {
            copy_out(tenant, buffer.iova, &mut device, segments);
        }
    }

    let mut outcome = Outcome::new(op);
    let b_side = if second.is_some() { b } else { &[] };
    let mut done = Vec::new();
    for piece in pieces(a, b_side, max) {
        let raw = descriptor(&outcome.next_op(), &piece, 0x40, 1);
        let record = Completion::from_bytes(&execute(&mut device, &raw));
        if matches!(op, Op::Crc { .. }) {
            outcome.piece_done(&piece, &record);
        } else {
            done.push((piece, record));
        }
    }
    done.sort_by_key(|(piece, _)| u64::from(piece.offset + 1).wrapping_mul(order | 1) >> 7);
    for (piece, record) in &done {
        outcome.piece_done(piece, record);
    }

    for (buffer, segments) in sides {
        if let Some(buffer) = buffer.filter(|buffer| buffer.write) {
            copy_in(tenant, buffer.iova, &device, segments);
        }
    }
    outcome.finish().to_bytes()
}

/// An operation on the first `len` bytes of the tenant's buffers.
fn op(kind: u8, len: u32, pattern: u64, expect: Option<u8>) -> Op {
    match kind {
        0 => Op::Memmove {
            src: TENANT_A,
            dst: TENANT_B,
            len,
        },
        1 => Op::Fill {
            dst: TENANT_A,
            len,
            pattern,
        },
        2 => Op::Compare {
            a: TENANT_A,
            b: TENANT_B,
            len,
            expect,
        },
        3 => Op::ComparePattern {
            src: TENANT_A,
            len,
            pattern,
            expect,
        },
        flags => Op::Crc {
            src: TENANT_A,
            len,
            seed: pattern as u32,
            seed_addr: None,
            bypass_inversion: flags & 1 != 0,
            bypass_reflection: flags & 2 != 0,
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_split_operation_equals_the_whole(
        kind in 0..8_u8,
        scatter_a in scatter(),
        scatter_b in scatter(),
        len in 1..=1500_u32,
        max in 1..=100_u32,
        pattern: u64,
        expect in prop::option::of(0..=1_u8),
        contents in prop::collection::vec(any::<u8>(), 97),
        differences in prop::collection::vec(0..1500_usize, 0..3),
        order: u64,
    ) {
        let a = place(&scatter_a, len, SLOTS - 1);
        let b = place(&scatter_b, len, SLOTS * 2 - 1);
        let len = len.min(total(&a)).min(total(&b));
        prop_assume!(len > 0);
        let op = op(kind, len, pattern, expect);

        // Two equal buffers for the comparison of buffers, the pattern for that with a pattern;
        // then some differences.
        let mut tenant = Memory(vec![0; TENANT_SIZE]);
        let pattern: Vec<u8> = pattern.to_le_bytes().into();
        let contents = if kind == 3 { pattern } else { contents };
        for side in [TENANT_A, TENANT_B] {
            let bytes = contents.iter().copied().cycle();
            for (to, from) in tenant.at_mut(side, 2000).iter_mut().zip(bytes) {
                *to = from;
            }
        }
        for at in differences {
            tenant.0[at] ^= 0x10;
        }

        let mut expected = Memory(tenant.0.clone());
        let record = in_one(&mut expected, &op);
        let trim = |segments: &[Segment]| {
            let mut left = len;
            let cut = |s: &Segment| {
                let len = s.len.min(left);
                left -= len;
                Segment { len, ..*s }
            };
            segments.iter().map(cut).collect::<Vec<_>>()
        };
        let split = in_pieces(&mut tenant, &op, &trim(&a), &trim(&b), max, order);
        prop_assert_eq!(split, record);
        prop_assert!(tenant.0 == expected.0, "memory differs");
    }
}
