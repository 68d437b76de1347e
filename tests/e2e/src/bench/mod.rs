// SPDX-License-Identifier: MIT OR Apache-2.0
//! Measurements of the module. What is demanded of times is the ratio of two of one run, as the
//! speed of the machine is anybody's guess; memory is measured in bytes.
//!
//! Each adds what it measures to a [`Report`], which is printed as tables, or as a stream of which the
//! lab writes its report.

mod control;
mod datapath;
mod dra;
mod events;
mod faces;
mod guest;
mod latency;
mod memory;
mod peers;
mod scaling;
mod table;
mod tenants;
mod tool;
mod upstream;

pub use tool::{PEAK, peak};

use std::fs;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};
use bench_report::Report;
use clap::ValueEnum;

use crate::process;
use crate::wait::SOON;

/// What can be measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Subject {
    /// What it costs to manage many subdevs, how much memory they take, and how soon events come.
    Control,
    /// How long it takes until programs that watch have told of an event, beside others' events.
    Events,
    /// How fast copies go through a subdev, beside upstream's driver.
    Datapath,
    /// What a claim costs the Kubernetes driver, and how much memory that has.
    Dra,
    /// How fast copies go through a work queue that up to 64 tenants share, and their memory.
    Tenants,
    /// How fast a guest under KVM copies, by a trapped portal and by a polled one.
    Guest,
    /// How long the tool takes, beside those of others.
    Tool,
}

/// Measures, prints tables or a stream, and returns whether each bar is cleared.
pub fn run(subject: Subject, stream: bool) -> Result<bool> {
    let mut report = Report::new(stream);
    facts(&mut report)?;
    let measure = match subject {
        Subject::Control => control::run,
        Subject::Events => events::run,
        Subject::Datapath => datapath::run,
        Subject::Tenants => tenants::run,
        Subject::Dra => dra::run,
        Subject::Guest => guest::run,
        Subject::Tool => tool::run,
    };
    let measured = measure(&mut report);
    // What was measured until something failed may say why.
    let passed = report.end();
    measured.map(|()| passed)
}

/// The packages of what is measured beside.
const PACKAGES: [&str; 6] = [
    "accel-config",
    "iproute2",
    "mdevctl",
    "strace",
    "systemd",
    "udev",
];

/// Tells of the machine.
fn facts(report: &mut Report) -> Result<()> {
    let path = "/proc/sys/kernel/osrelease";
    let kernel = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    report.fact("kernel", kernel.trim_end());
    let processors = thread::available_parallelism()?;
    report.fact("processors of the machine", processors.to_string());
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${Package} ${Version}\\n"]);
    // It fails when one is not there, and shows the others.
    let packages = process::run(query.args(PACKAGES), SOON)?.stdout;
    for (name, version) in packages.lines().filter_map(|line| line.split_once(' ')) {
        report.fact(name, version);
    }
    Ok(())
}
