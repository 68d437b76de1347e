// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask demo`: from nothing to the main job, and how long it took.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::build::kernel::{self, Flavour};
use crate::build::{module, userspace};
use crate::lab::Lab;
use crate::{root, vm};

/// Sets everything up, runs the demo in a virtual machine, and returns its
/// exit status.
///
/// # Errors
///
/// When a step or the machine fails.
pub fn demo(lab: &Lab) -> Result<u8> {
    let mut stages = Stages::default();
    let root = stages.time("build root", || root::ensure(lab))?;
    let kernel = stages.time("kernel tree", || kernel::ensure(lab, &root, Flavour::Stock))?;
    let module = stages.time("module", || module::build(lab, &root, &kernel))?;
    let programs = stages.time("userspace", || userspace::build(lab))?;
    let guest = stages.time("initramfs", || {
        vm::Guest::of(lab, root, kernel, module, programs)
    })?;

    let plan = vm::Options::of_words(["--", "e2e", "demo"])?.plan()?;
    let outcome = vm::run(lab, &guest, &plan, vm::Streams::without_input())?;
    stages.add("boot", outcome.boot);
    stages.add("demo", outcome.command);
    print!("\n{stages}");
    Ok(outcome.status)
}

/// The stages so far, and the time that each took.
#[derive(Default)]
struct Stages(Vec<(&'static str, Duration)>);

impl Stages {
    fn time<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let start = Instant::now();
        let done = work()?;
        self.add(name, start.elapsed());
        Ok(done)
    }

    fn add(&mut self, name: &'static str, time: Duration) {
        self.0.push((name, time));
    }
}

impl std::fmt::Display for Stages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let total = ("total", self.0.iter().map(|(_, time)| *time).sum());
        writeln!(f, "{:<12} {:>9}", "stage", "time")?;
        for (name, time) in self.0.iter().chain([&total]) {
            writeln!(f, "{name:<12} {:>7.1} s", time.as_secs_f64())?;
        }
        Ok(())
    }
}
