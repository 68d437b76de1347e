// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lays text out in columns.

use std::borrow::Cow;

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
    let columns: Vec<_> = columns.iter().map(|it| column(it, rows)).collect();
    let line = |at: usize| {
        let cells: Vec<_> = columns.iter().map(|cells| cells[at].as_str()).collect();
        cells.join(GAP).trim_end().to_string()
    };
    let mut out = format!("{HEADING}{}{HEADING:#}\n", line(0));
    for at in 1..=rows.len() {
        out += &line(at);
        out.push('\n');
    }
    out
}

/// The heading and the cells of a column, all of the same width: numbers to
/// the right, words to the left.
fn column(&(name, heading): &Column, rows: &[Value]) -> Vec<String> {
    let values: Vec<_> = rows.iter().map(|row| lookup(row, name)).collect();
    // A column that is all absent is taken for words.
    let mut present = values.iter().flatten().peekable();
    let numbers = present.peek().is_some() && present.all(|value| value.is_number());
    let cells: Vec<String> = [heading.to_string()]
        .into_iter()
        .chain(values.iter().map(|value| match value {
            Some(value) => text(value, false),
            None => ABSENT.into(),
        }))
        .collect();
    let width = cells
        .iter()
        .map(|cell| cell.chars().count())
        .max()
        .unwrap_or(0);
    cells
        .iter()
        .map(|cell| match numbers {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        })
        .collect()
}

/// The value of an attribute, which may be in a nest; that of one in several
/// nests is an array.
fn lookup<'a>(object: &'a Value, name: &str) -> Option<Cow<'a, Value>> {
    let (first, rest) = match name.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (name, None),
    };
    let value = object.get(first)?;
    match (rest, value) {
        (None, _) => Some(Cow::Borrowed(value)),
        (Some(rest), Value::Array(nests)) => {
            let values = nests.iter().filter_map(|nest| lookup(nest, rest));
            let values: Vec<Value> = values.map(Cow::into_owned).collect();
            (!values.is_empty()).then(|| Cow::Owned(values.into()))
        }
        (Some(rest), _) => lookup(value, rest),
    }
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
