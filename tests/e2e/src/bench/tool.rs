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

use anyhow::{Context, Result, ensure};
use bench_report::{Bar, Report, Row, Samples, Unit};
use nix::sys::resource::{UsageWho, getrusage};
use nlctl::Command as Operation;

use super::latency::Device;
use super::table::Table;
use super::upstream;
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

/// Measures.
pub fn run(report: &mut Report) -> Result<()> {
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
    // What fails of it is told when all else is measured.
    let upstream = upstream::measure(report, &theirs);
    let most = OURS.iter().map(|(_, count)| *count).max();
    let crowd = Crowd::new(most.unwrap_or_default())?;
    let mut there = 0;
    for count in [0, 1, 64, 4096] {
        while there < count {
            crowd.create(there)?;
            there += 1;
        }
        let ours = OURS.iter().filter(|(_, wanted)| *wanted == count);
        let ours = ours.map(|(words, _)| format!("{DSA_NL} {words}"));
        let lines: Vec<_> = PEERS.iter().map(ToString::to_string).chain(ours).collect();
        let figures = measure(&lines, count)?;
        tell(report, &figures, count)?;
        if count == 4096 {
            let dump = dump(count)?;
            for (words, ours) in MANY.iter().zip(figures.iter().skip(PEERS.len())) {
                let whose = format!("{DSA_NL} {words}");
                let name = "thousands of subdevs";
                let mut table = Table::new(report, name, ["the dump alone", &whose]);
                table.ratio("time", &dump, &ours.times, MANY_BAR)?;
                table.bytes("memory", ours.memory, MEMORY_BAR)?;
            }
        }
    }
    upstream
}

/// Adds what the tool takes, beside what the first of the others does.
fn tell(report: &mut Report, figures: &[Figures], count: usize) -> Result<()> {
    let first = figures.first().context("nothing is measured")?;
    for it in figures {
        let add = |what: &str, unit, value: Samples, peer: Samples| {
            let row = Row::new("tools, from start to end", what, &it.line, unit, value);
            let row = row.map(|row| row.at(count as u64));
            match it.line == first.line {
                true => row,
                false => row.and_then(|row| row.beside(&first.line, peer)),
            }
        };
        let time = add(
            "time",
            Unit::Seconds,
            (&it.times).into(),
            (&first.times).into(),
        );
        report.row(match it.line.ends_with(ONE) {
            true => time.map(|row| row.bar(Bar::AtMost(ONE_BAR))),
            false => time,
        })?;
        let calls = (it.calls as f64).into();
        let theirs = (first.calls as f64).into();
        report.row(add("system calls", Unit::Count, calls, theirs))?;
        let (memory, theirs) = (it.memory.into(), first.memory.into());
        report.row(add("memory", Unit::Bytes, memory, theirs))?;
    }
    Ok(())
}

/// What a program takes.
struct Figures {
    line: String,
    times: Vec<Duration>,
    calls: u64,
    memory: f64,
}

/// The times of dumps of all subdevs.
fn dump(count: usize) -> Result<Vec<Duration>> {
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
    Ok(times)
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
    let figures = lines.iter().zip(times).map(|(line, times)| {
        Ok(Figures {
            line: line.clone(),
            times,
            calls: calls(line)?,
            memory: memory(line)?,
        })
    });
    figures.collect()
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
