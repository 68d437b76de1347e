// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine with `idxd` in place of our module.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use vm_memory::mmap::MmapRegion;
use vm_memory::{FileOffset, VolatileMemory};

use crate::kmsg::Kmsg;
use crate::process::{self, Output};
use crate::system::ctl;
use crate::wait::{self, SOON};
use crate::{system, tool};

/// The device as `idxd` knows it.
pub const DEVICE: &str = "/sys/bus/dsa/devices/dsa0";

/// Where [`configure`] leaves the file.
pub const CONFIG: &str = "/tmp/idxd.json";

/// Two groups; the second has a WQ for user programs.
pub const TWO_GROUPS: &str = include_str!("two_groups.json");

/// The WQ of the kernel that is the only channel when it is configured with [`configure_one`].
pub const KERNEL_WQ: &str = "wq0.0";

/// The WQ of user programs. `idxd` restores it when the function is reset, and none of the kernel's.
pub const USER_WQ: &str = "wq0.2";

/// Runs `work` with `idxd` bound to the device, and gives the device back to our module after it.
pub fn with_idxd(work: fn(&mut Kmsg) -> Result<()>) -> Result<()> {
    let parents = tool::parents()?.len();
    let mut log = Kmsg::from_now()?;
    system::unload_module()?;
    command("modprobe", "idxd")?;
    await_device()?;
    work(&mut log)?;
    command("modprobe", "-r idxd")?;
    system::load_module()?;
    system::await_parents(parents)
}

fn await_device() -> Result<()> {
    wait::until_true(SOON, "dsa0 on the dsa bus", || {
        Ok(Path::new(DEVICE).exists())
    })
}

/// Loads a module that was built for the scenarios.
pub fn insert(file: &str, parameters: &[&str]) -> Result<()> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").context("which kernel is it")?;
    let path = format!("/usr/lib/modules/{}/extra/{file}", release.trim_end());
    process::run(Command::new("insmod").arg(path).args(parameters), SOON)?.ok()?;
    Ok(())
}

/// Runs a command whose arguments are single words.
pub fn try_command(program: &str, arguments: &str) -> Result<Output> {
    process::run(
        Command::new(program).args(arguments.split_whitespace()),
        SOON,
    )
}

/// The same, and demands that it succeeds.
pub fn command(program: &str, arguments: &str) -> Result<Output> {
    try_command(program, arguments)?.ok()
}

/// Configures the device with `accel-config` and enables what the file names.
pub fn configure(config: &str) -> Result<()> {
    fs::write(CONFIG, config).with_context(|| format!("cannot write {CONFIG}"))?;
    command("accel-config", &format!("load-config -c {CONFIG} -e"))?;
    Ok(())
}

/// Configures and enables one WQ of [`TWO_GROUPS`] in place of all of them.
pub fn configure_one(wq: &str) -> Result<()> {
    let mut config: Value = serde_json::from_str(TWO_GROUPS).context("two_groups.json")?;
    let groups = config[0]["groups"].as_array_mut();
    groups
        .context("two_groups.json has no groups")?
        .retain_mut(|group| {
            let Some(wqs) = group["grouped_workqueues"].as_array_mut() else {
                return false;
            };
            wqs.retain(|entry| entry["dev"] == wq);
            !wqs.is_empty()
        });
    configure(&config.to_string())
}

/// Disables the device and with it all WQs.
pub fn disable() -> Result<()> {
    command("accel-config", "disable-device dsa0")?;
    Ok(())
}

/// An attribute of the device or, with `name`, of something on the dsa bus.
pub fn attribute(path: &str) -> Result<String> {
    let path = Path::new("/sys/bus/dsa/devices").join(path);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.trim_end().to_owned())
}

/// Waits until an attribute has a value.
pub fn await_attribute(path: &str, want: &str) -> Result<()> {
    wait::until_true(SOON, &format!("{path} to be {want:?}"), || {
        Ok(attribute(path)? == want)
    })
}

/// What the model tells of itself.
pub fn model_status() -> Result<Value> {
    let told = ctl("status")?.stdout;
    serde_json::from_str(&told).with_context(|| format!("the model's status is {told:?}"))
}

/// The PCI function and its driver.
pub struct Function {
    path: PathBuf,
    name: String,
    driver: PathBuf,
}

impl Function {
    /// That of the device that `idxd` is bound to.
    pub fn of_device() -> Result<Self> {
        let device = fs::canonicalize(DEVICE).with_context(|| format!("cannot follow {DEVICE}"))?;
        let path = device.parent().context("dsa0 has no parent")?.to_owned();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.context("the PCI device has no name")?.to_owned();
        let driver = system::pci_driver(&name)?;
        Ok(Self { path, name, driver })
    }

    /// Its folder in sysfs.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes it away from its driver.
    pub fn unbind(&self) -> Result<()> {
        system::write_sysfs(&self.driver.join("unbind"), &self.name)
    }

    /// Takes it away from a driver that has given it up. The drivers of its parts have to let go
    /// before: upstream frees the WQs, and then still looks at them if the device has its driver
    /// (srctree drivers/dma/idxd/init.c, `idxd_remove`).
    pub fn unbind_given_up(&self) -> Result<()> {
        for part in [USER_WQ, "dsa0"] {
            let driver = Path::new("/sys/bus/dsa/devices").join(part).join("driver");
            if driver.exists() {
                system::write_sysfs(&driver.join("unbind"), part)?;
            }
        }
        self.unbind()
    }

    /// Gives it to its driver, and waits until that knows it.
    pub fn bind(&self) -> Result<()> {
        system::write_sysfs(&self.driver.join("bind"), &self.name)?;
        await_device()
    }

    /// Takes it off the bus, as somebody does who pulls it out.
    pub fn remove(&self) -> Result<()> {
        system::write_sysfs(&self.path.join("remove"), "1")
    }

    /// Looks for functions that were not there, and waits until this one has its driver.
    pub fn rescan(&self) -> Result<()> {
        system::write_sysfs(Path::new("/sys/bus/pci/rescan"), "1")?;
        await_device()
    }

    /// A function-level reset.
    pub fn reset(&self) -> Result<()> {
        system::write_sysfs(&self.path.join("reset"), "1")
    }

    /// A dword of BAR0.
    pub fn register(&self, at: usize) -> Result<u32> {
        let path = self.path.join("resource0");
        let file = File::options().read(true).write(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        let bar = MmapRegion::<()>::from_file(FileOffset::new(file, 0), 0x1_0000)
            .with_context(|| format!("cannot map {}", path.display()))?;
        Ok(bar.get_ref::<u32>(at)?.load())
    }
}

/// Waits for lines with these texts in the kernel log.
pub fn await_lines(log: &mut Kmsg, texts: &[&str]) -> Result<()> {
    let mut seen = Vec::new();
    let found = wait::until_true(SOON, &format!("{texts:?} in the kernel log"), || {
        seen.extend(log.lines()?);
        let said = |text: &&str| seen.iter().any(|line| line.contains(text));
        Ok(texts.iter().all(said))
    });
    if let Err(error) = found {
        bail!("{error:#}; there was:\n    {}", seen.join("\n    "));
    }
    Ok(())
}
