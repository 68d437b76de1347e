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
    let seed = WANTED.get().copied();
    let seed = seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    step(format!(
        "seed {seed}: `e2e {command} --seed {seed}` replays it"
    ));
    Rng::with_seed(seed)
}
