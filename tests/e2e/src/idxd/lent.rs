// SPDX-License-Identifier: MIT OR Apache-2.0
//! Work queues of the device that `idxd` owns and our module uses.

use anyhow::Result;

use super::try_command;
use crate::kmsg::Kmsg;
use crate::module::Loaded;
use crate::process::Output;
use crate::system;

/// Name of the module that is their driver.
pub const LENDER: &str = "subdev_idxd";

/// WQs of the kernel's channels (0), of programs (2), and of ours (1 and 3).
pub const LENT: &str = include_str!("lent.json");

/// The module while it is loaded, and ours, which it needs and which goes after it.
pub struct Lender {
    lender: Loaded,
    ours: Loaded,
}

impl Lender {
    /// Loads both.
    pub fn new() -> Result<Self> {
        Ok(Self {
            lender: Loaded::new(LENDER)?,
            ours: Loaded::new(system::MODULE)?,
        })
    }

    /// Tries to unload it.
    pub fn try_unload(&self) -> Result<Output> {
        self.lender.try_unload()
    }

    /// Unloads both.
    pub fn unload(self) -> Result<()> {
        let Self { lender, ours } = self;
        lender.unload()?;
        // What is left of it is looked for as well.
        system::unload_module()?;
        drop(ours);
        Ok(())
    }
}

/// Runs `work` with `idxd` bound to the device and our driver on its bus.
pub fn with_lender<T>(work: impl FnOnce(&mut Kmsg, Lender) -> Result<T>) -> Result<T> {
    super::with_idxd(|log| work(log, Lender::new()?))
}

/// Tries to unload a module that others need.
pub fn try_rmmod(module: &str) -> Result<Output> {
    try_command("rmmod", module)
}
