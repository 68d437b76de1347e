// SPDX-License-Identifier: GPL-2.0

//! How a subdev is served on a WQ that it shares with others.

use core::fmt;

#[cfg(test)]
mod tests;

/// The weight of a subdev that asks for none; the spec's range of weights is around it.
pub const DEFAULT_WEIGHT: u32 = 100;

/// The largest weight, and that of the spec.
pub const MAX_WEIGHT: u32 = 10_000;

/// The smallest cap, in bytes per second. A descriptor may have megabytes, and whoever drains a WQ
/// waits for them, so the cap is what keeps that bounded.
pub const LEAST_MAX_RATE: u64 = 256 << 10;

/// How a subdev is served on one WQ.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Quality {
    /// Its share of the WQ's bandwidth, relative to the weights of the others that have work.
    pub weight: u32,
    /// Most bytes per second, if there is a cap.
    pub max_rate: Option<u64>,
}

impl Default for Quality {
    fn default() -> Self {
        Self {
            weight: DEFAULT_WEIGHT,
            max_rate: None,
        }
    }
}

impl Quality {
    /// With what a request asks for; what is absent stays. A rate of 0 is no cap.
    pub fn with(self, weight: Option<u32>, max_rate: Option<u64>) -> Result<Self, TooSlow> {
        Ok(Self {
            weight: weight.unwrap_or(self.weight),
            max_rate: match max_rate {
                None => self.max_rate,
                Some(0) => None,
                Some(rate) if rate < LEAST_MAX_RATE => return Err(TooSlow),
                Some(rate) => Some(rate),
            },
        })
    }
}

/// A cap is below the smallest; displays as what would be accepted.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a cap is at least {LEAST_MAX_RATE} bytes per second, or 0 for none"
        )
    }
}
