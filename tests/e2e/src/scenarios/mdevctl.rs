// SPDX-License-Identifier: MIT OR Apache-2.0
//! Debian's `mdevctl` with subdevs: definitions, attributes, autostart.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::check::{self, step};
use crate::mdev::{self, Mdev};
use crate::module::Loaded;
use crate::process::{self, Output};
use crate::scenario::Scenario;
use crate::system::{self, Function};
use crate::tenant::Tenant;
use crate::tool;
use crate::udev::Udev;
use crate::wait::{self, SOON};

pub const MDEVCTL: Scenario = Scenario {
    name: "mdevctl",
    vm: "--kernel stock",
    about: "Debian's mdevctl lists, defines, starts, changes and stops subdevs, by hand and by udev",
    run,
};

const UUID: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa3001";

/// Bytes of a copy.
const LEN: usize = 1 << 16;

/// Where mdevctl keeps definitions.
const DEFINITIONS: &str = "/etc/mdevctl.d";

/// Runs `mdevctl` with the words of `line`.
fn mdevctl(line: &str) -> Result<Output> {
    process::run(Command::new("mdevctl").args(line.split_whitespace()), SOON)
}

/// What `mdevctl` prints as JSON.
fn dump(line: &str) -> Result<Value> {
    let output = mdevctl(&format!("{line} --dumpjson"))?.ok()?;
    serde_json::from_str(&output.stdout)
        .with_context(|| format!("unexpected JSON from {}", output.describe()))
}

/// Says what the one device is in a list of mdevctl's, of the parent with that name.
fn device(list: &Value, parent: &str) -> Result<Value> {
    let devices = list[0][parent].as_array().context("no such parent")?;
    let found = devices.iter().find_map(|device| device.get(UUID));
    found.cloned().context("the device is not listed")
}

/// No definitions are left when this is dropped.
struct Definitions;

impl Drop for Definitions {
    fn drop(&mut self) {
        for entry in fs::read_dir(DEFINITIONS).into_iter().flatten().flatten() {
            if entry.file_name() != "scripts.d" {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

fn run() -> Result<()> {
    let parent = Function::of_parent()?;
    let loaded = mdev::load()?;
    let definitions = Definitions;
    types(parent.name())?;
    started(parent.name())?;
    attributes(parent.name())?;
    live(parent.name())?;
    autostart(&parent, loaded)?;
    drop(definitions);
    Ok(())
}

fn types(parent: &str) -> Result<()> {
    step("mdevctl types: those of the family, with what is available");
    let listed = dump("types")?;
    let listed = listed[0][parent].as_array().context("no such parent")?;
    for kind in tool::types()? {
        let name = format!("subdev-{}", kind.name);
        let shown = listed.iter().find_map(|it| it.get(&name));
        let shown = shown.with_context(|| format!("{name} is not listed"))?;
        let (available, api) = (&shown["available_instances"], &shown["device_api"]);
        let expected = (&json!(kind.available_instances), &json!("vfio-pci"));
        check::equal(
            "available_instances, device_api",
            (available, api),
            expected,
        )?;
    }
    Ok(())
}

fn started(parent: &str) -> Result<()> {
    step("mdevctl start and stop, without a definition");
    mdevctl(&format!("start -u {UUID} -p {parent} -t subdev-1swq"))?.ok()?;
    let listed = device(&dump("list")?, parent)?;
    check::equal("its type", &listed["mdev_type"], &json!("subdev-1swq"))?;
    let subdev = tool::subdev(UUID)?;
    Tenant::open(&subdev, LEN)?.works()?;
    tool::await_opstate(&subdev.name, "attached")?;
    mdevctl(&format!("stop -u {UUID}"))?.ok()?;
    check::equal("subdevs", tool::subdevs()?, vec![])
}

fn attributes(parent: &str) -> Result<()> {
    step("mdevctl define, with attributes, which the device has when it is started");
    mdevctl(&format!("define -u {UUID} -p {parent} -t subdev-1swq"))?.ok()?;
    for (name, value) in [
        ("wq", "3"),
        ("size", "3"),
        ("weight", "50"),
        ("name", "defined"),
    ] {
        mdevctl(&format!(
            "modify -u {UUID} --addattr {name} --value {value}"
        ))?
        .ok()?;
    }
    let defined = device(&dump("list -d")?, parent)?;
    let expected = json!([{"wq": "3"}, {"size": "3"}, {"weight": "50"}, {"name": "defined"}]);
    check::equal("the definition", &defined["attrs"], &expected)?;
    check::equal("its start", &defined["start"], &json!("manual"))?;
    mdevctl(&format!("start -u {UUID}"))?.ok()?;
    let subdev = tool::subdev("defined")?;
    check::equal("uuid", subdev.uuid.as_str(), UUID)?;
    let share = &subdev.wq[0];
    let share = (share.id, share.size, share.weight);
    check::equal("wq, size and weight", share, (3, 3, 50))?;
    Tenant::open(&subdev, LEN)?.works()?;
    tool::await_opstate("defined", "attached")?;

    step("mdevctl list says so, by the call-out");
    let listed = device(&dump("list")?, parent)?;
    check::equal("attributes", &listed["attrs"], &expected)?;
    mdevctl(&format!("stop -u {UUID}"))?.ok()?;
    check::equal("subdevs", tool::subdevs()?, vec![])?;

    step("one attribute that is refused: nothing is left");
    let add = "--addattr size --value 99";
    mdevctl(&format!("modify -u {UUID} {add}"))?.ok()?;
    let output = mdevctl(&format!("start -u {UUID}"))?;
    ensure!(
        !output.status.success(),
        "it was started: {}",
        output.describe()
    );
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    check::equal("devices", mdev::all()?, Vec::<String>::new())?;
    let why = mdev::last_refusal()?.context("the family knows of no refusal")?;
    ensure!(
        why.contains("size") && why.contains("entries"),
        "it says: {why}"
    );
    step(format!("  {why}"));
    mdevctl(&format!("undefine -u {UUID}"))?.ok()?;

    step("started with the UUID of one that the family has planned, it has what that has");
    tool::add(&format!(
        "wq 4 pasid-mode shared size 2 face mdev name planned uuid {UUID}"
    ))?;
    mdevctl(&format!("start -u {UUID} -p {parent} -t subdev-1swq"))?.ok()?;
    check::equal("sizes", tool::subdev("planned")?.sizes(), vec![2])?;
    mdevctl(&format!("stop -u {UUID}"))?.ok()?;
    check::equal("subdevs", tool::subdevs()?, vec![])
}

fn live(parent: &str) -> Result<()> {
    step("mdevctl modify --live changes one that is started, all of it or nothing");
    mdevctl(&format!("start -u {UUID} -p {parent} -t subdev-1swq"))?.ok()?;
    let file = Path::new("/tmp/live.json");
    let modify = |attributes: Value| -> Result<Output> {
        let wanted = json!({"mdev_type": "subdev-1swq", "start": "manual", "attrs": attributes});
        fs::write(file, wanted.to_string()).context("cannot write the definition")?;
        let file = file.display();
        mdevctl(&format!("modify -u {UUID} --live --jsonfile {file}"))
    };
    modify(json!([{"size": "4"}, {"weight": "30"}]))?.ok()?;
    let share = &tool::subdev(UUID)?.wq[0];
    check::equal("size and weight", (share.size, share.weight), (4, 30))?;
    let before = tool::snapshot()?;
    let output = modify(json!([{"weight": "60"}, {"size": "99"}]))?;
    ensure!(
        !output.status.success(),
        "it was changed: {}",
        output.describe()
    );
    check::same_json("what `show` shows", &tool::snapshot()?, &before)?;

    step("and of one that is open what its user does not see");
    let tenant = Tenant::open(&tool::subdev(UUID)?, LEN)?;
    modify(json!([{"size": "4"}, {"weight": "70"}]))?.ok()?;
    let output = modify(json!([{"weight": "80"}, {"size": "5"}]))?;
    ensure!(
        !output.status.success(),
        "it was changed: {}",
        output.describe()
    );
    let share = &tool::subdev(UUID)?.wq[0];
    check::equal("size and weight", (share.size, share.weight), (4, 70))?;
    tenant.works()?;
    drop(tenant);
    mdevctl(&format!("stop -u {UUID}"))?.ok()?;
    check::equal("subdevs", tool::subdevs()?, vec![])
}

fn autostart(parent: &Function, loaded: Loaded) -> Result<()> {
    step("mdevctl's rule of udev starts what is to be started, when the module is loaded");
    let define = format!("define -u {UUID} -p {} -t subdev-1swq -a", parent.name());
    mdevctl(&define)?.ok()?;
    mdevctl(&format!("modify -u {UUID} --addattr size --value 3"))?.ok()?;
    loaded.unload()?;
    let udev = Udev::start()?;
    let loaded = mdev::load()?;
    let started = || {
        let there = tool::subdevs()?;
        Ok(there.iter().any(|it| it.uuid == UUID && it.sizes() == [3]))
    };
    wait::until_true(SOON, "the device to be started", started)?;

    step("and when the parent is bound");
    parent.unbind()?;
    ensure!(!Mdev::at(UUID).exists(), "the device is there still");
    parent.bind(system::MODULE)?;
    wait::until_true(SOON, "the device to be started", started)?;
    // What udev does with the events of the device may go on for a moment.
    udev.settle()?;
    mdevctl(&format!("undefine -u {UUID}"))?.ok()?;
    mdevctl(&format!("stop -u {UUID}"))?.ok()?;
    drop(udev);
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    loaded.unload()
}
