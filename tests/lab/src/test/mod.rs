// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask test`: every check, a line for each, and a count at the end.

mod host;
mod scenarios;

use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

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
    /// Only those with this in their name.
    filter: Option<String>,
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
        match scenarios::Lane::prepare(lab) {
            Ok(lane) => {
                for check in lane.checks(lab) {
                    tally.run(&check)?;
                }
            }
            // No scenario can run, whatever its name.
            Err(error) => tally.failed("vm: preparation", 0.0, &error)?,
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
        if self.filter.is_some_and(|part| !check.name.contains(part)) {
            self.skipped.push(check.name.clone());
            return Ok(());
        }
        let start = Instant::now();
        let result = (check.work)();
        let seconds = start.elapsed().as_secs_f64();
        match result {
            Ok(()) => {
                println!("ok    {} ({seconds:.1} s)", check.name);
                self.passed += 1;
                Ok(())
            }
            Err(error) => self.failed(&check.name, seconds, &error),
        }
    }

    fn failed(&mut self, name: &str, seconds: f64, error: &anyhow::Error) -> Result<()> {
        if let Some(Interrupted(signal)) = error.downcast_ref() {
            return Err(Interrupted(*signal).into());
        }
        println!("FAIL  {name} ({seconds:.1} s)\n{error:#}");
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
