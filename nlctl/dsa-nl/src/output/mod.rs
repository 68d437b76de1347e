// SPDX-License-Identifier: MIT OR Apache-2.0

//! Prints objects and events.
//!
//! [`Page`] says what there is to print, [`Printer`] in which form and where.

mod columns;
#[cfg(test)]
pub mod examples;
mod page;
mod table;
mod text;

use std::io::{self, Stderr, Stdout, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use nlctl::Answer;

use crate::cli::{Cli, Format};
use crate::failure::Failure;

pub use page::Page;
pub use text::{pairs, visible};

const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Where output goes, and in which form.
pub struct Printer {
    format: Format,
    pretty: bool,
    color: ColorChoice,
    out: AutoStream<Stdout>,
}

impl Printer {
    /// Prints as the command line says.
    pub fn new(cli: &Cli) -> Self {
        let color = cli.color.into();
        Self {
            format: match cli.json {
                true => Format::Json,
                false => cli.output.unwrap_or_default(),
            },
            pretty: cli.pretty,
            color,
            out: AutoStream::new(io::stdout(), color),
        }
    }

    /// Where to complain.
    pub fn complaints(&self) -> AutoStream<Stderr> {
        AutoStream::new(io::stderr(), self.color)
    }

    /// What the kernel answered, after printing what it warns of.
    pub fn warn<T>(&self, answer: Answer<T>) -> T {
        if let Some(warning) = answer.warning {
            // The request was carried out, whoever can read of it.
            let text = visible(&warning.to_string());
            let _ = writeln!(self.complaints(), "{WARNING}Warning:{WARNING:#} {text}.");
        }
        answer.object
    }

    /// Whether the output is for programs.
    pub fn is_for_programs(&self) -> bool {
        self.format != Format::Table
    }

    /// Prints `page` at once.
    pub fn print(&mut self, page: &Page) -> Result<(), Failure> {
        let document = &page.document;
        let text = match (self.format, self.pretty) {
            (Format::Table, _) => page.text.clone(),
            (Format::Json, false) => format!("{document}\n"),
            (Format::Json, true) => format!("{document:#}\n"),
            (Format::Yaml, _) => {
                let text = serde_yaml_ng::to_string(document).map_err(io::Error::other)?;
                format!("---\n{text}")
            }
        };
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.flush()?)
    }
}
