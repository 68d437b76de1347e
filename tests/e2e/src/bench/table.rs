// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rows that have the same two columns.

use anyhow::Result;
use bench_report::{Bar, Report, Row, Samples, Unit};

/// A table of a report.
pub struct Table<'a> {
    report: &'a mut Report,
    name: String,
    beside: &'a str,
    ours: &'a str,
}

impl<'a> Table<'a> {
    /// A table without rows; what is measured is compared with `beside`.
    pub fn new(report: &'a mut Report, name: &str, [beside, ours]: [&'a str; 2]) -> Self {
        Self {
            report,
            name: name.to_owned(),
            beside,
            ours,
        }
    }

    /// Adds two times, whose ratio may be at most `most`.
    pub fn ratio(
        &mut self,
        what: &str,
        first: impl Into<Samples>,
        last: impl Into<Samples>,
        most: f64,
    ) -> Result<()> {
        self.compared(what, first, last, |row| row.bar(Bar::AtMost(most)))
    }

    /// The same, with more to say of the row.
    pub fn compared(
        &mut self,
        what: &str,
        first: impl Into<Samples>,
        last: impl Into<Samples>,
        more: impl FnOnce(Row) -> Row,
    ) -> Result<()> {
        let row = Row::new(&self.name, what, self.ours, Unit::Seconds, last);
        let row = row.and_then(|row| row.beside(self.beside, first));
        Ok(self.report.row(row.map(more))?)
    }

    /// Adds a number of bytes, which may be at most `most`.
    pub fn bytes(&mut self, what: &str, bytes: impl Into<Samples>, most: f64) -> Result<()> {
        let row = Row::new(&self.name, what, self.ours, Unit::Bytes, bytes);
        let row = row.map(|row| row.bar(Bar::AtMost(most)));
        Ok(self.report.row(row)?)
    }
}
