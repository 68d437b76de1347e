// SPDX-License-Identifier: MIT OR Apache-2.0
//! Subdevs as mediated devices: made and removed in sysfs or by the family, opened, and raced for.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use nix::errno::Errno;
use nix::libc;

use crate::check::{self, step};
use crate::dsa::regs;
use crate::mdev::{self, Mdev, Type};
use crate::model::Subdev;
use crate::module::Loaded;
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::scenarios::lease;
use crate::system::{self, Function, ctl};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::vfio::Interrupt;
use crate::wait::{self, SOON};
use crate::{amount, seed};

pub const MDEV: Scenario = Scenario {
    name: "mdev",
    vm: "",
    about: "a subdev can be a mediated device: made, changed and removed in sysfs or by the family",
    run,
};

pub const MDEV_OPEN: Scenario = Scenario {
    name: "mdev-open",
    vm: "",
    about: "a mediated device copies, and ends well when it, the module or its parent goes while it is open",
    run: open,
};

pub const MDEV_PARENTS: Scenario = Scenario {
    name: "mdev-parents",
    vm: "--dsa 2",
    about: "a UUID is of one parent, and each parent has types of its own",
    run: parents,
};

pub const MDEV_RACES: Scenario = Scenario {
    name: "mdev-races",
    vm: "",
    about: "what sysfs and the family do to mediated devices at the same time leaves both with the same",
    run: races,
};

const FIRST: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
const SECOND: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002";

/// Bytes of a copy.
const LEN: usize = 1 << 16;

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

/// The one subdev with a UUID.
fn subdev(uuid: &str) -> Result<Subdev> {
    tool::subdev(uuid)
}

/// Demands that there is no subdev.
fn none() -> Result<()> {
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    mdev::agree()
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

/// Signalled when the user of a device is asked to let go.
fn asked(tenant: &Tenant) -> Result<Interrupt> {
    let interrupt = Interrupt::new("device request")?;
    tenant.dsa.device().arm_request(&interrupt)?;
    Ok(interrupt)
}

fn open() -> Result<()> {
    let parent = Function::of_parent()?;
    let shared = Type::of(&parent, "1swq");
    let loaded = mdev::load()?;
    step("a mediated device copies, and so does another one beside it");
    let device = shared.create(FIRST)?;
    let other = shared.create(SECOND)?;
    let (first, second) = (subdev(FIRST)?, subdev(SECOND)?);
    let tenant = Tenant::open(&first, LEN)?;
    let beside = Tenant::open(&second, LEN)?;
    tenant.works()?;
    beside.works()?;

    step("the module stays while one is open");
    let output = loaded.try_unload()?;
    ensure!(
        !output.status.success() && output.stderr.contains("in use"),
        "expected that the module is in use: {}",
        output.describe()
    );
    tenant.works()?;

    step("remove asks the user for the device, and waits; to the user it is dead");
    let interrupt = asked(&tenant)?;
    let removal = {
        let device = device.clone();
        thread::spawn(move || device.remove())
    };
    interrupt.wait(SOON)?;
    wait::until_true(SOON, "the subdev to be gone", || {
        Ok(tool::subdevs()?.iter().all(|it| it.uuid != FIRST))
    })?;
    ensure!(!removal.is_finished(), "the removal did not wait");
    ensure!(
        tenant.dsa.state().is_err(),
        "its user can read a register still"
    );
    beside.works()?;
    drop(tenant);
    wait::join(SOON, "the removal", removal)??;
    ensure!(!device.exists(), "the device is there still");

    step("a forced request does not wait, and the device goes with its user");
    let output = dsa_nl(&format!("subdev del {} force", second.name))?;
    output.ok()?;
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    ensure!(
        beside.dsa.state().is_err(),
        "its user can read a register still"
    );
    ensure!(other.exists(), "the device is gone");
    drop(beside);
    other.await_end()?;
    none()?;

    step("deactivated by force, it is taken again when its user has let go");
    let device = shared.create(FIRST)?;
    let shown = subdev(FIRST)?;
    let tenant = Tenant::open(&shown, LEN)?;
    dsa_nl(&format!("subdev set {} state inactive force", shown.name))?.ok()?;
    let error = shared.create(FIRST).err().context("it was made twice")?;
    check::equal("the error", error.kind(), ErrorKind::AlreadyExists)?;
    drop(tenant);
    device.await_end()?;
    // The kernel has the UUID until it has freed the device.
    let device = wait::until(SOON, "the UUID to be free", || match shared.create(FIRST) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        made => Ok(Some(made?)),
    })?;
    check::equal("index", subdev(FIRST)?.index, shown.index)?;
    Tenant::open(&subdev(FIRST)?, LEN)?.works()?;

    step("the parent is unbound with one open and one closed: its users are asked");
    let other = shared.create(SECOND)?;
    let tenant = Tenant::open(&subdev(FIRST)?, LEN)?;
    let interrupt = asked(&tenant)?;
    let unbinding = {
        let parent = parent.clone();
        thread::spawn(move || parent.unbind())
    };
    interrupt.wait(SOON)?;
    other.await_end()?;
    ensure!(!unbinding.is_finished(), "the unbinding did not wait");
    drop(tenant);
    wait::join(SOON, "the unbinding", unbinding)??;
    ensure!(!device.exists(), "the device is there still");
    parent.bind(system::MODULE)?;
    system::await_parents(1)?;
    none()?;

    step("the parent vanishes with one open and one closed: it offers nothing, and goes");
    let device = shared.create(FIRST)?;
    let other = shared.create(SECOND)?;
    let tenant = Tenant::open(&subdev(FIRST)?, LEN)?;
    let interrupt = asked(&tenant)?;
    ctl("vanish")?;
    tool::await_dead_parent()?;
    check::equal("GENSTS state", tenant.dsa.state()?, regs::STATE_HALTED)?;
    check::equal("available then", shared.available()?, 0)?;
    for kind in tool::types()? {
        check::equal("the family's number", kind.available_instances, 0)?;
    }
    let removal = {
        let parent = parent.clone();
        thread::spawn(move || parent.remove())
    };
    interrupt.wait(SOON)?;
    other.await_end()?;
    ensure!(!removal.is_finished(), "the removal did not wait");
    drop(tenant);
    wait::join(SOON, "the removal", removal)??;
    ensure!(!device.exists(), "the device is there still");
    ctl("return")?;
    parent.find_again()?;
    system::await_parents(1)?;
    let device = shared.create(FIRST)?;
    Tenant::open(&subdev(FIRST)?, LEN)?.works()?;
    device.remove()?;
    none()?;
    loaded.unload()
}

fn parents() -> Result<()> {
    let names: Vec<_> = tool::parents()?.into_iter().map(|it| it.device).collect();
    let [one, other] = names.as_slice() else {
        bail!("there are {} parents", names.len());
    };
    let (one, other) = (Function::at(one), Function::at(other));
    let (here, there) = (Type::of(&one, "1swq"), Type::of(&other, "1swq"));
    let loaded = mdev::load()?;
    step("a UUID that another parent has is refused, and says where it is");
    let planned = tool::add(&format!(
        "wq dsa1/wq3 pasid-mode shared face mdev name elsewhere uuid {FIRST}"
    ))?;
    check::equal("parent", planned.parent.as_str(), "dsa1")?;
    let before = there.available()?;
    mdev::refused(here.create(FIRST), Errno::EEXIST, &["elsewhere", "dsa1"])?;
    check::equal("available", there.available()?, before)?;

    step("it is taken where it is");
    let device = there.create(FIRST)?;
    let beside = here.create(SECOND)?;
    mdev::agree()?;
    let error = here.create(FIRST).err().context("it was made twice")?;
    check::equal("the error", error.kind(), ErrorKind::AlreadyExists)?;

    step("the one parent goes, and the other keeps what it has");
    one.unbind()?;
    ensure!(!beside.exists(), "the device is there still");
    Tenant::open(&subdev(FIRST)?, LEN)?.works()?;
    one.bind(system::MODULE)?;
    system::await_parents(2)?;
    device.remove()?;
    none()?;
    loaded.unload()
}

/// Seeds of `mdev-races`, and what each thread does with one.
const ROUNDS: u64 = 10;
const CHECKED: u64 = 2;
const STEPS: u32 = 30;

/// UUIDs that all threads share.
const UUIDS: usize = 3;

fn uuid(number: usize) -> String {
    format!("83b8f4f2-509f-382f-3c1e-e6bfe0fa20{number:02}")
}

fn races() -> Result<()> {
    let parent = Function::of_parent()?;
    let before = free(&parent, mdev::load()?)?;
    for (seed, mut rng) in seed::rounds(
        "run mdev-races",
        amount::rounds(amount::by_kernel(ROUNDS, CHECKED)),
    ) {
        let loaded = mdev::load()?;
        race(&parent, &mut rng).with_context(|| format!("seed {seed}"))?;
        let after = free(&parent, loaded)?;
        check::equal("work queues and available_instances", &after, &before)
            .with_context(|| format!("seed {seed}"))?;
        unload(&parent, &mut rng).with_context(|| format!("seed {seed}, unloading"))?;
    }
    Ok(())
}

/// What there is for others: the state of each work queue, its entries that nobody has, and how many
/// devices could be made. The module is unloaded after that.
fn free(parent: &Function, loaded: Loaded) -> Result<(Vec<(String, u32)>, u32)> {
    let available = Type::of(parent, "1swq").available()?;
    let wqs = tool::wqs()?.into_iter();
    let wqs = wqs.map(|wq| (wq.state, wq.available)).collect();
    loaded.unload()?;
    Ok((wqs, available))
}

/// Has threads do `actions`, each some of them many times, and `meanwhile` in this one.
fn at_once(
    parent: &Function,
    rng: &mut Rng,
    actions: &[Action],
    meanwhile: impl FnOnce() -> Result<()>,
) -> Result<()> {
    thread::scope(|scope| -> Result<()> {
        let mut threads = Vec::new();
        for &act in actions {
            let mut rng = rng.fork();
            let kind = Type::of(parent, "1swq");
            threads.push(scope.spawn(move || -> Result<()> {
                for _ in 0..STEPS {
                    let uuid = uuid(rng.usize(..UUIDS));
                    act(&kind, &uuid, &mut rng)?;
                }
                Ok(())
            }));
        }
        let done = meanwhile();
        for thread in threads {
            match thread.join() {
                Ok(done) => done?,
                Err(_) => bail!("a thread panicked"),
            }
        }
        done
    })
}

/// Something that a thread does to the device with a UUID.
type Action = fn(&Type, &str, &mut Rng) -> Result<()>;

fn race(parent: &Function, rng: &mut Rng) -> Result<()> {
    let actions: [Action; 6] = [
        in_sysfs, by_request, in_sysfs, by_request, as_tenant, with_lease,
    ];
    at_once(parent, rng, &actions, || Ok(()))?;
    // A removal that somebody has asked for may go on for a moment.
    wait::until_true(SOON, "both views to agree", || Ok(mdev::agree().is_ok()))?;
    mdev::agree()?;
    clear()
}

/// Deletes all that is left.
fn clear() -> Result<()> {
    wait::until_true(SOON, "all subdevs to be gone", || {
        for subdev in tool::subdevs()? {
            // Its lease may have ended meanwhile.
            let _ = dsa_nl(&format!("subdev del {}", subdev.uuid))?;
        }
        Ok(tool::subdevs()?.is_empty())
    })?;
    for number in 0..UUIDS {
        Mdev::at(&uuid(number)).await_end()?;
    }
    none()
}

/// The module is unloaded while devices are made and removed.
fn unload(parent: &Function, rng: &mut Rng) -> Result<()> {
    let loaded = mdev::load()?;
    let pause = Duration::from_millis(rng.u64(..100));
    at_once(parent, rng, &[in_sysfs, by_request, in_sysfs], || {
        thread::sleep(pause);
        loaded.unload()
    })?;
    check::equal("devices", mdev::all()?, Vec::<String>::new())?;
    clear()
}

/// What the kernel may say to who is not alone.
const MEANWHILE: [i32; 7] = [
    libc::ENOSPC,
    libc::EEXIST,
    libc::EBUSY,
    libc::ENOENT,
    libc::ENODEV,
    libc::EAGAIN,
    libc::EINVAL,
];

fn in_sysfs(kind: &Type, uuid: &str, rng: &mut Rng) -> Result<()> {
    let device = Mdev::at(uuid);
    let done = match rng.u32(..7) {
        0..=2 => kind.create(uuid).map(|_| ()),
        3 => device.write("size", &rng.u32(1..4).to_string()),
        4 => device.write("wq", &rng.u32(..8).to_string()),
        5 => device.write("weight", &rng.u32(1..100).to_string()),
        _ => device.remove(),
    };
    match done {
        Err(error)
            if !error
                .raw_os_error()
                .is_some_and(|it| MEANWHILE.contains(&it)) =>
        {
            Err(error).with_context(|| format!("sysfs, {uuid}"))
        }
        _ => Ok(()),
    }
}

fn by_request(_: &Type, uuid: &str, rng: &mut Rng) -> Result<()> {
    let line = match rng.u32(..5) {
        0 | 1 => format!("subdev add type 1swq face mdev uuid {uuid}"),
        2 => format!("subdev set {uuid} state inactive"),
        _ => format!("subdev del {uuid}"),
    };
    let output = dsa_nl(&line)?;
    if !output.status.success() {
        tool::refused(&output, &["exists|no such|try again|being|open"])?;
    }
    Ok(())
}

/// Opens it, if it is there, and has it copy, for as long as it is there.
fn as_tenant(_: &Type, uuid: &str, rng: &mut Rng) -> Result<()> {
    if let Ok(tenant) = tool::subdev(uuid).and_then(|subdev| Tenant::open(&subdev, LEN)) {
        for _ in 0..rng.u32(..4) {
            if tenant.works().is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// Plans it with a lease, which ends soon.
fn with_lease(kind: &Type, uuid: &str, rng: &mut Rng) -> Result<()> {
    // Refused where there is one.
    if let Ok((mut holder, _)) = lease::hold(&format!("type 1swq face mdev uuid {uuid}")) {
        let _ = kind.create(uuid);
        thread::sleep(Duration::from_millis(rng.u64(..20)));
        holder.kill()?;
    }
    Ok(())
}
