// SPDX-License-Identifier: MIT OR Apache-2.0
//! Something that was measured several times.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Time.
    Seconds,
    /// Memory, or the length of messages.
    Bytes,
    /// Things.
    Count,
    /// Things in a second.
    PerSecond,
    /// Data in a second.
    BytesPerSecond,
}

/// Values of several times, in any order.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples(pub Vec<f64>);

impl From<f64> for Samples {
    fn from(value: f64) -> Self {
        Self(vec![value])
    }
}

impl From<Vec<f64>> for Samples {
    fn from(values: Vec<f64>) -> Self {
        Self(values)
    }
}

impl From<Duration> for Samples {
    fn from(time: Duration) -> Self {
        Self(vec![time.as_secs_f64()])
    }
}

impl From<&[Duration]> for Samples {
    fn from(times: &[Duration]) -> Self {
        Self(times.iter().map(Duration::as_secs_f64).collect())
    }
}

impl From<&Vec<Duration>> for Samples {
    fn from(times: &Vec<Duration>) -> Self {
        times.as_slice().into()
    }
}

/// What is kept of [`Samples`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Who or what was measured: `subdev`, `devlink`.
    pub whose: String,
    /// Of the numbers.
    pub unit: Unit,
    /// The middle one.
    pub median: f64,
    /// Where the lowest quarter ends, and where the highest begins.
    pub quartiles: (f64, f64),
    /// The lowest of all.
    pub lowest: f64,
    /// What one in a hundred exceeds; the highest of fewer.
    pub p99: f64,
    /// How many there were.
    pub samples: usize,
}

impl Measured {
    /// What `samples` come to; none of no samples, or of some that are no numbers.
    pub fn of(whose: &str, unit: Unit, samples: impl Into<Samples>) -> Option<Self> {
        let Samples(mut values) = samples.into();
        if values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        values.sort_unstable_by(f64::total_cmp);
        let count = values.len();
        let at = |hundredths: usize| values.get((count * hundredths / 100).min(count - 1));
        Some(Self {
            whose: whose.to_owned(),
            unit,
            median: *values.get(count / 2)?,
            quartiles: (*at(25)?, *at(75)?),
            lowest: *values.first()?,
            p99: *at(99)?,
            samples: count,
        })
    }

    /// How far the quartiles are from each other, as a share of the median.
    pub fn spread(&self) -> Option<f64> {
        let (low, high) = self.quartiles;
        (self.samples > 1 && self.median > 0.0).then(|| (high - low) / self.median)
    }

    /// One of its numbers as people write it.
    pub fn shown(&self, number: f64) -> String {
        shown(number, self.unit)
    }
}

/// A number as people write it.
pub fn shown(number: f64, unit: Unit) -> String {
    let (number, unit) = match unit {
        Unit::Seconds if number >= 1.0 => (number, " s"),
        Unit::Seconds if number >= 0.01 => (number * 1e3, " ms"),
        Unit::Seconds => (number * 1e6, " µs"),
        Unit::Bytes if number >= 10_240.0 * 1024.0 => (number / 1_048_576.0, " MiB"),
        Unit::Bytes if number >= 10_240.0 => (number / 1024.0, " KiB"),
        Unit::Bytes => return format!("{number:.0} B"),
        Unit::Count => (number, ""),
        Unit::PerSecond => return format!("{number:.0}/s"),
        Unit::BytesPerSecond => (number / 1_048_576.0, " MiB/s"),
    };
    match number {
        _ if number.fract() == 0.0 && unit.is_empty() => format!("{number:.0}"),
        _ if number < 100.0 => format!("{number:.2}{unit}"),
        _ => format!("{number:.1}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_to_median_quartiles_and_a_hundredth() {
        let values: Vec<f64> = (0..200).rev().map(f64::from).collect();
        let measured = Measured::of("it", Unit::Count, values).expect("samples");
        assert_eq!(measured.median, 100.0);
        assert_eq!(measured.quartiles, (50.0, 150.0));
        assert_eq!((measured.lowest, measured.p99), (0.0, 198.0));
        assert_eq!(measured.spread(), Some(1.0));
    }

    #[test]
    fn nothing_is_no_figure() {
        assert_eq!(Measured::of("it", Unit::Count, Vec::new()), None);
        assert_eq!(Measured::of("it", Unit::Count, f64::NAN), None);
        let one = Measured::of("it", Unit::Count, 7.0).expect("a sample");
        assert_eq!((one.median, one.p99, one.spread()), (7.0, 7.0, None));
    }

    #[test]
    fn numbers_are_shown_as_people_write_them() {
        let cases = [
            (0.000_004_2, Unit::Seconds, "4.20 µs"),
            (0.042, Unit::Seconds, "42.00 ms"),
            (700.0, Unit::Bytes, "700 B"),
            (3.0 * 1_048_576.0, Unit::Bytes, "3072.0 KiB"),
            (30.0, Unit::Count, "30"),
            (0.25, Unit::Count, "0.25"),
            (1234.5, Unit::PerSecond, "1234/s"),
        ];
        for (number, unit, want) in cases {
            assert_eq!(shown(number, unit), want);
        }
    }
}
