// SPDX-License-Identifier: MIT OR Apache-2.0
//! What similar systems can do, by the capability.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Row, end, grows, kind, neighbours, refused};
use crate::check;
use crate::dsa::{Descriptor, Dsa, regs, status};
use crate::figures::Figures;
use crate::monitor::Monitor;
use crate::process;
use crate::system;
use crate::tenant::Tenant;
use crate::tool::{self, DSA_NL, dsa_nl};
use crate::vfio::PAGE;
use crate::wait::SOON;

pub const ROWS: &[Row] = &[
    ("create and destroy at run time", create_and_destroy),
    ("user-chosen name and index", names),
    (
        "choose the backing resource, or let the driver choose",
        backing_resource,
    ),
    ("capacity and type query", capacity),
    ("attributes in the create call", attributes),
    ("staged: create, configure, activate", staged),
    (
        "admin state apart from operational state",
        admin_and_operational,
    ),
    ("change while live", change_while_live),
    (
        "several subdevices on one queue",
        several_subdevs_on_one_queue,
    ),
    (
        "several queues in one subdevice",
        several_queues_in_one_subdev,
    ),
    ("hand to VFIO", hand_to_vfio),
    ("events by multicast, with a filter", events_with_a_filter),
    (
        "errors that name the attribute and the reason",
        errors_that_say_why,
    ),
    ("machine-readable spec", machine_readable_spec),
    ("quality of service", quality_of_service),
    ("statistics per subdevice", statistics),
    ("feature masking per subdevice", feature_masking),
    (
        "drain, reset, abort of one tenant only",
        reset_of_one_tenant,
    ),
];

fn create_and_destroy() -> Result<()> {
    let first = tool::add("wq 3")?;
    tool::del(&first.name)?;
    let second = tool::add("wq 3")?;
    ensure!(second.index > first.index, "an index came again");
    tool::del(&second.name)
}

fn names() -> Result<()> {
    const UUID: &str = "0d9d0d3c-5a3a-4f0e-9a53-0f7a3c2b1e11";
    let made = tool::add(&format!("wq 3 name chosen uuid {UUID}"))?;
    // The index is the kernel's, and never another's: it is for programs.
    for id in ["chosen", UUID, &made.index.to_string()] {
        check::equal(id, tool::subdev(id)?.identity(), made.identity())?;
    }
    check::equal("UUID", made.uuid.as_str(), UUID)?;
    tool::del(UUID)
}

fn backing_resource() -> Result<()> {
    let chosen = tool::add("wq 6 name chosen")?;
    check::equal("work queue that was chosen", chosen.wqs(), vec![6])?;
    let any = tool::add(&format!("type {} name any", kind("none")?.name))?;
    let [wq] = any.wqs()[..] else {
        anyhow::bail!("not one work queue: {any:?}");
    };
    ensure!(wq != 6, "the driver chose what is taken");
    tool::del("chosen")?;
    tool::del("any")
}

fn capacity() -> Result<()> {
    let before = (kind("shared")?, tool::wq("wq3")?);
    ensure!(before.0.available_instances > 0, "{before:?}");
    let made = tool::add("wq 3 pasid-mode shared name one")?;
    let after = (kind("shared")?, tool::wq("wq3")?);
    check::equal(
        "instances and entries available",
        (
            after.0.available_instances + 1,
            after.1.available + made.size(),
        ),
        (before.0.available_instances, before.1.available),
    )?;
    tool::del("one")
}

fn attributes() -> Result<()> {
    let made = tool::add("wq 1,2 size 4 pasid-mode shared state inactive name all")?;
    let is = (made.wqs(), made.sizes(), made.name.as_str());
    check::equal("WQs, sizes, name", is, (vec![1, 2], vec![4, 4], "all"))?;
    let is = (made.pasid_mode.as_str(), made.state.as_str());
    check::equal("mode, state", is, ("shared", "inactive"))?;
    tool::del("all")
}

fn staged() -> Result<()> {
    let made = tool::add("wq 3 name plan state inactive")?;
    check::equal("the WQ", tool::wq("wq3")?.state.as_str(), "disabled")?;
    dsa_nl("subdev set plan wq 3 size 5")?.ok()?;
    dsa_nl("subdev set plan state active")?.ok()?;
    let active = tool::subdev("plan")?;
    check::equal("identity", active.identity(), made.identity())?;
    check::equal("size", Dsa::open_enabled(&active.location()?)?.size(), 5)?;
    tool::await_opstate("plan", "attached")?;
    tool::del("plan")
}

fn admin_and_operational() -> Result<()> {
    let is = |state: &str, opstate: &str| {
        tool::await_opstate("two", opstate)?;
        check::equal("state", tool::subdev("two")?.state.as_str(), state)
    };
    tool::add("wq 3 name two state inactive")?;
    is("inactive", "detached")?;
    dsa_nl("subdev set two state active")?.ok()?;
    is("active", "attached")?;
    let mut dsa = Dsa::open(&tool::subdev("two")?.location()?)?;
    is("active", "open")?;
    dsa.enable()?;
    is("active", "enabled")?;
    drop(dsa);
    is("active", "attached")?;
    tool::del("two")
}

fn change_while_live() -> Result<()> {
    let tenant = Tenant::add("wq 3 name before", PAGE)?;
    dsa_nl("subdev set before name after")?.ok()?;
    tenant.works()?;
    check::equal(
        "opstate",
        tool::subdev("after")?.opstate.as_str(),
        "enabled",
    )?;
    refused("subdev set after wq 3 size 1", &["deactivate"])?;
    end([tenant], ["after"])
}

fn several_subdevs_on_one_queue() -> Result<()> {
    let names = ["one", "two"];
    let tenants = neighbours(names)?;
    check::equal("subdevs of the WQ", tool::wq("wq3")?.subdev_count, 2)?;
    tenants.iter().try_for_each(Tenant::works)?;
    end(tenants, names)
}

fn several_queues_in_one_subdev() -> Result<()> {
    let mut tenant = Tenant::add("wq 1,2 name both", PAGE)?;
    check::equal("WQs that the tenant sees", tenant.dsa.sizes().len(), 2)?;
    for wq in 0..2 {
        tenant.dsa.set_wq(wq);
        tenant.works()?;
    }
    end([tenant], ["both"])
}

fn hand_to_vfio() -> Result<()> {
    let made = tool::add("wq 3 name vfio")?;
    let location = made.location()?;
    ensure!(
        system::is_char_device(&location.group),
        "{} is no device",
        location.group.display()
    );
    let tenant = Tenant::open(&made, PAGE)?;
    tenant.works()?;
    end([tenant], ["vfio"])
}

fn events_with_a_filter() -> Result<()> {
    let filter = "-j monitor subdev wanted kind subdev-change,subdev-delete";
    let mut command = Command::new(DSA_NL);
    tool::add("wq 3 name wanted state inactive")?;
    let mut monitor = Monitor::spawn(command.args(filter.split(' ')))?;
    tool::add("wq 4 name other")?;
    dsa_nl("subdev set wanted state active")?.ok()?;
    tool::del("other")?;
    tool::del("wanted")?;
    monitor.expect("change", "wanted")?;
    let mut last = monitor.event()?;
    while last.event == "change" {
        last = monitor.event()?;
    }
    let heard = (last.event.as_str(), last.subdev.name.as_str());
    check::equal("the last event", heard, ("delete", "wanted"))
}

fn errors_that_say_why() -> Result<()> {
    refused("subdev add wq 99", &["wq", "dsa0 has no wq 99"])?;
    refused("subdev add wq 3 pasid-mode shared size 99", &["size", "16"])
}

fn machine_readable_spec() -> Result<()> {
    let made = tool::add("wq 3 name by-spec")?;
    // Generated from the spec by the kernel's own tool.
    let mut client = Command::new("c-client");
    let shown = process::run(client.args(["get", "by-spec"]), SOON)?.ok()?;
    let uuid = format!("uuid={}", made.uuid);
    ensure!(shown.stdout.contains(&uuid), "{}", shown.describe());
    tool::del("by-spec")
}

fn quality_of_service() -> Result<()> {
    let names = ["capped", "free"];
    let tenants = neighbours(names)?;
    dsa_nl("subdev set capped wq 3 weight 10 max-rate 262144")?.ok()?;
    let [capped, free] = &tenants;
    let took = |tenant: &Tenant| {
        let start = Instant::now();
        (0..128).try_for_each(|_| tenant.works())?;
        anyhow::Ok(start.elapsed())
    };
    // Half a MiB at a quarter of one a second.
    let (slow, fast) = (took(capped)?, took(free)?);
    ensure!(slow.as_secs() >= 1, "its cap is no cap: {slow:?}");
    ensure!(slow > fast, "{slow:?} with a cap, {fast:?} without");
    let shown: Value = tool::json("subdev show capped")?;
    let wq = &shown["wq"][0];
    let shown = (&wq["weight"], &wq["max-rate"]);
    check::equal("shown", shown, (&json!(10), &json!(262_144)))?;
    end(tenants, names)
}

fn feature_masking() -> Result<()> {
    let made = tool::add("wq 3 name masked op-config 01")?;
    let tenant = Tenant::open(&made, PAGE)?;
    check::equal("OPCAP", tenant.dsa.read64(regs::OPCAP)?, 0x01)?;
    tenant
        .dsa
        .run(Descriptor::noop())?
        .success("what is left to it")?;
    tenant
        .dsa
        .run(tenant.copy())?
        .with_status("what is not", status::BAD_OPCODE)?;
    end([tenant], ["masked"])
}

fn statistics() -> Result<()> {
    let names = ["one", "two"];
    let tenants = neighbours(names)?;
    tenants[0].works()?;
    let of = |name| Figures::of("subdev", name);
    grows("completed of one", 0, of("one")?.get("completed"))?;
    check::equal("bytes of one", of("one")?.get("bytes"), PAGE as u64)?;
    check::equal("submitted of two", of("two")?.get("submitted"), 0)?;
    end(tenants, names)
}

fn reset_of_one_tenant() -> Result<()> {
    let names = ["victim", "neighbour"];
    let mut tenants = neighbours(names)?;
    dsa_nl("subdev drain victim")?.ok()?;
    tenants[0].works()?;
    dsa_nl("subdev reset victim")?.ok()?;
    let state = tenants[0].dsa.state()?;
    check::equal("the victim", state, regs::STATE_DISABLED)?;
    let state = tenants[1].dsa.state()?;
    check::equal("its neighbour", state, regs::STATE_ENABLED)?;
    tenants[1].works()?;
    tenants[0].dsa.enable().context("after the reset")?;
    tenants[0].works()?;
    end(tenants, names)
}
