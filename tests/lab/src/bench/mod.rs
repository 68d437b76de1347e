// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask bench`: how fast it is.
//!
//! Each subject is measured by a program, in a virtual machine or on the host, that prints a stream of
//! figures ([`bench_report`]). From these a [`run::Run`] is made, and files of that ([`report`]).

mod history;
mod plot;
mod report;
mod run;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use bench_report::{Line, text};
use clap::{Args, ValueEnum};
use jiff::{Timestamp, Unit};

use self::run::{Part, Run};
use crate::build::kernel::Flavour;
use crate::build::peer::{MTTY, NETDEVSIM, Peer, VDPA_SIM};
use crate::build::userspace;
use crate::interrupt::Interrupted;
use crate::lab::Lab;
use crate::lines::Lines;
use crate::vm;

/// What is measured, and what that is called.
#[derive(Debug, Args)]
pub struct Options {
    /// What to measure (default: all).
    #[arg(value_enum)]
    subject: Option<Subject>,
    /// What to call this run in the history of later reports: `before`, `after`.
    #[arg(long, value_parser = label)]
    label: Option<String>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Subject {
    /// The model device: copies of 2 MiB against memcpy, and NOOPs per second.
    Model,
    /// The module: what it costs to manage 4096 subdevs, how much memory they take, how soon events come.
    Control,
    /// Events: how long it takes until programs that watch have told of one, beside others' events.
    Events,
    /// The module: how fast copies go through a subdev, beside upstream's driver.
    Datapath,
    /// The module: how fast copies go through a work queue that up to 64 tenants share, and their memory.
    Tenants,
    /// The Kubernetes driver: what a claim costs, and how much memory it has.
    Dra,
    /// The library: how long it takes to read a dump, beside netlink-bindings.
    Parse,
    /// A guest under KVM: how fast it copies, by a trapped portal and by a polled one.
    Guest,
    /// The tool: how long it takes, beside those of others.
    Tool,
}

/// What a subject is measured by in a virtual machine.
#[derive(Debug)]
struct Measurement {
    /// Options of the machine.
    options: &'static str,
    /// Modules to measure beside.
    peers: &'static [Peer],
    /// The command.
    command: &'static str,
}

/// Four devices with 1024 entries each.
const CONTROL: Measurement = Measurement {
    options: "--dsa 4 --model=--wq-capacity=1024 --timeout 1200",
    peers: &[NETDEVSIM, MTTY, VDPA_SIM],
    command: "e2e bench control",
};

/// The same machine.
const EVENTS: Measurement = Measurement {
    options: CONTROL.options,
    peers: &[NETDEVSIM],
    command: "e2e bench events",
};

/// Room for 64 entries on a work queue.
const TENANTS: Measurement = Measurement {
    options: "--model=--wq-capacity=1024 --timeout 1200",
    peers: &[],
    command: "e2e bench tenants",
};

/// Upstream's driver wants MOVDIR64B.
const DATAPATH: Measurement = Measurement {
    options: "--movdir64b --timeout 1200",
    peers: &[],
    command: "e2e bench datapath",
};

/// A work queue that serves as many claims.
const DRA: Measurement = Measurement {
    options: "--model=--wq-capacity=1024 --timeout 900",
    peers: &[],
    command: "e2e bench dra",
};

/// See the scenario `guest`.
const GUEST: Measurement = Measurement {
    options: "--processors 1 --timeout 900",
    peers: &[],
    command: "e2e bench guest",
};

/// More devices, one of which is upstream's driver's, which wants to hear of MOVDIR64B; and the tools of
/// others, which are where the packages are installed.
const TOOL: Measurement = Measurement {
    options: "--dsa 5 --model=--wq-capacity=1024 --installed --append setcpuid=movdir64b",
    peers: &[NETDEVSIM],
    command: "e2e bench tool",
};

/// Checks what a run is to be called: it becomes part of a file's name.
fn label(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match text.chars().all(plain) && !text.is_empty() {
        true => Ok(text.to_owned()),
        false => Err("a label has letters, digits, and any of -_. alone".to_owned()),
    }
}

/// Measures what is wanted, writes the report, and returns whether all is fast enough.
///
/// # Errors
///
/// When it is interrupted, or the report cannot be written.
pub fn bench(lab: &Lab, options: &Options) -> Result<bool> {
    let subjects = match &options.subject {
        Some(subject) => std::slice::from_ref(subject),
        None => Subject::value_variants(),
    };
    let mut command = String::from("cargo xtask bench");
    if let Some(subject) = options.subject {
        command = format!("{command} {}", subject.name());
    }
    let mut run = Run {
        label: options.label.clone(),
        date: Timestamp::now().round(Unit::Second)?.to_string(),
        command,
        facts: report::facts(lab),
        parts: Vec::new(),
    };
    for subject in subjects {
        let part = subject.measure(lab)?;
        println!("{}", text::tables(&part.lines));
        if let Some(failure) = &part.failure {
            eprintln!("Error: {}: {failure}", part.subject);
        }
        run.parts.push(part);
    }
    let path = report::write(lab, &run)?;
    println!("The report is {}", path.display());
    Ok(run.parts.iter().all(Part::passed))
}

impl Subject {
    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Measures it. That it fails is part of what there is to report.
    fn measure(self, lab: &Lab) -> Result<Part> {
        let start = Instant::now();
        let mut part = Part {
            subject: self.name(),
            command: String::new(),
            seconds: 0.0,
            failure: None,
            lines: Vec::new(),
        };
        let measured = match self {
            Self::Model => on_host(lab, "dsa-model", "model", &mut part),
            Self::Parse => on_host(lab, "nlctl", "parse", &mut part),
            Self::Control => CONTROL.take(lab, &mut part),
            Self::Events => EVENTS.take(lab, &mut part),
            Self::Tenants => TENANTS.take(lab, &mut part),
            Self::Datapath => DATAPATH.take(lab, &mut part),
            Self::Dra => DRA.take(lab, &mut part),
            Self::Guest => GUEST.take(lab, &mut part),
            Self::Tool => TOOL.take(lab, &mut part),
        };
        match measured {
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => part.failure = Some(format!("{error:#}")),
            Ok(()) => {}
        }
        part.seconds = start.elapsed().as_secs_f64();
        Ok(part)
    }
}

/// Adds what a program says to `part`; what is no figure is shown.
fn hear(line: &str, part: &mut Part) {
    match Line::read(line) {
        Some(line) => part.lines.push(line),
        None => println!("{line}"),
    }
}

/// Demands that a program either succeeded or has told of figures that miss their bars, by which it
/// fails as well.
fn judge(status: i32, part: &Part) -> Result<()> {
    let explained = part.rows().any(|row| !row.is_good());
    match status {
        0 => Ok(()),
        1 if explained => Ok(()),
        _ => Err(anyhow!("it ended with status {status}")),
    }
}

/// A benchmark of cargo.
fn on_host(lab: &Lab, package: &str, name: &str, part: &mut Part) -> Result<()> {
    part.command = format!("cargo bench --package {package} --bench {name}");
    // Compiled as the programs of a run are: what is measured is what runs.
    let mut cargo = userspace::static_cargo(lab, "bench");
    cargo.args(["--package", package, "--bench", name, "--", "--json"]);
    let mut output = tempfile::tempfile().context("no file for what the benchmark says")?;
    cargo.stdout(File::try_clone(&output)?);
    let status = crate::run::shown(lab, "the benchmark", &mut cargo)?;
    let mut text = String::new();
    output.rewind()?;
    output.read_to_string(&mut text)?;
    text.lines().for_each(|line| hear(line, part));
    judge(status.code().unwrap_or(-1), part)
}

impl Measurement {
    /// Boots the machine and has it measure.
    fn take(&self, lab: &Lab, part: &mut Part) -> Result<()> {
        let Self { options, .. } = self;
        part.command = format!("cargo xtask vm {options} -- {}", self.command);
        let guest = vm::Guest::ensure(lab, Flavour::Stock)?;
        let mut words = format!("{options} --");
        for peer in self.peers {
            peer.ensure(lab, &guest.root, &guest.kernel)?;
            words = format!("{words} {} &&", peer.load());
        }
        let words = format!("{words} {} --json", self.command);
        let plan = vm::Options::of_words(words.split_whitespace())?.plan()?;
        let (said, lines) = mpsc::channel();
        let outcome = thread::scope(|scope| {
            let machine = scope.spawn(move || {
                let streams = vm::Streams {
                    input: Box::new(io::empty()),
                    output: Box::new(Lines::new(said)),
                    error: Box::new(io::stderr()),
                };
                vm::run(lab, &guest, &plan, streams)
            });
            lines.iter().for_each(|line| hear(&line, part));
            let joined = machine.join();
            joined.unwrap_or_else(|_| Err(anyhow!("the thread of the machine panicked")))
        });
        judge(outcome?.status.into(), part)
    }
}

#[cfg(test)]
mod tests {
    use bench_report::{Bar, Row, Unit};

    use super::*;

    #[test]
    fn a_program_that_fails_without_a_missed_bar_is_broken() {
        let mut part = Part {
            subject: String::new(),
            command: String::new(),
            seconds: 0.0,
            failure: None,
            lines: Vec::new(),
        };
        assert!(judge(0, &part).is_ok());
        assert!(judge(1, &part).is_err());
        let row = Row::new("a table", "get", "subdev", Unit::Count, 3.0);
        let row = row.map(|row| row.bar(Bar::AtMost(2.0)));
        part.lines.extend(row.map(Line::Row));
        assert!(judge(1, &part).is_ok());
        assert!(judge(101, &part).is_err());
        assert!(!part.passed());
    }

    #[test]
    fn a_label_can_be_part_of_a_name() {
        assert!(label("after-2.1").is_ok());
        for bad in ["", "a b", "../x/y", "ä"] {
            assert!(label(bad).is_err(), "{bad:?}");
        }
    }
}
