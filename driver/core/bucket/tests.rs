// SPDX-License-Identifier: GPL-2.0

use super::*;
use proptest::prelude::*;

#[test]
fn a_burst_then_one_per_interval() {
    let mut bucket = Bucket::new(3, 100);
    let now = 5_000;
    assert_eq!([(); 3].map(|()| bucket.take(now)), [Ok(()); 3]);
    assert_eq!(bucket.take(now), Err(100));
    assert_eq!(bucket.take(now + 99), Err(1));
    assert_eq!(bucket.take(now + 100), Ok(()));
    assert_eq!(bucket.take(now + 100), Err(100));
    // Part of an interval is not lost: two have passed since, and half of the next.
    assert_eq!(bucket.take(now + 350), Ok(()));
    assert_eq!(bucket.take(now + 350), Ok(()));
    assert_eq!(bucket.take(now + 350), Err(50));
}

#[test]
fn no_more_than_a_burst_is_saved() {
    let mut bucket = Bucket::new(2, 10);
    assert_eq!(bucket.take(0), Ok(()));
    for _ in 0..2 {
        assert_eq!(bucket.take(1_000_000), Ok(()));
    }
    assert_eq!(bucket.take(1_000_000), Err(10));
}

#[test]
fn a_full_bucket_waits_for_no_clock() {
    // The interval of the next token begins when one is taken, not at time 0.
    let mut bucket = Bucket::new(1, 100);
    assert_eq!(bucket.take(50), Ok(()));
    assert_eq!(bucket.take(100), Err(50));
    assert_eq!(bucket.take(150), Ok(()));
}

#[test]
fn limits_at_the_ends() {
    let mut unlimited = Bucket::new(1, 0);
    assert!((0..9).all(|_| unlimited.take(7).is_ok()));

    let mut none = Bucket::new(0, 10);
    assert_eq!(none.take(0), Ok(()), "at least one");
    assert_eq!(none.take(0), Err(10));

    let mut once = Bucket::new(1, u64::MAX);
    assert_eq!(once.take(1), Ok(()));
    assert_eq!(once.take(u64::MAX), Err(1));

    let mut large = Bucket::new(u32::MAX, 1);
    assert_eq!(large.take(0), Ok(()));
    assert_eq!(large.take(u64::MAX), Ok(()));
}

#[test]
fn time_that_goes_backwards_adds_nothing() {
    let mut bucket = Bucket::new(1, 100);
    assert_eq!(bucket.take(1_000), Ok(()));
    assert_eq!(bucket.take(0), Err(100));
    assert_eq!(bucket.take(1_100), Ok(()));
}

/// The same bucket, a millisecond at a time.
struct Naive {
    burst: u32,
    refill_ms: u64,
    tokens: u32,
    /// Milliseconds into the interval of the next token.
    into: u64,
}

impl Naive {
    fn tick(&mut self) {
        if self.tokens == self.burst {
            self.into = 0;
            return;
        }
        self.into += 1;
        if self.into == self.refill_ms {
            self.tokens += 1;
            self.into = 0;
        }
    }

    fn take(&mut self) -> Result<(), u64> {
        if self.tokens == 0 {
            return Err(self.refill_ms - self.into);
        }
        self.tokens -= 1;
        Ok(())
    }
}

proptest! {
    #[test]
    fn it_is_what_a_naive_bucket_is(
        burst in 1..6_u32,
        refill_ms in 1..20_u64,
        start in any::<u32>(),
        waits in prop::collection::vec(prop_oneof![3 => Just(0), 3 => 0..20_u64, 1 => 0..200_u64], 1..60),
    ) {
        let mut bucket = Bucket::new(burst, refill_ms);
        let mut naive = Naive { burst, refill_ms, tokens: burst, into: 0 };
        let mut now = u64::from(start);
        for wait in waits {
            now += wait;
            (0..wait).for_each(|_| naive.tick());
            prop_assert_eq!(bucket.take(now), naive.take(), "{} after {}", now, start);
        }
    }

    #[test]
    fn the_wait_is_over_when_it_said(
        burst in any::<u32>(),
        refill_ms in any::<u64>(),
        times in prop::collection::vec(any::<u64>(), 1..20),
    ) {
        let mut bucket = Bucket::new(burst, refill_ms);
        for now in times {
            if let Err(wait) = bucket.take(now) {
                prop_assert!(wait > 0 && wait <= refill_ms);
                if let Some(then) = now.checked_add(wait) {
                    let mut early = bucket;
                    prop_assert_eq!(early.take(then - 1), Err(1));
                }
            }
        }
    }
}
