// SPDX-License-Identifier: MIT OR Apache-2.0
//! Debian's libvirt: its daemon, and `virsh`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::guest::{self, Console, Copies, Host};
use crate::process::{self, Output, Talker};
use crate::wait::{self, SOON};

/// How long it may take to find out what QEMU can do, which it is started for several times.
const LONG: Duration = Duration::from_secs(180);

/// How it runs QEMU in a machine that has neither its user nor services beside it.
const CONFIG: &str = r#"user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
stdio_handler = "file"
cgroup_controllers = []
namespaces = []
"#;

/// Where that is read from.
const CONFIG_FILE: &str = "/etc/libvirt/qemu.conf";

/// Name of the domain.
const DOMAIN: &str = "guest";

/// The daemon; killed when dropped: it may take minutes to end in order.
pub struct Daemon {
    _daemon: Talker,
}

impl Daemon {
    pub fn start() -> Result<Self> {
        fs::write(CONFIG_FILE, CONFIG).context("cannot write libvirt's configuration")?;
        let daemon = Talker::spawn(&mut Command::new("libvirtd"))?;
        let ready = || Ok(virsh("nodedev-list")?.status.success());
        wait::until_true(SOON, "libvirt to answer", ready)?;
        Ok(Self { _daemon: daemon })
    }
}

/// Runs `virsh` with the words of `line`.
pub fn virsh(line: &str) -> Result<Output> {
    process::run(Command::new("virsh").args(line.split_whitespace()), LONG)
}

/// Has `virsh` read a description from a file.
pub fn virsh_file(command: &str, xml: &str) -> Result<Output> {
    let file = Path::new(guest::DIR).join("description.xml");
    fs::write(&file, xml).context("cannot write a description")?;
    virsh(&format!("{command} {}", file.display()))
}

/// A domain that has a mediated device, and its serial port; destroyed when dropped.
pub struct Domain {
    pub console: Console,
}

impl Domain {
    /// Defines it.
    pub fn define(host: &Host, uuid: &str, copies: Copies) -> Result<Self> {
        let port = port();
        File::create(&port).context("no file for the serial port")?;
        virsh_file("define", &description(host, uuid, copies))?.ok()?;
        let mut tail = Command::new("tail");
        tail.args(["--follow", "--lines=+1"]).arg(port);
        Ok(Self {
            console: Console::new(Talker::spawn(&mut tail)?),
        })
    }

    /// Starts it.
    pub fn start(&self) -> Result<Output> {
        virsh(&format!("start {DOMAIN}"))
    }

    /// What state it is in.
    pub fn state(&self) -> Result<String> {
        let state = virsh(&format!("domstate {DOMAIN}"))?.ok()?;
        Ok(state.stdout.trim().to_owned())
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        // It may be off.
        let _ = virsh(&format!("destroy {DOMAIN}"));
        if !virsh(&format!("undefine {DOMAIN}")).is_ok_and(|it| it.status.success()) {
            eprintln!("the domain stays");
        }
    }
}

/// The file that is the serial port of the domain.
fn port() -> PathBuf {
    Path::new(guest::DIR).join("port")
}

fn description(host: &Host, uuid: &str, copies: Copies) -> String {
    let (kernel, image, port) = (host.kernel.display(), host.image.display(), port());
    let (line, port) = (Host::command_line(copies), port.display());
    format!(
        "<domain type='kvm'>
  <name>{DOMAIN}</name>
  <memory unit='MiB'>256</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{image}</initrd>
    <cmdline>{line}</cmdline>
  </os>
  <features><acpi/><apic/></features>
  <cpu mode='host-passthrough'/>
  <on_reboot>destroy</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <serial type='file'><source path='{port}'/></serial>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    <hostdev mode='subsystem' type='mdev' model='vfio-pci' managed='no'>
      <source><address uuid='{uuid}'/></source>
    </hostdev>
  </devices>
</domain>
"
    )
}
