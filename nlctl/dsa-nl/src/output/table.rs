// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lays text out in columns.

use std::borrow::Cow;

use anstyle::Style;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::Value;

use super::columns::Column;
use super::text::text;

const HEADING: Style = Style::new().bold();
/// What stands for an absent attribute.
const ABSENT: &str = "-";
const GAP: u16 = 2;

/// A line of headings and one for each of `rows`, cut into more where they are wider
/// than `width`; nothing when there are no rows.
pub fn table(columns: &[Column], rows: &[Value], width: Option<u16>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = plain(width);
    table.set_header(columns.iter().map(|(_, heading)| heading));
    for row in rows {
        table.add_row(columns.iter().map(|(name, _)| match lookup(row, name) {
            Some(value) => text(&value, false),
            None => ABSENT.into(),
        }));
    }
    for (at, (name, _)) in columns.iter().enumerate() {
        // A column that is all absent is taken for words.
        let values = rows.iter().filter_map(|row| lookup(row, name));
        let mut present = values.peekable();
        let numbers = present.peek().is_some() && present.all(|value| value.is_number());
        if let Some(column) = table.column_mut(at) {
            let last = at + 1 == columns.len();
            column.set_padding((0, if last { 0 } else { GAP }));
            if numbers {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    lines(&table, |at, line| match at {
        0 => format!("{HEADING}{line}{HEADING:#}\n"),
        _ => format!("{line}\n"),
    })
}

fn plain(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match width {
        Some(width) => {
            table.set_width(width);
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table
}

fn lines(table: &Table, style: impl Fn(usize, &str) -> String) -> String {
    let lines = table.lines().enumerate();
    lines.map(|(at, line)| style(at, line.trim_end())).collect()
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
        (None, Value::Array(values)) if values.is_empty() => None,
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
pub fn details(pairs: &[(String, String)], width: Option<u16>) -> String {
    let names = pairs.iter().map(|(name, _)| name.chars().count());
    let widest = names.max().unwrap_or(0);
    let mut table = plain(width);
    for (name, value) in pairs {
        table.add_row([format!("{name:<widest$}"), value.clone()]);
    }
    if let Some(column) = table.column_mut(0) {
        column.set_padding((0, GAP));
        column.set_constraint(comfy_table::ColumnConstraint::ContentWidth);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_padding((0, 0));
    }
    lines(&table, |_, line| {
        let name = line.chars().take(widest).collect::<String>();
        let value = line.get(name.len()..).unwrap_or_default();
        format!("{HEADING}{name}{HEADING:#}{value}\n")
    })
}
