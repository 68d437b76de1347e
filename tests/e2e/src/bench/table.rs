// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table that a measurement prints.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// Rows below a heading.
pub struct Table {
    heading: [&'static str; 4],
    rows: Vec<[String; 5]>,
    passed: bool,
}

impl Table {
    /// A table without rows; the heading is that of the figures.
    pub fn new(heading: [&'static str; 4]) -> Self {
        Self {
            heading,
            rows: Vec::new(),
            passed: true,
        }
    }

    /// Adds two times, whose ratio may be at most `most`.
    pub fn ratio(&mut self, what: &str, first: Duration, last: Duration, most: f64) {
        let micros = |time: Duration| format!("{:.1} µs", time.as_secs_f64() * 1e6);
        let ratio = last.as_secs_f64() / first.as_secs_f64();
        self.row(
            [what.to_owned(), micros(first), micros(last)],
            format!("{ratio:.2}"),
            format!("{most:.2}"),
            ratio <= most,
        );
    }

    /// Adds a number of bytes, which may be at most `most`.
    pub fn bytes(&mut self, what: &str, bytes: f64, most: f64) {
        self.row(
            [what.to_owned(), String::new(), String::new()],
            format!("{bytes:.0} B"),
            format!("{most:.0} B"),
            bytes <= most,
        );
    }

    fn row(&mut self, head: [String; 3], figure: String, most: String, good: bool) {
        let [what, first, last] = head;
        let most = if good {
            most
        } else {
            format!("{most}  TOO MUCH")
        };
        self.rows.push([what, first, last, figure, most]);
        self.passed &= good;
    }

    /// Whether each figure is at most what it may be.
    pub fn passed(&self) -> bool {
        self.passed
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [first, last, figure, most] = self.heading;
        writeln!(f, "{:<24} {first:>12} {last:>12} {figure:>12}   {most}", "")?;
        for [what, first, last, figure, most] in &self.rows {
            writeln!(f, "{what:<24} {first:>12} {last:>12} {figure:>12}   {most}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(last: u64, bytes: f64) -> Table {
        let mut table = Table::new(["first", "last", "ratio", "at most"]);
        let micros = Duration::from_micros;
        table.ratio("get", micros(100), micros(last), 1.5);
        table.bytes("memory", bytes, 4096.0);
        table
    }

    #[test]
    fn what_is_at_most_its_bar_passes() {
        assert!(table(150, 4096.0).passed());
        assert!(!table(151, 4096.0).passed());
        assert!(!table(150, 4097.0).passed());
    }

    #[test]
    fn what_exceeds_its_bar_is_marked() {
        let text = table(200, 1.0).to_string();
        let marked: Vec<_> = text.lines().filter(|l| l.contains("TOO MUCH")).collect();
        assert_eq!(marked.len(), 1, "{text}");
        assert!(
            marked[0].starts_with("get") && marked[0].contains("2.00"),
            "{text}"
        );
    }
}
