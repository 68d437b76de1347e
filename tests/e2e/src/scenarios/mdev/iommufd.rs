// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU takes a mediated device by its character device and IOMMUFD.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::dsa::regs;
use crate::mdev::{self, Type};
use crate::qmp::Qemu;
use crate::scenario::Scenario;
use crate::system::Function;
use crate::tool;
use crate::wait::{self, SOON};

pub const MDEV_IOMMUFD: Scenario = Scenario {
    name: "mdev-iommufd",
    // The stock kernel has no IOMMUFD.
    vm: "--kernel debug",
    about: "QEMU takes a mediated device with IOMMUFD, and its firmware finds the DSA",
    run,
};

const UUID: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa5001";

fn run() -> Result<()> {
    let parent = Function::of_parent()?;
    let loaded = mdev::load()?;
    let device = Type::of(&parent, "1swq").create(UUID)?;
    let subdev = tool::subdev(UUID)?;

    step("-object iommufd, -device vfio-pci,sysfsdev=…,iommufd=…: it opens the character device");
    let path = device.path();
    let vfio = format!("vfio-pci,id=dsa,sysfsdev={},iommufd=it", path.display());
    let arguments = ["-M", "q35", "-accel", "tcg", "-m", "64"];
    let mut qemu = Qemu::start(
        &[
            &arguments[..],
            &["-object", "iommufd,id=it", "-device", &vfio],
        ]
        .concat(),
    )?;
    tool::await_opstate(&subdev.name, "open")?;
    let open = files(qemu.id())?;
    for needed in ["/dev/iommu", "/dev/vfio/devices/"] {
        let there = open.iter().any(|it| it.starts_with(needed));
        ensure!(there, "no {needed} among {open:?}");
    }
    let legacy = open.iter().any(|it| it == "/dev/vfio/vfio");
    ensure!(!legacy, "there is a container among {open:?}");

    step("the firmware places its BARs, and the registers are there");
    let mut registers = None;
    wait::until_true(SOON, "the firmware to place BAR0", || {
        registers = bar0(&mut qemu)?;
        Ok(registers.is_some())
    })?;
    let registers = registers.context("no BAR0")?;
    check::equal("VERSION", qemu.read(registers)?, regs::VERSION_1)?;
    let state = qemu.read(registers + regs::GENSTS)?;
    check::equal("GENSTS", state, regs::STATE_DISABLED)?;

    step("it ends, and the device is free");
    qemu.quit()?;
    tool::await_opstate(&subdev.name, "attached")?;
    device.remove()?;
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    mdev::agree()?;
    loaded.unload()
}

/// What a process has open.
fn files(id: u32) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(format!("/proc/{id}/fd"))? {
        // One may be closed meanwhile.
        if let Ok(file) = fs::read_link(entry?.path()) {
            files.push(file.to_string_lossy().into_owned());
        }
    }
    Ok(files)
}

/// Where the registers of the device are for the guest, when they are anywhere.
fn bar0(qemu: &mut Qemu) -> Result<Option<u64>> {
    let buses = qemu.ask("query-pci", serde_json::json!({}))?;
    let devices = buses[0]["devices"].as_array().context("no devices")?;
    let device = devices.iter().find(|it| it["qdev_id"] == "dsa");
    let regions = device.and_then(|it| it["regions"].as_array());
    let regions = regions.context("the device is not on the bus")?;
    let region = regions.iter().find(|it| it["bar"] == 0);
    let address = region.and_then(|it| it["address"].as_u64());
    // Without an address it says all ones.
    Ok(address.filter(|it| *it != u64::MAX))
}
