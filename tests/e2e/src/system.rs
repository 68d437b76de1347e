// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine that the scenarios run in: modules, sysfs, device nodes.

use std::fs::{self, File};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vm_memory::mmap::MmapRegion;
use vm_memory::{FileOffset, VolatileMemory};

use crate::process::{self, Output};
use crate::tool;
use crate::vfio::Location;
use crate::wait::{self, SOON};

/// Name of the module.
pub const MODULE: &str = "subdev";

/// Whether the module is loaded.
pub fn module_loaded() -> bool {
    Path::new("/sys/module").join(MODULE).exists()
}

/// Gives the module every DSA of the machine and loads it.
pub fn load_module() -> Result<()> {
    for function in dsa_functions()? {
        function.set_override(Some(MODULE))?;
    }
    load_module_alone()
}

/// Loads the module and gives it no device that it was not given before.
pub fn load_module_alone() -> Result<()> {
    process::run(Command::new("modprobe").arg(MODULE), SOON)?.ok()?;
    Ok(())
}

/// A file of sysfs or procfs that holds another value for a while.
pub struct Setting {
    path: PathBuf,
    before: String,
}

impl Setting {
    /// Writes a value that lasts until this is dropped.
    pub fn new(path: impl Into<PathBuf>, value: &str) -> Result<Self> {
        let path = path.into();
        let before = fs::read_to_string(&path);
        let before = before.with_context(|| format!("cannot read {}", path.display()))?;
        write_sysfs(&path, value)?;
        Ok(Self { path, before })
    }

    /// Has the module sleep before each submission to the hardware, where it is built for that: on
    /// kernels with fault injection.
    pub fn submit_delay(delay: Duration) -> Result<Option<Self>> {
        let path = Path::new("/sys/module").join(MODULE);
        let path = path.join("parameters/submit_delay_us");
        let there = path.exists();
        there
            .then(|| Self::new(path, &delay.as_micros().to_string()))
            .transpose()
    }

    /// Has the kernel not complain of tasks that wait for long.
    pub fn no_hung_tasks() -> Result<Self> {
        Self::new("/proc/sys/kernel/hung_task_timeout_secs", "0")
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        if let Err(error) = write_sysfs(&self.path, &self.before) {
            eprintln!("{error:#}");
        }
    }
}

/// The release of the kernel.
pub fn release() -> Result<String> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").context("which kernel is it")?;
    Ok(release.trim_end().to_owned())
}

/// Where a module is that was built of the checkout.
pub fn extra(file: &str) -> Result<PathBuf> {
    Ok(Path::new("/usr/lib/modules")
        .join(release()?)
        .join("extra")
        .join(file))
}

/// Loads a module that was built for the scenarios.
pub fn insert(file: &str, parameters: &[&str]) -> Result<()> {
    let path = extra(file)?;
    process::run(Command::new("insmod").arg(path).args(parameters), SOON)?.ok()?;
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

/// Waits until nothing is left of a device in /dev/vfio and sysfs.
pub fn await_removal(location: &Location) -> Result<()> {
    for path in [&location.group, &auxiliary_path(&location.device)] {
        let what = format!("the removal of {}", path.display());
        wait::until_true(SOON, &what, || Ok(!path.exists()))?;
    }
    Ok(())
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

/// Where the kernel has its PCI devices and their drivers.
const PCI: &str = "/sys/bus/pci";

/// Vendor and device of each DSA, as sysfs writes them (srctree include/linux/pci_ids.h,
/// `PCI_DEVICE_ID_INTEL_DSA_*`).
const DSA_VENDOR: &str = "0x8086";
const DSA_DEVICES: [&str; 3] = ["0x0b25", "0x11fb", "0x1212"];

/// A PCI function, in whoever's hands it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    name: String,
}

impl Function {
    /// The function at an address such as `0000:00:04.0`.
    pub fn at(name: &str) -> Self {
        let name = name.to_owned();
        Self { name }
    }

    /// That of the first parent.
    pub fn of_parent() -> Result<Self> {
        let parents = tool::parents()?;
        let parent = parents.first().context("no parent")?;
        Ok(Self::at(&parent.device))
    }

    /// Its address.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its folder in sysfs.
    pub fn path(&self) -> PathBuf {
        Path::new(PCI).join("devices").join(&self.name)
    }

    /// The name of the driver that it is bound to.
    pub fn driver(&self) -> Option<String> {
        let driver = fs::read_link(self.path().join("driver")).ok()?;
        Some(driver.file_name()?.to_string_lossy().into_owned())
    }

    /// Whether it is a DSA.
    fn is_dsa(&self) -> bool {
        let id = |file| fs::read_to_string(self.path().join(file)).unwrap_or_default();
        let (vendor, device) = (id("vendor"), id("device"));
        vendor.trim_end() == DSA_VENDOR && DSA_DEVICES.contains(&device.trim_end())
    }

    /// Says which driver may have it; with `None`, each that knows it.
    pub fn set_override(&self, driver: Option<&str>) -> Result<()> {
        // A line without a word takes back what was said (srctree
        // Documentation/ABI/testing/sysfs-bus-pci).
        let line = format!("{}\n", driver.unwrap_or_default());
        write_sysfs(&self.path().join("driver_override"), &line)
    }

    /// Gives it to a driver, as an administrator does: says that this one may have it, and has
    /// the kernel look for a driver of it.
    pub fn give_to(&self, driver: &str) -> Result<()> {
        self.set_override(Some(driver))?;
        write_sysfs(&Path::new(PCI).join("drivers_probe"), &self.name)
    }

    /// Takes it away from its driver.
    pub fn unbind(&self) -> Result<()> {
        write_sysfs(&self.path().join("driver/unbind"), &self.name)
    }

    /// Binds it to a driver that may have it.
    pub fn bind(&self, driver: &str) -> Result<()> {
        let driver = Path::new(PCI).join("drivers").join(driver);
        write_sysfs(&driver.join("bind"), &self.name)
    }

    /// Takes it off the bus, as somebody does who pulls it out.
    pub fn remove(&self) -> Result<()> {
        write_sysfs(&self.path().join("remove"), "1")
    }

    /// Has the bus searched for it after [`Function::remove`], and gives it to the module, which
    /// it was given to before it went.
    pub fn find_again(&self) -> Result<()> {
        rescan()?;
        let path = self.path();
        wait::until_true(SOON, &format!("{} to be there", path.display()), || {
            Ok(path.exists())
        })?;
        self.give_to(MODULE)
    }

    /// A function-level reset.
    pub fn reset(&self) -> Result<()> {
        write_sysfs(&self.path().join("reset"), "1")
    }

    /// A dword of BAR0.
    pub fn register(&self, at: usize) -> Result<u32> {
        let path = self.path().join("resource0");
        let file = File::options().read(true).write(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        let bar = MmapRegion::<()>::from_file(FileOffset::new(file, 0), 0x1_0000)
            .with_context(|| format!("cannot map {}", path.display()))?;
        Ok(bar.get_ref::<u32>(at)?.load())
    }
}

/// The PCI functions of the machine.
fn functions() -> Result<Vec<Function>> {
    let path = Path::new(PCI).join("devices");
    let entries = fs::read_dir(&path).with_context(|| format!("cannot list {}", path.display()))?;
    let mut all = Vec::new();
    for entry in entries {
        all.push(Function::at(&entry?.file_name().to_string_lossy()));
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

/// Those of them that are a DSA.
pub fn dsa_functions() -> Result<Vec<Function>> {
    let mut all = functions()?;
    all.retain(Function::is_dsa);
    Ok(all)
}

/// Those of them that are none.
pub fn other_functions() -> Result<Vec<Function>> {
    let mut all = functions()?;
    all.retain(|function| !function.is_dsa());
    Ok(all)
}

/// Has the PCI buses searched for functions that were not there.
pub fn rescan() -> Result<()> {
    write_sysfs(&Path::new(PCI).join("rescan"), "1")
}

/// Writes to a file of sysfs or procfs.
pub fn write_sysfs(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {text:?} to {}", path.display()))
}

/// Asks something of the device model (`dsa-model ctl --help`).
pub fn ctl(request: &str) -> Result<Output> {
    let words = request.split_whitespace();
    process::run(Command::new("dsa-model").arg("ctl").args(words), SOON)?.ok()
}

/// What the model tells of itself.
pub fn model_status() -> Result<Value> {
    let told = ctl("status")?.stdout;
    serde_json::from_str(&told).with_context(|| format!("the model's status is {told:?}"))
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
