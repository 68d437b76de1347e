// SPDX-License-Identifier: MIT OR Apache-2.0
//! Virtual machines in the machine, under KVM: Debian's own kernel, to which QEMU hands subdevs.

mod image;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::process::{self, Talker};
use crate::system;
use crate::vfio::Location;
use crate::wait::SOON;

/// How long a guest may take to boot and to enable its device, in a processor that is emulated.
const BOOT: Duration = Duration::from_secs(240);

/// Longest pause between two lines of a guest that copies.
const COPIES: Duration = Duration::from_secs(240);

/// What a guest says to the scenario begins so (`init.sh`).
const MARK: &str = "guest: ";

/// Where guests have their files.
const DIR: &str = "/run/guest";

/// KVM, and what all guests begin with.
pub struct Host {
    image: PathBuf,
}

/// What the dmatest of a guest is to do.
#[derive(Clone, Copy)]
pub struct Copies {
    /// How many each thread makes.
    pub each: u64,
    pub threads: u64,
    /// Whether the guest boots again then, rather than to go off.
    pub reboots: bool,
}

/// A guest that runs; killed when dropped.
pub struct Guest {
    qemu: Talker,
    log: Vec<String>,
}

impl Host {
    /// Loads KVM and makes the image.
    pub fn new() -> Result<Self> {
        process::run(Command::new("modprobe").arg("kvm_amd"), SOON)?.ok()?;
        let dir = Path::new(DIR);
        fs::create_dir_all(dir).with_context(|| format!("cannot make {DIR}"))?;
        Ok(Self {
            image: image::make(dir)?,
        })
    }

    /// Starts a guest with that subdev.
    pub fn start(&self, subdev: &Location, copies: Copies) -> Result<Guest> {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
        let device = system::auxiliary_path(&subdev.device);
        let device = fs::canonicalize(&device)
            .with_context(|| format!("there is no {}", device.display()))?;
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-nodefaults", "-no-user-config", "-display", "none"]);
        qemu.args(["-M", "q35", "-accel", "kvm", "-cpu", "host"]);
        qemu.args(["-smp", "2", "-m", "256", "-serial", "stdio", "-kernel"]);
        qemu.arg(format!("/boot/vmlinuz-{}", release.trim_end()));
        qemu.arg("-initrd").arg(&self.image).arg("-append");
        qemu.arg(format!(
            "console=ttyS0 loglevel=3 panic=-1 setcpuid=movdir64b iterations={} threads={} then={}",
            copies.each,
            copies.threads,
            if copies.reboots { "reboot" } else { "poweroff" }
        ));
        qemu.arg("-device");
        qemu.arg(format!("vfio-pci,sysfsdev={}", device.display()));
        Ok(Guest {
            qemu: Talker::spawn(&mut qemu)?,
            log: Vec::new(),
        })
    }
}

impl Guest {
    /// What it says next.
    fn next(&mut self, limit: Duration) -> Result<String> {
        loop {
            let line = match self.qemu.line(limit) {
                Ok(line) => line,
                Err(error) => return Err(error.context(self.last_words())),
            };
            let told = line.split_once(MARK).map(|(_, told)| told.trim_end());
            let told = told.map(str::to_owned);
            self.log.push(line);
            match told {
                Some(told) if told.starts_with("failed") => {
                    // Its kernel log follows.
                    while let Ok(line) = self.qemu.line(SOON) {
                        self.log.push(line);
                    }
                    bail!("the guest: {:#?}", self.log)
                }
                Some(told) => return Ok(told),
                None => (),
            }
        }
    }

    /// Waits until its device is enabled, and it copies.
    pub fn boot(&mut self) -> Result<()> {
        for expected in ["dsa0 enabled, wq0.0 enabled", "copying"] {
            let told = self.next(BOOT)?;
            ensure!(told == expected, "expected {expected:?}, got {told:?}");
        }
        Ok(())
    }

    /// Waits until it has copied, and returns the number of copies; a failure is an error.
    pub fn copied(&mut self) -> Result<u64> {
        let mut all = 0;
        loop {
            let line = self.next(COPIES)?;
            if line == "end of copies" {
                return Ok(all);
            }
            // `dma0chan0-copy0: summary 10 tests, 0 failures 123.45 iops 678 KB/s (0)`
            let (_, summary) = line.split_once("summary ").context(line.clone())?;
            let words: Vec<_> = summary.split(' ').collect();
            match words[..] {
                [tests, "tests,", "0", "failures", ..] => all += tests.parse::<u64>()?,
                _ => bail!("{line}"),
            }
        }
    }

    /// Waits until it is off.
    pub fn off(&mut self) -> Result<()> {
        self.qemu.wait(SOON).map(drop)
    }

    /// Ends it, and returns what it and QEMU said. A guest that KVM cannot go on with stands still,
    /// and only QEMU says why.
    pub fn last_words(&mut self) -> String {
        if let Err(error) = self.kill() {
            return format!("{error:#}");
        }
        loop {
            match self.qemu.line(SOON) {
                Ok(line) => self.log.push(line),
                Err(end) => return format!("{end:#}; it said: {:#?}", self.log),
            }
        }
    }

    /// Ends it as a host that loses power does.
    pub fn kill(&mut self) -> Result<()> {
        self.qemu.kill()
    }
}
