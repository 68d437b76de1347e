// SPDX-License-Identifier: MIT OR Apache-2.0
//! Subdevs that go with the socket that asked for them.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::check::{self, step};
use crate::dsa::Dsa;
use crate::monitor::Monitor;
use crate::process::Talker;
use crate::scenario::{self, Scenario};
use crate::system::{self, Function, MODULE};
use crate::tool::{self, DSA_NL};
use crate::vfio::Interrupt;
use crate::wait::{self, SOON};

pub const LEASE: Scenario = Scenario {
    name: "lease",
    vm: "",
    about: "subdevs with a lease go when the process that asked for them does, however it ends",
    run,
};

/// A tool that holds a lease, and what it printed.
pub fn hold(line: &str) -> Result<(Talker, Value)> {
    let words = ["-j", "subdev", "add"];
    let mut command = Command::new(DSA_NL);
    command
        .args(words)
        .args(line.split_whitespace())
        .arg("lease");
    let mut holder = Talker::spawn(&mut command)?;
    let line = holder.line(SOON)?;
    let made = serde_json::from_str(&line).with_context(|| line.clone())?;
    Ok((holder, tool::only(made)?))
}

/// Waits until there are that many subdevs.
fn await_subdevs(count: usize) -> Result<()> {
    let what = format!("there to be {count} subdevs");
    wait::until_true(SOON, &what, || Ok(tool::subdevs()?.len() == count))
}

fn run() -> Result<()> {
    let entries = tool::wq("wq3")?.available;
    let stays = tool::add("wq 4 name stays")?;

    step("three subdevs with a lease; an admin sees whose they are");
    let mut monitor = Monitor::json()?;
    let (mut holder, made) = hold("wq 3 pasid-mode shared name vm count 3")?;
    let created = made["created"].as_array().context("no list")?;
    check::equal("how many", created.len(), 3)?;
    let event = monitor.event()?;
    let port = made["lease-port"].as_u64();
    check::equal("the port of the lease", port, event.port_id)?;
    ensure!(port.is_some(), "no lease-port: {made}");
    let shown: Value = tool::json(&format!("subdev show {}", made["index"]))?;
    check::equal("lease", &shown["lease"], &Value::Bool(true))?;
    check::equal("lease-port", &shown["lease-port"], &made["lease-port"])?;
    let others: Value = tool::json("subdev show stays")?;
    ensure!(others["lease-port"].is_null(), "a lease: {others}");

    step("one is open, one is deleted by somebody else; the holder is killed");
    let subdevs = tool::subdevs()?;
    let mine: Vec<_> = subdevs.iter().filter(|it| it.name != stays.name).collect();
    let dsa = Dsa::open_enabled(&mine[0].location()?)?;
    let request = Interrupt::new("device request")?;
    dsa.device().arm_request(&request)?;
    tool::del(&mine[1].name)?;
    let deleted = monitor.expect_cause("subdev-delete", "request")?;
    check::equal(
        "deleted",
        deleted.object["name"].as_str(),
        Some(mine[1].name.as_str()),
    )?;
    holder.kill()?;
    for gone in [mine[0], mine[2]] {
        let event = monitor.expect_cause("subdev-delete", "lease")?;
        let name = event.object["name"].as_str();
        check::equal("deleted", name, Some(gone.name.as_str()))?;
        ensure!(event.object["port-id"].is_null(), "a requester: {event:?}");
    }
    request.wait(SOON).context("its user is asked to let go")?;
    ensure!(dsa.state().is_err(), "its user can read a register");
    check::equal("entries available", tool::wq("wq3")?.available, entries)?;
    drop(dsa);
    for gone in mine {
        system::await_removal(&gone.location()?)?;
    }
    check::equal("subdevs", tool::subdevs()?, vec![stays])?;

    step("one ends the orderly way; a dry run and a refusal hold nothing");
    let planned: Value = tool::json("subdev add wq 3 lease --dry-run")?;
    check::equal("lease", &planned["lease"], &Value::Bool(true))?;
    tool::refused(&tool::dsa_nl("subdev add wq 4 lease")?, &["wq 4"])?;
    let (mut holder, _) = hold("wq 3")?;
    await_subdevs(2)?;
    holder.hang_up();
    ensure!(holder.wait(SOON)?.success(), "the holder failed");
    await_subdevs(1)?;

    step("the parent is unbound before the socket is closed");
    let (mut holder, _) = hold("wq 3")?;
    let function = Function::of_parent()?;
    function.unbind()?;
    monitor.expect_cause("subdev-delete", "lease")?;
    monitor.expect_cause("subdev-delete", "unplug")?;
    holder.kill()?;
    function.bind(MODULE)?;
    system::await_parents(1)?;
    check::equal("subdevs", tool::subdevs()?, vec![])?;

    step("the module is unloaded while there is a lease, which means nothing to the next one");
    let (mut holder, _) = hold("wq 3")?;
    scenario::reload(1)?;
    let next = tool::add("wq 3 name next")?;
    holder.kill()?;
    check::equal("subdevs", tool::subdevs()?, vec![next])?;

    step("the module is unloaded at the moment that a lease ends");
    for _ in 0..3 {
        let (mut holder, _) = hold("wq 5 pasid-mode shared count 8")?;
        holder.kill()?;
        scenario::reload(1)?;
    }
    check::equal("subdevs", tool::subdevs()?, vec![])
}
