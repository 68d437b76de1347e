// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine with `idxd` in place of our module.

mod dmatest;
mod lent;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

pub use self::dmatest::DmaTest;
pub use self::lent::{LENDER, LENT, Lender, lend_all, try_rmmod, with_all_lent, with_lender};
use crate::kmsg::Kmsg;
use crate::process::{self, Output};
use crate::system::Function;
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
pub fn with_idxd<T>(work: impl FnOnce(&mut Kmsg) -> Result<T>) -> Result<T> {
    let parents = tool::parents()?.len();
    let mut log = Kmsg::from_now()?;
    system::unload_module()?;
    for function in system::dsa_functions()? {
        function.set_override(None)?;
    }
    command("modprobe", "idxd")?;
    await_device()?;
    let done = work(&mut log)?;
    command("modprobe", "-r idxd")?;
    system::load_module()?;
    system::await_parents(parents)?;
    Ok(done)
}

fn await_device() -> Result<()> {
    wait::until_true(SOON, "dsa0 on the dsa bus", || {
        Ok(Path::new(DEVICE).exists())
    })
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

/// The PCI function of the device that `idxd` is bound to.
pub fn function() -> Result<Function> {
    let device = fs::canonicalize(DEVICE).with_context(|| format!("cannot follow {DEVICE}"))?;
    let function = device.parent().and_then(Path::file_name);
    let name = function.context("dsa0 has no parent")?;
    Ok(Function::at(&name.to_string_lossy()))
}

/// Takes the function away from `idxd`. The drivers of its parts have to let go before: upstream frees
/// the WQs, and then still looks at them if the device has its driver (srctree
/// drivers/dma/idxd/init.c, `idxd_remove`).
pub fn unbind(function: &Function) -> Result<()> {
    for part in [USER_WQ, "dsa0"] {
        let driver = Path::new("/sys/bus/dsa/devices").join(part).join("driver");
        if driver.exists() {
            system::write_sysfs(&driver.join("unbind"), part)?;
        }
    }
    function.unbind()
}

/// Gives the function to `idxd`, and waits until that knows it.
pub fn bind(function: &Function) -> Result<()> {
    function.bind("idxd")?;
    await_device()
}

/// Looks for functions that were not there, and waits until `idxd` has one.
pub fn rescan() -> Result<()> {
    system::rescan()?;
    await_device()
}
