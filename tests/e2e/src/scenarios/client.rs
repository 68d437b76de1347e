// SPDX-License-Identifier: MIT OR Apache-2.0
//! The example of a userspace driver, which is built on VFIO crates that others wrote.

use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::figures::Figures;
use crate::process::{self, Output};
use crate::scenario::Scenario;
use crate::tool::{self, dsa_nl};
use crate::vfio::PAGE;
use crate::wait::{self, SOON};

pub const CLIENT: Scenario = Scenario {
    name: "client",
    vm: "",
    about: "a userspace driver on others' VFIO crates copies, by group and by IOMMUFD, or says why not",
    run,
};

/// Copies of a run.
const COPIES: u64 = 200;
/// So many that something else happens before they are done.
const ENDLESS: u64 = u32::MAX as u64;

/// What has the example open a device by its own node.
const IOMMUFD: &str = "--iommufd";

fn run() -> Result<()> {
    step("by the group of a subdev");
    user("")?;
    if Path::new("/dev/iommu").exists() {
        step("by its own node and IOMMUFD");
        user(IOMMUFD)?;
    } else {
        step("by its own node, which this kernel has no IOMMUFD for");
        tool::add("wq 3 name mine")?;
        fails(
            &["mine", IOMMUFD],
            &["cannot open /dev/iommu", "No such file"],
        )?;
        tool::del("mine")?;
    }

    step("it says that there is no such subdev");
    fails(&["mine"], &["cannot find mine", "no such subdev"])?;

    step("to do what it says helps with a subdev that is inactive, and then with a trapped portal");
    tool::add("wq 3 name plain state inactive portal trapped")?;
    let said = fails(&["plain"], &["plain is inactive"])?;
    check::equal("commands", obey(&said)?, 1)?;
    let said = fails(&["plain"], &["portal of plain is trapped"])?;
    check::equal("commands", obey(&said)?, 2)?;
    copies(&["plain"], 0)?;
    tool::del("plain")
}

/// All that a user sees of one who opens the device in one way: `option` is the option for it, if it
/// needs one.
fn user(option: &str) -> Result<()> {
    let index = tool::add("wq 3 pasid-mode shared name mine")?.index;
    step("  it copies, and finds completion records");
    copies(&["mine", option], 0)?;
    step("  it is given the index of the subdev, and waits for interrupts");
    copies(&[&index.to_string(), option, "--interrupt"], COPIES)?;

    step("  it says that another has the subdev open");
    let mut endless = copy(&["mine", option, "--copies", &ENDLESS.to_string()]);
    let first = thread::spawn(move || process::run(&mut endless, SOON));
    tool::await_opstate("mine", "enabled")?;
    fails(&["mine", option], &["cannot open mine, which is enabled"])?;

    step("  and it ends when the subdev is deleted that it has open");
    dsa_nl("subdev del mine force")?.ok()?;
    let output = wait::join(SOON, "the copying", first)??;
    failed(output, &["was the subdev deleted?"])?;
    Ok(())
}

/// The example, with those of `words` that are not empty.
fn copy(words: &[&str]) -> Command {
    let mut command = Command::new("dsa-copy");
    command.args(words.iter().filter(|word| !word.is_empty()));
    command
}

/// Demands that it copies, and that the statistics of the subdev, which is the first of `words`, tell
/// of each copy and of so many interrupts.
fn copies(words: &[&str], interrupts: u64) -> Result<()> {
    let id = words.first().context("no subdev")?;
    let before = Figures::of("subdev", id)?;
    let mut command = copy(words);
    command.args(["--copies", &COPIES.to_string()]);
    let output = process::run(&mut command, SOON)?.ok()?;
    let rate = output
        .stdout
        .strip_prefix(&format!("{COPIES} copies of {PAGE} bytes, "))
        .and_then(|rest| rest.strip_suffix(" per second\n"))
        .and_then(|rate| rate.parse::<u64>().ok());
    ensure!(
        rate > Some(0) && output.stderr.is_empty(),
        "expected a number of copies per second of {}",
        output.describe()
    );
    Figures::of("subdev", id)?.since(&before).expect(&[
        ("submitted", COPIES),
        ("completed", COPIES),
        ("bytes", COPIES * PAGE as u64),
        ("interrupts", interrupts),
    ])?;
    tool::await_opstate(id, "attached")
}

/// Demands that it fails and says what holds each of `parts`; returns what it says.
fn fails(words: &[&str], parts: &[&str]) -> Result<String> {
    failed(process::run(&mut copy(words), SOON)?, parts)
}

fn failed(output: Output, parts: &[&str]) -> Result<String> {
    ensure!(
        output.status.code() == Some(1)
            && output.stdout.is_empty()
            && output.stderr.starts_with("Error: ")
            && parts.iter().all(|part| output.stderr.contains(part)),
        "expected status 1 and {parts:?} on stderr of {}",
        output.describe()
    );
    Ok(output.stderr)
}

/// Runs what stands between backquotes, and returns how many commands that were.
fn obey(said: &str) -> Result<usize> {
    let commands: Vec<_> = said.split('`').skip(1).step_by(2).collect();
    for command in &commands {
        let line = command.strip_prefix("dsa-nl ");
        dsa_nl(line.with_context(|| format!("{command:?} is another tool"))?)?.ok()?;
    }
    Ok(commands.len())
}
