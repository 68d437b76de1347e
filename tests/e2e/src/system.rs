// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine that the scenarios run in: modules, sysfs, device nodes.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{self, Output};
use crate::tool;
use crate::wait::{self, SOON};

/// Name of the module.
pub const MODULE: &str = "subdev";

/// Whether the module is loaded.
pub fn module_loaded() -> bool {
    Path::new("/sys/module").join(MODULE).exists()
}

/// Loads the module.
pub fn load_module() -> Result<()> {
    process::run(Command::new("modprobe").arg(MODULE), SOON)?.ok()?;
    Ok(())
}

/// Tries to unload the module.
pub fn try_unload_module() -> Result<Output> {
    process::run(Command::new("modprobe").args(["-r", MODULE]), SOON)
}

/// Unloads the module and checks that nothing of it is left.
pub fn unload_module() -> Result<()> {
    try_unload_module()?.ok()?;
    ensure!(!module_loaded(), "/sys/module/{MODULE} is still there");
    let left = auxiliary_devices()?;
    ensure!(left.is_empty(), "auxiliary devices are left: {left:?}");
    Ok(())
}

/// Waits until the family lists `count` parents.
pub fn await_parents(count: usize) -> Result<()> {
    wait::until_true(SOON, &format!("{count} parents in `parent show`"), || {
        Ok(tool::parents()?.len() == count)
    })
}

/// Names of the auxiliary devices of the module.
pub fn auxiliary_devices() -> Result<Vec<String>> {
    let path = "/sys/bus/auxiliary/devices";
    let entries = fs::read_dir(path).with_context(|| format!("cannot list {path}"))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // An auxiliary device is named after the module that made it.
        if name.starts_with(&format!("{MODULE}.")) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The sysfs folder of an auxiliary device.
pub fn auxiliary_path(name: &str) -> PathBuf {
    Path::new("/sys/bus/auxiliary/devices").join(name)
}

/// Number of the IOMMU group that a device's `iommu_group` link leads to.
pub fn iommu_group(device: &Path) -> Result<u32> {
    let link = device.join("iommu_group");
    let target =
        fs::read_link(&link).with_context(|| format!("cannot read the link {}", link.display()))?;
    target
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.parse().ok())
        .with_context(|| format!("{} leads to {}", link.display(), target.display()))
}

/// Whether a path is a character device.
pub fn is_char_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.file_type().is_char_device())
}

/// The sysfs folder of the driver that a PCI device is bound to.
pub fn pci_driver(device: &str) -> Result<PathBuf> {
    let link = format!("/sys/bus/pci/devices/{device}/driver");
    fs::canonicalize(&link).with_context(|| format!("cannot follow {link}"))
}

/// Writes to a file of sysfs.
pub fn write_sysfs(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {text:?} to {}", path.display()))
}

/// Asks something of the device model (`dsa-model ctl --help`).
pub fn ctl(request: &str) -> Result<Output> {
    let words = request.split_whitespace();
    process::run(Command::new("dsa-model").arg("ctl").args(words), SOON)?.ok()
}

/// Where each thread of this process that sleeps in the kernel does so, by name.
pub fn kernel_stacks() -> Result<String> {
    let path = "/proc/self/task";
    let mut all = String::new();
    for task in fs::read_dir(path).with_context(|| format!("cannot list {path}"))? {
        let task = task?.path();
        // A thread may have ended meanwhile.
        let of = |file| fs::read_to_string(task.join(file)).unwrap_or_default();
        all += &format!("{}:\n{}", of("comm").trim_end(), of("stack"));
    }
    Ok(all)
}
