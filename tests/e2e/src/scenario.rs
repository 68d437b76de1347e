// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a scenario runs: from a clean state, and with nothing left behind.

use std::borrow::Cow;
use std::panic::{self, AssertUnwindSafe};

use anyhow::{Result, anyhow, ensure};

use crate::check::step;
use crate::kmsg::{self, Kmsg, Taint};
use crate::{idxd, kmemleak, system, tool, upstream};

/// One scenario.
pub struct Scenario {
    /// Name, by which it is run.
    pub name: &'static str,
    /// Options of `cargo xtask vm` that its machine needs; empty for the default one.
    pub vm: &'static str,
    /// What it shows, in one line.
    pub about: &'static str,
    /// What it does.
    pub run: fn() -> Result<()>,
}

/// What the name of a case begins with whose work queues `idxd` lends.
pub const LENT: &str = "lent-";

/// Who owns the device whose work queues a scenario uses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Our module.
    Ours,
    /// `idxd`, which lends all of them.
    Idxd,
}

/// Scenarios that are run as one, and who owns the device.
pub struct Case {
    name: Cow<'static, str>,
    vm: &'static str,
    about: Cow<'static, str>,
    owner: Owner,
    scenarios: Vec<&'static Scenario>,
}

impl Case {
    /// A scenario on a device of our own.
    pub fn ours(scenario: &'static Scenario) -> Self {
        Self {
            name: scenario.name.into(),
            vm: scenario.vm,
            about: scenario.about.into(),
            owner: Owner::Ours,
            scenarios: vec![scenario],
        }
    }

    /// Scenarios, in turn, on a device of `idxd`'s, whose machine has the options `vm`. They are
    /// those that the default machine can run on one of ours.
    pub fn lent(name: &str, vm: &'static str, scenarios: &[&'static Scenario]) -> Self {
        let names: Vec<_> = scenarios.iter().map(|it| it.name).collect();
        Self {
            name: format!("{LENT}{name}").into(),
            vm,
            about: format!("on WQs that idxd lends: {}", names.join(", ")).into(),
            owner: Owner::Idxd,
            scenarios: scenarios.to_vec(),
        }
    }

    /// Name, by which it is run.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// See [`Scenario::vm`].
    pub fn vm(&self) -> &'static str {
        self.vm
    }

    /// What it shows, in one line.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Runs it, prints its steps and verdict, and returns whether it passed. What is new in `log`
    /// counts as its. Memory is looked for that it or one of the others in `since` has lost; not at
    /// all without any.
    pub fn passes(&self, log: &mut Kmsg, since: &[&str]) -> bool {
        let name = self.name();
        println!("{name}: {}", self.about);
        match self.guarded(log, since) {
            Ok(()) => {
                println!("{name}: ok");
                true
            }
            Err(error) => {
                println!("{name}: FAIL: {error:#}");
                false
            }
        }
    }

    /// What it does between the checks.
    fn run(&self) -> Result<()> {
        for scenario in &self.scenarios {
            if self.owner == Owner::Idxd {
                step(format!("{}: {}", scenario.name, scenario.about));
            }
            (scenario.run)()?;
        }
        Ok(())
    }

    /// Whether its machine has the Debian packages installed.
    fn is_installed(&self) -> bool {
        self.vm.contains("--installed")
    }

    /// Runs it between the checks that every scenario has to stand.
    fn guarded(&self, log: &mut Kmsg, since: &[&str]) -> Result<()> {
        // Where the packages are installed, what is there after the boot is what is looked at.
        let parents = match self.is_installed() {
            true => None,
            false => Some(clean_state()?),
        };
        // What is there was told of when it came.
        let mut taint = Taint::now()?;
        let result = run_catching(|| match self.owner {
            Owner::Ours => self.run(),
            Owner::Idxd => idxd::with_all_lent(|| self.run()),
        });
        let result = result.and_then(|()| match parents {
            Some(parents) => nothing_left(parents, since),
            None => Ok(()),
        });
        // The log is looked at whatever happened: it may tell why.
        let mut lines = log.lines()?;
        let names = self.scenarios.iter().map(|it| it.name);
        let known: usize = names
            .clone()
            .map(|name| upstream::take_known(name, &mut lines))
            .sum();
        if known > 0 {
            step(format!("known reports of the kernel itself: {known}"));
            taint = taint.with(Taint::WARNED);
        }
        names.for_each(|name| upstream::take_allowed(name, &mut lines));
        let complaints = kmsg::complaints(&lines);
        if !complaints.is_empty() || result.is_err() {
            println!("  kernel log since the start of the scenario:");
            lines.iter().for_each(|line| println!("    {line}"));
        }
        result?;
        ensure!(
            complaints.is_empty(),
            "the kernel complains:\n    {}",
            complaints.join("\n    ")
        );
        let taint = Taint::now()?.without(taint).unexpected();
        ensure!(taint.is_empty(), "the kernel is tainted: {taint}");
        Ok(())
    }
}

/// Runs a function and makes an error of a panic, so that the kernel log is
/// shown in any case.
fn run_catching(run: impl FnOnce() -> Result<()>) -> Result<()> {
    panic::catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(anyhow!("the scenario panicked; stderr tells where")))
}

/// Makes sure that the module is loaded and that there is no subdev, and
/// returns the number of parents.
fn clean_state() -> Result<usize> {
    if !system::module_loaded() {
        system::load_module()?;
    }
    if !tool::subdevs()?.is_empty() {
        step("subdevs are left from before: reloading the module");
        let parents = tool::parents()?.len();
        reload(parents)?;
    }
    let parents = tool::parents()?.len();
    ensure!(
        parents > 0,
        "there is no parent: no DSA is bound to the module"
    );
    Ok(parents)
}

/// Demands that no subdev is left, that the module can go and come back, and that no memory was lost
/// by the scenarios `since`, neither while the module was there nor by its going.
fn nothing_left(parents: usize, since: &[&str]) -> Result<()> {
    let left = tool::subdevs()?;
    ensure!(
        left.is_empty(),
        "the scenario left subdevs behind: {left:?}"
    );
    if since.is_empty() {
        return reload(parents);
    }
    kmemleak::settle()?;
    // Before the module goes, as it takes the names of its functions along.
    kmemleak::expect_none(&since.join(", "))?;
    system::unload_module()?;
    kmemleak::expect_none("the module was unloaded")?;
    system::load_module()?;
    system::await_parents(parents)
}

/// Unloads the module, loads it again and waits for its parents.
pub fn reload(parents: usize) -> Result<()> {
    system::unload_module()?;
    system::load_module()?;
    system::await_parents(parents)
}
