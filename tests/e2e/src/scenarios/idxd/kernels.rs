// SPDX-License-Identifier: MIT OR Apache-2.0
//! The module for work queues of `idxd` on a kernel that it was not built for.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::BOTH;
use crate::check::step;
use crate::idxd::LENDER;
use crate::kmsg::{Kmsg, await_lines};
use crate::module::Loaded;
use crate::process;
use crate::scenario::Scenario;
use crate::system;
use crate::wait::SOON;

pub const IDXD_WQ_KERNEL: Scenario = Scenario {
    name: "idxd-wq-kernel",
    vm: BOTH,
    about: "the module for WQs of idxd refuses a kernel that it was not built for, and says so",
    run,
};

/// Where the modules are that are altered here.
const ALTERED: &str = "/tmp/altered.ko";

/// What comes before the release that the kernel compares.
const MAGIC: &[u8] = b"vermagic=";

fn run() -> Result<()> {
    // What it needs, so that nothing else is in its way.
    let idxd = Loaded::new("idxd")?;
    let mut log = Kmsg::from_now()?;
    let release = system::release()?;
    let file = system::extra(&format!("{LENDER}.ko"))?;
    let built = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    // A release of the same length.
    let (first, rest) = release.split_at(1);
    let other = format!("{}{rest}", if first == "6" { "5" } else { "6" });

    step("the kernel refuses one that was built for another release");
    let altered = replaced(&built, &release, &other, |before| before.ends_with(MAGIC))?;
    refused(&altered)?;
    await_lines(&mut log, &[&format!("version magic '{other}")])?;

    step("the module refuses a kernel that would take it");
    let altered = replaced(&built, &release, &other, |before| !before.ends_with(MAGIC))?;
    refused(&altered)?;
    let said = format!("built for the idxd of Linux {other}, and this is {release}; build it");
    await_lines(&mut log, &[&said])?;
    idxd.unload()
}

/// `module` with `other` in place of each `release` before which there is what `wanted` wants.
fn replaced(
    module: &[u8],
    release: &str,
    other: &str,
    wanted: impl Fn(&[u8]) -> bool,
) -> Result<Vec<u8>> {
    let mut altered = module.to_vec();
    let mut found = 0;
    for at in 0..module.len() {
        let (before, from) = module.split_at(at);
        if from.starts_with(release.as_bytes()) && wanted(before) {
            altered[at..at + other.len()].copy_from_slice(other.as_bytes());
            found += 1;
        }
    }
    ensure!(found > 0, "{LENDER}.ko does not tell what it was built for");
    Ok(altered)
}

/// Demands that a module is not loaded.
fn refused(module: &[u8]) -> Result<()> {
    fs::write(ALTERED, module).with_context(|| format!("cannot write {ALTERED}"))?;
    let output = process::run(Command::new("insmod").arg(ALTERED), SOON)?;
    ensure!(!output.status.success(), "it is loaded");
    step(format!("  {}", output.stderr.trim_end()));
    Ok(())
}
