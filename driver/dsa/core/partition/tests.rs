// SPDX-License-Identifier: GPL-2.0

use super::*;
use proptest::prelude::*;

fn sizes(capacity: u32, wqs: u32) -> Vec<u16> {
    default_sizes(capacity, wqs).collect()
}

#[test]
fn splits_evenly_with_the_rest_in_front() {
    assert_eq!(sizes(128, 8), [16; 8]);
    assert_eq!(sizes(10, 4), [3, 3, 2, 2]);
    assert_eq!(sizes(2, 4), [1, 1, 0, 0]);
    assert_eq!(sizes(128, 0), [0_u16; 0]);
}

proptest! {
    #[test]
    fn spends_all_and_not_more(capacity in 0..=0xffff_u32, wqs in 1..=255_u32) {
        let sizes = sizes(capacity, wqs);
        prop_assert_eq!(sizes.len(), wqs as usize);
        prop_assert_eq!(sizes.iter().map(|size| u32::from(*size)).sum::<u32>(), capacity);
        prop_assert!(sizes.is_sorted_by(|a, b| a >= b));
        prop_assert!(sizes[0] - sizes[sizes.len() - 1] <= 1);
    }

    #[test]
    fn never_more_than_there_is(capacity: u32, wqs in 0..=4096_u32) {
        let sum: u64 = default_sizes(capacity, wqs).map(u64::from).sum();
        prop_assert!(sum <= u64::from(capacity));
    }
}
