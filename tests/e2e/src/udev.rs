// SPDX-License-Identifier: MIT OR Apache-2.0
//! Debian's udev, for scenarios in which events of devices are to do something.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::wait::SOON;

/// Where mdevctl's rule looks for mdevctl, and where Debian has it (1.4.0-2).
const RULE: &str = "/usr/sbin/mdevctl";
const PROGRAM: &str = "/usr/bin/mdevctl";

/// Where rules are masked. That one has modules loaded, such as the kernel's driver of the DSA.
const RULES: &str = "/run/udev/rules.d";
const MASKED: &str = "80-drivers.rules";

/// udev, from its start until this is dropped.
pub struct Udev(());

impl Udev {
    pub fn start() -> Result<Self> {
        if !Path::new(RULE).exists() {
            symlink(PROGRAM, RULE).context("cannot put mdevctl where its rule looks")?;
        }
        fs::create_dir_all(RULES).context("cannot mask a rule")?;
        symlink("/dev/null", Path::new(RULES).join(MASKED)).context("cannot mask a rule")?;
        let daemon = "/usr/lib/systemd/systemd-udevd";
        process::run(Command::new(daemon).arg("--daemon"), SOON)?.ok()?;
        Ok(Self(()))
    }

    /// Waits until it has done what there is to do.
    pub fn settle(&self) -> Result<()> {
        process::run(Command::new("udevadm").arg("settle"), SOON)?.ok()?;
        Ok(())
    }
}

impl Drop for Udev {
    fn drop(&mut self) {
        let exit = Command::new("udevadm").args(["control", "--exit"]).status();
        if !exit.is_ok_and(|status| status.success()) {
            eprintln!("udev does not end");
        }
        let _ = fs::remove_file(Path::new(RULES).join(MASKED));
    }
}
