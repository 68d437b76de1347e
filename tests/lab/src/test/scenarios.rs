// SPDX-License-Identifier: MIT OR Apache-2.0

//! The scenarios on one kernel: those that want the same machine share one,
//! as long as none fails.

use std::io;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::Check;
use super::tally::Tally;
use crate::build::kernel::Flavour;
use crate::build::module;
use crate::lab::Lab;
use crate::lines::{Lines, Said};
use crate::{run, vm};

/// What each scenario adds to the time that a machine may take.
const MORE: Duration = Duration::from_secs(60);

/// The scenarios that run on one kernel, and what they run in.
pub struct Lane {
    guest: vm::Guest,
    scenarios: Vec<Scenario>,
}

/// Scenarios of a lane that share a machine.
pub struct Batch<'a> {
    lane: &'a Lane,
    scenarios: Vec<Scenario>,
}

impl Batch<'_> {
    /// Runs them.
    ///
    /// # Errors
    ///
    /// When the run is interrupted.
    pub fn run(&self, lab: &Lab, tally: &Tally<'_>) -> Result<()> {
        let mut left = self.scenarios.as_slice();
        // Those that share a machine have the same options.
        let mut tries = left.first().map_or(Ok(1), Scenario::tries)?;
        while !left.is_empty() {
            tries = tries.saturating_sub(1);
            let done = self.lane.share(lab, left, tally, tries)?;
            left = left.get(done..).unwrap_or_default();
        }
        Ok(())
    }
}

/// What `e2e list` says of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub fn prepare(lab: &Lab, kernel: Flavour) -> Result<Self> {
        let guest = vm::Guest::ensure(lab, kernel)?;
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
        let mut scenarios = Vec::new();
        for line in String::from_utf8_lossy(&list.stdout).lines() {
            let scenario = Scenario::parse(line)?;
            if scenario.runs_on(kernel)? {
                scenarios.push(scenario.of_any_kernel());
            }
        }
        Ok(Self { guest, scenarios })
    }

    /// The scenarios that `tally` wants, those together that want the same
    /// machine.
    pub fn batches(&self, tally: &Tally<'_>) -> Vec<Batch<'_>> {
        let wanted = self
            .scenarios
            .iter()
            .filter(|scenario| tally.wants(&self.title(scenario)))
            .cloned();
        let batches = batches(wanted).into_iter();
        batches
            .map(|scenarios| Batch {
                lane: self,
                scenarios,
            })
            .collect()
    }

    /// The module's lints with what only this kernel compiles.
    pub fn lints<'a>(&'a self, lab: &'a Lab) -> Check<'a> {
        let kernel = &self.guest.kernel;
        Check {
            name: format!("vm {}: lints of the module", kernel.flavour.name()),
            work: Box::new(move || module::lint(lab, &self.guest.root, kernel)),
        }
    }

    /// What the report calls a scenario.
    fn title(&self, scenario: &Scenario) -> String {
        format!("vm {}: {}", self.guest.kernel.flavour.name(), scenario.name)
    }

    /// Runs `batch` in one machine, and returns how many of it have a verdict.
    /// That is all of them, or those up to the first that fails: what that one
    /// leaves behind could fail others. With `tries` left, one that fails is
    /// reported, and has no verdict yet.
    fn share(&self, lab: &Lab, batch: &[Scenario], tally: &Tally<'_>, tries: u32) -> Result<usize> {
        let (said, lines) = mpsc::channel();
        let mut passed = 0;
        let (outcome, text, start) = thread::scope(|scope| {
            let machine = scope.spawn(move || self.boot(lab, batch, said));
            let mut start = Instant::now();
            let mut text = String::new();
            for line in lines {
                tally.provoked.note(&line);
                let verdict = batch.get(passed).map(|s| format!("{}: ok", s.name));
                if verdict.is_some_and(|verdict| verdict == line) {
                    tally.passed(&self.title(&batch[passed]), start.elapsed());
                    passed += 1;
                    start = Instant::now();
                    text.clear();
                } else {
                    text += &line;
                    text.push('\n');
                }
            }
            let outcome = machine
                .join()
                .unwrap_or_else(|_| Err(anyhow!("the thread of the machine panicked")));
            (outcome, text, start)
        });
        let Some(failed) = batch.get(passed) else {
            // All is said; an error of the machine after that is one of the lab.
            outcome?;
            return Ok(passed);
        };
        let error = match outcome {
            Ok((outcome, plan)) => anyhow!(
                "it ended with status {} and said:\n{}\n{}",
                outcome.status,
                run::indent(&text),
                outcome.evidence(lab, &plan)
            ),
            Err(error) => error.context(format!("it said:\n{}", run::indent(&text))),
        };
        let title = self.title(failed);
        if tries > 0 {
            tally.tried(&title, start.elapsed(), &error)?;
            return Ok(passed);
        }
        tally.failed(&title, start.elapsed(), &error, &text)?;
        Ok(passed + 1)
    }

    /// Boots a machine that runs `batch`; what that says goes to `said`.
    fn boot(&self, lab: &Lab, batch: &[Scenario], said: Said) -> Result<(vm::Outcome, vm::Plan)> {
        let options = batch.iter().take(1).flat_map(|s| s.options.iter());
        let names = batch.iter().map(|scenario| scenario.name.as_str());
        let words = options
            .map(String::as_str)
            .chain(["--", "e2e", "run", "--fail-fast"])
            .chain(names);
        let mut plan = vm::Options::of_words(words)
            .context("cannot read the options of the scenarios")?
            .plan()?;
        let more = batch.iter().map(|_| MORE).sum::<Duration>();
        plan.timeout = plan.timeout.map(|least| least + more);
        let streams = vm::Streams {
            input: Box::new(io::empty()),
            output: Box::new(Lines::new(said.clone())),
            error: Box::new(Lines::new(said)),
        };
        Ok((vm::run(lab, &self.guest, &plan, streams)?, plan))
    }
}

/// Those of `scenarios` that want the same machine, together, in the order in
/// which they came.
fn batches(scenarios: impl IntoIterator<Item = Scenario>) -> Vec<Vec<Scenario>> {
    let mut batches: Vec<Vec<Scenario>> = Vec::new();
    for scenario in scenarios {
        let same = |batch: &&mut Vec<Scenario>| batch[0].options == scenario.options;
        match batches.iter_mut().find(same) {
            Some(batch) => batch.push(scenario),
            None => batches.push(vec![scenario]),
        }
    }
    batches
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

    /// The same without the name of a kernel: on that one, it can share a machine with those that
    /// run on each.
    fn of_any_kernel(mut self) -> Self {
        let kernel = self.options.iter().position(|word| word == "--kernel");
        if let Some(at) = kernel {
            self.options.drain(at..(at + 2).min(self.options.len()));
        }
        self
    }

    fn options(&self) -> Result<vm::Options> {
        vm::Options::of_words(self.options.iter().map(String::as_str))
            .with_context(|| format!("scenario {}: cannot read its options", self.name))
    }

    /// Whether it is one for this kernel: all are that do not name another.
    fn runs_on(&self, kernel: Flavour) -> Result<bool> {
        let named = self.options()?.kernel();
        Ok(named.is_none_or(|named| named == kernel))
    }

    /// How often it is tried until it passes.
    fn tries(&self) -> Result<u32> {
        Ok(self.options()?.tries())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(name: &str, options: &[&str]) -> Scenario {
        Scenario {
            name: name.into(),
            options: options.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_kernel_has_no_machine_of_its_own_twice() -> Result<()> {
        let any = Scenario::parse("any\t--dsa 2\tOn any.")?.of_any_kernel();
        let one = Scenario::parse("one\t--kernel stock --dsa 2\tOn one.")?.of_any_kernel();
        let own = Scenario::parse("own\t--kernel stock\tOn one.")?.of_any_kernel();
        let batches = batches([any.clone(), one.clone(), own.clone()]);
        assert_eq!(batches, [vec![any, one], vec![own]]);
        Ok(())
    }

    #[test]
    fn a_scenario_is_read_with_quoted_options() -> Result<()> {
        assert_eq!(
            Scenario::parse("two-devices\t--dsa 2 --append 'a=1 b'\tTwo devices.")?,
            scenario("two-devices", &["--dsa", "2", "--append", "a=1 b"])
        );
        Ok(())
    }

    #[test]
    fn a_line_without_options_is_refused() {
        assert!(Scenario::parse("two-devices").is_err());
    }

    #[test]
    fn a_scenario_may_name_its_kernel() -> Result<()> {
        let any = scenario("any", &["--dsa", "2"]);
        assert!(any.runs_on(Flavour::Stock)? && any.runs_on(Flavour::Debug)?);
        let one = scenario("one", &["--kernel", "debug"]);
        assert!(!one.runs_on(Flavour::Stock)? && one.runs_on(Flavour::Debug)?);
        assert!(scenario("bad", &["--dsa"]).runs_on(Flavour::Stock).is_err());
        Ok(())
    }

    #[test]
    fn a_scenario_is_tried_once_unless_it_says_more() -> Result<()> {
        assert_eq!(scenario("a", &["--dsa", "2"]).tries()?, 1);
        assert_eq!(scenario("b", &["--tries", "4"]).tries()?, 4);
        Ok(())
    }

    #[test]
    fn those_with_the_same_machine_share_it() {
        let two = &["--dsa", "2"];
        let all = [
            scenario("a", &[]),
            scenario("b", two),
            scenario("c", &[]),
            scenario("d", two),
        ];
        let names: Vec<Vec<String>> = batches(all)
            .into_iter()
            .map(|batch| batch.into_iter().map(|s| s.name).collect())
            .collect();
        assert_eq!(names, [["a", "c"], ["b", "d"]]);
    }
}
