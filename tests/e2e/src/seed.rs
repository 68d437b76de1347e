// SPDX-License-Identifier: MIT OR Apache-2.0
//! The seed of what is random, printed so that it can be replayed.

use std::sync::OnceLock;

use fastrand::Rng;

use crate::check::step;

static WANTED: OnceLock<u64> = OnceLock::new();

/// Has all that is random start from `seed`. The first call counts.
pub fn want(seed: u64) {
    // Only a second call could fail.
    let _ = WANTED.set(seed);
}

/// The seed that is wanted, or a fresh one; tells the reader how to replay `command`.
pub fn announce(command: &str) -> Rng {
    let seed = first();
    step(format!(
        "seed {seed}: `e2e {command} --seed {seed}` replays it"
    ));
    Rng::with_seed(seed)
}

/// A seed for each round of `command`, one after another; tells the reader how to replay one.
pub fn rounds(command: &str, count: u64) -> impl Iterator<Item = (u64, Rng)> {
    let seed = first();
    step(format!(
        "{count} rounds from seed {seed} on: `e2e {command} --rounds 1 --seed SEED` replays one"
    ));
    (seed..seed + count).map(|seed| (seed, Rng::with_seed(seed)))
}

fn first() -> u64 {
    let seed = WANTED.get().copied();
    seed.unwrap_or_else(|| u64::from(fastrand::u32(..)))
}
