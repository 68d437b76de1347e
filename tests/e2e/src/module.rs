// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernel modules that a scenario loads beside ours.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::process::{self, Output};
use crate::wait::SOON;

/// A module while it is loaded. Dropping it unloads it, so that a scenario that fails leaves nothing
/// for the next one.
pub struct Loaded(&'static str);

impl Loaded {
    /// Loads it, and with it what it needs.
    pub fn new(name: &'static str) -> Result<Self> {
        process::run(Command::new("modprobe").arg(name), SOON)?.ok()?;
        Ok(Self(name))
    }

    fn is_loaded(&self) -> bool {
        Path::new("/sys/module").join(self.0).exists()
    }

    /// Tries to unload it.
    pub fn try_unload(&self) -> Result<Output> {
        process::run(Command::new("rmmod").arg(self.0), SOON)
    }

    /// Unloads it.
    pub fn unload(self) -> Result<()> {
        self.try_unload()?.ok()?;
        ensure!(!self.is_loaded(), "/sys/module/{} is still there", self.0);
        Ok(())
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        if self.is_loaded() && self.try_unload().and_then(Output::ok).is_err() {
            eprintln!("{} cannot be unloaded", self.0);
        }
    }
}
