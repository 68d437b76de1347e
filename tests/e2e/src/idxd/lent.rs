// SPDX-License-Identifier: MIT OR Apache-2.0
//! Work queues of the device that `idxd` owns and our module uses.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::{command, try_command};
use crate::kmsg::Kmsg;
use crate::process::{self, Output};
use crate::system;
use crate::wait::SOON;

/// Name of the module that is their driver.
pub const MODULE: &str = "subdev_idxd";

/// WQs of the kernel's channels (0), of programs (2), and of ours (1 and 3).
pub const LENT: &str = include_str!("lent.json");

/// The module while it is loaded. Dropping it unloads it, and ours with it, so that a scenario that
/// fails leaves nothing for the next one.
pub struct Lender(());

impl Lender {
    /// Loads it, and with it what it needs.
    pub fn new() -> Result<Self> {
        command("modprobe", MODULE)?;
        Ok(Self(()))
    }

    /// Tries to unload it.
    pub fn try_unload(&self) -> Result<Output> {
        process::run(Command::new("rmmod").arg(MODULE), SOON)
    }

    /// Unloads it.
    pub fn unload(self) -> Result<()> {
        self.try_unload()?.ok()?;
        ensure!(!is_loaded(), "/sys/module/{MODULE} is still there");
        system::unload_module()
    }
}

impl Drop for Lender {
    fn drop(&mut self) {
        if is_loaded() {
            let unloaded = self.try_unload().and_then(Output::ok);
            if unloaded.and_then(|_| system::unload_module()).is_err() {
                eprintln!("{MODULE} cannot be unloaded");
            }
        }
    }
}

fn is_loaded() -> bool {
    Path::new("/sys/module").join(MODULE).exists()
}

/// Runs `work` with `idxd` bound to the device and our driver on its bus.
pub fn with_lender<T>(work: impl FnOnce(&mut Kmsg, Lender) -> Result<T>) -> Result<T> {
    super::with_idxd(|log| work(log, Lender::new()?))
}

/// Tries to unload a module that others need.
pub fn try_rmmod(module: &str) -> Result<Output> {
    try_command("rmmod", module)
}
