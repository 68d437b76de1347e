// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask test`: every check, a line for each, and a count at the end.

mod host;
mod lines;
mod sanitizer;
mod scenarios;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::build::kernel::Flavour;
use crate::interrupt::Interrupted;
use crate::lab::Lab;

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
    let mut tally = Tally::new(options.filter.as_deref());
    if !options.vm {
        for check in host::checks(lab) {
            tally.run(&check)?;
        }
    }
    if !options.host {
        for &kernel in options.kernel.flavours() {
            let start = Instant::now();
            match scenarios::Lane::prepare(lab, kernel) {
                Ok(lane) => {
                    // The stock kernel's are among the host's.
                    if kernel == Flavour::Debug {
                        tally.run(&lane.lints(lab))?;
                    }
                    lane.run(lab, &mut tally)?;
                }
                // No scenario can run, whatever its name.
                Err(error) => {
                    let name = format!("vm {}: preparation", kernel.name());
                    tally.failed(&name, start.elapsed(), &error)?;
                }
            }
        }
    }
    tally.close()
}

/// What passed and what failed so far.
struct Tally<'a> {
    filter: Option<&'a str>,
    skipped: Vec<String>,
    passed: usize,
    failed: Vec<String>,
}

impl<'a> Tally<'a> {
    fn new(filter: Option<&'a str>) -> Self {
        Self {
            filter,
            skipped: Vec::new(),
            passed: 0,
            failed: Vec::new(),
        }
    }

    /// Runs `check` if it is wanted, and reports. Only an interruption is an
    /// error.
    fn run(&mut self, check: &Check<'_>) -> Result<()> {
        if !self.wants(&check.name) {
            return Ok(());
        }
        let start = Instant::now();
        match (check.work)() {
            Ok(()) => {
                self.passed(&check.name, start.elapsed());
                Ok(())
            }
            Err(error) => self.failed(&check.name, start.elapsed(), &error),
        }
    }

    /// Whether the check of this name is wanted; takes note of it if not.
    fn wants(&mut self, name: &str) -> bool {
        let wanted = self.filter.is_none_or(|part| name.contains(part));
        if !wanted {
            self.skipped.push(name.to_owned());
        }
        wanted
    }

    fn passed(&mut self, name: &str, time: Duration) {
        println!("ok    {name} ({:.1} s)", time.as_secs_f64());
        self.passed += 1;
    }

    fn failed(&mut self, name: &str, time: Duration, error: &anyhow::Error) -> Result<()> {
        if let Some(Interrupted(signal)) = error.downcast_ref() {
            return Err(Interrupted(*signal).into());
        }
        println!("FAIL  {name} ({:.1} s)\n{error:#}", time.as_secs_f64());
        self.failed.push(name.to_owned());
        Ok(())
    }

    /// Says how it went; the last line is for programs.
    fn close(self) -> Result<bool> {
        if self.passed == 0 && self.failed.is_empty() {
            bail!(
                "no check has {:?} in its name; there are: {}",
                self.filter.unwrap_or_default(),
                self.skipped.join(", ")
            );
        }
        println!();
        for name in &self.failed {
            println!("failed: {name}");
        }
        println!("{} passed, {} failed", self.passed, self.failed.len());
        Ok(self.failed.is_empty())
    }
}
