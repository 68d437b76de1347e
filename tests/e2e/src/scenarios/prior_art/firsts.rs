// SPDX-License-Identifier: MIT OR Apache-2.0
//! What similar systems have not, by the number in the list of what there is to be.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Row, end, grows, kind, neighbours, refused};
use crate::check;
use crate::client::Client;
use crate::dsa::{Dsa, Notice, status};
use crate::figures::Figures;
use crate::monitor::Monitor;
use crate::process::Talker;
use crate::system::ctl;
use crate::tenant::Tenant;
use crate::tool::{self, DSA_NL, dsa_nl};
use crate::vfio::PAGE;
use crate::wait::{self, SOON};

pub const ROWS: &[Row] = &[
    ("1. a dry run", dry_run),
    ("2. all or nothing", all_or_nothing),
    ("3. a create reply with every handle", every_handle),
    ("4. operational events", operational_events),
    ("5. a generation in dumps and events", generation),
    ("6. a lease", lease),
    ("7. sharing that is safe for tenants", safe_sharing),
    (
        "8. faults attributed to the subdevice that caused them",
        faults,
    ),
    ("9. a prerequisite report before the create", prerequisites),
    ("10. guest-visible policy per subdevice", policy),
    ("11. push and pull under one set of commands", push_and_pull),
];

fn dry_run() -> Result<()> {
    let before = tool::snapshot()?;
    dsa_nl("subdev add wq 3 pasid-mode shared --dry-run")?.ok()?;
    check::same_json("what there is", &tool::snapshot()?, &before)?;
    let line = "subdev add wq 3 pasid-mode shared size 99";
    refused(&format!("{line} --dry-run"), &["size", "16"])?;
    refused(line, &["size", "16"])?;
    tool::add("wq 3 pasid-mode shared name real state inactive")?;
    let before = tool::snapshot()?;
    let would: Value = tool::json("subdev set real state active name planned --dry-run")?;
    let would = (&would["name"], &would["state"]);
    check::equal("would be", would, (&json!("planned"), &json!("active")))?;
    check::same_json("what there is", &tool::snapshot()?, &before)?;
    refused("subdev set real wq 3 size 99 --dry-run", &["size", "16"])?;
    tool::del("real")
}

fn all_or_nothing() -> Result<()> {
    let mut monitor = Monitor::json()?;
    let line = "subdev add wq 3 pasid-mode shared name many count";
    refused(&format!("{line} 9"), &["count", "8 of them fit"])?;
    dsa_nl(&format!("{line} 8"))?.ok()?;
    let made = tool::subdevs()?;
    check::equal("subdevs", made.len(), 8)?;
    for subdev in &made {
        // Of those that were refused nobody hears.
        monitor.expect("create", &subdev.name)?;
    }
    made.iter().try_for_each(|subdev| tool::del(&subdev.name))
}

fn every_handle() -> Result<()> {
    let made: Value = tool::json("subdev add wq 3 pasid-mode shared name all")?;
    for key in [
        "index",
        "name",
        "uuid",
        "parent",
        "wq",
        "pasid-mode",
        "isolation",
        "auxiliary-device",
        "iommu-group",
        "vfio-device",
    ] {
        ensure!(!made[key].is_null(), "there is no {key}: {made}");
    }
    tool::del("all")
}

fn operational_events() -> Result<()> {
    let mut monitor = Monitor::json()?;
    let made = tool::add("wq 3 name told")?;
    monitor.expect("create", "told")?;
    let tenants = |monitor: &mut Monitor, opstate| {
        let event = monitor.expect_opstate("told", opstate)?;
        check::equal("cause", event.cause.as_str(), "tenant")
    };
    let mut dsa = Dsa::open(&made.location()?)?;
    tenants(&mut monitor, "open")?;
    dsa.enable()?;
    tenants(&mut monitor, "enabled")?;
    drop(dsa);
    tenants(&mut monitor, "attached")?;
    tool::del("told")?;
    let event = monitor.expect("delete", "told")?;
    check::equal("cause", event.cause.as_str(), "request")?;
    ensure!(event.port_id.is_some(), "it does not say by whom");
    Ok(())
}

fn generation() -> Result<()> {
    let mut monitor = Monitor::json()?;
    let client = Client::new()?;
    let family = || client.ask(|handle| handle.family().get().execute());
    let before = family()??.generation;
    tool::add("wq 3 name counted state inactive")?;
    tool::del("counted")?;
    for more in 1..=2 {
        check::equal("of an event", monitor.any()?.generation, before + more)?;
    }
    check::equal("of the family", family()??.generation, before + 2)?;
    tool::add("wq 3 name counted state inactive")?;
    for subdev in client.subdevs()?? {
        check::equal("of a dump", subdev.generation, before + 3)?;
    }
    tool::del("counted")
}

fn lease() -> Result<()> {
    let mut command = Command::new(DSA_NL);
    command.args(["-j", "subdev", "add", "wq", "3", "name", "leased", "lease"]);
    let mut holder = Talker::spawn(&mut command)?;
    holder.line(SOON)?;
    check::equal("there", tool::subdev("leased")?.wqs(), vec![3])?;
    holder.kill()?;
    wait::until_true(SOON, "it to go with its holder", || {
        Ok(tool::subdevs()?.is_empty())
    })
}

fn safe_sharing() -> Result<()> {
    let names = ["greedy", "neighbour"];
    let tenants = neighbours(names)?;
    let [greedy, neighbour] = &tenants;
    let size = greedy.dsa.size() as usize;
    ctl("hold")?;
    for record in 0..=size {
        greedy.dsa.submit(record, greedy.copy(), Notice::Record)?;
    }
    neighbour.dsa.submit(0, neighbour.copy(), Notice::Record)?;
    let full = |name| Ok::<_, anyhow::Error>(Figures::of("subdev", name)?.get("wq-full"));
    check::equal("beyond the share of one", full("greedy")?, 1)?;
    check::equal("beyond that of the other", full("neighbour")?, 0)?;
    ctl("release")?;
    neighbour
        .dsa
        .wait(0, SOON)?
        .success("the neighbour's copy")?;
    dsa_nl("subdev drain greedy")?.ok()?;
    for (name, submitted) in [("greedy", size as u64), ("neighbour", 1)] {
        let figures = Figures::of("subdev", name)?;
        figures.expect(&[("submitted", submitted), ("completed", submitted)])?;
    }
    end(tenants, names)
}

fn faults() -> Result<()> {
    let names = ["astray", "neighbour"];
    let tenants = neighbours(names)?;
    let mut monitor = Monitor::json()?;
    tenants[0].goes_astray()?;
    let event = monitor.expect_cause("subdev-fault", "tenant")?;
    check::equal("name", &event.object["name"], &json!("astray"))?;
    grows("faults", 0, Figures::of("subdev", "astray")?.get("faults"))?;
    let others = Figures::of("subdev", "neighbour")?;
    check::equal("faults of its neighbour", others.get("faults"), 0)?;
    tenants[1].works()?;
    end(tenants, names)
}

fn prerequisites() -> Result<()> {
    let parent = tool::parents()?.into_iter().next();
    let capabilities = parent.context("there is no parent")?.capabilities;
    ensure!(
        !capabilities.iter().any(|it| it == "pasid"),
        "the machine has PASIDs: {capabilities:?}"
    );
    let dedicated = kind("dedicated")?;
    let missing = dedicated
        .missing_prerequisite
        .context("nothing is missing")?;
    ensure!(!missing.is_empty(), "it does not say what is missing");
    let shared = kind("shared")?;
    check::equal(
        "missing for a shared one",
        shared.missing_prerequisite,
        None,
    )
}

fn policy() -> Result<()> {
    let line = "wq 3 pasid-mode shared max-transfer-size 4096 max-batch-size 1";
    let made = tool::add(&format!("{line} op-config 09 name bound"))?;
    let other = tool::add("wq 3 pasid-mode shared name free")?;
    let bound = Tenant::open(&made, 2 * PAGE)?;
    let free = Tenant::open(&other, 2 * PAGE)?;
    check::equal("its own limit", bound.dsa.max_transfer()?, 4096)?;
    let beyond = bound.dsa.run(bound.copy())?;
    beyond.with_status("a copy beyond it", status::BAD_SIZE)?;
    free.works()?;
    end([bound, free], ["bound", "free"])
}

fn push_and_pull() -> Result<()> {
    let before = tool::wq("wq7")?.size;
    dsa_nl("wq set wq7 size 4")?.ok()?;
    for (what, wq, size) in [("pushed", 7, 4), ("pulled", 6, 16)] {
        let tenant = Tenant::add(&format!("wq {wq} name {what}"), PAGE)?;
        check::equal(what, tenant.dsa.size(), size)?;
        tenant.works()?;
        end([tenant], [what])?;
    }
    dsa_nl(&format!("wq set wq7 size {before}"))?.ok().map(drop)
}
