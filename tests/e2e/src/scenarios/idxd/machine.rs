// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine with `idxd` in place of our module.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::kmsg::Kmsg;
use crate::process::{self, Output};
use crate::wait::{self, SOON};
use crate::{system, tool};

/// The device as `idxd` knows it.
pub const DEVICE: &str = "/sys/bus/dsa/devices/dsa0";

/// Where [`configure`] leaves the file.
pub const CONFIG: &str = "/tmp/idxd.json";

/// Two groups; the second has a WQ for user programs.
pub const TWO_GROUPS: &str = include_str!("two_groups.json");

/// Runs `work` with `idxd` bound to the device and the processor's missing instructions there, and
/// gives the device back to our module after it.
pub fn with_idxd(work: fn(&mut Kmsg) -> Result<()>) -> Result<()> {
    let parents = tool::parents()?.len();
    let mut log = Kmsg::from_now()?;
    system::unload_module()?;
    insert("cpu_shim.ko", &[])?;
    command("modprobe", "idxd")?;
    wait::until_true(SOON, "dsa0 on the dsa bus", || {
        Ok(Path::new(DEVICE).exists())
    })?;
    work(&mut log)?;
    command("modprobe", "-r idxd")?;
    command("rmmod", "cpu_shim")?;
    system::load_module()?;
    system::await_parents(parents)
}

/// Loads a module that was built for the scenarios.
pub fn insert(file: &str, parameters: &[&str]) -> Result<()> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").context("which kernel is it")?;
    let path = format!("/usr/lib/modules/{}/extra/{file}", release.trim_end());
    process::run(Command::new("insmod").arg(path).args(parameters), SOON)?.ok()?;
    Ok(())
}

/// Runs a command whose arguments are single words.
pub fn try_command(program: &str, arguments: &str) -> Result<Output> {
    process::run(
        Command::new(program).args(arguments.split_whitespace()),
        SOON,
    )
}

/// The same, and demands that it succeeds.
pub fn command(program: &str, arguments: &str) -> Result<Output> {
    try_command(program, arguments)?.ok()
}

/// Asks something of the device model.
pub fn ctl(request: &str) -> Result<Output> {
    command("dsa-model", &format!("ctl {request}"))
}

/// Configures the device with `accel-config` and enables what the file names.
pub fn configure(config: &str) -> Result<()> {
    fs::write(CONFIG, config).with_context(|| format!("cannot write {CONFIG}"))?;
    command("accel-config", &format!("load-config -c {CONFIG} -e"))?;
    Ok(())
}

/// Disables the device and with it all WQs.
pub fn disable() -> Result<()> {
    command("accel-config", "disable-device dsa0")?;
    Ok(())
}

/// An attribute of the device or, with `name`, of something on the dsa bus.
pub fn attribute(path: &str) -> Result<String> {
    let path = Path::new("/sys/bus/dsa/devices").join(path);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.trim_end().to_owned())
}

/// Waits until an attribute has a value.
pub fn await_attribute(path: &str, want: &str) -> Result<()> {
    wait::until_true(SOON, &format!("{path} to be {want:?}"), || {
        Ok(attribute(path)? == want)
    })
}

/// The PCI device.
pub fn pci_device() -> Result<PathBuf> {
    let device = fs::canonicalize(DEVICE).with_context(|| format!("cannot follow {DEVICE}"))?;
    let parent = device.parent().context("dsa0 has no parent")?;
    Ok(parent.to_owned())
}

/// Waits for lines with these texts in the kernel log.
pub fn await_lines(log: &mut Kmsg, texts: &[&str]) -> Result<()> {
    let mut seen = Vec::new();
    let found = wait::until_true(SOON, &format!("{texts:?} in the kernel log"), || {
        seen.extend(log.lines()?);
        let said = |text: &&str| seen.iter().any(|line| line.contains(text));
        Ok(texts.iter().all(said))
    });
    if let Err(error) = found {
        bail!("{error:#}; there was:\n    {}", seen.join("\n    "));
    }
    Ok(())
}
