// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask bench`: how fast it is.

use anyhow::Result;
use clap::ValueEnum;

use crate::build::kernel::Flavour;
use crate::build::peer::{MTTY, NETDEVSIM, Peer};
use crate::build::userspace;
use crate::lab::Lab;
use crate::{run, vm};

/// What can be measured.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Subject {
    /// The model device: copies of 2 MiB against memcpy, and NOOPs per second.
    Model,
    /// The module: what it costs to manage 4096 subdevs, how much memory they take, how soon events come.
    Control,
    /// The module: how fast copies go through a subdev, beside upstream's driver.
    Datapath,
    /// The Kubernetes driver: what a claim costs, and how much memory it has.
    Dra,
    /// A guest under KVM: how fast it copies, by a trapped portal and by a polled one.
    Guest,
    /// The tool: how long it takes, beside those of others.
    Tool,
}

/// Options of the machine of [`Subject::Control`], four devices with 1024 entries each, and its command.
const CONTROL: &str = "--dsa 4 --model=--wq-capacity=1024 --";
const MEASURE: &str = "e2e bench control";

/// The same of [`Subject::Datapath`]: upstream's driver wants MOVDIR64B.
const DATAPATH: &str = "--movdir64b -- e2e bench datapath";

/// The same of [`Subject::Dra`]: a work queue that serves as many claims.
const DRA: &str = "--model=--wq-capacity=1024 -- e2e bench dra";

/// The same of [`Subject::Guest`]: see the scenario `guest`.
const GUEST: &str = "--processors 1 --timeout 900 -- e2e bench guest";

/// The same of [`Subject::Tool`]: more devices, one of which is upstream's driver's, which wants to hear
/// of MOVDIR64B; and the tools of others, which are where the packages are installed.
const TOOL: &str = "--dsa 5 --model=--wq-capacity=1024 --installed --append setcpuid=movdir64b --";
const MEASURE_TOOL: &str = "e2e bench tool";

/// Measures `subject`, or all of them, and returns whether it is fast enough.
///
/// # Errors
///
/// When the benchmark cannot be started, or is interrupted.
pub fn bench(lab: &Lab, subject: Option<Subject>) -> Result<bool> {
    let subjects = match &subject {
        Some(subject) => std::slice::from_ref(subject),
        None => Subject::value_variants(),
    };
    let mut passed = true;
    for subject in subjects {
        passed &= match subject {
            Subject::Model => on_host(lab, "dsa-model", "model")?,
            Subject::Control => beside(lab, CONTROL, &[NETDEVSIM, MTTY], MEASURE)?,
            Subject::Tool => beside(lab, TOOL, &[NETDEVSIM], MEASURE_TOOL)?,
            Subject::Dra => in_machine(lab, &guest(lab)?, DRA)?,
            Subject::Guest => in_machine(lab, &guest(lab)?, GUEST)?,
            Subject::Datapath => in_machine(lab, &guest(lab)?, DATAPATH)?,
        };
    }
    Ok(passed)
}

/// A benchmark of cargo.
fn on_host(lab: &Lab, package: &str, name: &str) -> Result<bool> {
    // Compiled as the programs of a run are: what is measured is what runs.
    let mut cargo = userspace::static_cargo(lab, "bench");
    cargo.args(["--package", package, "--bench", name]);
    Ok(run::shown(lab, "the benchmark", &mut cargo)?.success())
}

/// A program in a virtual machine that has modules to measure beside.
fn beside(lab: &Lab, options: &str, peers: &[Peer], measure: &str) -> Result<bool> {
    let guest = guest(lab)?;
    let mut words = options.to_owned();
    for peer in peers {
        peer.ensure(lab, &guest.root, &guest.kernel)?;
        words = format!("{words} {} &&", peer.load());
    }
    in_machine(lab, &guest, &format!("{words} {measure}"))
}

fn guest(lab: &Lab) -> Result<vm::Guest> {
    vm::Guest::ensure(lab, Flavour::Stock)
}

/// A program in a virtual machine with such options.
fn in_machine(lab: &Lab, guest: &vm::Guest, words: &str) -> Result<bool> {
    let plan = vm::Options::of_words(words.split_whitespace())?.plan()?;
    Ok(vm::run(lab, guest, &plan, vm::Streams::without_input())?.status == 0)
}
