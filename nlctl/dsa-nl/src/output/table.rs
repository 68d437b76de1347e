// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lays text out in columns.

use std::fmt;

use anstyle::Style;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::cell::{Cell, parts};
use super::columns::Column;
use super::fields::{self, Take};

const HEADING: Style = Style::new().bold();
/// What stands for an absent attribute.
const ABSENT: &str = "-";
const GAP: u16 = 2;

/// The cells of a table.
pub struct Rows<'a> {
    columns: &'a [Column],
    /// What is known of each column.
    shapes: Vec<Shape<'a>>,
    /// The cells of one row.
    cells: Vec<Cell>,
    /// Those of all rows, one after the other, and where each ends.
    text: String,
    ends: Vec<usize>,
}

/// What is known of a column.
struct Shape<'a> {
    /// The attribute, and what of it if it is a nest.
    name: (&'a str, Option<&'a str>),
    widest: usize,
    has_values: bool,
    has_words: bool,
}

impl Shape<'_> {
    /// A column that is all absent is taken for words.
    fn is_of_numbers(&self) -> bool {
        self.has_values && !self.has_words
    }
}

impl<'a> Rows<'a> {
    pub fn new(columns: &'a [Column]) -> Self {
        let shapes = columns.iter().map(|(name, heading)| Shape {
            name: parts(name),
            widest: heading.width(),
            has_values: false,
            has_words: false,
        });
        Self {
            columns,
            shapes: shapes.collect(),
            cells: columns.iter().map(|_| Cell::default()).collect(),
            text: String::new(),
            ends: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn add(&mut self, object: &impl Serialize) -> Result<(), fmt::Error> {
        for cell in &mut self.cells {
            cell.is_there = false;
        }
        fields::each(object, self)?;
        for (cell, shape) in self.cells.iter().zip(&mut self.shapes) {
            shape.has_values |= cell.is_there;
            shape.has_words |= cell.is_there && cell.is_word;
            let text = match cell.is_there {
                true => &cell.text,
                false => ABSENT,
            };
            shape.widest = shape.widest.max(width(text));
            self.text.push_str(text);
            self.ends.push(self.text.len());
        }
        Ok(())
    }

    /// A line of headings and one for each row, cut into more where they are wider than
    /// `width`; nothing when there are no rows.
    pub fn lines(&self, width: Option<u16>) -> String {
        if self.ends.is_empty() {
            return String::new();
        }
        let gaps = self.shapes.len().saturating_sub(1) * usize::from(GAP);
        let needed = self.shapes.iter().map(|it| it.widest).sum::<usize>() + gaps;
        match width {
            Some(width) if needed > usize::from(width) => self.cut(width),
            _ => self.whole(needed),
        }
    }

    /// The cells of all rows.
    fn all(&self) -> impl Iterator<Item = &str> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        let cells = starts.zip(&self.ends);
        cells.map(|(start, end)| self.text.get(start..*end).unwrap_or_default())
    }

    fn count(&self) -> usize {
        self.ends.len() / self.columns.len().max(1)
    }

    /// Lines for a terminal that is wide enough.
    fn whole(&self, width: usize) -> String {
        let mut out = String::with_capacity((self.count() + 1) * (width + 1));
        out += &HEADING.render().to_string();
        let headings = self.columns.iter().map(|(_, heading)| heading.as_str());
        self.line(&mut out, headings);
        out += &HEADING.render_reset().to_string();
        out.push('\n');
        let mut cells = self.all();
        for _ in 0..self.count() {
            self.line(&mut out, cells.by_ref());
            out.push('\n');
        }
        out
    }

    /// One line, without blanks at its end.
    fn line<'b>(&self, out: &mut String, mut cells: impl Iterator<Item = &'b str>) {
        let mut blanks = 0;
        for shape in &self.shapes {
            let cell = cells.next().unwrap_or_default();
            let room = shape.widest.saturating_sub(width(cell));
            let (before, after) = match shape.is_of_numbers() {
                true => (room, 0),
                false => (0, room),
            };
            blanks += before;
            if !cell.is_empty() {
                out.extend(std::iter::repeat_n(' ', blanks));
                out.push_str(cell);
                blanks = 0;
            }
            blanks += after + usize::from(GAP);
        }
    }

    /// Lines for one that is not.
    fn cut(&self, width: u16) -> String {
        let mut table = plain(width);
        table.set_header(self.columns.iter().map(|(_, heading)| heading));
        let mut cells = self.all();
        for _ in 0..self.count() {
            table.add_row(cells.by_ref().take(self.columns.len()));
        }
        for (at, shape) in self.shapes.iter().enumerate() {
            if let Some(column) = table.column_mut(at) {
                let last = at + 1 == self.shapes.len();
                column.set_padding((0, if last { 0 } else { GAP }));
                if shape.is_of_numbers() {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        lines(&table, |at, line| match at {
            0 => format!("{HEADING}{line}{HEADING:#}\n"),
            _ => format!("{line}\n"),
        })
    }
}

impl Take for Rows<'_> {
    type Error = fmt::Error;

    fn take<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        for (cell, shape) in self.cells.iter_mut().zip(&self.shapes) {
            if shape.name.0 == name {
                cell.show(value, shape.name.1)?;
            }
        }
        Ok(())
    }
}

/// Columns that a text takes.
fn width(text: &str) -> usize {
    match text.is_ascii() {
        // Control characters are escaped.
        true => text.len(),
        false => text.width(),
    }
}

/// A table that cuts what is in it into more lines, so that it fits.
fn plain(width: u16) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_width(width);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn lines(table: &Table, style: impl Fn(usize, &str) -> String) -> String {
    let lines = table.lines().enumerate();
    lines.map(|(at, line)| style(at, line.trim_end())).collect()
}

/// A line for each attribute, cut into more where they are wider than `width`.
pub fn details(pairs: &[(String, String)], width: Option<u16>) -> String {
    let names = pairs.iter().map(|(name, _)| name.chars().count());
    let widest = names.max().unwrap_or(0);
    let gap = usize::from(GAP);
    let needed = pairs.iter().map(|(_, value)| widest + gap + value.width());
    match width {
        Some(width) if needed.max() > Some(width.into()) => cut_details(pairs, widest, width),
        _ => pairs
            .iter()
            .map(|(name, value)| match value.as_str() {
                "" => format!("{HEADING}{name}{HEADING:#}\n"),
                _ => format!("{HEADING}{name:<widest$}{HEADING:#}{:gap$}{value}\n", ""),
            })
            .collect(),
    }
}

/// Lines for a terminal that is not wide enough.
fn cut_details(pairs: &[(String, String)], widest: usize, width: u16) -> String {
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
