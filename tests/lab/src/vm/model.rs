// SPDX-License-Identifier: MIT OR Apache-2.0

//! The model devices: one process each, on the host.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Guest, Plan, evidence};
use crate::lab::Lab;
use crate::process::{self, Process};
use crate::run;

/// How long a model may take until it can be attached.
const START: Duration = Duration::from_secs(10);

/// A running model of a DSA.
pub struct Model {
    /// `dsa0`.
    name: String,
    process: Process,
}

impl Model {
    /// Starts the model number `index` of `plan` with its socket and log in
    /// `dir`, and waits until QEMU can connect.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    pub fn start(lab: &Lab, guest: &Guest, plan: &Plan, index: u32, dir: &Path) -> Result<Self> {
        let name = name(index);
        let log = File::create(dir.join(format!("{name}.log")))
            .with_context(|| format!("cannot write the log of {name}"))?;
        let mut command = process::bound(guest.programs.path("dsa-model"));
        // Relative, as the path of a socket must be short.
        command.args(["--socket", &socket(index)]).current_dir(dir);
        command
            .args(["--control", &control(index)])
            .args(&plan.model);
        command
            .arg("--trace")
            .arg(evidence::trace(plan, dir, index));
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let mut model = Self {
            process: Process::spawn(&name, &mut command)?,
            name,
        };
        let start = Instant::now();
        while !dir.join(socket(index)).exists() {
            model.check(dir)?;
            lab.interrupt.check()?;
            if start.elapsed() > START {
                bail!(
                    "the model {} did not open its socket within 10 s",
                    model.name
                );
            }
            sleep(Duration::from_millis(5));
        }
        Ok(model)
    }

    /// # Errors
    ///
    /// When the model has ended: it should not before the machine does.
    pub fn check(&mut self, dir: &Path) -> Result<()> {
        let Some(status) = self.process.ended()? else {
            return Ok(());
        };
        let log = dir.join(format!("{}.log", self.name));
        bail!(
            "the model {} ended while it was needed ({status}); it said:\n{}",
            self.name,
            run::indent(&run::tail(&log, 20))
        )
    }
}

/// What the model number `index` is called.
pub fn name(index: u32) -> String {
    format!("dsa{index}")
}

/// The control socket of the model number `index`, relative to the run's
/// folder, and the name of the guest's port that leads there.
pub fn control(index: u32) -> String {
    format!("{}.control", name(index))
}

/// The socket of the model number `index`, relative to the run's folder.
pub fn socket(index: u32) -> String {
    format!("{}.sock", name(index))
}
