// SPDX-License-Identifier: MIT OR Apache-2.0
//! What would come of a request, and many subdevs by one.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::check::{self, step};
use crate::dsa::Dsa;
use crate::kmemleak;
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::system::Setting;
use crate::tool::{self, dsa_nl};

pub const DRY_RUN: Scenario = Scenario {
    name: "dry-run",
    vm: "",
    about: "a dry run says what would come of a request, and nothing comes of it",
    run: dry_run,
};

pub const COUNT: Scenario = Scenario {
    name: "count",
    vm: "--model=--wq-capacity=1024",
    about: "256 subdevs are created by one request, or none",
    run: count,
};

fn dry_run() -> Result<()> {
    step("what would come of a configuration");
    let before = tool::snapshot()?;
    let wq: Value = tool::json("wq set wq5 size 8 priority 9 --dry-run")?;
    let got = [&wq["size"], &wq["available"], &wq["dsa-wq"]["priority"]];
    check::equal("wq5", got, [&json!(8), &json!(8), &json!(9)])?;
    let parent: Value = tool::json("parent set dsa0 group 0 read-buffers-reserved 1 --dry-run")?;
    let group = &parent["dsa-parent"]["group"][0];
    check::equal("group 0", &group["read-buffers-reserved"], &json!(1))?;
    check::same_json("what there is", &tool::snapshot()?, &before)?;

    tool::add("wq 3 pasid-mode shared name there")?;
    let before = tool::snapshot()?;
    let mut monitor = Monitor::json()?;

    step("what would come of a request");
    let line = "wq 3 pasid-mode shared name new";
    let planned: Value = tool::json(&format!("subdev add {line} --dry-run"))?;
    for absent in [
        "index",
        "uuid",
        "auxiliary-device",
        "iommu-group",
        "vfio-device",
    ] {
        ensure!(planned[absent].is_null(), "{absent} in {planned}");
    }
    let text = dsa_nl(&format!("subdev add {line} --dry-run"))?
        .ok()?
        .stdout;
    check::equal("for people", text.as_str(), "would create subdev new\n")?;
    check::same_json("what there is", &tool::snapshot()?, &before)?;

    step("a refusal is the same as the real one");
    for line in [
        "wq 99",
        "wq 3",
        "wq 3 pasid-mode shared size 15",
        "wq 3 pasid-mode shared name there",
        "wq 3 pasid-mode shared name -x",
        "wq 3 pasid-mode shared count 8",
        "wq 4 count 2 uuid 123e4567-e89b-12d3-a456-426614174000",
        "type none-such",
        "pasid-mode shared",
    ] {
        let sentence = tool::refused(&dsa_nl(&format!("subdev add {line} --dry-run"))?, &[])?;
        let real = tool::refused(&dsa_nl(&format!("subdev add {line}"))?, &[])?;
        check::equal(line, &sentence, &real)?;
        step(format!("  `{line}`: {sentence}"));
    }
    check::same_json("what there is", &tool::snapshot()?, &before)?;

    step("the real one is as was said, with the next index, and its event is the next");
    let real: Value = tool::json(&format!("subdev add {line}"))?;
    for (key, value) in planned.as_object().context("no object")? {
        if key != "generation" {
            check::equal(key, &real[key], value)?;
        }
    }
    check::equal("index", real["index"].as_u64(), Some(1))?;
    let event = monitor.expect("create", "new")?;
    let planned_at = planned["generation"].as_u64();
    check::equal("generation", Some(event.generation - 1), planned_at)?;
    dry_changes(&mut monitor)?;
    tool::del("there")?;
    tool::del("new")
}

/// The same of requests to change what there is: `there` is active, and so is its WQ.
fn dry_changes(monitor: &mut Monitor) -> Result<()> {
    tool::add("wq 4 state inactive name asleep")?;
    monitor.expect("create", "asleep")?;
    let _user = Dsa::open(&tool::subdev("there")?.location()?)?;
    monitor.expect_opstate("there", "open")?;
    let before = tool::snapshot()?;

    step("what would come of a change");
    let planned: Value = tool::json("subdev set asleep name x wq 4 size 3 state active --dry-run")?;
    for (key, value) in [
        ("name", json!("x")),
        ("wq", json!([{"id": 4, "size": 3, "weight": 100}])),
        ("state", json!("active")),
        ("opstate", json!("attached")),
        ("vfio-device", Value::Null),
    ] {
        check::equal(key, &planned[key], &value)?;
    }
    let planned: Value = tool::json("subdev set there state inactive force --dry-run")?;
    check::equal("opstate", &planned["opstate"], &json!("detached"))?;
    let wq: Value = tool::json("wq set wq5 priority 9 mode dedicated --dry-run")?;
    check::equal("priority", &wq["dsa-wq"]["priority"], &json!(9))?;
    check::same_json("what there is", &tool::snapshot()?, &before)?;

    step("a refusal of a change is the same as the real one");
    for line in [
        "subdev set asleep name there",
        "subdev set asleep wq 4 size 99 state active",
        "subdev set there wq 3 size 1",
        "subdev set there name x state inactive",
        "wq set wq3 priority 9",
        "wq set wq5 size 8",
        "wq set wq5 mode shared",
        "wq set wq5 threshold 999",
        "parent set dsa0 group 0 read-buffers-reserved 1",
        "parent set dsa0 group 9 read-buffers-reserved 1",
    ] {
        let sentence = tool::refused(&dsa_nl(&format!("{line} --dry-run"))?, &[])?;
        let real = tool::refused(&dsa_nl(line)?, &[])?;
        check::equal(line, &sentence, &real)?;
        step(format!("  `{line}`: {sentence}"));
    }
    check::same_json("what there is", &tool::snapshot()?, &before)?;

    step("the next event is that of a real change");
    tool::del("asleep")?;
    monitor.expect("delete", "asleep")?;
    Ok(())
}

/// What `subdev add … count N` prints.
#[derive(Debug, Deserialize)]
struct Answer {
    index: u32,
    created: Vec<Created>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Created {
    index: u32,
    name: String,
    uuid: String,
    auxiliary_device: Option<String>,
    iommu_group: Option<u32>,
    vfio_device: Option<String>,
}

fn count() -> Result<()> {
    // A kernel that checks itself takes many times as long to make a VFIO device.
    let count: u32 = if kmemleak::is_there() { 32 } else { 256 };
    let mut monitor = Monitor::json()?;

    step(format!("{count} active subdevs by one request"));
    let line = format!("subdev add type 1swq size 1 name vm count {count}");
    let answer: Answer = tool::json(&line)?;
    check::equal("the first", answer.index, 0)?;
    let indexes: Vec<_> = answer.created.iter().map(|it| it.index).collect();
    check::equal("the indexes", indexes, (0..count).collect())?;
    let listed = tool::subdevs()?;
    check::equal("subdevs", listed.len(), count as usize)?;
    for (made, subdev) in answer.created.iter().zip(&listed) {
        check::equal("name", &made.name, &format!("vm-{}", made.index))?;
        check::equal("UUID", &made.uuid, &subdev.uuid)?;
        check::equal("opstate", subdev.opstate.as_str(), "attached")?;
        let handles = (&made.auxiliary_device, made.iommu_group, &made.vfio_device);
        let shown = (
            &subdev.auxiliary_device,
            subdev.iommu_group,
            &subdev.vfio_device,
        );
        check::equal("handles", handles, shown)?;
        ensure!(made.iommu_group.is_some(), "no handles: {made:?}");
        let event = monitor.expect("create", &made.name)?;
        check::equal("the subdev of the event", &event.subdev, subdev)?;
    }

    step("each went to the work queue with most room");
    for wq in tool::wqs()? {
        check::equal("subdevs of a work queue", wq.subdev_count, count / 8)?;
    }
    for subdev in &listed {
        tool::del(&subdev.name)?;
        monitor.expect("delete", &subdev.name)?;
    }

    step("all or none: the ninth does not fit, and nobody hears of the others");
    let before = tool::snapshot()?;
    let sentence = tool::refused(
        &dsa_nl("subdev add wq 3 pasid-mode shared count 9")?,
        &["count", "8 of them fit", "wq 3"],
    )?;
    step(format!("  {sentence}"));
    for (line, words) in [
        ("wq 3 count 2", ["1 of them fit", "wq 3"]),
        ("wq 3 count 0", ["count", "1"]),
        ("wq 3 count 257", ["count", "256"]),
        (
            "wq 3 count 1 name a-name-of-thirty-one-characters",
            ["name", "count"],
        ),
    ] {
        let sentence = tool::refused(&dsa_nl(&format!("subdev add {line}"))?, &words)?;
        step(format!("  `{line}`: {sentence}"));
    }
    step("nor when a step fails after that for all of them");
    let autoprobe = Setting::new("/sys/bus/auxiliary/drivers_autoprobe", "0")?;
    let line = "subdev add wq 3 pasid-mode shared count 4";
    tool::refused(&dsa_nl(line)?, &["autoprobe"])?;
    drop(autoprobe);
    check::same_json("what there is", &tool::snapshot()?, &before)?;
    let answer: Answer = tool::json("subdev add wq 3 pasid-mode shared count 1")?;
    let [only] = &answer.created[..] else {
        anyhow::bail!("not one: {answer:?}");
    };
    monitor.expect("create", &only.name)?;
    tool::del(&only.name)
}
