// SPDX-License-Identifier: MIT OR Apache-2.0
//! The life of a subdev in stages: planned while inactive, activated, changed, taken back.

use anyhow::{Context, Result, anyhow, ensure};
use nlctl::{Attribute as _, Command, SubdevAttr, SubdevWqAttr};

use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa};
use crate::fuzz::{Attribute, Request, Table};
use crate::genl::{Answer, Socket, flag};
use crate::model::Subdev;
use crate::monitor::Monitor;
use crate::pattern;
use crate::scenario::Scenario;
use crate::system::{self, Setting};
use crate::tool::{self, dsa_nl};

pub const STAGED: Scenario = Scenario {
    name: "staged",
    vm: "",
    about: "a subdev is planned while inactive, activated, renamed in use, and taken back",
    run: staged,
};

pub const SET_REFUSALS: Scenario = Scenario {
    name: "set-refusals",
    vm: "",
    about: "what is to be changed is changed as a whole, or not at all",
    run: refusals,
};

fn staged() -> Result<()> {
    let mut monitor = Monitor::json()?;
    let first = planned(&mut monitor)?;
    let location = activated(&mut monitor)?.location()?;

    step("each of its virtual WQs has a size of its own, and works");
    let mut dsa = Dsa::open_enabled(&location)?;
    check::equal("sizes that its user sees", dsa.sizes(), &[16, 3][..])?;
    monitor.expect_opstate("plan", "enabled")?;
    copies(&mut dsa)?;

    step("in use, it is renamed and not taken back");
    let sentence = refused("set plan state inactive", &["state", "open", "force"])?;
    step(format!("  {sentence}"));
    let renamed = set("plan name used")?;
    let told = monitor.expect("change", "used")?;
    check::equal("the event", &told.subdev, &renamed)?;
    check::equal("the cause", told.cause.as_str(), "request")?;
    check::equal("shown by its name", &tool::subdev("used")?, &renamed)?;
    refused("show plan", &["name"])?;
    copies(&mut dsa)?;

    step("closed, it is: VFIO has nothing of it, its WQs are disabled, and its shares stay");
    drop(dsa);
    monitor.expect_opstate("used", "attached")?;
    let asleep = set("used state inactive")?;
    changes(&mut monitor, &asleep, "disabled")?;
    check::equal("identity", asleep.identity(), first.identity())?;
    is_inactive(&asleep)?;
    system::await_removal(&location)?;
    forced(&mut monitor)?;

    tool::del("used")?;
    monitor.expect("delete", "used")?;
    for wq in ["wq1", "wq2"] {
        check::equal("entries available", tool::wq(wq)?.available, 16)?;
    }
    Ok(())
}

/// Plans a subdev. Returns it as it was first.
fn planned(monitor: &mut Monitor) -> Result<Subdev> {
    step("an inactive subdev reserves its WQs and has nothing enabled");
    let first = tool::add("wq 1,2 state inactive name draft")?;
    monitor.expect("create", "draft")?;
    is_inactive(&first)?;

    step("name and sizes in one request are one event");
    let planned = set("draft name plan wq 1,2 size 16,3")?;
    check::equal("sizes", planned.sizes(), vec![16, 3])?;
    check::equal("identity", planned.identity(), first.identity())?;
    let told = monitor.any()?;
    check::equal("the event", told.event.as_str(), "subdev-change")?;
    check::equal("the cause", told.cause.as_str(), "request")?;

    step("asked for once more, nothing changes and nothing is told");
    check::equal(
        "plan",
        set("plan name plan wq 2 size 3 state inactive")?,
        planned,
    )?;
    let generation = tool::json::<serde_json::Value>("subdev show plan")?["generation"].as_u64();
    check::equal("generation", generation, Some(told.generation))?;
    Ok(first)
}

fn activated(monitor: &mut Monitor) -> Result<Subdev> {
    step("activated, it is handed to VFIO, and its WQs are enabled");
    let active = set("plan state active")?;
    let state = (active.state.as_str(), active.opstate.as_str());
    check::equal("state, opstate", state, ("active", "attached"))?;
    check::equal("shown", &tool::subdev("plan")?, &active)?;
    changes(monitor, &active, "enabled")?;
    Ok(active)
}

/// Takes an inactive subdev through a forced deactivation.
fn forced(monitor: &mut Monitor) -> Result<()> {
    step("active again, it is taken from its user by force");
    let active = set("used state active")?;
    changes(monitor, &active, "enabled")?;
    let location = active.location()?;
    let dsa = Dsa::open_enabled(&location)?;
    monitor.expect_opstate("used", "enabled")?;
    let asleep = set("used state inactive force")?;
    changes(monitor, &asleep, "disabled")?;
    is_inactive(&asleep)?;
    ensure!(dsa.state().is_err(), "its user can read a register still");

    step("while the user holds on, it is not activated again");
    let before = tool::snapshot()?;
    let sentence = refused("set used state active name other", &["state", "closed"])?;
    step(format!("  {sentence}"));
    check::same_json("what `show` shows", &tool::snapshot()?, &before)?;

    step("and is when the user lets go");
    drop(dsa);
    let active = set("used state active")?;
    changes(monitor, &active, "enabled")?;
    copies(&mut Dsa::open_enabled(&active.location()?)?)?;
    monitor.expect_opstate("used", "attached")?;
    Ok(())
}

/// Demands that the next events are a change of a subdev to what it is, and of its WQs.
fn changes(monitor: &mut Monitor, subdev: &Subdev, wqs: &str) -> Result<()> {
    let told = monitor.expect("change", &subdev.name)?;
    check::equal("the event", &told.subdev, subdev)?;
    check::equal("the cause", told.cause.as_str(), "request")?;
    for wq in subdev.wqs() {
        let told = monitor.any()?;
        check::equal("the event", told.event.as_str(), "wq-change")?;
        check::equal("the WQ", told.object["id"].as_u64(), Some(wq.into()))?;
        check::equal("its state", told.object["state"].as_str(), Some(wqs))?;
    }
    Ok(())
}

/// Demands that a subdev on WQs 1 and 2 has them, and is not handed to VFIO.
fn is_inactive(subdev: &Subdev) -> Result<()> {
    let state = (subdev.state.as_str(), subdev.opstate.as_str());
    check::equal("state, opstate", state, ("inactive", "detached"))?;
    ensure!(
        subdev.auxiliary_device.is_none() && subdev.vfio_device.is_none(),
        "inactive, and yet {subdev:?}"
    );
    for wq in ["wq1", "wq2"] {
        let wq = tool::wq(wq)?;
        check::equal("state of the WQ", wq.state.as_str(), "disabled")?;
        check::equal("entries available", wq.available, 0)?;
        check::equal("subdevs on it", wq.subdev, vec![subdev.index])?;
    }
    Ok(())
}

/// Has the device copy through each of its WQs.
fn copies(dsa: &mut Dsa) -> Result<()> {
    let (from, to) = (dsa.map(0x10_0000, 4096)?, dsa.map(0x20_0000, 4096)?);
    for wq in 0..dsa.sizes().len() {
        let bytes = pattern::bytes(wq as u64, 4096);
        from.write(0, &bytes)?;
        dsa.set_wq(wq);
        dsa.run(Descriptor::memmove(from.iova(), to.iova(), 4096))?
            .success("MEMMOVE")
            .with_context(|| format!("virtual WQ {wq}"))?;
        check::same_bytes("the copy", &to.read(0, 4096)?, &bytes)?;
    }
    from.unmap()?;
    to.unmap()
}

fn set(words: &str) -> Result<Subdev> {
    tool::json(&format!("subdev set {words}"))
}

/// Demands that a request about subdevs is refused. Returns the sentence.
fn refused(words: &str, says: &[&str]) -> Result<String> {
    let output = dsa_nl(&format!("subdev {words}"))?;
    tool::refused(&output, says).with_context(|| words.to_owned())
}

/// Words after `dsa-nl subdev set`, and what the refusal has to say. Where there is more than one
/// change in it, the last one is what cannot be done.
const CASES: &[(&str, &[&str])] = &[
    ("nosuch name x", &["name", "no such"]),
    ("asleep name awake", &["new-name", "exists"]),
    ("asleep name 123", &["new-name", "digits|index"]),
    (
        "asleep wq 4 size 2",
        &["wq.id", "does not use wq 4", "3, 5"],
    ),
    ("asleep wq 3,3 size 2", &["wq.id", "twice"]),
    ("asleep wq 3 size 13", &["wq.size", "1 to 12"]),
    ("asleep wq 3 size 0", &["wq.size", "1"]),
    ("asleep wq 3 max-rate 5 name x", &["max-rate", "262144"]),
    ("asleep wq 3,5 weight 7 size 9,17", &["wq.size", "1 to 16"]),
    ("asleep wq 3 weight 10001", &["weight", "10000"]),
    ("awake wq 3 size 1", &["size", "deactivate"]),
    ("awake wq 3 size 1 state active", &["size", "deactivate"]),
    (
        "asleep wq 5,3 size 9,13 name x state active",
        &["wq.size", "1 to 12"],
    ),
    ("asleep wq 3,5 size 9,17 name x", &["wq.size", "1 to 16"]),
    (
        "awake wq 3 size 99 state inactive name x",
        &["wq.size", "14"],
    ),
];

fn refusals() -> Result<()> {
    step("one is active and another one is not; they share WQ 3");
    let awake = tool::add("wq 3 pasid-mode shared size 4 name awake")?;
    tool::add("wq 3,5 pasid-mode shared state inactive name asleep")?;
    let all = tool::snapshot()?;
    for (words, says) in CASES {
        let sentence = refused(&format!("set {words}"), says)?;
        step(format!("{words}: {sentence}"));
        check::same_json(words, &tool::snapshot()?, &all)?;
    }
    raw()?;

    let before = tool::json::<serde_json::Value>("subdev show")?;
    step("an activation that fails takes the new name and the sizes back");
    {
        let _off = Setting::new("/sys/bus/auxiliary/drivers_autoprobe", "0")?;
        let words = "set asleep name other wq 3,5 size 12,1 state active";
        let sentence = refused(words, &["autoprobe"])?;
        step(format!("  {sentence}"));
    }
    check::same_json("what `show` shows", &tool::snapshot()?, &all)?;
    // Not even the generation has changed.
    let after = tool::json::<serde_json::Value>("subdev show")?;
    check::equal("subdevs with their generations", after, before)?;
    let free = tool::add("wq 3 pasid-mode shared size 10 name other")?;
    tool::del(&free.name)?;

    step("a size can be asked for together with the deactivation, and with the activation");
    let smaller = set("awake wq 3 size 1 state inactive")?;
    check::equal("size", smaller.size(), 1)?;
    check::equal("entries available", tool::wq("wq3")?.available, 13)?;
    let larger = set("awake wq 3 size 14 state active")?;
    check::equal("entries available", tool::wq("wq3")?.available, 0)?;
    let dsa = Dsa::open_enabled(&larger.location()?)?;
    check::equal("size that its user sees", dsa.size(), 14)?;
    drop(dsa);
    check::equal("identity", larger.identity(), awake.identity())?;
    tool::del("awake")?;
    tool::del("asleep")
}

/// What the tool does not send, and what it does not show.
fn raw() -> Result<()> {
    let mut socket = Socket::new()?;
    let family = Table::read(&mut socket)?.family;
    let mut ask = |attributes: &[SubdevAttr]| {
        let attributes = attributes.iter().map(Attribute::of).collect();
        let request = Request::new(Command::SubdevSet.into(), false).with(attributes);
        socket.ask(family, request.flags | flag::ECHO, &request.payload())
    };
    let asleep = SubdevAttr::Name("asleep".into());
    let wq = |attributes| SubdevAttr::Wq(attributes);

    step("a subdev has to be named, and a WQ has to have a number and something to change");
    let missing = |answer: Answer| match answer.end {
        Some(Err(refusal)) => Ok(refusal.missing),
        other => Err(anyhow!("not refused: {other:?}")),
    };
    let index = Some(u32::from(SubdevWqAttr::Id(0).number()));
    let id = Some(u32::from(SubdevAttr::Index(0).number()));
    check::equal("missing", missing(ask(&[])?)?, id)?;
    let numberless = wq(vec![SubdevWqAttr::Size(1)]);
    check::equal(
        "missing",
        missing(ask(&[asleep.clone(), numberless])?)?,
        index,
    )?;
    let sizeless = wq(vec![SubdevWqAttr::Id(3)]);
    missing(ask(&[asleep.clone(), sizeless])?)?;

    step("who asks for an echo gets the one event");
    for name in ["dozing", "asleep"] {
        let named = if name == "dozing" { "asleep" } else { "dozing" };
        let answer = ask(&[
            SubdevAttr::Name(named.into()),
            SubdevAttr::NewName(name.into()),
        ])?;
        let events: Vec<_> = answer.events.iter().map(|(event, _)| *event).collect();
        check::equal("events", events, vec![Command::SubdevChangeNtf])?;
        check::equal("replies", answer.objects.len(), 1)?;
    }
    Ok(())
}
