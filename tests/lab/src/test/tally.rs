// SPDX-License-Identifier: MIT OR Apache-2.0

//! What passed and what failed so far, as several lanes report it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Check;
use super::refusals::Provoked;
use crate::interrupt::Interrupted;
use crate::run;

/// Lines of a failure that are repeated at the end, where a reader who has only the end of a long
/// output finds them.
const LAST: usize = 12;

/// Takes reports, from any thread, and prints a line for each.
pub struct Tally<'a> {
    filter: Option<&'a str>,
    counts: Mutex<Counts>,
    /// What scenarios provoked.
    pub provoked: Provoked,
}

#[derive(Default)]
struct Counts {
    skipped: Vec<String>,
    passed: usize,
    failed: Vec<Failure>,
}

struct Failure {
    name: String,
    /// The end of what was said before it failed.
    last: String,
}

impl<'a> Tally<'a> {
    /// One that wants the checks with `filter` in their names.
    pub fn new(filter: Option<&'a str>) -> Self {
        Self {
            filter,
            counts: Mutex::default(),
            provoked: Provoked::default(),
        }
    }

    /// Held while a report is printed, so that reports do not mix.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `check` if it is wanted, and reports. Only an interruption is an
    /// error.
    pub fn run(&self, check: &Check<'_>) -> Result<()> {
        if !self.wants(&check.name) {
            return Ok(());
        }
        let start = Instant::now();
        match (check.work)() {
            Ok(()) => {
                self.passed(&check.name, start.elapsed());
                Ok(())
            }
            Err(error) => {
                let said = format!("{error:#}");
                self.failed(&check.name, start.elapsed(), &error, &said)
            }
        }
    }

    /// Whether the check of this name is wanted; takes note of it if not.
    pub fn wants(&self, name: &str) -> bool {
        let wanted = self.filter.is_none_or(|part| name.contains(part));
        if !wanted {
            self.counts().skipped.push(name.to_owned());
        }
        wanted
    }

    /// Reports that one passed.
    pub fn passed(&self, name: &str, time: Duration) {
        let mut counts = self.counts();
        println!("ok    {name} ({:.1} s)", time.as_secs_f64());
        counts.passed += 1;
    }

    /// Reports that one failed and is tried again. Only an interruption is an error.
    pub fn tried(&self, name: &str, time: Duration, error: &anyhow::Error) -> Result<()> {
        interrupted(error)?;
        let _counts = self.counts();
        println!("again {name} ({:.1} s)\n{error:#}", time.as_secs_f64());
        Ok(())
    }

    /// Reports that one failed; what it `said` last is repeated at the end. Only an interruption is
    /// an error.
    pub fn failed(
        &self,
        name: &str,
        time: Duration,
        error: &anyhow::Error,
        said: &str,
    ) -> Result<()> {
        interrupted(error)?;
        let mut counts = self.counts();
        println!("FAIL  {name} ({:.1} s)\n{error:#}", time.as_secs_f64());
        counts.failed.push(Failure {
            name: name.to_owned(),
            last: last(said).join("\n"),
        });
        Ok(())
    }

    /// Says how it went; the last line is for programs.
    pub fn close(self) -> Result<bool> {
        let counts = self.counts.into_inner();
        let counts = counts.unwrap_or_else(PoisonError::into_inner);
        if counts.passed == 0 && counts.failed.is_empty() {
            bail!(
                "no check has {:?} in its name; there are: {}",
                self.filter.unwrap_or_default(),
                counts.skipped.join(", ")
            );
        }
        println!();
        for failure in &counts.failed {
            println!("failed: {}\n{}", failure.name, run::indent(&failure.last));
        }
        println!("{} passed, {} failed", counts.passed, counts.failed.len());
        Ok(counts.failed.is_empty())
    }
}

/// The last lines of a text.
fn last(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LAST);
    lines.get(from..).unwrap_or_default().to_vec()
}

/// An interruption is one of the whole run.
fn interrupted(error: &anyhow::Error) -> Result<()> {
    match error.downcast_ref() {
        Some(Interrupted(signal)) => Err(Interrupted(*signal).into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_text_is_its_last_lines() {
        let lines: Vec<String> = (0..20).map(|line| line.to_string()).collect();
        let text = lines.join("\n");
        assert_eq!(last(&text), lines[8..]);
        assert_eq!(last("one\ntwo\n"), ["one", "two"]);
        assert!(last("").is_empty());
    }
}
