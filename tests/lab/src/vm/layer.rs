// SPDX-License-Identifier: MIT OR Apache-2.0

//! The files of one run, which the virtual machine sees above the build root.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context, Result};

use super::terminal::Terminal;
use super::{Guest, Plan};
use crate::build::{c_client, kvm_amd};
use crate::lab::Lab;
use crate::root::kernel_packages::SERIES;

/// Where the guest's own files lie.
const HOME: &str = "usr/lib/subdev-lab";

/// The unit by which Debian's init starts what the lab runs.
const UNIT: &str = "subdev-lab.service";

/// Units that nobody needs here, and that take time: there is nobody to log in.
const MASKED: &[&str] = &[
    "e2scrub_reap.service",
    "getty.target",
    "serial-getty@ttyS0.service",
    "systemd-binfmt.service",
];

/// Puts everything for the run below the folder `top`, which is made.
///
/// # Errors
///
/// When a file cannot be written, or one of those to be built is not there.
pub fn assemble(lab: &Lab, guest: &Guest, plan: &Plan, top: &Path) -> Result<()> {
    for (name, path) in guest.programs.all() {
        if plan.installed && name == "dsa-nl" {
            continue;
        }
        place(&path, &top.join("usr/bin").join(name))?;
    }
    place(&guest.c_client, &top.join("usr/bin").join(c_client::NAME))?;
    let ynl = include_str!("ynl.sh").replace("@SERIES@", SERIES);
    write(&top.join("usr/bin/ynl"), &ynl, 0o755)?;
    place(&lab.spec(), &top.join("usr/share/subdev/subdev.yaml"))?;
    place(
        &lab.checkout.join("tests/e2e/counts.toml"),
        &top.join("usr/share/subdev/counts.toml"),
    )?;
    modules(lab, guest, plan, top)?;
    let home = top.join(HOME);
    write(&home.join("init"), include_str!("guest_init.sh"), 0o755)?;
    for (name, command) in [("command", &plan.command), ("first", &plan.first)] {
        let command = command.as_deref().unwrap_or_default();
        write(&home.join(name), command, 0o644)?;
    }
    if plan.installed {
        let units = top.join("etc/systemd/system");
        write(&units.join(UNIT), include_str!("guest_init.service"), 0o644)?;
        let wants = units.join("multi-user.target.wants");
        fs::create_dir_all(&wants).with_context(|| format!("cannot make {}", wants.display()))?;
        symlink(format!("../{UNIT}"), wants.join(UNIT)).context("cannot enable the lab's unit")?;
        for unit in MASKED {
            symlink("/dev/null", units.join(unit)).context("cannot mask a unit")?;
        }
    }
    write(&home.join("config"), &config(lab, plan), 0o644)
}

/// Puts what `modprobe` is to find there; what is installed finds itself.
fn modules(lab: &Lab, guest: &Guest, plan: &Plan, top: &Path) -> Result<()> {
    let module = &guest.module;
    if plan.installed {
        return Ok(());
    }
    let modules = top.join("usr/lib/modules").join(&guest.kernel.release);
    for (name, file) in module.files() {
        place(file, &modules.join("extra").join(name))?;
    }
    // As an administrator installs it.
    place(
        &lab.checkout.join("driver/mdev/mdevctl/subdev"),
        &top.join("usr/lib/mdevctl/scripts.d/callouts/subdev"),
    )?;
    // `modprobe` goes on to take Debian's: the index does not know this one.
    if let Some(file) = &guest.kvm_amd {
        place(file, &modules.join("extra").join(kvm_amd::FILE))?;
    }
    for entry in fs::read_dir(&module.index)
        .with_context(|| format!("cannot read {}", module.index.display()))?
    {
        let entry = entry?;
        place(&entry.path(), &modules.join(entry.file_name()))?;
    }
    Ok(())
}

/// What `guest_init.sh` reads.
fn config(lab: &Lab, plan: &Plan) -> String {
    let flag = u8::from;
    let terminal = Terminal::ask(&lab.terminal);
    let settings = [
        ("DRIVER", flag(plan.driver).to_string()),
        ("INSTALLED", flag(plan.installed).to_string()),
        ("MOVDIR64B", flag(plan.movdir64b).to_string()),
        ("DSA", plan.dsa.to_string()),
        ("SHARE", flag(plan.share.is_some()).to_string()),
        ("INTERACTIVE", flag(plan.command.is_none()).to_string()),
        ("ROWS", terminal.rows.to_string()),
        ("COLUMNS_", terminal.columns.to_string()),
        ("TERMINAL", terminal.name),
        ("MARK", plan.mark.clone()),
    ];
    settings
        .iter()
        .map(|(name, value)| format!("{name}={}\n", shell_words::quote(value)))
        .collect()
}

/// Makes `from` appear as `to`: as a second name where that is possible.
fn place(from: &Path, to: &Path) -> Result<()> {
    make_parent(to)?;
    fs::hard_link(from, to)
        .or_else(|_| fs::copy(from, to).map(drop))
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

fn write(path: &Path, content: &str, mode: u32) -> Result<()> {
    make_parent(path)?;
    fs::write(path, content)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn make_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(dir) => {
            fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))
        }
        None => Ok(()),
    }
}
