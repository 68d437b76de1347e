// SPDX-License-Identifier: MIT OR Apache-2.0

//! The columns of the lists of `top`: which there is room for, and what is in them.

use super::model::{List, Row};
use unicode_width::UnicodeWidthStr;

/// Fewest columns of a terminal that a name is given while something else has some.
const NAME: usize = 10;

/// Most that what fills the line is given.
const BAR: usize = 30;
const ON: usize = 24;

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Name,
    On,
    State,
    Rate,
    Bytes,
    Errors,
    InFlight,
    Bar,
}

/// A column, and how wide it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub field: Field,
    pub width: usize,
}

/// All columns, and how wide they are at least.
const ALL: [Column; 8] = [
    column(Field::Name, NAME),
    column(Field::On, 10),
    column(Field::State, 8),
    column(Field::Rate, 7),
    column(Field::Bytes, 8),
    column(Field::Errors, 6),
    column(Field::InFlight, 9),
    column(Field::Bar, 10),
];

/// What is done without first.
const DROPPED: [Field; 6] = [
    Field::Bar,
    Field::Errors,
    Field::On,
    Field::State,
    Field::Bytes,
    Field::InFlight,
];

const fn column(field: Field, width: usize) -> Column {
    Column { field, width }
}

/// The widest name and the widest text beside it that are to be shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Widest {
    pub name: usize,
    pub on: usize,
}

impl Widest {
    /// Of lines.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        rows.into_iter().fold(Self::default(), |widest, row| Self {
            name: widest.name.max(row.name.width()),
            on: widest.on.max(row.on.width()),
        })
    }

    /// Columns of a terminal in which nothing is cut.
    pub fn needs(self) -> usize {
        let fixed: usize = ALL.iter().map(|it| it.width + gap(it.field)).sum();
        let more = |wide: usize, has: usize| wide.saturating_sub(has);
        fixed + more(self.name, NAME) + more(self.on, 10)
    }
}

/// What stands before a column: words are further apart than numbers.
pub fn gap(field: Field) -> usize {
    match field {
        Field::Name => 0,
        Field::On | Field::State => 2,
        _ => 1,
    }
}

/// The columns that there is room for.
pub fn columns(width: usize, widest: Widest) -> Vec<Column> {
    let mut columns = ALL.to_vec();
    let taken =
        |columns: &[Column]| -> usize { columns.iter().map(|it| it.width + gap(it.field)).sum() };
    for field in DROPPED {
        if taken(&columns) > width {
            columns.retain(|it| it.field != field);
        }
    }
    // What is left goes to what is cut, and then to the bar.
    let wanted = [
        (Field::Name, widest.name),
        (Field::On, widest.on.min(ON)),
        (Field::Bar, BAR),
    ];
    for (field, wanted) in wanted {
        let left = width.saturating_sub(taken(&columns));
        if let Some(column) = columns.iter_mut().find(|it| it.field == field) {
            column.width += wanted.saturating_sub(column.width).min(left);
        }
    }
    columns
}

/// What stands above a column.
pub fn heading(list: List, field: Field) -> &'static str {
    match (field, list) {
        (Field::Name, List::Parents) => "PARENT",
        (Field::Name, List::Wqs) => "WQ",
        (Field::Name, List::Subdevs) => "SUBDEV",
        (Field::On, List::Subdevs) => "ON",
        (Field::On, _) => "SUBDEVS",
        (Field::State, _) => "STATE",
        (Field::Rate, _) => "DESC/S",
        (Field::Bytes, _) => "MIB/S",
        (Field::Errors, _) => "ERR/S",
        (Field::InFlight, _) => "IN FLIGHT",
        (Field::Bar, _) => "",
    }
}

/// Whether a column has numbers, which end below each other.
pub fn is_number(field: Field) -> bool {
    matches!(
        field,
        Field::Rate | Field::Bytes | Field::Errors | Field::InFlight
    )
}

/// What a line has in a column.
pub fn cell(row: &Row, column: Column) -> String {
    let rate = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    match column.field {
        Field::Name => row.name.clone(),
        Field::On => row.on.clone(),
        Field::State => row.state.clone(),
        Field::Rate => rate(row.rates.map(|it| count(it.completed))),
        Field::Bytes => rate(row.rates.map(|it| mebibytes(it.bytes))),
        Field::Errors => rate(row.rates.map(|it| count(it.errors))),
        Field::InFlight => match row.in_flight {
            Some(now) => format!("{now}/{}", row.share),
            None => format!("-/{}", row.share),
        },
        Field::Bar => bar(row.in_flight.unwrap_or(0), row.share, column.width),
    }
}

/// How much of a share is in flight.
fn bar(now: u64, share: u64, width: usize) -> String {
    let room = width.saturating_sub(2);
    if share == 0 {
        return String::new();
    }
    let full = u128::from(now.min(share)) * room as u128;
    // One is seen, however many could be.
    let full = usize::try_from(full.div_ceil(share.into())).unwrap_or(room);
    format!("[{}{}]", "#".repeat(full), " ".repeat(room - full))
}

/// A number in at most six characters.
fn count(number: f64) -> String {
    match number {
        _ if number > 0.0 && number < 9.95 => format!("{number:.1}"),
        _ if number < 99_999.5 => format!("{number:.0}"),
        _ if number < 999_999.5 => format!("{:.0}k", number / 1e3),
        _ if number < 99_950_000.0 => format!("{:.1}M", number / 1e6),
        _ => format!("{:.0}M", number / 1e6),
    }
}

fn mebibytes(bytes: f64) -> String {
    let number = bytes / f64::from(1 << 20);
    match number {
        _ if number < 99_999.95 => format!("{number:.1}"),
        _ => count(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(width: usize) -> Vec<Field> {
        let columns = columns(width, Widest { name: 31, on: 9 });
        let all: usize = columns.iter().map(|it| it.width + gap(it.field)).sum();
        assert!(all <= width || columns.len() == 2, "{columns:?}");
        columns.iter().map(|it| it.field).collect()
    }

    #[test]
    fn what_matters_least_goes_first() {
        use Field::{Bar, Bytes, Errors, InFlight, Name, On, Rate, State};
        let all = [Name, On, State, Rate, Bytes, Errors, InFlight, Bar];
        assert_eq!(fields(200), all);
        assert_eq!(fields(80), all);
        assert_eq!(fields(60), [Name, On, State, Rate, Bytes, InFlight]);
        assert_eq!(fields(40), [Name, Rate, Bytes, InFlight]);
        assert_eq!(fields(1), [Name, Rate]);
    }

    #[test]
    fn numbers_fit_their_columns() {
        let count_of = [
            (0.0, "0"),
            (0.04, "0.0"),
            (9.94, "9.9"),
            (9.96, "10"),
            (99_999.4, "99999"),
            (99_999.6, "100k"),
            (999_999.6, "1.0M"),
            (99_960_000.0, "100M"),
            (99_999_000_000.0, "99999M"),
        ];
        for (number, text) in count_of {
            assert_eq!(count(number), text);
        }
        assert_eq!(mebibytes(1_572_864.0), "1.5");
        assert_eq!(mebibytes(99_999.96 * 1_048_576.0), "100k");
    }

    #[test]
    fn a_bar_is_full_when_the_share_is() {
        assert_eq!(bar(0, 16, 10), "[        ]");
        assert_eq!(bar(1, 128, 10), "[#       ]");
        assert_eq!(bar(8, 16, 10), "[####    ]");
        assert_eq!(bar(17, 16, 10), "[########]");
        assert_eq!(bar(u64::MAX, u64::MAX, 10), "[########]");
        assert_eq!(bar(0, 0, 10), "");
    }
}
