// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long the tool takes from its start to its end, beside the tools of others that show what there
//! is: in the same machine and run, by turns.
//!
//! `devlink dev show` shows the one device that the kernel's netdevsim simulates, `accel-config list -i`
//! a DSA that upstream's driver has, and `mdevctl list` nothing, as there is no mediated device.
//!
//! What thousands of subdevs cost is compared with the dump of them alone: the time from its request
//! to its end, on a socket that is there.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nlctl::Command as Operation;

use super::latency::Device;
use super::table::Table;
use crate::crowd::Crowd;
use crate::fuzz::{self, Request};
use crate::genl::Socket;
use crate::system;
use crate::tool::{DSA_NL, dsa_nl};
use crate::wait::SOON;
use crate::{check, process};

/// What the others are asked; times are told as multiples of the first.
const PEERS: [&str; 3] = ["devlink dev show", "accel-config list -i", "mdevctl list"];

/// What our tool is asked, with so many subdevs there.
const OURS: [(&str, usize); 8] = [
    ("parent show", 0),
    ("wq show", 0),
    ("subdev show", 0),
    (ONE, 1),
    ("subdev show", 64),
    ("-j subdev show", 64),
    (MANY[0], 4096),
    (MANY[1], 4096),
];

/// What the bars are for: to show the one subdev that there is, and thousands of them.
const ONE: &str = "subdev show crowd00000";
const MANY: [&str; 2] = ["subdev show", "-j subdev show"];

/// The most time that one subdev may take, as a multiple of that of devlink's device.
const ONE_BAR: f64 = 0.8;
/// The most time that thousands may take, as a multiple of that of their dump.
const MANY_BAR: f64 = 2.0;
/// The most memory that they may take.
const MEMORY_BAR: f64 = (30 << 20) as f64;

/// How often each is run; those that show thousands, less often.
const RUNS: usize = 50;
const FEW_RUNS: usize = 9;

/// Where strace leaves its counts.
const COUNTS: &str = "/run/e2e-strace";

/// The command of this program that tells how much memory another takes.
pub const PEAK: &str = "peak";

/// Measures, prints tables, and returns whether each bar is cleared.
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
    let mut bars = Table::new(["of", "dsa-nl", "figure", "at most"]);
    let mut there = 0;
    println!(
        "{:<34} {:>8} {:>10} {:>8} {:>13} {:>10}",
        "", "subdevs", "median", "ratio", "system calls", "memory"
    );
    for count in [0, 1, 64, 4096] {
        while there < count {
            crowd.create(there)?;
            there += 1;
        }
        let ours = OURS.iter().filter(|(_, wanted)| *wanted == count);
        let ours = ours.map(|(words, _)| format!("{DSA_NL} {words}"));
        let lines: Vec<_> = PEERS.iter().map(ToString::to_string).chain(ours).collect();
        let figures = measure(&lines, count)?;
        match count {
            1 => {
                let [first, .., ours] = figures.as_slice() else {
                    bail!("nothing is measured");
                };
                bars.ratio("one | devlink's", first.time, ours.time, ONE_BAR);
            }
            4096 => {
                let dump = dump(count)?;
                for (words, ours) in MANY.iter().zip(figures.iter().skip(PEERS.len())) {
                    bars.ratio(&format!("{words} | dump"), dump, ours.time, MANY_BAR);
                    bars.bytes(&format!("{words}, memory"), ours.memory, MEMORY_BAR);
                }
            }
            _ => {}
        }
    }
    println!("\n{bars}");
    Ok(bars.passed())
}

/// What a program takes.
struct Figures {
    time: Duration,
    memory: f64,
}

/// The median time of a dump of all subdevs.
fn dump(count: usize) -> Result<Duration> {
    let mut socket = Socket::new()?;
    let family = fuzz::Table::read(&mut socket)?.family;
    let request = Request::new(Operation::SubdevGet.into(), true);
    let mut times = Vec::new();
    for _ in 0..FEW_RUNS {
        let start = Instant::now();
        let answer = socket.ask(family, request.flags, &request.payload())?;
        times.push(start.elapsed());
        check::equal("subdevs in a dump", answer.objects.len(), count)?;
    }
    median(&mut times)
}

fn median(times: &mut [Duration]) -> Result<Duration> {
    times.sort_unstable();
    let middle = times.get(times.len() / 2);
    middle.copied().context("nothing is measured")
}

/// Measures `lines` by turns, the first of which is what the others are compared with.
fn measure(lines: &[String], count: usize) -> Result<Vec<Figures>> {
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
    let mut figures: Vec<Figures> = Vec::new();
    for (line, times) in lines.iter().zip(&mut times) {
        let time = median(times)?;
        let memory = memory(line)?;
        let first = figures.first().map_or(time, |first| first.time);
        println!(
            "{line:<34} {count:>8} {:>7.1} ms {:>8.2} {:>13} {:>6.1} MiB",
            time.as_secs_f64() * 1e3,
            time.as_secs_f64() / first.as_secs_f64(),
            calls(line)?,
            memory / f64::from(1 << 20),
        );
        figures.push(Figures { time, memory });
    }
    Ok(figures)
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

/// The most memory that a program has at a time, in bytes.
fn memory(line: &str) -> Result<f64> {
    let mut command = Command::new("/proc/self/exe");
    command.arg(PEAK).args(line.split_whitespace());
    let output = process::run(&mut command, SOON)?.ok()?;
    let bytes = output.stdout.trim().parse();
    bytes.with_context(|| format!("unexpected {}", output.describe()))
}

/// Runs a program and prints how much memory it had: the system tells it of all children together,
/// so that this process has one alone.
pub fn peak(words: &[String]) -> Result<()> {
    let (program, words) = words.split_first().context("no program is named")?;
    let status = Command::new(program)
        .args(words)
        .stdout(Stdio::null())
        .status();
    let status = status.with_context(|| format!("cannot run {program}"))?;
    ensure!(status.success(), "{program}: {status}");
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() << 10);
    Ok(())
}
