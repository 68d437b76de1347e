// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lays text out in columns.

use anstyle::Style;
use serde_json::Value;

use super::columns::Column;
use super::text::text;

const HEADING: Style = Style::new().bold();
/// What stands for an absent attribute.
const ABSENT: &str = "-";
const GAP: &str = "  ";

/// A line of headings and one for each of `rows`; nothing when there are none.
pub fn table(columns: &[Column], rows: &[Value]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut lines = vec![String::new(); rows.len() + 1];
    for (at, (name, heading)) in columns.iter().enumerate() {
        let values: Vec<Option<&Value>> = rows.iter().map(|row| row.get(name)).collect();
        let cells: Vec<String> = values
            .iter()
            .map(|value| value.map_or(ABSENT.into(), |value| text(value, false)))
            .collect();
        let width = cells
            .iter()
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
            .max(heading.len());
        let numbers = values.iter().flatten().all(|value| value.is_number());
        let gap = if at == 0 { "" } else { GAP };
        for (line, cell) in lines.iter_mut().zip(
            [*heading]
                .into_iter()
                .chain(cells.iter().map(String::as_str)),
        ) {
            *line += gap;
            *line += &match numbers {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            };
        }
    }
    let mut out = format!("{HEADING}{}{HEADING:#}\n", lines[0].trim_end());
    for line in &lines[1..] {
        out += line.trim_end();
        out.push('\n');
    }
    out
}

/// A line for each attribute.
pub fn details(pairs: &[(String, String)]) -> String {
    let width = pairs
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    pairs
        .iter()
        .map(|(name, value)| format!("{HEADING}{name:<width$}{HEADING:#}{GAP}{value}\n"))
        .collect()
}
