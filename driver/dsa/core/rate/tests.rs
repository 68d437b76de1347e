// SPDX-License-Identifier: GPL-2.0

use super::*;
use proptest::prelude::*;

const MIB: u64 = 1 << 20;

#[test]
fn what_was_taken_too_early_is_waited_for() {
    let mut rate = Rate::new(1000, 0);
    assert_eq!(rate.check(0), Ok(()));
    // 50 were saved.
    rate.take(150);
    let wait = rate.check(0).expect_err("it is overdrawn");
    assert!((100_000..=102_000).contains(&wait), "{wait}");
    assert!(rate.check(wait / 2).is_err());
    assert_eq!(rate.check(wait), Ok(()));
}

#[test]
fn a_pause_saves_no_more_than_a_burst() {
    let mut rate = Rate::new(1000, 0);
    rate.take(50);
    assert_eq!(rate.check(3600 * SECOND), Ok(()));
    rate.take(50);
    assert!(rate.check(3600 * SECOND).is_err());
}

#[test]
fn limits_at_the_ends() {
    let mut fast = Rate::new(u64::MAX, 0);
    fast.take(1 << 40);
    assert!(fast.check(SECOND).is_ok());
    let mut slow = Rate::new(0, 0);
    slow.take(100);
    assert!(slow.check(99 * SECOND).is_err());
    assert_eq!(slow.check(101 * SECOND), Ok(()));
    // Time that goes backwards adds nothing.
    let mut back = Rate::new(1000, SECOND);
    back.take(51);
    assert!(back.check(0).is_err());
}

proptest! {
    /// Whoever takes when it may, in turns of any size, gets the rate, whatever its timers are
    /// late.
    #[test]
    fn the_rate_holds_and_is_reached(
        rate in MIB..64 * MIB,
        turns in prop::collection::vec((1u64..=64 << 10, 0u64..10_000), 400),
    ) {
        let mut bucket = Rate::new(rate, 0);
        let (mut now, mut taken) = (0, 0);
        for (bytes, late) in &turns {
            if let Err(wait) = bucket.check(now) {
                now += wait + late;
                prop_assert_eq!(bucket.check(now), Ok(()));
            }
            bucket.take(*bytes);
            taken += bytes;
        }
        let yielded = u128::from(rate) * u128::from(now) / u128::from(SECOND);
        let most = yielded + u128::from(rate / SHARE_OF_SECOND) + (64 << 10);
        prop_assert!(u128::from(taken) <= most, "{} of {} in {} us", taken, most, now);
        // What timers are late is made up for, so all that was yielded is taken.
        prop_assert!(
            u128::from(taken) + u128::from(rate / SHARE_OF_SECOND) + 1 >= yielded,
            "{} of {}", taken, yielded
        );
    }
}
