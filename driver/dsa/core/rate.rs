// SPDX-License-Identifier: GPL-2.0

//! A cap on bytes per second: a token bucket that may be overdrawn by what is taken last.

#[cfg(test)]
mod tests;

/// Microseconds in a second.
const SECOND: u64 = 1_000_000;

/// How much is saved: what the rate yields in a second, divided by this. It covers what a timer of
/// the kernel is late, a few ms.
const SHARE_OF_SECOND: u64 = 20;

/// A token bucket of bytes.
///
/// Whoever finds it above zero may take any number of bytes, and then waits until it is above zero
/// again. So over any time at most the rate passes, what was saved, and what was taken last.
///
/// It knows no clock. Its caller says what time it is, in microseconds of any clock that does not go
/// backwards.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Bytes per second, at least 1.
    rate: u64,
    /// Bytes that may be taken, or that were taken too early, in millionths: what the rate of one
    /// byte per second yields in a microsecond.
    level: i64,
    /// Up to when the rate is in `level`.
    filled: u64,
}

impl Rate {
    /// A full bucket for `rate` bytes per second.
    pub fn new(rate: u64, now: u64) -> Self {
        let rate = rate.max(1);
        Self {
            rate,
            level: Self::most(rate),
            filled: now,
        }
    }

    /// Bytes per second.
    pub fn rate(&self) -> u64 {
        self.rate
    }

    /// The level of a full bucket.
    fn most(rate: u64) -> i64 {
        signed(rate.saturating_mul(SECOND / SHARE_OF_SECOND))
    }

    /// Whether bytes may be taken, or in how many microseconds.
    pub fn check(&mut self, now: u64) -> Result<(), u64> {
        let yielded = now.saturating_sub(self.filled).saturating_mul(self.rate);
        self.level = self.level.saturating_add(signed(yielded));
        self.level = self.level.min(Self::most(self.rate));
        self.filled = self.filled.max(now);
        if self.level > 0 {
            return Ok(());
        }
        // More than are missing, so that it is above zero then.
        Err((self.level.unsigned_abs() / self.rate).saturating_add(1))
    }

    /// Bytes that a full bucket has.
    pub fn burst(&self) -> u64 {
        self.rate / SHARE_OF_SECOND
    }

    /// Takes bytes, whether there are so many or not.
    pub fn take(&mut self, bytes: u64) {
        let taken = signed(bytes.saturating_mul(SECOND));
        self.level = self.level.saturating_sub(taken);
    }
}

/// The number, or the largest there is.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
