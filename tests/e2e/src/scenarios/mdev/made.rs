// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mediated devices that are made, changed and removed, in sysfs or by the family.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;

use super::{FIRST, LEN, none};
use crate::check::{self, step};
use crate::mdev::{self, Mdev, Type};
use crate::model::Subdev;
use crate::module::Loaded;
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::system::{self, Function};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl, subdev};

pub const MDEV: Scenario = Scenario {
    name: "mdev",
    vm: "",
    about: "a subdev can be a mediated device: made, changed and removed in sysfs or by the family",
    run,
};

fn run() -> Result<()> {
    let parent = Function::of_parent()?;
    ensure!(
        !parent.path().join("mdev_supported_types").exists(),
        "there are mdev types without the module"
    );
    let loaded = mdev::load()?;
    types(&parent)?;
    for file in ["bind", "unbind"] {
        let path = Path::new("/sys/bus/mdev/drivers/subdev_mdev").join(file);
        ensure!(!path.exists(), "the driver has the file {file}");
    }
    made_in_sysfs(&parent)?;
    attributes(&parent)?;
    taken(&parent)?;
    refusals(&parent)?;
    face()?;
    unloaded(&parent, loaded)
}

fn types(parent: &Function) -> Result<()> {
    step("the types are those of the family");
    for kind in tool::types()? {
        let shown = Type::of(parent, &kind.name);
        check::equal("device_api", shown.read("device_api")?.as_str(), "vfio-pci")?;
        check::equal("available", shown.available()?, kind.available_instances)?;
        let description = shown.read("description")?;
        ensure!(
            description.starts_with(&kind.description),
            "{} is described as {description:?}",
            kind.name
        );
        let missing = kind.missing_prerequisite.is_some();
        check::equal(
            "says what is missing",
            description.contains("needs"),
            missing,
        )?;
        let name = shown.read("name")?;
        ensure!(name.starts_with("DSA"), "{} is called {name:?}", kind.name);
    }
    Ok(())
}

fn made_in_sysfs(parent: &Function) -> Result<()> {
    step("a UUID written to create makes a subdev, with the cause sysfs");
    let mut monitor = Monitor::json()?;
    let shared = Type::of(parent, "1swq");
    let before = shared.available()?;
    let device = shared.create(FIRST)?;
    let told = monitor.event()?;
    let shown = subdev(FIRST)?;
    check::equal("the event", &told.subdev, &shown)?;
    let (event, cause) = (told.event.as_str(), told.cause.as_str());
    check::equal("event, cause", (event, cause), ("create", "sysfs"))?;
    let state = (
        shown.face.as_str(),
        shown.state.as_str(),
        shown.opstate.as_str(),
    );
    check::equal("face and state", state, ("mdev", "active", "attached"))?;
    check::equal("the auxiliary device", &shown.auxiliary_device, &None)?;
    let group = system::iommu_group(&device.path())?;
    check::equal("IOMMU group", shown.iommu_group, Some(group))?;
    check::equal("available then", shared.available()?, before - 1)?;
    mdev::agree()?;

    step("and remove ends it");
    device.remove()?;
    let told = monitor.expect("delete", &shown.name)?;
    check::equal("the cause", told.cause.as_str(), "sysfs")?;
    none()?;
    check::equal("available at last", shared.available()?, before)?;

    step("so does a request");
    let device = shared.create(FIRST)?;
    let name = subdev(FIRST)?.name;
    monitor.expect("create", &name)?;
    tool::del(FIRST)?;
    let told = monitor.expect("delete", &name)?;
    check::equal("the cause", told.cause.as_str(), "request")?;
    ensure!(!device.exists(), "the device is there still");
    none()?;

    step("the UUID can be had again, with another type");
    let device = Type::of(parent, "1dwq").create(FIRST)?;
    check::equal("PASID mode", subdev(FIRST)?.pasid_mode.as_str(), "none")?;
    device.remove()?;
    none()
}

fn attributes(parent: &Function) -> Result<()> {
    step("attributes say what the family says, and change it");
    let device = Type::of(parent, "1swq").create(FIRST)?;
    let shown = subdev(FIRST)?;
    let wq = &shown.wq[0];
    let all = |device: &Mdev| -> Result<_> {
        let read = |what| device.read(what);
        Ok((read("name")?, read("wq")?, read("size")?, read("weight")?))
    };
    let expected = (
        shown.name.clone(),
        wq.id.to_string(),
        wq.size.to_string(),
        wq.weight.to_string(),
    );
    check::equal("name, wq, size and weight", all(&device)?, expected)?;

    let other = if wq.id == 3 { 4 } else { 3 };
    let mut monitor = Monitor::json()?;
    for (what, value) in [
        ("name", "blue".to_owned()),
        ("wq", other.to_string()),
        ("size", "5".to_owned()),
        ("weight", "70".to_owned()),
    ] {
        device.write(what, &format!("{value}\n"))?;
        check::equal(what, device.read(what)?, value)?;
        let told = monitor.expect("change", "blue")?;
        check::equal("the cause", told.cause.as_str(), "sysfs")?;
    }
    let changed = subdev("blue")?;
    let share = &changed.wq[0];
    let now = (share.id, share.size, share.weight);
    check::equal("wq, size and weight", now, (other, 5, 70))?;
    let group = system::iommu_group(&device.path())?;
    check::equal("IOMMU group", changed.iommu_group, Some(group))?;
    check::equal(
        "the old wq",
        tool::wq(&format!("wq{}", wq.id))?.subdev_count,
        0,
    )?;
    let tenant = Tenant::open(&changed, LEN)?;
    check::equal("sizes that its user sees", tenant.dsa.sizes(), &[5][..])?;
    tenant.works()?;

    step("what its user sees is refused while it is open, the rest is not");
    mdev::refused(device.write("size", "6"), Errno::EBUSY, &["size", "open"])?;
    mdev::refused(device.write("wq", "1"), Errno::EBUSY, &["wq", "open"])?;
    device.write("weight", "80")?;
    device.write("name", "green")?;
    tenant.works()?;
    drop(tenant);

    step("a wrong one changes nothing");
    tool::await_opstate("green", "attached")?;
    let before = tool::snapshot()?;
    for (what, value, errno, word) in [
        ("size", "0", Errno::EINVAL, "entries"),
        ("size", "99", Errno::EINVAL, "entries"),
        ("size", "one", Errno::EINVAL, "number"),
        ("size", "1 2", Errno::EINVAL, "1 work queues"),
        ("wq", "77", Errno::EINVAL, "no wq 77"),
        ("wq", "1 2", Errno::EINVAL, "1 work queues"),
        ("weight", "0", Errno::EINVAL, "weight"),
        ("weight", "10001", Errno::EINVAL, "weight"),
        ("name", "two words", Errno::EINVAL, "name"),
    ] {
        mdev::refused(device.write(what, value), errno, &[what, FIRST, word])?;
    }
    let owned = tool::add("wq 1 name owner")?;
    mdev::refused(device.write("wq", "1"), Errno::EBUSY, &["wq 1", "owned"])?;
    mdev::refused(device.write("name", "owner"), Errno::EEXIST, &["exists"])?;
    tool::del(&owned.name)?;
    check::same_json("what `show` shows", &tool::snapshot()?, &before)?;
    device.remove()?;
    none()
}

fn taken(parent: &Function) -> Result<()> {
    step("one that the family has made is taken, with what it has");
    let (shared, owned) = (Type::of(parent, "1swq"), Type::of(parent, "1dwq"));
    let planned = format!("wq 3 pasid-mode shared size 3 face mdev name plan uuid {FIRST}");
    let planned = tool::add(&planned)?;
    check::equal("state", planned.state.as_str(), "inactive")?;
    ensure!(!Mdev::at(FIRST).exists(), "there is a device already");
    let mut monitor = Monitor::json()?;
    let device = shared.create(FIRST)?;
    let told = monitor.expect("change", "plan")?;
    check::equal("the cause", told.cause.as_str(), "sysfs")?;
    let active = subdev(FIRST)?;
    check::equal("the event", &told.subdev, &active)?;
    check::equal("state", active.state.as_str(), "active")?;
    check::equal("identity", active.identity(), planned.identity())?;
    check::equal("sizes", active.sizes(), vec![3])?;
    Tenant::open(&active, LEN)?.works()?;
    monitor.expect_opstate("plan", "attached")?;

    step("deactivated, it has no device, and is taken again");
    dsa_nl("subdev set plan state inactive")?.ok()?;
    let told = monitor.expect("change", "plan")?;
    check::equal("state", told.subdev.state.as_str(), "inactive")?;
    // The request has waited for that.
    ensure!(!device.exists(), "the device is there still");
    mdev::agree()?;
    let device = shared.create(FIRST)?;
    check::equal("index", subdev(FIRST)?.index, planned.index)?;

    step("removed in sysfs, it is gone, whoever made it");
    device.remove()?;
    none()?;

    step("an inactive one with another face is taken as well, and has this face then");
    tool::add(&format!(
        "wq 3 pasid-mode shared state inactive name plan uuid {FIRST}"
    ))?;
    mdev::refused(owned.create(FIRST), Errno::EINVAL, &["plan", "1swq"])?;
    let device = shared.create(FIRST)?;
    check::equal("face", subdev("plan")?.face.as_str(), "mdev")?;
    device.remove()?;
    none()
}

fn refusals(parent: &Function) -> Result<()> {
    let (shared, owned) = (Type::of(parent, "1swq"), Type::of(parent, "1dwq"));
    step("refused, with the family's errno and sentence: who is active already");
    let active = tool::add(&format!("wq 3 name auxiliary uuid {FIRST}"))?;
    mdev::refused(owned.create(FIRST), Errno::EEXIST, &["auxiliary", "active"])?;
    tool::del(&active.name)?;

    step("a type that is not to be had, and one that is full");
    let lacking = Type::of(parent, "1dwq-pasid");
    mdev::refused(lacking.create(FIRST), Errno::EOPNOTSUPP, &["PASID"])?;
    let all = format!("type 1dwq count {} name full", tool::wqs()?.len());
    dsa_nl(&format!("subdev add {all}"))?.ok()?;
    check::equal(
        "available",
        (shared.available()?, owned.available()?),
        (0, 0),
    )?;
    mdev::refused(
        shared.create(FIRST),
        Errno::ENOSPC,
        &["1swq", "no work queue"],
    )?;
    for subdev in tool::subdevs()? {
        tool::del(&subdev.name)?;
    }

    step("nothing came of any of them");
    none()?;

    step("one that is open is not deleted without force");
    let device = shared.create(FIRST)?;
    let shown = subdev(FIRST)?;
    let tenant = Tenant::open(&shown, LEN)?;
    let output = dsa_nl(&format!("subdev del {}", shown.name))?;
    tool::refused(&output, &["open", "force"])?;
    tenant.works()?;
    drop(tenant);
    tool::await_opstate(&shown.name, "attached")?;
    device.remove()?;
    none()
}

fn face() -> Result<()> {
    step("a request activates no mediated device, and says what does");
    let sentence = tool::refused(
        &dsa_nl("subdev add wq 3 face mdev state active")?,
        &["state", "create"],
    )?;
    step(format!("  {sentence}"));
    tool::add("wq 3 face mdev name plan")?;
    let output = dsa_nl("subdev set plan state active")?;
    tool::refused(&output, &["state", "create"])?;

    step("and gives an inactive one another face");
    let active: Subdev = tool::json("subdev set plan face auxiliary state active")?;
    let auxiliary = active.auxiliary_device.context("no auxiliary device")?;
    let number = fs::read_to_string(system::auxiliary_path(&auxiliary).join("sfnum"))?;
    check::equal(
        "the number in its name",
        auxiliary.rsplit('.').next(),
        Some(number.trim_end()),
    )?;
    let output = dsa_nl("subdev set plan face mdev")?;
    tool::refused(&output, &["face", "deactivate"])?;
    tool::del("plan")
}

fn unloaded(parent: &Function, loaded: Loaded) -> Result<()> {
    step("without the module there are no devices, and their subdevs are inactive");
    let shared = Type::of(parent, "1swq");
    shared.create(FIRST)?;
    let before = subdev(FIRST)?;
    let mut monitor = Monitor::json()?;
    loaded.unload()?;
    let told = monitor.expect("change", &before.name)?;
    let told = (told.cause.as_str(), told.subdev.state.as_str());
    check::equal("cause, state", told, ("unload", "inactive"))?;
    let asleep = subdev(FIRST)?;
    check::equal("identity", asleep.identity(), before.identity())?;

    step("and are taken when it is back");
    let loaded = mdev::load()?;
    let device = shared.create(FIRST)?;
    check::equal("index", subdev(FIRST)?.index, before.index)?;

    step("it can be loaded, and unloaded, while the parent comes and goes");
    parent.unbind()?;
    ensure!(!device.exists(), "the device is there still");
    ensure!(
        !parent.path().join("mdev_supported_types").exists(),
        "the types are there still"
    );
    parent.bind(system::MODULE)?;
    system::await_parents(1)?;
    none()?;
    shared.create(FIRST)?.remove()?;
    loaded.unload()
}
