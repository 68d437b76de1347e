// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mediated devices that end while they are open.

use std::io::ErrorKind;
use std::thread;

use anyhow::{Context, Result, ensure};

use super::{FIRST, LEN, SECOND, none};
use crate::check::{self, step};
use crate::dsa::regs;
use crate::mdev::{self, Type};
use crate::scenario::Scenario;
use crate::system::{self, Function, ctl};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl, subdev};
use crate::vfio::Interrupt;
use crate::wait::{self, SOON};

pub const MDEV_OPEN: Scenario = Scenario {
    name: "mdev-open",
    vm: "",
    about: "a mediated device copies, and ends well when it, the module or its parent goes while it is open",
    run: open,
};

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
