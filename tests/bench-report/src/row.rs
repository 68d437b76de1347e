// SPDX-License-Identifier: MIT OR Apache-2.0
//! A row of a table: a figure, what it is compared with, and what it has to be.

use serde::{Deserialize, Serialize};

use crate::{Measured, Samples, Unit};

/// Which number of a [`Measured`] counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistic {
    /// The middle one.
    #[default]
    Median,
    /// The lowest: what takes long is interrupted by something else most times.
    Lowest,
    /// What one in a hundred exceeds.
    P99,
}

impl Statistic {
    /// That number.
    pub fn of(self, measured: &Measured) -> f64 {
        match self {
            Self::Median => measured.median,
            Self::Lowest => measured.lowest,
            Self::P99 => measured.p99,
        }
    }
}

/// What a figure has to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bar {
    /// No more than that.
    AtMost(f64),
    /// No less than that.
    AtLeast(f64),
}

impl Bar {
    /// By what share of the bar a figure misses it; zero or less where it is met.
    pub fn missed_by(self, figure: f64) -> f64 {
        match self {
            Self::AtMost(most) => (figure - most) / most,
            Self::AtLeast(least) => (least - figure) / least,
        }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The table that it is in.
    pub table: String,
    /// What was done, or is counted.
    pub what: String,
    /// Of how many there are, or how large they are, when the same is measured at several points.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<u64>,
    /// What was measured.
    pub ours: Measured,
    /// What that is compared with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub beside: Option<Measured>,
    /// Which numbers count.
    #[serde(default)]
    pub by: Statistic,
    /// What the ratio has to be where there is one, else the number itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bar: Option<Bar>,
}

impl Row {
    /// A row with nothing to compare with; none where nothing was measured.
    pub fn new(
        table: &str,
        what: &str,
        whose: &str,
        unit: Unit,
        samples: impl Into<Samples>,
    ) -> Option<Self> {
        Some(Self {
            table: table.to_owned(),
            what: what.to_owned(),
            at: None,
            ours: Measured::of(whose, unit, samples)?,
            beside: None,
            by: Statistic::default(),
            bar: None,
        })
    }

    /// With what it is compared with; none where nothing of that was measured.
    pub fn beside(mut self, whose: &str, samples: impl Into<Samples>) -> Option<Self> {
        self.beside = Some(Measured::of(whose, self.ours.unit, samples)?);
        Some(self)
    }

    /// At such a point.
    pub fn at(self, at: u64) -> Self {
        let at = Some(at);
        Self { at, ..self }
    }

    /// With such numbers counting.
    pub fn by(self, by: Statistic) -> Self {
        Self { by, ..self }
    }

    /// With such a bar.
    pub fn bar(self, bar: Bar) -> Self {
        let bar = Some(bar);
        Self { bar, ..self }
    }

    /// The number that counts.
    pub fn value(&self) -> f64 {
        self.by.of(&self.ours)
    }

    /// That as a multiple of what it is compared with.
    pub fn ratio(&self) -> Option<f64> {
        let beside = self.by.of(self.beside.as_ref()?);
        (beside > 0.0).then(|| self.value() / beside)
    }

    /// What the bar is about.
    pub fn figure(&self) -> f64 {
        self.ratio().unwrap_or_else(|| self.value())
    }

    /// By what share of its bar it misses that; zero or less where it meets it.
    pub fn missed_by(&self) -> Option<f64> {
        // A ratio that there is not meets no bar.
        if self.beside.is_some() && self.ratio().is_none() {
            return self.bar.map(|_| f64::INFINITY);
        }
        self.bar.map(|bar| bar.missed_by(self.figure()))
    }

    /// Whether it is as it has to be.
    pub fn is_good(&self) -> bool {
        self.missed_by().is_none_or(|missed| missed <= 0.0)
    }

    /// The figure as people write it.
    pub fn figure_shown(&self) -> String {
        match self.ratio() {
            Some(ratio) => format!("{ratio:.2}"),
            None => self.ours.shown(self.value()),
        }
    }

    /// The bar as people write it.
    pub fn bar_shown(&self) -> Option<String> {
        let (words, limit) = match self.bar? {
            Bar::AtMost(most) => ("at most", most),
            Bar::AtLeast(least) => ("at least", least),
        };
        Some(match self.beside {
            Some(_) => format!("{words} {limit:.2}"),
            None => format!("{words} {}", self.ours.shown(limit)),
        })
    }

    /// Whether it is about the same as a row of another run.
    pub fn is_same(&self, other: &Self) -> bool {
        let key = |row: &Self| {
            let beside = row.beside.as_ref().map(|it| it.whose.clone());
            let names = (row.table.clone(), row.what.clone(), row.ours.whose.clone());
            (names, row.at, beside)
        };
        key(self) == key(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ours: f64, bar: Bar) -> Row {
        let row = Row::new("a table", "get", "subdev", Unit::Count, ours);
        let row = row.and_then(|row| row.beside("devlink", 100.0));
        row.expect("samples").bar(bar)
    }

    #[test]
    fn a_ratio_is_what_the_bar_is_about() {
        assert!(row(150.0, Bar::AtMost(1.5)).is_good());
        assert!(!row(151.0, Bar::AtMost(1.5)).is_good());
        assert!(row(90.0, Bar::AtLeast(0.9)).is_good());
        assert!(!row(89.0, Bar::AtLeast(0.9)).is_good());
        let missed = row(300.0, Bar::AtMost(1.5)).missed_by();
        assert_eq!(missed, Some(1.0));
    }

    #[test]
    fn without_a_ratio_it_is_the_number() {
        let row = Row::new("a table", "memory", "subdev", Unit::Bytes, 4097.0).expect("a sample");
        assert!(row.is_good());
        assert!(!row.clone().bar(Bar::AtMost(4096.0)).is_good());
        assert_eq!(row.figure_shown(), "4097 B");
    }

    #[test]
    fn what_is_compared_with_nothing_at_all_meets_no_bar() {
        let row = Row::new("a table", "get", "subdev", Unit::Count, 0.0);
        let row = row.and_then(|row| row.beside("devlink", 0.0));
        assert!(!row.expect("samples").bar(Bar::AtMost(1.0)).is_good());
    }

    #[test]
    fn rows_of_two_runs_are_found_by_what_they_are_about() {
        let (before, after) = (row(1.0, Bar::AtMost(1.0)), row(2.0, Bar::AtMost(3.0)));
        assert!(before.is_same(&after));
        assert!(!before.is_same(&after.at(64)));
    }
}
