// SPDX-License-Identifier: MIT OR Apache-2.0

//! The scenarios, each in a virtual machine of its own.

use std::io::{self, Write};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};

use super::Check;
use crate::lab::Lab;
use crate::{run, vm};

/// The scenarios that there are, and what they run in.
pub struct Lane {
    guest: vm::Guest,
    scenarios: Vec<Scenario>,
}

/// What `e2e list` says of a scenario.
#[derive(Debug, PartialEq, Eq)]
struct Scenario {
    name: String,
    /// Options of `cargo xtask vm`.
    options: Vec<String>,
}

impl Lane {
    /// Builds what is missing and asks for the scenarios.
    ///
    /// # Errors
    ///
    /// When a step fails.
    pub fn prepare(lab: &Lab) -> Result<Self> {
        let guest = vm::Guest::ensure(lab, true)?;
        let list = Command::new(guest.programs.path("e2e"))
            .arg("list")
            .output()
            .context("cannot start e2e to list the scenarios")?;
        ensure!(
            list.status.success(),
            "`e2e list` failed ({}):\n{}",
            list.status,
            run::indent(&String::from_utf8_lossy(&list.stderr))
        );
        let scenarios = String::from_utf8_lossy(&list.stdout)
            .lines()
            .map(Scenario::parse)
            .collect::<Result<_>>()?;
        Ok(Self { guest, scenarios })
    }

    /// A check for each scenario.
    pub fn checks<'a>(&'a self, lab: &'a Lab) -> Vec<Check<'a>> {
        self.scenarios
            .iter()
            .map(|scenario| Check {
                name: format!("vm: {}", scenario.name),
                work: Box::new(|| scenario.run(lab, &self.guest)),
            })
            .collect()
    }
}

impl Scenario {
    /// Reads a line `NAME<TAB>OPTIONS<TAB>DESCRIPTION`.
    fn parse(line: &str) -> Result<Self> {
        let mut columns = line.split('\t');
        let (Some(name), Some(options), Some(_)) = (columns.next(), columns.next(), columns.next())
        else {
            bail!("`e2e list` wrote {line:?}: expected NAME, a tab, OPTIONS, a tab, DESCRIPTION");
        };
        let options = shell_words::split(options)
            .with_context(|| format!("scenario {name}: cannot read the options {options:?}"))?;
        Ok(Self {
            name: name.to_owned(),
            options,
        })
    }

    fn run(&self, lab: &Lab, guest: &vm::Guest) -> Result<()> {
        let words = self.options.iter().map(String::as_str);
        let plan = vm::Options::of_words(words.chain(["--", "e2e", "run", &self.name]))
            .with_context(|| format!("scenario {}: cannot read its options", self.name))?
            .plan()?;
        let said = Said::default();
        let streams = vm::Streams {
            input: Box::new(io::empty()),
            output: Box::new(said.clone()),
            error: Box::new(said.clone()),
        };
        let outcome = vm::run(lab, guest, &plan, streams)
            .with_context(|| format!("it said:\n{}", run::indent(&said.text())))?;
        ensure!(
            outcome.status == 0,
            "it ended with status {} and said:\n{}\nThe kernel's console ends with:\n{}",
            outcome.status,
            run::indent(&said.text()),
            run::indent(&outcome.console)
        );
        Ok(())
    }
}

/// What a scenario wrote, on either stream.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Said {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_read_with_quoted_options() -> Result<()> {
        let scenario = Scenario::parse("two-devices\t--dsa 2 --append 'a=1 b'\tTwo devices.")?;
        assert_eq!(
            scenario,
            Scenario {
                name: "two-devices".into(),
                options: ["--dsa", "2", "--append", "a=1 b"].map(String::from).into(),
            }
        );
        Ok(())
    }

    #[test]
    fn a_line_without_options_is_refused() {
        assert!(Scenario::parse("two-devices").is_err());
    }
}
