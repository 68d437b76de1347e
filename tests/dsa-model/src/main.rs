// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dsa-model`: serves one software DSA on a vfio-user socket until its client goes away.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::{fs, process, thread};

use clap::{Args, Parser, Subcommand};
use dsa_model::control::{Request, client};
use dsa_model::profile::Profile;
use dsa_model::profile::settings::Settings;
use dsa_model::server::Server;
use dsa_model::trace::Trace;
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
#[command(
    version,
    about,
    long_about,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask something of a model that runs: faults, mostly.
    ///
    /// In a virtual machine whose QEMU connects a virtio-serial port named dsaN.control to the
    /// control socket of model N, this works without --control.
    Ctl(Ctl),
}

#[derive(Debug, Args)]
struct Ctl {
    /// The model's control socket, or a port that leads to it.
    #[arg(long, value_name = "PATH", conflicts_with = "device")]
    control: Option<PathBuf>,
    /// In a virtual machine: which model.
    #[arg(long, value_name = "N", default_value_t = 0)]
    device: u32,
    #[command(subcommand)]
    request: Request,
}

#[derive(Debug, Args)]
struct Serve {
    /// Where to listen; the path must not exist.
    #[arg(long, value_name = "PATH", required = true)]
    socket: Option<PathBuf>,

    /// Where to listen for `dsa-model ctl`; the path must not exist.
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,

    /// A TOML file with a device's numbers: the options below without their dashes. An option
    /// given here goes before it.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,

    #[command(flatten)]
    settings: Settings,

    /// Write what software does to the device, and what becomes of it, to a file or to stderr.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    trace: Option<Option<PathBuf>>,

    /// Log what happens to stderr; twice logs each access.
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Command::Ctl(ctl)) => control(ctl),
        None => serve(arguments.serve),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}.");
            ExitCode::FAILURE
        }
    }
}

fn control(ctl: Ctl) -> Result<(), Box<dyn Error>> {
    let path = ctl.control.map_or_else(|| client::port(ctl.device), Ok)?;
    let told = client::request(&path, ctl.request)?;
    if !told.is_null() {
        println!("{told:#}");
    }
    Ok(())
}

fn serve(arguments: Serve) -> Result<(), Box<dyn Error>> {
    env_logger::Builder::new()
        .filter_level(LevelFilter::Warn)
        .filter_module("dsa_model", level(arguments.verbose))
        .init();
    let socket = arguments.socket.ok_or("--socket PATH is needed")?;
    let profile = profile(arguments.settings, arguments.profile)?;
    let signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| format!("cannot listen for signals: {error}"))?;
    let trace = trace(arguments.trace)?;
    let server = Server::bind(&socket, arguments.control.as_deref(), profile, trace)?;
    let sockets = [Some(socket), arguments.control];
    thread::spawn(move || exit_on_signal(signals, sockets));
    server.run()?;
    Ok(())
}

/// The device that the options and the file ask for.
fn profile(options: Settings, file: Option<PathBuf>) -> Result<Profile, Box<dyn Error>> {
    let base = match file {
        Some(file) => Settings::read(&file)?,
        None => Settings::default(),
    };
    Ok(options.or(base).profile()?)
}

fn trace(target: Option<Option<PathBuf>>) -> Result<Trace, Box<dyn Error>> {
    let sink: Box<dyn Write + Send> = match target {
        None => return Ok(Trace::off()),
        Some(None) => Box::new(io::stderr()),
        Some(Some(path)) => Box::new(
            File::create(&path)
                .map_err(|error| format!("cannot write the trace {}: {error}", path.display()))?,
        ),
    };
    Ok(Trace::to(sink))
}

/// A signal ends the model like a disconnect does, whatever it is doing.
fn exit_on_signal(mut signals: Signals, sockets: [Option<PathBuf>; 2]) {
    if signals.forever().next().is_some() {
        for socket in sockets.into_iter().flatten() {
            // It may be gone already; there is nothing else to clean up.
            let _ = fs::remove_file(socket);
        }
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
