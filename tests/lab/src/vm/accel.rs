// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whether the host's KVM can be used.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};

use super::qemu;
use crate::build::kernel::Kernel;
use crate::lab::{Lab, short_hash};
use crate::process::Process;
use crate::root::Root;
use crate::{run, stamp};

/// How long a kernel may take under KVM until its first process runs. On real
/// hardware this takes two seconds.
const PROBE: Duration = Duration::from_secs(10);

/// What executes the guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accel {
    /// The CPU.
    Kvm,
    /// QEMU's translator, which works anywhere.
    Tcg,
}

impl Accel {
    /// QEMU's arguments for it.
    pub fn arguments(self) -> [&'static str; 4] {
        match self {
            Self::Kvm => ["-accel", "kvm", "-cpu", "host"],
            Self::Tcg => ["-accel", "tcg,thread=multi", "-cpu", "max"],
        }
    }
}

/// Chooses KVM where it really boots `kernel`, else TCG. The
/// verdict is kept for this host's kernel.
///
/// A `/dev/kvm` that is there and opens says little: nested KVM may well fail
/// to run a stock kernel.
///
/// # Errors
///
/// When the probe cannot be run.
pub fn choose(lab: &Lab, root: &Root, kernel: &Kernel, initramfs: &Path) -> Result<Accel> {
    if OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/kvm")
        .is_err()
    {
        return Ok(Accel::Tcg);
    }
    let name = format!("{}.{}", root.name, kernel.flavour.name());
    let host = rustix::system::uname();
    let key = short_hash([
        kernel.release.as_bytes(),
        host.release().to_bytes(),
        host.version().to_bytes(),
    ]);
    let verdict = lab.cache.join("stamp").join(format!("{name}.accel"));
    stamp::once(lab, &format!("{name}.kvm"), &key, &verdict, || {
        let word = if boots(lab, root, kernel, initramfs)? {
            "kvm"
        } else {
            "tcg"
        };
        stamp::write_atomic(&verdict, word.as_bytes())
    })?;
    let word = std::fs::read_to_string(&verdict)
        .with_context(|| format!("cannot read {}", verdict.display()))?;
    Ok(if word == "kvm" {
        Accel::Kvm
    } else {
        Accel::Tcg
    })
}

fn boots(lab: &Lab, root: &Root, kernel: &Kernel, initramfs: &Path) -> Result<bool> {
    if lab.verbose {
        eprintln!("lab: try whether KVM boots the kernel");
    }
    let dir = tempfile::tempdir_in(lab.cache.join("run"))
        .context("cannot make a folder for the probe")?;
    let log = File::create(dir.path().join(qemu::LOG)).context("cannot write QEMU's log")?;
    let mut command = qemu::machine(
        root.enter(),
        kernel,
        Accel::Kvm,
        initramfs,
        dir.path(),
        "lab.probe",
    );
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    let ended = Process::spawn("the probe of KVM", &mut command)?.wait_at_most(PROBE)?;
    let console = run::tail(&dir.path().join(qemu::CONSOLE), 100);
    // A panic ends the machine as well, so the guest's own word is asked for.
    Ok(ended.is_some_and(|status| status.success()) && console.contains("lab: this machine boots"))
}
