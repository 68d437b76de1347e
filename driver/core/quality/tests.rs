// SPDX-License-Identifier: GPL-2.0

use super::*;

#[test]
fn what_is_absent_stays_and_zero_is_no_cap() {
    let default = Quality::default();
    assert_eq!(default.with(None, None), Ok(default));
    let both = default.with(Some(300), Some(LEAST_MAX_RATE));
    let both = both.expect("the smallest cap");
    assert_eq!((both.weight, both.max_rate), (300, Some(LEAST_MAX_RATE)));
    assert_eq!(
        both.with(Some(7), None).map(|it| it.max_rate),
        Ok(both.max_rate)
    );
    assert_eq!(both.with(None, Some(0)).map(|it| it.max_rate), Ok(None));
}

#[test]
fn a_cap_that_is_too_small_is_refused_with_the_smallest() {
    let refused = Quality::default().with(None, Some(LEAST_MAX_RATE - 1));
    assert_eq!(refused, Err(TooSlow));
    let text = TooSlow.to_string();
    assert!(text.contains("262144") && text.len() < 80, "{text}");
}
