// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long the tool takes from its start to its end, beside the tools of others that show what there
//! is: in the same machine and run, by turns.
//!
//! `devlink dev show` shows the one device that the kernel's netdevsim simulates, `accel-config list -i`
//! a DSA that upstream's driver has, and `mdevctl list` nothing, as there is no mediated device.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::latency::Device;
use crate::crowd::Crowd;
use crate::process;
use crate::system;
use crate::tool::{DSA_NL, dsa_nl};
use crate::wait::SOON;

/// What the others are asked; times are told as multiples of the first.
const PEERS: [&str; 3] = ["devlink dev show", "accel-config list -i", "mdevctl list"];

/// What our tool is asked, with so many subdevs there.
const OURS: [(&str, usize); 7] = [
    ("parent show", 0),
    ("wq show", 0),
    ("subdev show", 0),
    ("subdev show", 64),
    ("-j subdev show", 64),
    ("subdev show", 4096),
    ("-j subdev show", 4096),
];

/// How often each is run; those that show thousands, less often.
const RUNS: usize = 31;
const FEW_RUNS: usize = 7;

/// Where strace leaves its counts.
const COUNTS: &str = "/run/e2e-strace";

/// Measures and prints a table. There is no bar.
pub fn run() -> Result<bool> {
    let _device = Device::new()?;
    let mut functions = system::dsa_functions()?;
    let theirs = functions.pop().context("no device")?;
    // udev may have loaded upstream's driver, which takes all that it can have.
    process::run(Command::new("modprobe").arg("idxd"), SOON)?.ok()?;
    for function in &functions {
        dsa_nl(&format!("parent bind pci/{}", function.name()))?.ok()?;
    }
    system::await_parents(functions.len())?;
    ensure!(
        theirs.driver().as_deref() == Some("idxd"),
        "upstream's driver did not take {}",
        theirs.name()
    );
    let most = OURS.iter().map(|(_, count)| *count).max();
    let crowd = Crowd::new(most.unwrap_or_default())?;
    let mut there = 0;
    println!(
        "{:<28} {:>8} {:>10} {:>8} {:>13}",
        "", "subdevs", "median", "ratio", "system calls"
    );
    for count in [0, 64, 4096] {
        while there < count {
            crowd.create(there)?;
            there += 1;
        }
        let ours = OURS.iter().filter(|(_, wanted)| *wanted == count);
        let ours = ours.map(|(words, _)| format!("{DSA_NL} {words}"));
        let lines: Vec<_> = PEERS.iter().map(ToString::to_string).chain(ours).collect();
        measure(&lines, count)?;
    }
    Ok(true)
}

/// Measures `lines` by turns, the first of which is what the others are compared with.
fn measure(lines: &[String], count: usize) -> Result<()> {
    let runs = if count > 1000 { FEW_RUNS } else { RUNS };
    let mut times = vec![Vec::new(); lines.len()];
    // The first run of each reads the program and is not counted.
    for run in 0..=runs {
        for (line, times) in lines.iter().zip(&mut times) {
            let time = timed(line)?;
            if run > 0 {
                times.push(time);
            }
        }
    }
    let mut medians = times.iter_mut().map(|times| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    });
    let first = medians.next().context("nothing is measured")?;
    for (line, median) in lines.iter().zip([first].into_iter().chain(medians)) {
        println!(
            "{line:<28} {count:>8} {:>7.1} ms {:>8.2} {:>13}",
            median.as_secs_f64() * 1e3,
            median.as_secs_f64() / first.as_secs_f64(),
            calls(line)?
        );
    }
    Ok(())
}

fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// The time from the start of a program to its end; its output goes nowhere.
fn timed(line: &str) -> Result<Duration> {
    let mut command = command(line);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command
        .status()
        .with_context(|| format!("cannot run `{line}`"))?;
    let time = start.elapsed();
    ensure!(status.success(), "`{line}`: {status}");
    Ok(time)
}

/// How many system calls a program and its children make.
fn calls(line: &str) -> Result<u64> {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-c", "-o", COUNTS])
        .args(line.split_whitespace());
    process::run(&mut command, SOON)?.ok()?;
    let counts = fs::read_to_string(COUNTS)?;
    // `% time  seconds  usecs/call  calls  [errors]  total`.
    let total = counts.lines().rfind(|line| line.ends_with("total"));
    let calls = total.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    calls.with_context(|| format!("strace counted {counts}"))
}
