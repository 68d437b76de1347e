// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program that opens the character device of a mediated device and leaves it at that.

use std::fs::{self, File};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;

use crate::check::{self, step};
use crate::mdev::{self, Mdev, Type};
use crate::scenario::Scenario;
use crate::system::{self, Function};
use crate::tool;
use crate::wait::{self, SOON};

pub const MDEV_UNBOUND: Scenario = Scenario {
    name: "mdev-unbound",
    // The stock kernel has no character devices of VFIO.
    vm: "--kernel debug --dsa 2",
    about: "a mediated device that is open and not bound holds up the module, and nothing else",
    run,
};

const UUID: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa6001";

/// Opens the character device.
fn open(device: &Mdev) -> Result<File> {
    let mut entries = fs::read_dir(device.path().join("vfio-dev"))?;
    let name = entries.next().context("no VFIO device")??.file_name();
    let path = std::path::Path::new("/dev/vfio/devices").join(name);
    let file = File::options().read(true).write(true).open(&path);
    file.with_context(|| format!("cannot open {}", path.display()))
}

fn run() -> Result<()> {
    let names: Vec<_> = tool::parents()?.into_iter().map(|it| it.device).collect();
    let [one, other] = names.as_slice() else {
        bail!("there are {} parents", names.len());
    };
    let (one, other) = (Function::at(one), Function::at(other));
    let loaded = mdev::load()?;
    let device = Type::of(&one, "1swq").create(UUID)?;

    step("what would wait for it is refused, what would not is done");
    let file = open(&device)?;
    mdev::refused(device.write("size", "3"), Errno::EBUSY, &["size", "open"])?;
    mdev::refused(device.write("wq", "3"), Errno::EBUSY, &["wq", "open"])?;
    device.write("weight", "50")?;
    check::equal("state", tool::subdev(UUID)?.state.as_str(), "active")?;
    drop(file);
    device.write("size", "3")?;

    step("the module waits for it, and no other parent does");
    let file = open(&device)?;
    let unloading = thread::spawn(move || loaded.unload());
    wait::until_true(SOON, "the subdev to be inactive", || {
        Ok(tool::subdev(UUID)?.state == "inactive")
    })?;
    let unbinding = {
        let other = other.clone();
        thread::spawn(move || other.unbind())
    };
    wait::join(SOON, "the unbinding of the other parent", unbinding)??;
    other.bind(system::MODULE)?;
    system::await_parents(2)?;
    ensure!(!unloading.is_finished(), "the unloading did not wait");
    drop(file);
    wait::join(SOON, "the unloading", unloading)??;
    ensure!(!device.exists(), "the device is there still");
    tool::del(UUID)
}
