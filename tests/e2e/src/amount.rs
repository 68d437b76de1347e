// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much is done by scenarios that can do any amount: a little in a test, more by hand.

use std::sync::OnceLock;

use crate::kmemleak;

static ROUNDS: OnceLock<u64> = OnceLock::new();
static CHANGES: OnceLock<u64> = OnceLock::new();

/// Has so much be done instead of the usual. The first call counts.
pub fn want(rounds: Option<u64>, changes: Option<u64>) {
    for (wanted, amount) in [(&ROUNDS, rounds), (&CHANGES, changes)] {
        // Only a second call could fail.
        amount.map(|amount| wanted.set(amount).is_ok());
    }
}

/// The usual amount, or what is enough where the kernel checks itself, which takes many times as long.
pub fn by_kernel(usual: u64, checked: u64) -> u64 {
    if kmemleak::is_there() { checked } else { usual }
}

/// How often something is done that begins anew each time.
pub fn rounds(usual: u64) -> u64 {
    ROUNDS.get().copied().unwrap_or(usual)
}

/// How many changes are made in a round.
pub fn changes(usual: u64) -> u64 {
    CHANGES.get().copied().unwrap_or(usual)
}
