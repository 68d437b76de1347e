// SPDX-License-Identifier: GPL-2.0

//! Pages and pieces.

use super::{
    super::*,
    desc::Order, //
};
use proptest::prelude::*;

fn segment(dma: u64, len: u32) -> Segment {
    Segment { dma, len }
}

#[test]
fn pages_of_a_buffer() {
    let all = |iova, len| pages(iova, len).collect::<Vec<_>>();
    assert_eq!(all(0x1000, 0), []);
    assert_eq!(all(0x1000, 4096), [(0x1000, 0, 4096)]);
    assert_eq!(
        all(0x1ff0, 0x1020),
        [(0x1000, 0xff0, 16), (0x2000, 0, 4096), (0x3000, 0, 16)]
    );
    // What lies behind the end of the address space is left out.
    let last = u64::MAX - 0xfff;
    assert_eq!(all(last + 0xff0, 0x20), [(last, 0xff0, 16)]);
}

#[test]
fn segments_join_where_one_goes_on() {
    let mut joined = segment(0x1000, 0x1000);
    assert!(joined.join(segment(0x2000, 0x800)));
    assert!(!joined.join(segment(0x3000, 0x1000)));
    assert!(!joined.join(segment(0x2800, u32::MAX)));
    assert_eq!(joined, segment(0x1000, 0x1800));
    let mut last = segment(u64::MAX, 1);
    assert!(!last.join(segment(0, 1)));
}

#[test]
fn pieces_of_two_buffers() {
    let a = [segment(0x1000, 100), segment(0x2000, 50)];
    let b = [segment(0x8000, 60), segment(0, 0), segment(0x9000, 90)];
    let cut: Vec<_> = pieces([&a, &b, &[]], Order::Forward, 64)
        .map(|piece| (piece.offset, piece.addresses, piece.len))
        .collect();
    assert_eq!(
        cut,
        [
            (0, [0x1000, 0x8000, 0], 60),
            (60, [0x103c, 0x9000, 0], 40),
            (100, [0x2000, 0x9028, 0], 50),
        ]
    );
}

#[test]
fn pieces_of_one_buffer() {
    let one = [segment(0x1000, 130)];
    // Whichever it is, as for a drain that reads back at its second address only.
    for side in 0..3 {
        let mut sides = [&[][..]; 3];
        sides[side] = &one;
        let cut: Vec<_> = pieces(sides, Order::Forward, 64)
            .map(|piece| (piece.offset, piece.addresses, piece.len))
            .collect();
        let at = |dma| {
            let mut addresses = [0; 3];
            addresses[side] = dma;
            addresses
        };
        assert_eq!(
            cut,
            [
                (0, at(0x1000), 64),
                (64, at(0x1040), 64),
                (128, at(0x1080), 2)
            ]
        );
        assert_eq!(pieces(sides, Order::Forward, 0).count(), 0);
    }
    assert_eq!(pieces([&[]; 3], Order::Forward, 64).count(), 0);
}

#[test]
fn pieces_from_the_end() {
    let a = [segment(0x1000, 100), segment(0x2000, 50)];
    let b = [segment(0x8000, 60), segment(0, 0), segment(0x9000, 90)];
    let cut: Vec<_> = pieces([&a, &b, &[]], Order::Backward, 64)
        .map(|piece| (piece.offset, piece.addresses, piece.len))
        .collect();
    assert_eq!(
        cut,
        [
            (0, [0x2000, 0x9028, 0], 50),
            (50, [0x103c, 0x9000, 0], 40),
            (90, [0x1000, 0x8000, 0], 60),
        ]
    );
}

#[test]
fn pieces_end_with_what_can_be_told() {
    let all = [segment(0, u32::MAX), segment(0, u32::MAX)];
    let sum: u64 = pieces([&all, &[], &[]], Order::Forward, u32::MAX)
        .map(|piece| u64::from(piece.len))
        .sum();
    assert_eq!(sum, u64::from(u32::MAX));
}

fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let one = (any::<u64>(), prop_oneof![0..40_u32, any::<u32>()]);
    prop::collection::vec(one.prop_map(|(dma, len)| segment(dma, len)), 0..12)
}

/// The segment and the place in it that `offset` falls into.
fn find(segments: &[Segment], offset: u64) -> (u64, u64) {
    let mut start = 0;
    for segment in segments {
        let end = start + u64::from(segment.len);
        if offset < end {
            return (segment.dma.wrapping_add(offset - start), end - offset);
        }
        start = end;
    }
    panic!("no segment has {offset}");
}

proptest! {
    #[test]
    fn pages_cover_the_buffer(iova: u64, len in 0..200_000_u32) {
        let mut next = u128::from(iova);
        for (page, offset, len) in pages(iova, len) {
            prop_assert_eq!(page % 4096, 0);
            prop_assert_eq!(u128::from(page) + u128::from(offset), next);
            prop_assert!(len > 0 && offset + len <= 4096);
            next += u128::from(len);
        }
        let end = u128::from(iova) + u128::from(len);
        prop_assert_eq!(next, end.min(1 << 64));
    }

    #[test]
    fn pieces_cover_the_operation(
        sides in prop::array::uniform3(segments()),
        backward: bool,
        max in 1..100_000_000_u32,
    ) {
        let sum = |segments: &[Segment]| segments.iter().map(|s| u64::from(s.len)).sum::<u64>();
        let used = || sides.iter().filter(|side| !side.is_empty());
        let total = used().map(|side| sum(side)).min().unwrap_or(0);
        let total = total.min(u64::from(u32::MAX));

        let order = if backward { Order::Backward } else { Order::Forward };
        let mut next = 0;
        for piece in pieces(sides.each_ref().map(|side| &side[..]), order, max) {
            prop_assert_eq!(u64::from(piece.offset), next);
            prop_assert!((1..=max).contains(&piece.len));
            let len = u64::from(piece.len);
            for (address, side) in piece.addresses.into_iter().zip(&sides) {
                if side.is_empty() {
                    prop_assert_eq!(address, 0);
                    continue;
                }
                let from_start = if backward { sum(side) - next - len } else { next };
                let (dma, left) = find(side, from_start);
                prop_assert_eq!(address, dma);
                prop_assert!(len <= left);
            }
            next += len;
        }
        prop_assert_eq!(next, total);
    }
}
