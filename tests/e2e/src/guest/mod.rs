// SPDX-License-Identifier: MIT OR Apache-2.0
//! Virtual machines in the machine, under KVM: Debian's own kernel, to which QEMU hands subdevs.

mod image;
mod standing;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{self, Talker};
use crate::system;
use crate::vfio::Location;
use crate::wait::SOON;

/// How long a guest may take to boot, in a processor that is emulated.
const BOOT: Duration = Duration::from_secs(180);

/// How long it may take then to enable its device.
const ENABLE: Duration = Duration::from_secs(120);

/// Longest pause between two lines of a guest that copies.
const COPIES: Duration = Duration::from_secs(480);

/// What a guest says to the scenario begins so (`init.sh`).
const MARK: &str = "guest: ";

/// Whether memory is made huge pages of (srctree Documentation/admin-guide/mm/transhuge.rst).
const HUGE_PAGES: &str = "/sys/kernel/mm/transparent_hugepage/enabled";

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

/// What the dmatest of a guest has done.
#[derive(Default)]
pub struct Done {
    pub copies: u64,
    /// How many of them in a second, of all threads together.
    pub rate: f64,
}

/// A guest that runs; killed when dropped.
pub struct Guest {
    command: Command,
    qemu: Talker,
    /// The socket of QEMU's monitor.
    monitor: PathBuf,
    log: Vec<String>,
}

impl Host {
    /// Loads KVM and makes the image.
    ///
    /// The `kvm-amd` is the one that the lab builds for an emulated processor
    /// (`tests/lab/src/build/kvm_amd.sh`).
    pub fn new() -> Result<Self> {
        if !Path::new("/sys/module/kvm_amd").exists() {
            process::run(Command::new("modprobe").args(["-a", "kvm", "ccp"]), SOON)?.ok()?;
            system::insert("kvm-amd.ko", &["dump_invalid_vmcb=1"])?;
            // So that nothing moves the memory of a guest while it runs: an emulated processor ends
            // guests now and then, and that is one thing less that it could be for.
            system::write_sysfs(Path::new(HUGE_PAGES), "never")?;
        }
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
        if !copies.reboots {
            // A guest whose kernel ends is not to begin anew.
            qemu.arg("-no-reboot");
        }
        qemu.args([
            "-M",
            "q35,memory-backend=m",
            "-accel",
            "kvm",
            "-cpu",
            "host",
        ]);
        qemu.args(["-smp", "2", "-m", "256", "-serial", "stdio"]);
        // All of its memory is there from the start, and stays where it is.
        qemu.args(["-object", "memory-backend-memfd,id=m,size=256M,prealloc=on"]);
        qemu.arg("-kernel");
        qemu.arg(format!("/boot/vmlinuz-{}", release.trim_end()));
        qemu.arg("-initrd").arg(&self.image).arg("-append");
        qemu.arg(format!(
            "console=ttyS0 nokaslr loglevel=3 oops=panic panic=-1 mitigations=off setcpuid=movdir64b \
             iterations={} threads={} then={}",
            copies.each,
            copies.threads,
            if copies.reboots { "reboot" } else { "poweroff" }
        ));
        qemu.arg("-device");
        qemu.arg(format!("vfio-pci,sysfsdev={}", device.display()));
        let monitor = Path::new(DIR).join(format!("monitor-{}", subdev.device));
        qemu.arg("-monitor");
        qemu.arg(format!("unix:{},server=on,wait=off", monitor.display()));
        Ok(Guest {
            qemu: Talker::spawn(&mut qemu)?,
            monitor,
            command: qemu,
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
                    bail!("the guest said {:#?}", self.log)
                }
                Some(told) => return Ok(told),
                None => (),
            }
        }
    }

    /// Waits until its device is enabled, and it copies.
    ///
    /// A kernel that does not reach its init is started once more, as the lab does with that of the
    /// machine: an emulated processor does that now and then. From then on nothing is tried again.
    pub fn boot(&mut self) -> Result<()> {
        let told = match self.next(BOOT) {
            Ok(told) => told,
            Err(error) => {
                println!("    a guest did not come up, and is started once more: {error:#}");
                self.kill()?;
                self.log.clear();
                self.qemu = Talker::spawn(&mut self.command)?;
                self.next(BOOT)?
            }
        };
        self.expect("up", &told)?;
        for expected in ["dsa0 enabled, wq0.0 enabled", "copying"] {
            let told = self.next(ENABLE)?;
            self.expect(expected, &told)?;
        }
        Ok(())
    }

    /// Demands that it has told this.
    fn expect(&mut self, expected: &str, told: &str) -> Result<()> {
        if told != expected {
            bail!("expected {expected:?}, got {told:?}: {}", self.last_words());
        }
        Ok(())
    }

    /// Waits until it has copied; a copy that failed is an error.
    pub fn copied(&mut self) -> Result<Done> {
        let mut done = Done::default();
        loop {
            let line = self.next(COPIES)?;
            if line == "end of copies" {
                return Ok(done);
            }
            // `dma0chan0-copy0: summary 10 tests, 0 failures 123.45 iops 678 KB/s (0)`
            let summary = line.split_once("summary ").map_or("", |(_, it)| it);
            let words: Vec<_> = summary.split(' ').collect();
            match words[..] {
                [copies, "tests,", "0", "failures", rate, "iops", ..] => {
                    done.copies += copies.parse::<u64>()?;
                    done.rate += rate.parse::<f64>()?;
                }
                _ => bail!("{line}: {}", self.last_words()),
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
        let standing = standing::of(self.qemu.id(), &self.monitor);
        if let Err(error) = self.kill() {
            return format!("{error:#}\n{standing}");
        }
        loop {
            match self.qemu.line(SOON) {
                Ok(line) => self.log.push(line),
                Err(end) => return format!("{end:#}; it said: {:#?}\n{standing}", self.log),
            }
        }
    }

    /// Ends it as a host that loses power does.
    pub fn kill(&mut self) -> Result<()> {
        self.qemu.kill()
    }
}
