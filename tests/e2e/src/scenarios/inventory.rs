// SPDX-License-Identifier: MIT OR Apache-2.0
//! What there is before anything is made.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::check::{self, step};
use crate::scenario::Scenario;
use crate::tool::{self, dsa_nl};

pub const INVENTORY: Scenario = Scenario {
    name: "inventory",
    vm: "",
    about: "parents, WQs and types are shown as they are, in lists and one by one",
    run,
};

/// Widest line of a table.
const COLUMNS: usize = 100;

fn run() -> Result<()> {
    parent()?;
    wqs()?;
    types()?;
    tables()?;
    unknown()
}

fn parent() -> Result<()> {
    step("one parent: the model DSA with its defaults");
    let parents = tool::parents()?;
    check::equal("number of parents", parents.len(), 1)?;
    let parent = &parents[0];
    check::equal("WQs", parent.wq_count, 8)?;
    check::equal("bus", parent.bus.as_str(), "pci")?;
    check::equal("capabilities", &parent.capabilities, &vec![])?;
    check::equal("number of subdevs", parent.subdev_count, 0)?;
    let sysfs = Path::new("/sys/bus/pci/devices").join(&parent.device);
    ensure!(sysfs.exists(), "there is no {}", sysfs.display());

    step("the vendor part tells what the DSA can do");
    let dsa = &parent.dsa_parent;
    check::equal("DSA version", dsa.version, 0x100)?;
    let shape = (dsa.group_count, dsa.engine_count, dsa.wq_capacity);
    check::equal("groups, engines, capacity", shape, (4, 4, 128))?;
    ensure!(
        dsa.max_transfer_size.is_power_of_two(),
        "max-transfer-size is {}, not a power of two",
        dsa.max_transfer_size
    );

    step("the parent alone, by name, index, and bus and device, is as in the list");
    let all: Value = tool::json("parent show")?;
    let listed = &all["parent"][0];
    let place = format!("{}/{}", parent.bus, parent.device);
    for id in [parent.name.clone(), parent.index.to_string(), place] {
        let one = tool::json::<Value>(&format!("parent show {id}"))?;
        check::same_json(
            &format!("parent show {id}"),
            &check::without_generation(one),
            &check::without_generation(listed.clone()),
        )?;
    }
    Ok(())
}

fn wqs() -> Result<()> {
    step("eight WQs with an even share of the capacity, all of it available");
    let parent = tool::parents()?.remove(0);
    let (parent, groups) = (parent.name, parent.dsa_parent.group_count);
    let wqs = tool::wqs()?;
    let ids: Vec<_> = wqs.iter().map(|wq| wq.id).collect();
    check::equal("WQ ids", ids, (0..8).collect())?;
    for wq in &wqs {
        let what = format!("{}/wq{}", wq.parent, wq.id);
        check::equal(&format!("{what}: parent"), &wq.parent, &parent)?;
        let entries = (wq.size, wq.available);
        check::equal(&format!("{what}: size, available"), entries, (16, 16))?;
        check::equal(&format!("{what}: subdevs"), wq.subdev_count, 0)?;
        check::equal(&format!("{what}: its subdevs"), &wq.subdev, &vec![])?;
        check::equal(&format!("{what}: pasid-mode"), &wq.pasid_mode, &None)?;
        let dsa = wq.dsa_wq.as_ref();
        let dsa = dsa.with_context(|| format!("{what} has no vendor part"))?;
        ensure!(
            dsa.group < groups && (1..=15).contains(&dsa.priority),
            "{what} is not in one of {groups} groups, or has no priority: {dsa:?}"
        );
        check::equal(&format!("{what}: threshold"), dsa.threshold, 0)?;
    }

    step("one WQ, with and without its parent, is as in the list");
    let all: Value = tool::json("wq show")?;
    for id in ["wq3".to_owned(), format!("{parent}/wq3")] {
        let one = tool::json::<Value>(&format!("wq show {id}"))?;
        check::same_json(
            &format!("wq show {id}"),
            &check::without_generation(one),
            &check::without_generation(all["wq"][3].clone()),
        )?;
    }
    Ok(())
}

fn types() -> Result<()> {
    step("the catalogue tells how many subdevs of each type could be made");
    let types = tool::types()?;
    for kind in &types {
        let what = format!("type {}", kind.name);
        ensure!(!kind.description.is_empty(), "{what} has no description");
        check::equal(
            &format!("{what}: isolation"),
            kind.isolation.as_str(),
            match kind.pasid_mode.as_str() {
                "dedicated" => "pasid",
                _ => "mediated",
            },
        )?;
        let want = match kind.missing_prerequisite {
            Some(_) => 0,
            None => kind.max_instances,
        };
        check::equal(
            &format!("{what}: available"),
            kind.available_instances,
            want,
        )?;
    }
    let shared = types.iter().find(|kind| kind.pasid_mode == "shared");
    let shared = shared.context("there is no type with pasid-mode shared")?;
    // An eighth of a WQ of 16 entries each, on 8 WQs.
    check::equal(
        "shared subdevs that could be made",
        shared.available_instances,
        64,
    )?;
    let own = types.iter().find(|kind| kind.pasid_mode == "none");
    let own = own.context("there is no type with pasid-mode none")?;
    check::equal(
        "subdevs that own a WQ that could be made",
        own.available_instances,
        8,
    )
}

fn tables() -> Result<()> {
    step("for people, the same as tables that fit a terminal");
    for (line, words) in [
        ("parent show", &["dsa0", "0000:"][..]),
        ("wq show", &["dsa0", "16"]),
        ("type show", &["shared", "64"]),
        ("subdev show", &[]),
    ] {
        let output = dsa_nl(line)?.ok()?;
        for word in words {
            ensure!(
                output.stdout.contains(word),
                "expected {word:?} in {}",
                output.describe()
            );
        }
        for row in output.stdout.lines() {
            let width = row.chars().count();
            ensure!(
                width <= COLUMNS,
                "a line of `{}` is {width} columns wide: {row}",
                output.command
            );
        }
    }
    Ok(())
}

fn unknown() -> Result<()> {
    step("what is not there is refused by name");
    for (line, words) in [
        ("parent show dsa9", &["dsa9|name|parent"][..]),
        ("parent show 77", &["77|index|parent"]),
        ("wq show wq99", &["99|id|wq"]),
        ("wq show dsa9/wq0", &["parent"]),
        ("type show dsa9", &["parent"]),
        ("subdev show nosuch", &["name|subdev"]),
    ] {
        tool::refused(&dsa_nl(line)?, words)?;
    }
    Ok(())
}
