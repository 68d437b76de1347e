// SPDX-License-Identifier: MIT OR Apache-2.0

//! Draws what `top` knows: the same on any terminal, and in ASCII but for names.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::columns::{self, Column, Field, Widest};
use super::model::{List, Mode, Model, Row};
use crate::grammar::Sort;

/// Lines of a screen that has room for all lists, and for more of each.
const SMALL: usize = 16;
const LARGE: usize = 30;

/// What `?` shows; the first lines matter most, and fit 40 columns.
const HELP: [&str; 19] = [
    "q Esc ^C      quit",
    "up down k j   a line up or down",
    "PgUp PgDn     a page up or down",
    "Home End g G  the first, the last",
    "Tab           the next list",
    "s r           sort by the next column,",
    "              or the other way round",
    "/             only subdevs with a text",
    "space         pause, go on",
    "^L            draw all anew",
    "",
    "DESC/S    descriptors that were carried out in a second",
    "MIB/S     2^20 bytes that they processed in a second",
    "ERR/S     descriptors that failed or were rejected in a second",
    "IN FLIGHT descriptors that have not ended, of how many there can be:",
    "          the share of a subdev, the size of a WQ, all sizes of a parent",
    "STATE     of a subdev, what its user does with it, or that it is inactive",
    "",
    "Statistics are asked for once an interval. The rest comes with events.",
];

/// How it may look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    pub has_color: bool,
}

impl Look {
    fn in_color(self, color: Color) -> Style {
        match self.has_color {
            true => Style::new().fg(color),
            false => Style::new(),
        }
    }
}

const HEADING: Style = Style::new().add_modifier(Modifier::REVERSED);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

/// How many lines each part has, headings included; none if it is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Layout {
    parents: usize,
    wqs: usize,
    subdevs: usize,
    events: usize,
}

impl Layout {
    /// Of a screen with so many lines.
    fn new(model: &Model, height: usize) -> Self {
        // One above, and one below.
        let mut left = height.saturating_sub(2);
        let mut layout = Self::default();
        if height >= SMALL {
            let events = match height < LARGE {
                true => 3,
                false => (height / 5).min(10),
            };
            layout.events = events + 1;
            left = left.saturating_sub(layout.events);
            for (list, most) in [(List::Parents, height / 10), (List::Wqs, height / 5)] {
                let length = model.length(list);
                if list != model.focus && length > 0 {
                    let lines = length.min(most) + 1;
                    *layout.of_mut(list) = lines;
                    left = left.saturating_sub(lines);
                }
            }
            if model.focus != List::Subdevs {
                // Those that have it in most of the time.
                let length = model.length(List::Subdevs);
                let lines = length.min(height / 8) + 1;
                layout.subdevs = lines;
                left = left.saturating_sub(lines);
            }
        }
        *layout.of_mut(model.focus) = left;
        layout
    }

    /// With room for all lines.
    fn all(model: &Model) -> Self {
        let lines = |list| match model.length(list) {
            0 if list != List::Subdevs => 0,
            length => length.max(1) + 1,
        };
        let events = model.events(LARGE).count();
        Self {
            parents: lines(List::Parents),
            wqs: lines(List::Wqs),
            subdevs: lines(List::Subdevs),
            events: if events == 0 { 0 } else { events + 1 },
        }
    }

    fn of(self, list: List) -> usize {
        match list {
            List::Parents => self.parents,
            List::Wqs => self.wqs,
            List::Subdevs => self.subdevs,
        }
    }

    fn of_mut(&mut self, list: List) -> &mut usize {
        match list {
            List::Parents => &mut self.parents,
            List::Wqs => &mut self.wqs,
            List::Subdevs => &mut self.subdevs,
        }
    }
}

/// The lists of which something is on a screen with so many lines.
pub fn lists(model: &Model, height: u16) -> Vec<List> {
    let layout = Layout::new(model, height.into());
    let shown = List::ALL.into_iter();
    shown.filter(|list| layout.of(*list) > 0).collect()
}

/// How many lines of the list that has most of it are on such a screen.
pub fn page(model: &Model, height: u16) -> usize {
    let lines = Layout::new(model, height.into()).of(model.focus);
    lines.saturating_sub(1).max(1)
}

/// Draws what is known on `area`.
pub fn draw(model: &Model, look: Look, area: Rect, buffer: &mut Buffer) {
    let mut pen = Pen::new(look, area, buffer);
    if model.mode == Mode::Help {
        for line in HELP {
            pen.line(line, Style::new());
        }
        return;
    }
    let height = usize::from(area.height);
    let layout = Layout::new(model, height);
    head(&mut pen, model, layout);
    if model.is_gone() {
        pen.line(
            "The module is not loaded; this waits for it.",
            look.in_color(Color::Red),
        );
    } else {
        lists_of(&mut pen, model, layout);
    }
    // Below, however much there is above.
    let events = layout.events;
    pen.down_to(height.saturating_sub(events + 1));
    happened(&mut pen, model, events);
    pen.down_to(height.saturating_sub(1));
    foot(&mut pen, model);
}

/// All that is known as text, in so many columns, or in as many as it takes.
pub fn text(model: &Model, width: Option<u16>) -> String {
    let layout = Layout::all(model);
    let all = List::ALL.map(|list| model.rows(list));
    let needed = Widest::of(all.iter().flatten()).needs();
    let event = model.events(LARGE).map(|it| it.width()).max();
    let needed = needed.max(event.unwrap_or(0)).max(80);
    let width = width.unwrap_or(u16::try_from(needed).unwrap_or(u16::MAX));
    // A part at a time, as a buffer has a limit.
    let mut out = String::new();
    let mut part = |lines: usize, draw: &dyn Fn(&mut Pen)| {
        let lines = u16::try_from(lines).unwrap_or(u16::MAX);
        let area = Rect::new(0, 0, width, lines);
        let mut buffer = Buffer::empty(area);
        draw(&mut Pen::new(Look::default(), area, &mut buffer));
        out += &plain(&buffer);
    };
    part(1, &|pen| head(pen, model, layout));
    if model.is_gone() {
        part(1, &|pen| {
            pen.line("The module is not loaded.", Style::new());
        });
    } else {
        let widest = Widest::of(all.iter().flatten());
        for (list, rows) in List::ALL.into_iter().zip(&all) {
            part(layout.of(list), &|pen| {
                let columns = columns::columns(usize::from(width), widest);
                list_of(pen, model, list, rows, &columns, layout.of(list));
            });
        }
    }
    part(layout.events, &|pen| happened(pen, model, layout.events));
    out
}

/// The lines of a buffer, without what is empty at their ends.
pub fn plain(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        let mut hidden = 0;
        for x in buffer.area.left()..buffer.area.right() {
            let symbol = buffer.cell((x, y)).map_or(" ", |cell| cell.symbol());
            if hidden == 0 {
                line += symbol;
                hidden = symbol.width();
            }
            hidden = hidden.saturating_sub(1);
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

/// What there is, and how it is looked at.
fn head(pen: &mut Pen, model: &Model, layout: Layout) {
    let (parents, wqs, subdevs) = model.counts();
    let count = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    };
    let name = if pen.width() < 60 { "" } else { "dsa-nl top " };
    let left = format!(
        "{name}{}  {}, {}, {}",
        model.clock(),
        count(parents, "parent"),
        count(wqs, "wq"),
        count(subdevs, "subdev"),
    );
    let length = model.length(model.focus);
    let page = layout.of(model.focus).saturating_sub(1);
    let first = offset(model, length, page);
    let place = match length > page && page > 0 {
        true => format!("{}-{} of {length}", first + 1, first + page.min(length)),
        false => String::new(),
    };
    let right = match (model.is_paused(), place.is_empty()) {
        (true, true) => "PAUSED".into(),
        (true, false) => format!("{place}  PAUSED"),
        (false, _) => place,
    };
    pen.both(&left, &right, BOLD);
}

/// The first line of the list that has most of the screen.
fn offset(model: &Model, length: usize, page: usize) -> usize {
    model.offset.min(length.saturating_sub(page))
}

fn lists_of(pen: &mut Pen, model: &Model, layout: Layout) {
    let shown = List::ALL.map(|list| {
        let mut rows = model.rows(list);
        let room = layout.of(list).saturating_sub(1);
        if list == model.focus {
            rows.drain(..offset(model, rows.len(), room));
        }
        (list, rows)
    });
    // The columns of all lists are below each other.
    let visible = shown
        .iter()
        .flat_map(|(list, rows)| rows.iter().take(layout.of(*list)));
    let widest = Widest::of(visible);
    let columns = columns::columns(pen.width(), widest);
    for (list, rows) in &shown {
        list_of(pen, model, *list, rows, &columns, layout.of(*list));
    }
}

/// A heading and rows, so many lines in all.
fn list_of(
    pen: &mut Pen,
    model: &Model,
    list: List,
    rows: &[Row],
    columns: &[Column],
    lines: usize,
) {
    let Some(room) = lines.checked_sub(1) else {
        return;
    };
    let end = pen.y + lines;
    pen.cells(columns, HEADING, |column| {
        columns::heading(list, column.field).into()
    });
    if rows.is_empty() && room > 0 {
        pen.line(&nothing(model, list), Style::new());
    }
    let is_cut = list != model.focus && rows.len() > room && room > 0;
    let shown = if is_cut { room - 1 } else { room };
    for row in rows.iter().take(shown) {
        let style = style(pen.look, row);
        pen.cells(columns, style, |column| columns::cell(row, column));
    }
    if is_cut {
        let more = rows.len() - shown;
        pen.line(&format!("and {more} more; Tab shows them"), Style::new());
    }
    pen.down_to(end);
}

/// What is said of a list without lines.
fn nothing(model: &Model, list: List) -> String {
    match list {
        _ if model.counts().0 == 0 => "no parents; 'dsa-nl parent bind' gives one".into(),
        List::Parents | List::Wqs => "none".into(),
        List::Subdevs if model.filter.is_empty() => "no subdevs".into(),
        List::Subdevs => format!("no subdevs with '{}'", model.filter),
    }
}

fn style(look: Look, row: &Row) -> Style {
    let rates = row.rates.unwrap_or_default();
    match row.state.as_str() {
        "halted" | "lost" => look.in_color(Color::Red),
        _ if rates.errors > 0.0 => look.in_color(Color::Yellow),
        _ if rates.completed > 0.0 => BOLD,
        _ => Style::new(),
    }
}

/// The latest events, so many lines with the heading.
fn happened(pen: &mut Pen, model: &Model, lines: usize) {
    let Some(room) = lines.checked_sub(1) else {
        return;
    };
    pen.both("EVENTS", "", HEADING);
    for event in model.events(room) {
        let style = match event.contains("-fault ") {
            true => pen.look.in_color(Color::Red),
            false => Style::new(),
        };
        pen.line(event, style);
    }
}

/// What the keys do, or what is typed, or what is wrong.
fn foot(pen: &mut Pen, model: &Model) {
    let by = match model.sort {
        Sort::Index => "index",
        Sort::Name => "name",
        Sort::Rate => "DESC/S",
        Sort::Bytes => "MIB/S",
        Sort::Errors => "ERR/S",
        Sort::InFlight => "IN FLIGHT",
    };
    let reversed = if model.is_reversed { " reversed" } else { "" };
    if model.mode == Mode::Typing {
        pen.line(&format!("/{}_", model.filter), BOLD);
    } else if let Some(text) = model.wrong() {
        let style = pen.look.in_color(Color::Red);
        pen.line(&format!("Error: {text}"), style);
    } else {
        let mut keys = format!("q quit  ? help  s by {by}{reversed}");
        if !model.filter.is_empty() {
            keys += &format!("  / '{}'", model.filter);
        }
        let all = "  / filter  r reverse  space pause  Tab list";
        if keys.width() + all.len() <= pen.width() {
            keys += all;
        }
        pen.line(&keys, Style::new());
    }
}

/// Writes line after line, and nothing outside of its area.
struct Pen<'a> {
    look: Look,
    area: Rect,
    buffer: &'a mut Buffer,
    /// The next line, counted from the top of the area.
    y: usize,
}

impl<'a> Pen<'a> {
    fn new(look: Look, area: Rect, buffer: &'a mut Buffer) -> Self {
        Self {
            look,
            area: area.intersection(buffer.area),
            buffer,
            y: 0,
        }
    }

    fn width(&self) -> usize {
        self.area.width.into()
    }

    /// Goes to a line further down.
    fn down_to(&mut self, y: usize) {
        self.y = self.y.max(y);
    }

    /// Writes at most `width` columns of a text at `x` of this line.
    fn put(&mut self, x: usize, text: &str, width: usize, style: Style) {
        let width = width.min(self.width().saturating_sub(x));
        if self.y >= usize::from(self.area.height) || width == 0 {
            return;
        }
        let (Ok(x), Ok(y)) = (u16::try_from(x), u16::try_from(self.y)) else {
            return;
        };
        let (x, y) = (self.area.x + x, self.area.y + y);
        self.buffer.set_stringn(x, y, text, width, style);
        // What did not fit leaves a mark.
        if text.width() > width
            && let Ok(last) = u16::try_from(width - 1)
        {
            self.buffer.set_stringn(x + last, y, "~", 1, style);
        }
    }

    /// A line of text.
    fn line(&mut self, text: &str, style: Style) {
        self.put(0, text, self.width(), style);
        self.y += 1;
    }

    /// A line that is all in that style, with a text at either end.
    fn both(&mut self, left: &str, right: &str, style: Style) {
        let width = self.width();
        self.put(0, &" ".repeat(width), width, style);
        let room = match right.width() {
            0 => width,
            // Rather that than what is on the left.
            right => width.saturating_sub(right + 2),
        };
        self.put(0, left, room, style);
        self.put(
            width.saturating_sub(right.width()),
            right,
            right.width(),
            style,
        );
        self.y += 1;
    }

    /// A line of cells.
    fn cells(&mut self, columns: &[Column], style: Style, text: impl Fn(Column) -> String) {
        let width = self.width();
        if style == HEADING {
            self.put(0, &" ".repeat(width), width, style);
        }
        let mut x = 0;
        for column in columns {
            let text = text(*column);
            x += columns::gap(column.field);
            let skip = match columns::is_number(column.field) {
                true => column.width.saturating_sub(text.width()),
                false => 0,
            };
            let style = match column.field {
                // A bar of it would be as loud as a heading.
                Field::Bar => style.remove_modifier(Modifier::BOLD),
                _ => style,
            };
            self.put(x + skip, &text, column.width - skip, style);
            x += column.width;
        }
        self.y += 1;
    }
}
