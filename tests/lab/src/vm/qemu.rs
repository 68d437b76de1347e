// SPDX-License-Identifier: MIT OR Apache-2.0

//! QEMU's command line.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rustix::io::{FdFlags, fcntl_setfd};

use super::accel::Accel;
use super::{Guest, Plan, model};
use crate::build::kernel::Kernel;
use crate::process::Process;
use crate::root::chroot::{Chroot, Layer};

/// Where the folder of the run appears inside the root.
const RUN: &str = "/run/lab";

/// Where the initramfs appears inside the root.
const INITRAMFS: &str = "/run/initramfs";

/// The console's log in the folder of the run.
pub const CONSOLE: &str = "console.log";

/// What QEMU itself says, in the folder of the run.
pub const LOG: &str = "qemu.log";

/// The socket of QEMU's monitor, in the folder of the run.
pub const MONITOR: &str = "monitor";

/// Our ends of the guest's ports.
pub struct Ports {
    pub input: UnixStream,
    pub output: UnixStream,
    pub error: UnixStream,
    /// Taken by who brings the machine up.
    pub status: Option<UnixStream>,
}

/// A command that boots `kernel` with `append` on its command
/// line, by the QEMU in `root`; the folder `dir` gets the console's log.
///
/// The machine ends when the guest panics or reboots.
pub fn machine(
    root: Chroot,
    kernel: &Kernel,
    accel: Accel,
    initramfs: &Path,
    dir: &Path,
    append: &str,
) -> Command {
    let enter = root.bind(dir, RUN).bind(initramfs, INITRAMFS);
    let mut qemu = enter.command("qemu-system-x86_64");
    qemu.args([
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-no-reboot",
    ]);
    qemu.args(accel.arguments());
    // A model device reads and writes the guest's memory, so it is shared.
    qemu.args(["-machine", "q35,memory-backend=m"]);
    qemu.args([
        "-object",
        "memory-backend-memfd,id=m,size=1G,share=on",
        "-m",
        "1G",
    ]);
    qemu.args([
        "-chardev",
        &format!("file,id=console,path={RUN}/{CONSOLE}"),
        "-serial",
        "chardev:console",
    ]);
    qemu.args([
        "-kernel",
        &format!("/boot/vmlinuz-{}", kernel.release),
        "-initrd",
        INITRAMFS,
    ]);
    let own = kernel.command_line();
    qemu.args([
        "-append",
        &format!("console=ttyS0 panic=-1 log_buf_len=16M {own} {append}"),
    ]);
    qemu
}

/// Starts the virtual machine of `plan`.
///
/// # Errors
///
/// When QEMU cannot be started.
pub fn start(guest: &Guest, plan: &Plan, layers: &[Layer], dir: &Path) -> Result<(Process, Ports)> {
    let mut root = guest.root.enter().below(layers);
    if let Some(share) = &plan.share {
        root = root.bind(share, "/run/share");
    }
    let mut qemu = machine(
        root,
        &guest.kernel,
        guest.accel,
        &guest.initramfs,
        dir,
        &plan.append,
    );

    qemu.args(["-smp", &plan.processors.to_string()]);
    if plan.iommu {
        // Before the devices that it translates for. With the mode, the kernel has each change taken
        // note of at once, by devices that QEMU does not carry out itself too.
        qemu.args(["-device", "intel-iommu,caching-mode=on"]);
        // It translates interrupts too, which KVM leaves to QEMU then.
        qemu.args(["-machine", "kernel-irqchip=split"]);
    }
    filesystem(&mut qemu, "root", "/mnt", true);
    filesystem(&mut qemu, "layer", &format!("{RUN}/layer"), true);
    if plan.share.is_some() {
        filesystem(&mut qemu, "share", "/run/share", false);
    }
    for index in 0..plan.dsa {
        let socket = format!("{RUN}/{}", model::socket(index));
        qemu.args([
            "-device",
            &format!(
                r#"{{"driver":"vfio-user-pci","socket":{{"type":"unix","path":"{socket}"}}}}"#
            ),
        ]);
    }

    qemu.args([
        "-chardev",
        &format!("socket,id=monitor,path={RUN}/{MONITOR},server=on,wait=off"),
        "-object",
        "monitor-hmp,id=hmp,chardev=monitor",
    ]);
    qemu.args(["-device", "virtio-serial-pci"]);
    // Through these, programs in the guest ask the models for faults.
    for index in 0..plan.dsa {
        let name = model::control(index);
        qemu.args([
            "-chardev",
            &format!("socket,id={name},path={RUN}/{name}"),
            "-device",
            &format!("virtserialport,chardev={name},name={name}"),
        ]);
    }
    let log = File::create(dir.join(LOG)).context("cannot write QEMU's log")?;
    qemu.stderr(log.try_clone()?);
    if plan.command.is_some() {
        qemu.stdin(Stdio::null()).stdout(log);
    } else {
        // The terminal itself becomes the guest's; QEMU puts it into raw mode.
        qemu.args(["-chardev", "stdio,id=terminal,signal=off"]);
        qemu.args(["-device", "virtconsole,chardev=terminal"]);
    }
    // QEMU's ends live until it is started.
    let mut theirs = Vec::new();
    let ports = Ports {
        input: port(&mut qemu, "in", &mut theirs)?,
        output: port(&mut qemu, "out", &mut theirs)?,
        error: port(&mut qemu, "err", &mut theirs)?,
        status: Some(port(&mut qemu, "status", &mut theirs)?),
    };
    Ok((Process::spawn("the virtual machine", &mut qemu)?, ports))
}

/// Shares the folder `path` (inside the root) over 9p.
fn filesystem(qemu: &mut Command, tag: &str, path: &str, readonly: bool) {
    let readonly = if readonly { "on" } else { "off" };
    qemu.args([
        "-fsdev",
        &format!(
            "local,id={tag},path={path},readonly={readonly},security_model=none,multidevs=remap"
        ),
    ]);
    qemu.args([
        "-device",
        &format!("virtio-9p-pci,fsdev={tag},mount_tag={tag}"),
    ]);
}

/// Adds the port `name`, whose other end is the result.
fn port(qemu: &mut Command, name: &str, theirs: &mut Vec<OwnedFd>) -> Result<UnixStream> {
    let make = || -> std::io::Result<_> {
        let (ours, their) = UnixStream::pair()?;
        // It is inherited under its number.
        fcntl_setfd(&their, FdFlags::empty())?;
        Ok((ours, their))
    };
    let (ours, their) = make().context("cannot make a channel to the virtual machine")?;
    qemu.args([
        "-chardev",
        &format!("socket,id={name},fd={}", their.as_raw_fd()),
    ]);
    qemu.args([
        "-device",
        &format!("virtserialport,chardev={name},name={name}"),
    ]);
    theirs.push(their.into());
    Ok(ours)
}
