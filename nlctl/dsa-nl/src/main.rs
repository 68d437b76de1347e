// SPDX-License-Identifier: MIT OR Apache-2.0

//! `dsa-nl` manages subdevices from the command line.
//!
//! - [`cli`] is the grammar, [`keys`] lets its options be written as words,
//!   [`groups`] has the keys that belong to the group before them,
//! - [`run`] carries out one command, [`monitor`] the one that goes on,
//! - [`batch`] carries out many,
//! - [`output`] prints objects as tables, JSON or YAML,
//! - [`failure`] maps what goes wrong to words and exit codes, [`grammar`] what
//!   clap finds wrong.
//!
//! The tool knows no attribute's number and checks no value: a request goes to
//! the kernel as it was said, and the kernel's answer is what is shown.

#![forbid(unsafe_code)]

mod batch;
mod cli;
mod failure;
mod grammar;
mod groups;
mod keys;
mod monitor;
mod output;
mod run;
mod stats;

use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output::Printer;

fn main() -> ExitCode {
    let (color, result) = match cli::parse(std::env::args_os()) {
        Ok(Some(cli)) => (cli.color.into(), execute(cli)),
        // Help was printed.
        Ok(None) => return ExitCode::SUCCESS,
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

fn execute(cli: Cli) -> Result<(), Failure> {
    let mut printer = Printer::new(&cli);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (connection, handle) = nlctl::new_connection()?;
        tokio::spawn(connection);
        match (cli.object, cli.batch) {
            (Some(object), _) => {
                let stays = run::makes_a_lease(&object);
                run::run(&handle, &mut printer, object).await?;
                if stays {
                    // The kernel keeps the lease for as long as there is the socket.
                    std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink())?;
                }
                Ok(())
            }
            (None, Some(file)) => batch::run(&handle, &mut printer, &file, cli.force).await,
            (None, None) => Err(Failure::Usage("nothing to do".into())),
        }
    })
}
