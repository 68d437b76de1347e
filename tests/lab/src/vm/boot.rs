// SPDX-License-Identifier: MIT OR Apache-2.0

//! Bringing a machine up: its devices, QEMU, and the boot of the unmodified
//! kernel to our init.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Error, Result, anyhow, bail};

use super::channels::{self, Event};
use super::model::Model;
use super::qemu::{self, Ports};
use super::rundir::RunDir;
use super::{Guest, Plan, evidence, layer, monitor};
use crate::interrupt::Interrupted;
use crate::lab::Lab;
use crate::process::Process;
use crate::root::chroot::Layer;
use crate::run;

/// How long the kernel may take to our init. It takes 20 s on a busy machine.
const LIMIT: Duration = Duration::from_secs(180);

/// A machine that is up.
pub struct Machine {
    pub state: Running,
    pub ports: Ports,
    /// To report more events.
    pub sender: mpsc::Sender<Event>,
    /// What happens in the machine.
    pub events: mpsc::Receiver<Event>,
}

/// What runs for a machine.
pub struct Running {
    // Dropped in this order: the machine ends before its devices do.
    process: Process,
    models: Vec<Model>,
    dir: RunDir,
    /// When QEMU was started.
    pub start: Instant,
}

/// Why a machine did not come up, with what it left.
struct NotUp(String);

/// Brings up the machine of `plan`.
///
/// Now and then an emulated machine hangs or panics in the boot of the unmodified
/// kernel, before anything of ours runs: QEMU's translation and a kernel that patches
/// its own code do not always agree. Such a machine is started once more, and what
/// it left is shown. From our init on nothing is tried again.
///
/// # Errors
///
/// When it does not come up twice.
pub fn boot(lab: &Lab, guest: &Guest, plan: &Plan) -> Result<Machine> {
    let layers = match plan.installed {
        true => guest.installed(lab)?,
        false => Vec::new(),
    };
    match attempt(lab, guest, plan, &layers)? {
        Ok(machine) => return Ok(machine),
        Err(failed) => eprintln!("lab: {}\nlab: it is started once more", failed.0),
    }
    match attempt(lab, guest, plan, &layers)? {
        Ok(machine) => Ok(machine),
        Err(failed) => bail!("{}", failed.0),
    }
}

fn attempt(
    lab: &Lab,
    guest: &Guest,
    plan: &Plan,
    layers: &[Layer],
) -> Result<Result<Machine, NotUp>> {
    let dir = RunDir::new(lab)?;
    layer::assemble(lab, guest, plan, &dir.path().join("layer"))?;
    let models = (0..plan.dsa)
        .map(|index| Model::start(lab, guest, plan, index, dir.path()))
        .collect::<Result<Vec<_>>>()?;
    let (process, mut ports) = qemu::start(guest, plan, layers, dir.path())?;
    let (sender, events) = mpsc::channel();
    if let Some(status) = ports.status.take() {
        channels::status(status, sender.clone());
    }
    let mut state = Running {
        process,
        models,
        dir,
        start: Instant::now(),
    };
    let limit = plan.timeout.map_or(LIMIT, |limit| limit.min(LIMIT));
    loop {
        match events.recv_timeout(Duration::from_millis(100)) {
            Ok(Event::Up) => {
                return Ok(Ok(Machine {
                    state,
                    ports,
                    sender,
                    events,
                }));
            }
            Ok(other) => bail!("the guest reported {other:?} before it was up"),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                if let Err(error) = state.check_machine("before it was up") {
                    let error = state.explain(lab, plan, error);
                    return Ok(Err(NotUp(format!("{error:#}"))));
                }
                if let Err(error) = state.check(lab, "before it was up") {
                    return Err(state.explain(lab, plan, error));
                }
                if state.start.elapsed() > limit {
                    return Ok(Err(NotUp(format!(
                        "the virtual machine did not come up within {} s\n{}",
                        limit.as_secs(),
                        state.evidence(lab, plan)
                    ))));
                }
            }
        }
    }
}

impl Running {
    /// The folder of the run.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Ends the machine and leaves the folder.
    pub fn into_dir(self) -> RunDir {
        self.dir
    }

    /// Looks whether everything still runs.
    ///
    /// # Errors
    ///
    /// When the machine or a model has ended, or the run is interrupted.
    pub fn check(&mut self, lab: &Lab, when: &str) -> Result<()> {
        lab.interrupt.check()?;
        self.check_machine(when)?;
        for model in &mut self.models {
            model.check(self.dir.path())?;
        }
        Ok(())
    }

    fn check_machine(&mut self, when: &str) -> Result<()> {
        if let Some(status) = self.process.ended()? {
            bail!(
                "the virtual machine ended {when} (QEMU: {status}): a panic, a reboot, or QEMU's \
                 own trouble\n{}",
                run::indent(&run::tail(&self.dir.path().join(qemu::LOG), 20))
            );
        }
        Ok(())
    }

    /// Adds to an error what may explain it; an interruption needs no explanation.
    pub fn explain(&self, lab: &Lab, plan: &Plan, error: Error) -> Error {
        if error.is::<Interrupted>() {
            return error;
        }
        anyhow!("{error:#}\n{}", self.evidence(lab, plan))
    }

    fn evidence(&self, lab: &Lab, plan: &Plan) -> String {
        let dir = self.dir.path();
        format!(
            "{}\nIts processors are at:\n{}",
            evidence::keep(lab, plan, dir),
            run::indent(&monitor::processors(&dir.join(qemu::MONITOR)))
        )
    }
}
