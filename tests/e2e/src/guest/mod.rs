// SPDX-License-Identifier: MIT OR Apache-2.0
//! Virtual machines in the machine, under KVM: Debian's own kernel, to which QEMU hands subdevs.

mod console;
mod image;
mod standing;

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Error, Result};

use crate::process::{self, Talker};
use crate::system;
use crate::wait::SOON;

pub use console::{Console, Done};

/// Whether memory is made huge pages of (srctree Documentation/admin-guide/mm/transhuge.rst).
const HUGE_PAGES: &str = "/sys/kernel/mm/transparent_hugepage/enabled";

/// Where guests have their files.
pub const DIR: &str = "/run/guest";

/// KVM, and what all guests begin with.
pub struct Host {
    pub image: PathBuf,
    pub kernel: PathBuf,
}

/// What a guest does when its dmatest is done.
#[derive(Clone, Copy)]
pub enum Then {
    PowerOff,
    Reboot,
    /// Stays, until its device is asked for; then it goes off.
    Release,
}

/// What the dmatest of a guest is to do.
#[derive(Clone, Copy)]
pub struct Copies {
    /// How many each thread makes.
    pub each: u64,
    pub threads: u64,
    /// Whether what was copied is compared.
    pub verified: bool,
    pub then: Then,
}

impl Display for Copies {
    /// The words of a command line that `init.sh` reads.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let then = match self.then {
            Then::PowerOff => "poweroff",
            Then::Reboot => "reboot",
            Then::Release => "release",
        };
        let (each, threads, verify) = (self.each, self.threads, u8::from(self.verified));
        write!(
            f,
            "iterations={each} threads={threads} verify={verify} then={then}"
        )
    }
}

/// A guest that runs; killed when dropped.
pub struct Guest {
    command: Command,
    /// QEMU, whose standard output is the guest's serial port.
    console: Console,
    /// The socket of QEMU's monitor.
    monitor: PathBuf,
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
        let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
        Ok(Self {
            image: image::make(dir)?,
            kernel: format!("/boot/vmlinuz-{}", release.trim_end()).into(),
        })
    }

    /// The command line of the kernel of a guest.
    pub fn command_line(copies: Copies) -> String {
        format!(
            "console=ttyS0 nokaslr loglevel=3 oops=panic panic=-1 mitigations=off \
             setcpuid=movdir64b {copies}"
        )
    }

    /// Starts a guest with the device that has that folder in sysfs.
    pub fn start(&self, device: &Path, copies: Copies) -> Result<Guest> {
        let device = fs::canonicalize(device)
            .with_context(|| format!("there is no {}", device.display()))?;
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-nodefaults", "-no-user-config", "-display", "none"]);
        if !matches!(copies.then, Then::Reboot) {
            // A guest whose kernel ends is not to begin anew.
            qemu.arg("-no-reboot");
        }
        qemu.args(["-M", "q35,memory-backend=m", "-accel", "kvm"]);
        qemu.args(["-cpu", "host", "-smp", "2", "-m", "256", "-serial", "stdio"]);
        // All of its memory is there from the start, and stays where it is.
        qemu.args(["-object", "memory-backend-memfd,id=m,size=256M,prealloc=on"]);
        qemu.arg("-kernel").arg(&self.kernel);
        qemu.arg("-initrd").arg(&self.image);
        qemu.args(["-append", &Self::command_line(copies), "-device"]);
        qemu.arg(format!("vfio-pci,sysfsdev={}", device.display()));
        let name = device.file_name().unwrap_or_default().to_string_lossy();
        let monitor = Path::new(DIR).join(format!("monitor-{name}"));
        qemu.arg("-monitor");
        qemu.arg(format!("unix:{},server=on,wait=off", monitor.display()));
        Ok(Guest {
            console: Console::new(Talker::spawn(&mut qemu)?),
            monitor,
            command: qemu,
        })
    }
}

impl Guest {
    /// Waits until its device is enabled, and it copies.
    ///
    /// A kernel that does not reach its init is started once more, as the lab does with that of the
    /// machine: an emulated processor does that now and then. From then on nothing is tried again.
    pub fn boot(&mut self) -> Result<()> {
        if let Err(error) = self.console.up() {
            let error = self.explained(error);
            println!("    a guest did not come up, and is started once more: {error:#}");
            self.console = Console::new(Talker::spawn(&mut self.command)?);
            self.console.up().map_err(|error| self.explained(error))?;
        }
        let enabled = self.console.copies();
        enabled.map_err(|error| self.explained(error))
    }

    /// Waits until it has copied; a copy that failed is an error.
    pub fn copied(&mut self) -> Result<Done> {
        let done = self.console.copied();
        done.map_err(|error| self.explained(error))
    }

    /// Waits until it is off.
    pub fn off(&mut self) -> Result<()> {
        self.console.port.wait(SOON).map(drop)
    }

    /// The error, with what it and QEMU said; it is ended.
    fn explained(&mut self, error: Error) -> Error {
        error.context(self.last_words())
    }

    /// Ends it, and returns what it and QEMU said. A guest that KVM cannot go on with stands still,
    /// and only QEMU says why.
    pub fn last_words(&mut self) -> String {
        let standing = standing::of(self.console.port.id(), &self.monitor);
        if let Err(error) = self.kill() {
            return format!("{error:#}\n{standing}");
        }
        let log = &mut self.console.log;
        loop {
            match self.console.port.line(SOON) {
                Ok(line) => log.push(line),
                Err(end) => return format!("{end:#}; it said: {log:#?}\n{standing}"),
            }
        }
    }

    /// Ends it as a host that loses power does.
    pub fn kill(&mut self) -> Result<()> {
        self.console.port.kill()
    }
}
