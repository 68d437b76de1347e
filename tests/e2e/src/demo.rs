// SPDX-License-Identifier: MIT OR Apache-2.0
//! The main job, shown step by step to someone who reads along.
//!
//! Everything that is shown really happens, and the demo fails where it does
//! not do what it says.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::actor::{Actor, Answer, Request};
use crate::check;
use crate::kmsg::{self, Kmsg};
use crate::model::Subdev;
use crate::monitor::Monitor;
use crate::process::{self, Output};
use crate::system::{self, Function, MODULE};
use crate::tool::{self, DSA_NL};
use crate::wait::SOON;

/// Name of the first subdev; the second one has a UUID instead.
const NAME: &str = "alice";
const UUID: &str = "b0b0b0b0-1111-4222-8333-444444444444";

/// Where each user has the bytes to copy, where they go, and where only the
/// second one has something: the same numbers in two address spaces.
const FROM: u64 = 0x1000_0000;
const TO: u64 = 0x2000_0000;
const SECRET: u64 = 0x5000_0000;
const MIB: usize = 1 << 20;

/// Shows it.
pub fn run() -> Result<()> {
    let mut log = Kmsg::from_start()?;
    give()?;
    hardware()?;
    let mut monitor = listen()?;
    let subdevs = add()?;
    vfio_paths(&subdevs)?;
    let users = copy(&subdevs)?;
    let users = keep_apart(users)?;
    show(users)?;
    refuse()?;
    delete()?;
    events(&mut monitor)?;
    kernel_log(&mut log)
}

/// Explains the next step.
fn explain(text: &str) {
    println!("\n# {text}");
}

/// Runs a command and shows it as typed, with what it prints.
fn show_run(program: &str, words: &str) -> Result<Output> {
    let output = process::run(Command::new(program).args(words.split_whitespace()), SOON)?;
    println!("$ {}", output.command);
    print!("{}{}", output.stdout, output.stderr);
    Ok(output)
}

/// Runs `dsa-nl`, which has to succeed, and shows it.
fn dsa_nl(words: &str) -> Result<()> {
    show_run(DSA_NL, words)?.ok()?;
    Ok(())
}

/// Writes to a file of sysfs and shows it as typed.
fn show_write(path: &Path, text: &str) -> Result<()> {
    println!("$ echo {text} > {}", path.display());
    system::write_sysfs(path, &format!("{text}\n"))
}

fn give() -> Result<()> {
    explain(
        "The module is loaded and takes no device from anybody. The lab gave it one; now by hand.",
    );
    let function = Function::of_parent()?;
    let device = function.path();
    show_write(&device.join("driver/unbind"), function.name())?;
    // Not shown: after power-on nobody has been named.
    function.set_override(None)?;
    check::equal("parents", tool::parents()?.len(), 0)?;
    show_write(&device.join("driver_override"), MODULE)?;
    show_write(Path::new("/sys/bus/pci/drivers_probe"), function.name())?;
    system::await_parents(1)
}

fn hardware() -> Result<()> {
    explain("The module found a DSA, partitioned its work queues and registered it as a parent.");
    dsa_nl("parent show")?;
    dsa_nl("wq show")?;
    explain("Its catalogue: the types of subdevs it could provide, and how many of each.");
    dsa_nl("type show")
}

fn listen() -> Result<Monitor> {
    explain("A monitor listens in the background from here on; its events follow below.");
    let monitor = Monitor::plain()?;
    println!("$ {} &", monitor.command());
    Ok(monitor)
}

fn add() -> Result<[Subdev; 2]> {
    explain("Two subdevs share WQ 3: one is given a name, the other one a UUID.");
    dsa_nl(&format!("subdev add wq 3 pasid-mode shared name {NAME}"))?;
    dsa_nl(&format!("subdev add wq 3 pasid-mode shared uuid {UUID}"))?;
    Ok([tool::subdev(NAME)?, tool::subdev(UUID)?])
}

fn vfio_paths(subdevs: &[Subdev]) -> Result<()> {
    explain("Each is a VFIO device with an IOMMU group of its own, there to be opened.");
    for subdev in subdevs {
        let location = subdev.location()?;
        show_run("ls", &format!("-l {}", location.group.display()))?.ok()?;
    }
    Ok(())
}

/// The processes that use the two subdevs.
type Users = [Actor; 2];

fn copy(subdevs: &[Subdev; 2]) -> Result<Users> {
    explain("Two processes open one each, enable it, and copy 1 MiB through it at the same time.");
    let open = |subdev: &Subdev| Actor::open(&subdev.location()?);
    let mut users = [open(&subdevs[0])?, open(&subdevs[1])?];
    for (user, seed) in users.iter_mut().zip([1, 2]) {
        let len = MIB;
        for iova in [FROM, TO] {
            // Target and source differ, so that a copy that did nothing would show.
            let seed = if iova == FROM { seed } else { seed + 10 };
            user.ask(&Request::Map { iova, len, seed })?;
        }
    }
    let start = Instant::now();
    for user in &mut users {
        user.tell(&Request::Move {
            from: FROM,
            to: TO,
            len: MIB as u32,
            rounds: 1,
        })?;
    }
    for user in &mut users {
        check::equal("answer of a user", user.answer()?, Answer::Done)?;
    }
    let elapsed = start.elapsed().as_millis();
    for ((user, seed), subdev) in users.iter_mut().zip([1, 2]).zip(subdevs) {
        let len = MIB;
        user.ask(&Request::Holds {
            iova: TO,
            len,
            seed,
        })?;
        println!(
            "process {}: {}: MEMMOVE of {len} bytes, IOVA {FROM:#x} to {TO:#x}: all bytes right",
            user.id(),
            subdev.name
        );
    }
    println!("both done after {elapsed} ms: the same addresses, and each copied its own bytes");
    Ok(users)
}

fn keep_apart(mut users: Users) -> Result<Users> {
    explain("Neither reaches the memory of the other: what only the second has is a page fault.");
    let [first, second] = &mut users;
    second.ask(&Request::Map {
        iova: SECRET,
        len: MIB,
        seed: 77,
    })?;
    let own = second
        .attempt(SECRET, TO, 64)?
        .success("the owner's copy")?;
    println!(
        "process {} copies from {SECRET:#x}: status {:#04x}",
        second.id(),
        own.status()
    );
    for (from, to, write) in [(SECRET, TO, false), (FROM, SECRET, true)] {
        let fault = first.attempt(from, to, 64)?.page_fault(
            "access to the other's memory",
            SECRET,
            write,
            0,
        )?;
        println!(
            "process {} {} {SECRET:#x}: status {:#04x}, a page fault at {:#x}",
            first.id(),
            if write { "copies to" } else { "copies from" },
            fault.raw_status,
            fault.fault_address
        );
    }
    second.ask(&Request::Holds {
        iova: SECRET,
        len: MIB,
        seed: 77,
    })?;
    Ok(users)
}

fn show(users: Users) -> Result<()> {
    explain("While they are in use, the subdevs and their WQ show it.");
    dsa_nl("subdev show")?;
    dsa_nl("wq show wq3")?;
    for name in [NAME, UUID] {
        check::equal("opstate", tool::subdev(name)?.opstate.as_str(), "enabled")?;
    }
    explain("The same for programs; the keys are the attributes of the YAML spec.");
    dsa_nl(&format!("-j -p subdev show {NAME}"))?;
    users.into_iter().try_for_each(Actor::finish)
}

fn refuse() -> Result<()> {
    explain("A PASID of its own needs a parent with PASIDs. The refusal says so; exit status 2.");
    let output = show_run(DSA_NL, "subdev add wq 4 pasid-mode dedicated")?;
    tool::refused(&output, &["PASID"])?;
    Ok(())
}

fn delete() -> Result<()> {
    explain("Both go again; the WQ is free.");
    dsa_nl(&format!("subdev del {NAME}"))?;
    dsa_nl(&format!("subdev del {UUID}"))?;
    dsa_nl("wq show wq3")?;
    check::equal("subdevs", tool::subdevs()?, vec![])
}

fn events(monitor: &mut Monitor) -> Result<()> {
    explain("What the monitor heard meanwhile.");
    let mut deletions = 0;
    while deletions < 2 {
        let line = monitor.line().context("the monitor's events")?;
        deletions += usize::from(line.contains("delete"));
        println!("{line}");
    }
    Ok(())
}

fn kernel_log(log: &mut Kmsg) -> Result<()> {
    explain("What the module logged since it was loaded. The kernel has nothing to complain of.");
    println!("$ dmesg | grep {MODULE}");
    let all = log.lines()?;
    let ours = |line: &String| line.contains(MODULE);
    all.iter()
        .filter(|line| ours(line))
        .for_each(|line| println!("{line}"));
    // What came before the module cannot be its doing.
    let loaded = all.iter().position(ours).unwrap_or(all.len());
    let complaints = kmsg::complaints(&all[loaded..]);
    ensure!(
        complaints.is_empty(),
        "the kernel complains: {complaints:#?}"
    );
    let taint = kmsg::Taint::now()?.unexpected();
    ensure!(taint.is_empty(), "the kernel is tainted: {taint}");
    Ok(())
}
