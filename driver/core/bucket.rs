// SPDX-License-Identifier: GPL-2.0

//! Token bucket for rate limits.

#[cfg(test)]
mod tests;

/// A token bucket: a number of tokens at once, and one more per interval after that.
///
/// It knows no clock. Its caller says what time it is, in milliseconds of any clock that does not
/// go backwards.
///
/// # Invariants
///
/// `1 <= burst` and `tokens <= burst`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Bucket {
    burst: u32,
    refill_ms: u64,
    tokens: u32,
    /// Up to when refills are in `tokens`; means nothing while the bucket is full.
    refilled_ms: u64,
}

impl Bucket {
    /// A full bucket of `burst` tokens, at least one, that gets another one every `refill_ms`.
    ///
    /// With an interval of 0 it is always full.
    pub const fn new(burst: u32, refill_ms: u64) -> Self {
        // INVARIANT: There is at least one token, and the bucket is full.
        let burst = if burst == 0 { 1 } else { burst };
        Self {
            burst,
            refill_ms,
            tokens: burst,
            refilled_ms: 0,
        }
    }

    /// Takes a token, or returns in how many milliseconds there will be one.
    ///
    /// At a time before that of an earlier call no token is added.
    pub fn take(&mut self, now_ms: u64) -> Result<(), u64> {
        self.refill(now_ms);
        match self.tokens.checked_sub(1) {
            Some(left) => {
                self.tokens = left;
                Ok(())
            }
            // Less than an interval has passed, or the bucket would not be empty.
            None => Err(self.refill_ms.saturating_sub(self.elapsed(now_ms))),
        }
    }

    /// Adds the tokens of the intervals that have passed.
    fn refill(&mut self, now_ms: u64) {
        let missing = u64::from(self.burst.saturating_sub(self.tokens));
        match self.elapsed(now_ms).checked_div(self.refill_ms) {
            Some(tokens) if tokens < missing => {
                // INVARIANT: Fewer than what is missing, which fits 32 bits.
                self.tokens = self
                    .tokens
                    .saturating_add(u32::try_from(tokens).unwrap_or(u32::MAX));
                let passed = tokens.saturating_mul(self.refill_ms);
                self.refilled_ms = self.refilled_ms.saturating_add(passed);
            }
            // Full, and the next interval begins when a token is taken.
            _ => {
                self.tokens = self.burst;
                self.refilled_ms = now_ms;
            }
        }
    }

    /// Milliseconds since the last refill.
    const fn elapsed(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.refilled_ms)
    }
}
