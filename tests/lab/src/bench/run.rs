// SPDX-License-Identifier: MIT OR Apache-2.0

//! What one `cargo xtask bench` has measured, as it is kept.

use bench_report::{Line, Row};
use serde::{Deserialize, Serialize};

/// A run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// What it was called.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
    /// When it began, in UTC.
    pub date: String,
    /// The command that repeats it.
    pub command: String,
    /// What figures depend on, of the host.
    pub facts: Vec<(String, String)>,
    /// What was measured, in its order.
    pub parts: Vec<Part>,
}

/// One subject.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// Its name.
    pub subject: String,
    /// The command that measured it.
    pub command: String,
    /// How long that took, with what it built before.
    pub seconds: f64,
    /// Why it is not whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<String>,
    /// What it said.
    pub lines: Vec<Line>,
}

impl Part {
    /// Its figures.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.lines.iter().filter_map(|line| match line {
            Line::Row(row) => Some(row),
            Line::Note(_) | Line::Fact(..) => None,
        })
    }

    /// What they depend on.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().filter_map(|line| match line {
            Line::Fact(name, value) => Some((name.as_str(), value.as_str())),
            Line::Row(_) | Line::Note(_) => None,
        })
    }

    /// Whether it is whole and all bars are met.
    pub fn passed(&self) -> bool {
        self.failure.is_none() && self.rows().all(Row::is_good)
    }
}

impl Run {
    /// What it is called among others.
    pub fn title(&self) -> String {
        match &self.label {
            Some(label) => format!("{label}, {}", self.date),
            None => self.date.clone(),
        }
    }
}
