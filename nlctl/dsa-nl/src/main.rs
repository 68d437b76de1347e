// SPDX-License-Identifier: MIT OR Apache-2.0

//! `dsa-nl` manages subdevices from the command line.
//!
//! - [`grammar`] understands the command line, by the family's tables,
//! - [`words`] turns values from text to what is sent,
//! - [`run`] carries out one command, [`ask`] with the kernel; [`choose`] and
//!   [`wait`] say what of its answer is shown, and when; [`monitor`] goes on,
//! - [`top`] shows what goes on, on the whole of a terminal,
//! - [`batch`] carries out many,
//! - [`config`] makes what there is what a file says,
//! - [`complete`] tells shells what could come next,
//! - [`man`] writes manual pages,
//! - [`bind`] gives devices to the module,
//! - [`decode`] says in words what messages there are in a trace,
//! - [`file`] reads files,
//! - [`progress`] is what is seen of work that takes long,
//! - [`terminal`] tells what the terminal can show,
//! - [`output`] prints objects as tables, JSON or YAML,
//! - [`failure`] maps what goes wrong to words and exit codes.
//!
//! The tool knows no attribute's number and few of their names, and checks no value
//! beyond its type: a request goes to the kernel as it was said, and the kernel's
//! answer is what is shown.

#![forbid(unsafe_code)]

mod ask;
mod batch;
mod bind;
mod choose;
mod complete;
mod config;
mod decode;
mod failure;
mod file;
mod grammar;
mod man;
mod monitor;
mod output;
mod progress;
mod run;
#[cfg(test)]
mod screens;
mod terminal;
mod top;
mod wait;
mod words;

use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};

use crate::failure::Failure;
use crate::grammar::{CommandLine, What};
use crate::output::Printer;

fn main() -> ExitCode {
    let (color, result) = match grammar::parse(std::env::args_os()) {
        Ok(line) => (line.options.color.into(), execute(line)),
        Err(failure) => (ColorChoice::Auto, Err(failure)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(&mut AutoStream::new(std::io::stderr(), color));
            failure.exit_code()
        }
    }
}

fn execute(line: CommandLine) -> Result<(), Failure> {
    let options = line.options;
    let mut printer = Printer::new(&options);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (connection, handle) = nlctl::new_connection()?;
        tokio::spawn(connection);
        match line.what {
            What::One(invocation) => {
                run::run(&handle, &mut printer, &invocation, options).await?;
                if run::makes_a_lease(&invocation) {
                    // The kernel keeps the lease for as long as there is the socket.
                    std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink())?;
                }
                Ok(())
            }
            What::Batch { file, force } => {
                batch::run(&handle, &mut printer, &file, force, options).await
            }
            What::Nothing => Ok(()),
        }
    })
}
