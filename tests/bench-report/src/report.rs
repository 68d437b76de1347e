// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stream between a measurement and who reads it.

use serde::{Deserialize, Serialize};

use crate::{Row, text};

/// A line of the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// A figure.
    Row(Row),
    /// What there is to know about the figures.
    Note(String),
    /// What they depend on: a version, a seed.
    Fact(String, String),
}

impl Line {
    /// Reads a line of a measurement's output; none if it is another program's.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Takes in what was measured.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<Line>,
    /// Whether each line is printed when it comes, for a program.
    stream: bool,
}

impl Report {
    /// One that prints the stream, or keeps the lines to print tables of them in the end.
    pub fn new(stream: bool) -> Self {
        let lines = Vec::new();
        Self { lines, stream }
    }

    /// Adds a line.
    pub fn add(&mut self, line: Line) {
        if self.stream {
            // It has only maps with names as keys, and numbers: nothing that JSON could not have.
            println!("{}", serde_json::to_string(&line).unwrap_or_default());
        }
        self.lines.push(line);
    }

    /// Adds a row, or tells that there is none as nothing was measured.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn row(&mut self, row: Option<Row>) -> Result<(), Nothing> {
        self.add(Line::Row(row.ok_or(Nothing)?));
        Ok(())
    }

    /// Adds what there is to know.
    pub fn note(&mut self, text: impl Into<String>) {
        self.add(Line::Note(text.into()));
    }

    /// Adds what figures depend on.
    pub fn fact(&mut self, name: &str, value: impl Into<String>) {
        self.add(Line::Fact(name.to_owned(), value.into()));
    }

    /// Ends it: prints tables, unless it is a stream. Returns whether all bars are met.
    pub fn end(self) -> bool {
        if !self.stream {
            print!("{}", text::tables(&self.lines));
        }
        self.lines.iter().all(|line| match line {
            Line::Row(row) => row.is_good(),
            Line::Note(_) | Line::Fact(..) => true,
        })
    }
}

/// Nothing was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nothing;

impl std::fmt::Display for Nothing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing was measured")
    }
}

impl std::error::Error for Nothing {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bar, Unit};

    #[test]
    fn what_is_printed_is_read_again() {
        let row = Row::new("a table", "get", "subdev", Unit::Seconds, vec![0.1, 0.2])
            .and_then(|row| row.beside("devlink", 0.3))
            .expect("samples");
        for line in [
            Line::Row(row.at(64).bar(Bar::AtMost(0.5))),
            Line::Note("a \"note\"\nof two lines".into()),
            Line::Fact("kernel".into(), "7.3".into()),
        ] {
            let text = serde_json::to_string(&line).expect("JSON");
            assert!(!text.contains('\n'), "{text}");
            assert_eq!(Line::read(&text), Some(line));
        }
    }

    #[test]
    fn what_other_programs_print_is_no_line() {
        for text in ["", "insmod: it is there", "{}", "7", "{\"row\": 1}"] {
            assert_eq!(Line::read(text), None, "{text}");
        }
    }

    #[test]
    fn it_passes_when_each_bar_is_met() {
        let row = Row::new("a table", "memory", "subdev", Unit::Bytes, 2.0).expect("a sample");
        for (most, want) in [(2.0, true), (1.0, false)] {
            let mut report = Report::new(true);
            report.note("a note");
            let row = row.clone().bar(Bar::AtMost(most));
            assert_eq!(report.row(Some(row)), Ok(()));
            assert_eq!(report.end(), want);
        }
        assert_eq!(Report::new(true).row(None), Err(Nothing));
    }
}
