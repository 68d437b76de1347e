// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask test`: every check, a line for each, and a count at the end.

mod host;
mod refusals;
mod sanitizer;
mod scenarios;
mod tally;

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};

use crate::build::kernel::Flavour;
use crate::lab::Lab;

use scenarios::{Batch, Lane};
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

/// Machines that run at the same time: one waits more than it works, and keeps
/// about one processor busy.
const MACHINES: usize = 2;

/// The kernels to run the scenarios on.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kernels {
    /// Debian's, unmodified.
    Stock,
    /// The one with the kernel's own checks.
    Debug,
    /// Both.
    All,
}

impl Kernels {
    fn flavours(self) -> &'static [Flavour] {
        match self {
            Self::Stock => &[Flavour::Stock],
            Self::Debug => &[Flavour::Debug],
            // The slow one first, so that what is left at the end is short.
            Self::All => &[Flavour::Debug, Flavour::Stock],
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
        let batches = lanes.iter().flat_map(|lane| lane.batches(&tally));
        run(lab, &batches.collect::<Vec<_>>(), &tally)?;
        // Only all scenarios together provoke all.
        if options.filter.is_none() {
            tally.run(&Check {
                name: "vm: each refusal of the module is provoked".to_owned(),
                work: Box::new(|| tally.provoked.check(lab)),
            })?;
            tally.run(&Check {
                name: "vm: each errno that was given is on the page".to_owned(),
                work: Box::new(|| tally.provoked.check_errnos(lab)),
            })?;
        }
    }
    tally.close()
}

/// Runs batches, [`MACHINES`] at the same time.
fn run(lab: &Lab, batches: &[Batch<'_>], tally: &Tally<'_>) -> Result<()> {
    let next = Mutex::new(batches.iter());
    let worker = || {
        let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
        std::iter::from_fn(take).try_for_each(|batch| batch.run(lab, tally))
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..MACHINES).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| {
            let joined = worker.join();
            joined.unwrap_or_else(|_| Err(anyhow!("a thread that runs machines panicked")))
        })
    })
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
                let said = format!("{error:#}");
                tally.failed(&name, start.elapsed(), &error, &said)?;
            }
        }
    }
    Ok(lanes)
}
