// SPDX-License-Identifier: MIT OR Apache-2.0

//! Prints objects and events.
//!
//! [`Page`] says what there is to print, [`Printer`] in which form and where;
//! [`document`] is what programs get, and [`schema`] describes it. Of many [`objects`],
//! each is printed from its [`fields`].

mod cell;
mod columns;
pub mod document;
#[cfg(test)]
pub mod examples;
pub mod fields;
mod form;
mod objects;
mod page;
pub mod schema;
mod table;
mod text;
mod yaml;

use std::io::{self, BufWriter, IsTerminal, Stderr, Write};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use nlctl::{AttributeSet, Warning};

use crate::failure::Failure;
use crate::grammar::{Format, Options};

pub use cell::Cell;
pub use objects::Objects;
pub use page::Page;
pub use text::{pairs, visible};

const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Columns of a terminal that does not tell how many it has.
const TERMINAL: u16 = 80;

/// Bytes of a list that are written at once.
const BUFFER: usize = 1 << 16;

/// What begins a style.
const ESCAPE: char = '\u{1b}';

/// Text without what styles it, which few lines have.
fn plain(text: String) -> String {
    if !text.contains(ESCAPE) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.contains(ESCAPE) {
            true => out.extend(strip_str(line)),
            false => out += line,
        }
    }
    out
}

/// Where output goes, and in which form.
pub struct Printer {
    format: Format,
    pretty: bool,
    color: ColorChoice,
    /// Columns of the terminal; none where it is a file or a program.
    width: Option<u16>,
    /// Whether what styles text is left out.
    is_plain: bool,
}

impl Printer {
    /// Prints as the command line says.
    pub fn new(options: &Options) -> Self {
        let color = options.color.into();
        let width = io::stdout().is_terminal().then(|| {
            let size = terminal_size::terminal_size();
            size.map_or(TERMINAL, |(width, _)| width.0)
        });
        Self {
            format: options.format,
            pretty: options.pretty,
            color,
            width,
            is_plain: AutoStream::new(io::stdout(), color).current_choice() == ColorChoice::Never,
        }
    }

    /// Where to complain.
    pub fn complaints(&self) -> AutoStream<Stderr> {
        AutoStream::new(io::stderr(), self.color)
    }

    /// Prints what the kernel warns of. The request was carried out, whoever can
    /// read of it.
    pub fn warn(&self, warning: Option<&Warning>) {
        if let Some(warning) = warning {
            self.note(&warning.to_string());
        }
    }

    /// Says what an admin should know though nothing is wrong.
    pub fn note(&self, text: &str) {
        let text = visible(text);
        let _ = writeln!(self.complaints(), "{WARNING}Warning:{WARNING:#} {text}.");
    }

    /// Columns of the terminal; none where it is a file or a program.
    pub fn width(&self) -> Option<u16> {
        self.width
    }

    /// Whether the output is for programs.
    pub fn is_for_programs(&self) -> bool {
        matches!(self.format, Format::Json | Format::Yaml)
    }

    /// Prints `page` at once.
    pub fn print(&mut self, page: &Page) -> Result<(), Failure> {
        let format = match page {
            Page::Text(_) => Format::Table,
            _ => self.format,
        };
        let text = match (format, page) {
            (Format::Table, _) => page.text(false, self.width)?,
            (Format::Wide, _) => page.text(true, self.width)?,
            (Format::Json, Page::List(set, objects)) => {
                return Ok(self.list(set, objects.as_ref())?);
            }
            (Format::Json, _) if self.pretty => format!("{:#}\n", page.document()?),
            (Format::Json, _) => format!("{}\n", page.document()?),
            (Format::Yaml, Page::List(set, objects)) => {
                let mut list = yaml::List::new(set.name);
                objects.each(&mut |object| list.add(&document::object(set, &object)))?;
                list.end()
            }
            (Format::Yaml, _) => yaml::document(&page.document()?),
        };
        // At once: a stream that strips writes each piece by itself.
        let text = match self.is_plain {
            true => plain(text),
            false => text,
        };
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }

    /// Prints a list as JSON, in which there is no control character to look for.
    fn list(&self, set: &AttributeSet, objects: &dyn Objects) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
        objects.write(set, self.pretty, &mut out)?;
        out.write_all(b"\n")?;
        out.flush()
    }
}
