// SPDX-License-Identifier: MIT OR Apache-2.0

//! The virtual machine: a kernel, the build root as its root, model
//! devices, and one command to run.
//!
//! - [`accel`] chooses between KVM and translation,
//! - [`initramfs`] packs the first root, which mounts the real one,
//! - [`layer`] puts the files of a run above it,
//! - [`model`] runs the devices,
//! - [`qemu`] starts the machine,
//! - [`boot`] brings the machine up,
//! - [`channels`] carry the command's input, output and status,
//! - [`monitor`] asks QEMU where a machine is that does not go on,
//! - [`evidence`] is what is left of a run to explain a failure.

mod accel;
mod boot;
mod channels;
mod evidence;
mod initramfs;
mod layer;
mod model;
mod monitor;
mod options;
mod qemu;
mod rundir;
mod terminal;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Result, bail};

use self::accel::Accel;
use self::boot::{Machine, Running};
use self::channels::Event;
pub use self::options::{Options, Plan};
use self::rundir::RunDir;
use self::terminal::Modes;
use crate::build::c_client;
use crate::build::kernel::{self, Flavour, Kernel};
use crate::build::kvm_amd;
use crate::build::module::{self, Module};
use crate::build::userspace::{self, Programs};
use crate::deb;
use crate::lab::Lab;
use crate::root::chroot::Layer;
use crate::root::{self, Root};

/// Everything that is built before a machine can start.
pub struct Guest {
    pub root: Root,
    pub kernel: Kernel,
    pub module: Module,
    pub programs: Programs,
    c_client: PathBuf,
    kvm_amd: Option<PathBuf>,
    initramfs: PathBuf,
    accel: Accel,
}

impl Guest {
    /// Makes what is missing of it.
    ///
    /// # Errors
    ///
    /// When a step fails.
    pub fn ensure(lab: &Lab, flavour: Flavour) -> Result<Self> {
        let root = root::ensure(lab)?;
        let kernel = kernel::ensure(lab, &root, flavour)?;
        let module = module::build(lab, &root, &kernel)?;
        let programs = userspace::build(lab)?;
        Self::of(lab, root, kernel, module, programs)
    }

    /// Puts it together from its parts.
    ///
    /// # Errors
    ///
    /// When the initramfs cannot be packed or KVM not be tried.
    pub fn of(
        lab: &Lab,
        root: Root,
        kernel: Kernel,
        module: Module,
        programs: Programs,
    ) -> Result<Self> {
        let c_client = c_client::ensure(lab, &root)?;
        let kvm_amd = kvm_amd::ensure(lab, &root, &kernel)?;
        let initramfs = initramfs::ensure(lab, &root, &kernel)?;
        let accel = accel::choose(lab, &root, &kernel, &initramfs)?;
        Ok(Self {
            root,
            kernel,
            module,
            programs,
            c_client,
            kvm_amd,
            initramfs,
            accel,
        })
    }
}

impl Guest {
    /// What is above the root of a machine that has the checkout's packages installed.
    fn installed(&self, lab: &Lab) -> Result<Vec<Layer>> {
        let packages = deb::build(lab, &self.root, &self.programs)?;
        deb::installed::ensure(lab, &self.root, &packages)
    }
}

/// Where a command's input comes from and where its output goes.
pub struct Streams {
    pub input: Box<dyn Read + Send>,
    pub output: Box<dyn Write + Send>,
    pub error: Box<dyn Write + Send>,
}

impl Streams {
    /// Ours.
    pub fn inherited() -> Self {
        Self {
            input: Box::new(std::io::stdin()),
            output: Box::new(std::io::stdout()),
            error: Box::new(std::io::stderr()),
        }
    }

    /// Ours, and no input.
    pub fn without_input() -> Self {
        Self {
            input: Box::new(std::io::empty()),
            ..Self::inherited()
        }
    }
}

/// How a run ended, and how long it took.
pub struct Outcome {
    /// The command's exit status.
    pub status: u8,
    /// From the start of the machine to the start of the command.
    pub boot: Duration,
    /// From there to the end of the command.
    pub command: Duration,
    dir: RunDir,
}

impl Outcome {
    /// What may explain a failure of the command of `plan`; it is kept in the
    /// logs as well.
    pub fn evidence(&self, lab: &Lab, plan: &Plan) -> String {
        evidence::keep(lab, plan, self.dir.path())
    }
}

/// Boots a machine, runs the command of `plan` in it and ends it.
///
/// # Errors
///
/// When the machine fails rather than the command: it does not come up, it
/// panics, or the time is over. The error shows the end of the console and of the
/// devices' traces.
pub fn run(lab: &Lab, guest: &Guest, plan: &Plan, streams: Streams) -> Result<Outcome> {
    let _modes = Modes::keep();
    let Machine {
        mut state,
        ports,
        sender,
        events,
    } = boot::boot(lab, guest, plan)?;
    // At a terminal, QEMU reads what is typed: nobody else may.
    if plan.command.is_some() {
        channels::input(streams.input, ports.input);
    }
    channels::output(ports.output, &plan.mark, streams.output, sender.clone());
    channels::output(ports.error, &plan.mark, streams.error, sender);
    match follow(lab, plan, &mut state, &events) {
        Ok((status, boot, command)) => Ok(Outcome {
            status,
            boot,
            command,
            dir: state.into_dir(),
        }),
        Err(error) => Err(state.explain(lab, plan, error)),
    }
}

/// Waits for the end of the command; returns its status, and the times until
/// it began and from there to its end.
fn follow(
    lab: &Lab,
    plan: &Plan,
    machine: &mut Running,
    events: &mpsc::Receiver<Event>,
) -> Result<(u8, Duration, Duration)> {
    let start = machine.start;
    let mut ready = None;
    let mut exit = None;
    // At a terminal there are no streams to be waited for.
    let mut streams = if plan.command.is_some() { 2 } else { 0 };
    loop {
        match events.recv_timeout(Duration::from_millis(100)) {
            Ok(Event::Up) => bail!("the guest began a second time"),
            Ok(Event::Ready) => ready = Some(start.elapsed()),
            Ok(Event::StreamEnded) => streams -= 1,
            Ok(Event::Exit(status)) => exit = Some(status),
            Ok(Event::Failed(why)) => bail!("the virtual machine could not run the command: {why}"),
            // All ports are closed: QEMU has ended, which is looked at below.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                evidence::trim(plan, machine.dir());
                machine.check(
                    lab,
                    if ready.is_some() {
                        "while the command ran"
                    } else {
                        "before it could run the command"
                    },
                )?;
                if plan.timeout.is_some_and(|limit| start.elapsed() > limit) {
                    bail!(
                        "the virtual machine was not done within {} s (see --timeout)",
                        plan.timeout.unwrap_or_default().as_secs()
                    );
                }
            }
        }
        if let (Some(boot), Some(status), 0) = (ready, exit, streams) {
            return Ok((status, boot, start.elapsed() - boot));
        }
    }
}
