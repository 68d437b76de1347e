// SPDX-License-Identifier: MIT OR Apache-2.0
//! The module, or its device, goes while subdevs are alive.

use std::thread;

use anyhow::{Context, Result, ensure};
use nix::libc;
use nlctl::{Command, SubdevAttr};

use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa};
use crate::fuzz::{Attribute, Request, Table};
use crate::genl::Socket;
use crate::model::Subdev;
use crate::monitor::Monitor;
use crate::scenario::{self, Scenario};
use crate::system::{Function, MODULE};
use crate::vfio::Interrupt;
use crate::wait::{self, SOON};
use crate::{system, tool};

pub const UNLOAD: Scenario = Scenario {
    name: "unload",
    vm: "",
    about: "the module unloads cleanly with subdevs alive, and not while one is open",
    run: unload,
};

pub const UNBIND: Scenario = Scenario {
    name: "unbind",
    vm: "",
    about: "the PCI device can be unbound and bound with subdevs alive, also while one is open",
    run: unbind,
};

/// Three subdevs of different kinds; the first is active.
fn populate() -> Result<Vec<Subdev>> {
    Ok(vec![
        tool::add("wq 3 pasid-mode shared name alive")?,
        tool::add("wq 3 pasid-mode shared name other")?,
        tool::add("wq 4 state inactive name asleep")?,
    ])
}

/// Waits until nothing is left in /dev/vfio and sysfs of subdevs that were.
fn vanished(subdevs: &[Subdev]) -> Result<()> {
    for subdev in subdevs.iter().filter(|subdev| subdev.state == "active") {
        system::await_removal(&subdev.location()?)?;
    }
    Ok(())
}

fn unload() -> Result<()> {
    for round in 1..=5 {
        step(format!("unloaded with three subdevs alive, time {round}"));
        let subdevs = populate()?;
        check::equal("first index of a fresh module", subdevs[0].index, 0)?;
        let mut monitor = Monitor::json()?;
        scenario::reload(1)?;
        monitor.expect_cause("subdev-delete", "unload")?;
        monitor.expect_cause("parent-delete", "unload")?;
        vanished(&subdevs)?;
        check::equal("subdevs after loading", tool::subdevs()?, vec![])?;
    }

    step("with one open, the module stays");
    let subdevs = populate()?;
    let dsa = Dsa::open_enabled(&subdevs[0].location()?)?;
    let output = system::try_unload_module()?;
    ensure!(
        !output.status.success() && output.stderr.contains("in use"),
        "expected that the module is in use: {}",
        output.describe()
    );
    dsa.run(Descriptor::noop())?.success("NOOP after that")?;
    check::equal("subdevs after that", tool::subdevs()?.len(), 3)?;
    drop(dsa);

    step("who asks for the family while it is not loaded has the kernel load it");
    system::unload_module()?;
    vanished(&subdevs)?;
    // By the alias net-pf-16-proto-16-family-subdev.
    tool::dsa_nl("parent show")?.ok()?;
    ensure!(system::module_loaded(), "the module was not loaded");
    system::await_parents(1)
}

fn unbind() -> Result<()> {
    let function = Function::of_parent()?;

    step("unbound and bound with subdevs that nobody uses");
    let subdevs = populate()?;
    let mut monitor = Monitor::json()?;
    function.unbind()?;
    check::equal("parents", tool::parents()?.len(), 0)?;
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    vanished(&subdevs)?;
    no_parent()?;
    function.bind(MODULE)?;
    system::await_parents(1)?;
    monitor.expect_cause("subdev-delete", "unplug")?;
    monitor.expect_cause("parent-delete", "unplug")?;
    monitor.expect_cause("parent-create", "plug")?;
    drop(monitor);

    step("unbound while one is open: its user is asked to let go");
    let subdev = tool::add("wq 3 name held")?;
    let dsa = Dsa::open_enabled(&subdev.location()?)?;
    let request = Interrupt::new("device request")?;
    dsa.device().arm_request(&request)?;
    let unbound = {
        let function = function.clone();
        thread::spawn(move || function.unbind())
    };
    request
        .wait(SOON)
        .context("the unbinding waits for the user")?;
    drop(dsa);
    wait::join(SOON, "the unbinding", unbound)??;
    vanished(&[subdev])?;
    check::equal("parents", tool::parents()?.len(), 0)?;

    step("bound again, it works as before");
    function.bind(MODULE)?;
    system::await_parents(1)?;
    let subdev = tool::add("wq 3 name again")?;
    let dsa = Dsa::open_enabled(&subdev.location()?)?;
    dsa.run(Descriptor::noop())?.success("NOOP")?;
    drop(dsa);
    tool::del("again")
}

/// A request without a parent, which the library would not send.
fn no_parent() -> Result<()> {
    let mut socket = Socket::new()?;
    let family = Table::read(&mut socket)?.family;
    let kind = Attribute::of(&SubdevAttr::Type("1swq".into()));
    let request = Request::new(Command::SubdevNew.into(), false).with(vec![kind]);
    let answer = socket.ask(family, request.flags, &request.payload())?;
    ensure!(
        matches!(&answer.end, Some(Err(refusal)) if refusal.errno == libc::ENODEV),
        "expected ENODEV without a parent: {answer:?}"
    );
    Ok(())
}
