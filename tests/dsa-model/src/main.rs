// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dsa-model`: serves one software DSA on a vfio-user socket until its client goes away.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, process, thread};

use clap::Parser;
use dsa_model::profile::Profile;
use dsa_model::server::Server;
use log::LevelFilter;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// An Intel DSA made of software, served over vfio-user.
///
/// QEMU attaches it with
/// -device '{"driver":"vfio-user-pci","socket":{"type":"unix","path":"PATH"}}'
/// and needs guest memory that can be shared (memory-backend-memfd, share=on). The model ends
/// when QEMU disconnects, or on SIGTERM.
#[derive(Debug, Parser)]
#[command(version, about, long_about)]
struct Arguments {
    /// Where to listen; the path must not exist.
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,

    #[command(flatten)]
    profile: Profile,

    /// Log what happens to stderr; twice logs each access.
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    env_logger::Builder::new()
        .filter_level(LevelFilter::Warn)
        .filter_module("dsa_model", level(arguments.verbose))
        .init();
    match serve(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}.");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| format!("cannot listen for signals: {error}"))?;
    let server = Server::bind(&arguments.socket, arguments.profile)?;
    let socket = arguments.socket;
    thread::spawn(move || exit_on_signal(signals, &socket));
    server.run()?;
    Ok(())
}

/// A signal ends the model like a disconnect does, whatever it is doing.
fn exit_on_signal(mut signals: Signals, socket: &Path) {
    if signals.forever().next().is_some() {
        // The socket may be gone already; there is nothing else to clean up.
        let _ = fs::remove_file(socket);
        process::exit(0);
    }
}

fn level(verbose: u8) -> LevelFilter {
    match verbose {
        0 => LevelFilter::Warn,
        1 => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    }
}
