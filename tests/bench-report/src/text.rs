// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables, for a terminal and as Markdown.

use std::fmt::Write;

use crate::{Line, Measured, Row};

/// The headings of a table.
const HEADINGS: [&str; 9] = [
    "",
    "at",
    "of",
    "figure",
    "spread",
    "beside",
    "its figure",
    "ratio",
    "bar",
];

/// Tables and notes of `lines`, for a terminal.
pub fn tables(lines: &[Line]) -> String {
    let mut text = String::new();
    for (name, rows) in grouped(lines) {
        let cells: Vec<_> = std::iter::once(HEADINGS.map(str::to_owned))
            .chain(rows.iter().map(|row| cells(row)))
            .collect();
        let mut widths = [0; HEADINGS.len()];
        for row in &cells {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let _ = writeln!(text, "{name}");
        for row in &cells {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(widths).enumerate() {
                let _ = match is_number(at) {
                    true => write!(line, "{cell:>width$}  "),
                    false => write!(line, "{cell:<width$}  "),
                };
            }
            let _ = writeln!(text, "  {}", line.trim_end());
        }
        text.push('\n');
    }
    for note in notes(lines) {
        let _ = writeln!(text, "{note}");
    }
    text
}

/// The same as Markdown.
pub fn markdown(lines: &[Line]) -> String {
    let mut text = String::new();
    for (name, rows) in grouped(lines) {
        let _ = writeln!(text, "### {name}\n\n| {} |", HEADINGS.join(" | "));
        let rule = |at| if is_number(at) { "---:" } else { "---" };
        let rules: Vec<_> = (0..HEADINGS.len()).map(rule).collect();
        let _ = writeln!(text, "| {} |", rules.join(" | "));
        for row in rows {
            let cells = cells(row).map(|cell| cell.replace('|', "\\|"));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text.push('\n');
    }
    for note in notes(lines) {
        let _ = writeln!(text, "{note}\n");
    }
    text
}

/// Whether the cells below that heading are numbers.
fn is_number(at: usize) -> bool {
    !matches!(at, 0 | 2 | 5 | 8)
}

fn cells(row: &Row) -> [String; HEADINGS.len()] {
    let figure = |measured: &Measured| measured.shown(row.by.of(measured));
    let spread = row.ours.spread();
    let beside = row.beside.as_ref();
    let bar = row.bar_shown().map(|bar| match row.missed_by() {
        Some(missed) if missed > 0.0 => format!("{bar}  MISSED by {:.0} %", 100.0 * missed),
        _ => format!("{bar}  met"),
    });
    [
        row.what.clone(),
        row.at.map(|at| at.to_string()).unwrap_or_default(),
        row.ours.whose.clone(),
        figure(&row.ours),
        spread.map_or_else(String::new, |it| format!("{:.0} %", 100.0 * it)),
        beside.map(|it| it.whose.clone()).unwrap_or_default(),
        beside.map(figure).unwrap_or_default(),
        row.ratio().map(|it| format!("{it:.2}")).unwrap_or_default(),
        bar.unwrap_or_default(),
    ]
}

/// The rows of each table, in the order in which the tables begin.
fn grouped(lines: &[Line]) -> Vec<(&str, Vec<&Row>)> {
    let mut tables: Vec<(&str, Vec<&Row>)> = Vec::new();
    for line in lines {
        let Line::Row(row) = line else { continue };
        match tables.iter_mut().find(|(name, _)| *name == row.table) {
            Some((_, rows)) => rows.push(row),
            None => tables.push((&row.table, vec![row])),
        }
    }
    tables
}

fn notes(lines: &[Line]) -> impl Iterator<Item = &str> {
    lines.iter().filter_map(|line| match line {
        Line::Note(text) => Some(text.as_str()),
        Line::Row(_) | Line::Fact(..) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bar, Unit};

    fn lines() -> Vec<Line> {
        let row = |what: &str, ours: f64| {
            let row = Row::new("a table", what, "sub|dev", Unit::Seconds, ours);
            let row = row.and_then(|row| row.beside("devlink", 1e-4));
            Line::Row(row.expect("samples").at(64).bar(Bar::AtMost(1.5)))
        };
        vec![
            row("get", 1e-4),
            Line::Note("a note".into()),
            row("set", 3e-4),
        ]
    }

    #[test]
    fn a_table_says_what_is_missed_and_by_how_much() {
        let text = tables(&lines());
        let rows: Vec<_> = text.lines().collect();
        assert_eq!(rows[0], "a table");
        assert!(rows[2].ends_with("1.00  at most 1.50  met"), "{text}");
        assert!(rows[3].ends_with("at most 1.50  MISSED by 100 %"), "{text}");
        assert_eq!(rows.last(), Some(&"a note"));
    }

    #[test]
    fn markdown_has_the_same_cells() {
        let text = markdown(&lines());
        assert!(text.starts_with("### a table\n\n|  | at | of |"), "{text}");
        assert!(
            text.contains("| get | 64 | sub\\|dev | 100.0 µs |"),
            "{text}"
        );
        assert_eq!(text.matches("MISSED").count(), 1, "{text}");
    }
}
