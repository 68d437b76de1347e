// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask test`: every check, a line for each, and a count at the end.

mod host;
mod lines;
mod sanitizer;
mod scenarios;
mod tally;

use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};

use crate::build::kernel::Flavour;
use crate::lab::Lab;

use scenarios::Lane;
use tally::Tally;

/// Which checks are wanted.
#[derive(Debug, Args)]
pub struct Options {
    /// Only the checks that need no virtual machine.
    #[arg(long, conflicts_with = "vm")]
    host: bool,
    /// Only the scenarios in virtual machines.
    #[arg(long)]
    vm: bool,
    /// Only the scenarios on this kernel.
    #[arg(long, value_enum, default_value_t = Kernels::All)]
    kernel: Kernels,
    /// Only those with this in their name.
    filter: Option<String>,
}

/// The kernels to run the scenarios on.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kernels {
    /// Debian's, unmodified.
    Stock,
    /// The one with the kernel's own checks.
    Debug,
    /// One after the other.
    All,
}

impl Kernels {
    fn flavours(self) -> &'static [Flavour] {
        match self {
            Self::Stock => &[Flavour::Stock],
            Self::Debug => &[Flavour::Debug],
            Self::All => &[Flavour::Stock, Flavour::Debug],
        }
    }
}

/// One check.
struct Check<'a> {
    /// What it is called in the report.
    name: String,
    /// Does it; the error says all that helps to mend it.
    work: Box<dyn Fn() -> Result<()> + 'a>,
}

/// Runs the checks, and returns whether all passed.
///
/// # Errors
///
/// When no check has the wanted name, or the run is interrupted.
pub fn test(lab: &Lab, options: &Options) -> Result<bool> {
    let tally = Tally::new(options.filter.as_deref());
    if !options.vm {
        for check in host::checks(lab) {
            tally.run(&check)?;
        }
    }
    if !options.host {
        let lanes = prepare(lab, options.kernel.flavours(), &tally)?;
        // A machine waits more than it works: a lane keeps one processor busy.
        thread::scope(|scope| {
            let lanes: Vec<_> = lanes
                .iter()
                .map(|lane| scope.spawn(|| lane.run(lab, &tally)))
                .collect();
            lanes.into_iter().try_for_each(|lane| {
                let joined = lane.join();
                joined.unwrap_or_else(|_| Err(anyhow!("the thread of a lane panicked")))
            })
        })?;
    }
    tally.close()
}

/// The lanes that can run, built one after the other.
fn prepare(lab: &Lab, kernels: &[Flavour], tally: &Tally<'_>) -> Result<Vec<Lane>> {
    let mut lanes = Vec::new();
    for &kernel in kernels {
        let start = Instant::now();
        match Lane::prepare(lab, kernel) {
            Ok(lane) => {
                // The stock kernel's are among the host's.
                if kernel == Flavour::Debug {
                    tally.run(&lane.lints(lab))?;
                }
                lanes.push(lane);
            }
            // No scenario can run, whatever its name.
            Err(error) => {
                let name = format!("vm {}: preparation", kernel.name());
                tally.failed(&name, start.elapsed(), &error)?;
            }
        }
    }
    Ok(lanes)
}
