// SPDX-License-Identifier: MIT OR Apache-2.0

//! Many commands from a file.

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use nlctl::Handle;

use crate::failure::{Failed, Failure};
use crate::grammar::{self, Options};
use crate::output::Printer;
use crate::run;

/// Carries out the commands in `file`, where `-` is the standard input.
///
/// Words are split and quoted as in a shell; `#` begins a comment. Each
/// command is carried out before the next line is read. With `force`, failures
/// are printed and the rest is carried out all the same.
pub async fn run(
    handle: &Handle,
    printer: &mut Printer,
    file: &Path,
    force: bool,
    options: Options,
) -> Result<(), Failure> {
    let name = file.display().to_string();
    let mut lines: Box<dyn BufRead> = match file.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(BufReader::new(std::fs::File::open(file).map_err(
            |error| Failure::Usage(format!("cannot read the batch {name}: {error}")),
        )?)),
    };
    let mut failed = Failed::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let Err(source) = one(handle, printer, &line, options).await else {
            continue;
        };
        let failure = Failure::Line {
            file: name.clone(),
            line: number,
            source: Box::new(source),
        };
        if !force || failure.is_closed_output() {
            return Err(failure);
        }
        failed.report(&failure, &mut printer.complaints());
    }
    failed.into_result(|failed, code| Failure::Batch { failed, code })
}

async fn one(
    handle: &Handle,
    printer: &mut Printer,
    line: &[u8],
    options: Options,
) -> Result<(), Failure> {
    let line = std::str::from_utf8(line)
        .map_err(|error| Failure::Usage(format!("the line is not UTF-8: {error}")))?;
    let words = shlex::split(line)
        .ok_or_else(|| Failure::Usage("a quote is opened and not closed".into()))?;
    if words.is_empty() {
        return Ok(());
    }
    match grammar::parse_line(words, options)? {
        Some(invocation) => run::run(handle, printer, &invocation, options).await,
        None => Ok(()),
    }
}
