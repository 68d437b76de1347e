// SPDX-License-Identifier: MIT OR Apache-2.0

//! The lab: builds the module and boots it on an unmodified Debian kernel.
//!
//! `cargo xtask --help` tells what it can do. All that it downloads and builds
//! is kept in a cache outside the checkout, see [`lab::Lab`].
//!
//! From the ground up:
//! - [`lab`] knows where everything lies, [`stamp`] does a step once, [`run`]
//!   runs a program as a step, [`process`] and [`interrupt`] see to its end,
//! - [`root`] makes the build root and enters it,
//! - [`build`] makes the kernel tree, the module, the programs and the fuzz
//!   targets,
//! - [`deb`] makes Debian packages of them, and installs those,
//! - [`vm`] boots them,
//! - [`generate`], with [`ynl`] for C and [`gen`](mod@r#gen) for Rust, makes
//!   what repeats the spec,
//! - [`test`], [`demo`], [`bench`], [`fuzz`] and [`clean`] are commands made of
//!   these.

mod bench;
mod build;
mod clean;
mod deb;
mod demo;
mod fuzz;
mod r#gen;
mod generate;
mod host_package;
mod interrupt;
mod lab;
mod lines;
mod process;
mod root;
mod run;
mod stamp;
mod test;
mod vm;
mod ynl;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::interrupt::Interrupted;
use crate::lab::Lab;

/// The exit status of `vm` when the lab or the machine fails, and not the
/// command.
const LAB_FAILED: u8 = 125;

/// The lab of subdev.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
struct Cli {
    /// Show the output of every step.
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set everything up, boot a machine with a model device and run the main job.
    Demo,
    /// Run every check; the last line is `N passed, N failed`.
    Test(test::Options),
    /// Boot a machine and run a command (or a shell) in it.
    ///
    /// Output, errors and exit status are the command's. Status 125: the lab
    /// or the machine failed.
    Vm(vm::Options),
    /// Write the files that are generated from the spec.
    Gen {
        /// Only tell which are stale, and fail if one is.
        #[arg(long)]
        check: bool,
    },
    /// Build the module and the programs, and tell where they are.
    Build,
    /// Build the Debian packages of the tool and of the module, in target/deb.
    Deb,
    /// Measure, and write a report below target/bench; fails if something is slower than it has to be.
    Bench(bench::Options),
    /// Feed something with what it may not expect, until it fails or you
    /// interrupt.
    #[command(subcommand)]
    Fuzz(fuzz::Subject),
    /// Remove what was built from this checkout.
    Clean {
        /// Everything in the cache: the build root and the kernel as well.
        #[arg(long)]
        all: bool,
    },
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return refuse(&usage),
    };
    let failed = if matches!(cli.command, Command::Vm(_)) {
        LAB_FAILED
    } else {
        1
    };
    match work(&cli) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::from(
                error
                    .downcast_ref::<Interrupted>()
                    .map_or(failed, Interrupted::status),
            )
        }
    }
}

/// Shows `usage`: help that was asked for, or what is wrong with the command
/// line. A program that drives `vm` must not take that for the command's
/// status.
fn refuse(usage: &clap::Error) -> ExitCode {
    // Without anywhere to write to, the status has to do.
    let _ = usage.print();
    let command = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    match usage.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if command.as_deref() == Some("vm") => ExitCode::from(LAB_FAILED),
        _ => ExitCode::from(2),
    }
}

/// Does what is asked for; returns the exit status.
fn work(cli: &Cli) -> Result<u8> {
    let lab = Lab::new(cli.verbose)?;
    match &cli.command {
        Command::Demo => return demo::demo(&lab),
        Command::Test(options) => return Ok(u8::from(!test::test(&lab, options)?)),
        Command::Vm(options) => {
            let plan = options.plan()?;
            let guest = vm::Guest::ensure(&lab, plan.kernel)?;
            return Ok(vm::run(&lab, &guest, &plan, vm::Streams::inherited())?.status);
        }
        Command::Gen { check: false } => generate::write(&lab)?,
        Command::Gen { check: true } => generate::check(&lab)?,
        Command::Build => build(&lab)?,
        Command::Deb => packages(&lab)?,
        Command::Bench(options) => return Ok(u8::from(!bench::bench(&lab, options)?)),
        Command::Fuzz(subject) => return fuzz::fuzz(&lab, subject),
        Command::Clean { all } => clean::clean(&lab, *all)?,
    }
    Ok(0)
}

/// `cargo xtask build`.
fn build(lab: &Lab) -> Result<()> {
    let root = root::ensure(lab)?;
    let kernel = build::kernel::ensure(lab, &root, build::kernel::Flavour::Stock)?;
    let module = build::module::build(lab, &root, &kernel)?;
    let programs = build::userspace::build(lab)?;
    println!("{:<10} {}", "subdev.ko", module.file.display());
    for (name, path) in programs.all() {
        println!("{name:<10} {}", path.display());
    }
    Ok(())
}

/// `cargo xtask deb`.
fn packages(lab: &Lab) -> Result<()> {
    let root = root::ensure(lab)?;
    let programs = build::userspace::build(lab)?;
    for file in deb::build(lab, &root, &programs)?.files() {
        println!("{}", file.display());
    }
    Ok(())
}
