// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device whose configuration nobody can change: it is used as it is, as far as it is of use.

use anyhow::Result;

use crate::check::{self, step};
use crate::model::DsaWq;
use crate::scenario::Scenario;
use crate::tenant::Tenant;
use crate::tool;

pub const FIXED: Scenario = Scenario {
    name: "fixed-configuration",
    vm: "--kernel stock --model=--fixed-config --model=--wq-capacity=100 --model=--pasid",
    about: "a device whose configuration is fixed is used as it is, but for WQs that are of no use",
    run,
};

/// What the model gives each WQ of a capacity of 100: less than there would be for the first ones if
/// the driver had divided it, and with another priority.
const SIZE: u32 = 12;
const AS_IT_IS: DsaWq = DsaWq {
    threshold: 0,
    priority: 5,
    group: 0,
};

/// The WQ with small transfers, the one with a PASID, and the shared one.
const SMALL: u32 = 1;
const WITH_PASID: u32 = 2;
const SHARED: u32 = 7;

/// The largest transfer of the device's making, and that of the driver's.
const SMALL_TRANSFER: u64 = 1 << 16;
const TRANSFER: u64 = 1 << 21;

fn run() -> Result<()> {
    shown()?;
    unchangeable()?;
    useless()?;
    by_type()?;
    copies()
}

fn shown() -> Result<()> {
    step("the WQs have the sizes and modes of the device's making");
    let wqs = tool::wqs()?;
    check::equal("WQs", wqs.len(), 8)?;
    for wq in wqs {
        let what = |what| format!("{what} of wq {}", wq.id);
        let (mode, threshold) = match wq.id {
            SHARED => ("shared", SIZE),
            _ => ("dedicated", 0),
        };
        check::equal(&what("size"), wq.size, SIZE)?;
        check::equal(&what("mode"), wq.mode.as_str(), mode)?;
        let settings = DsaWq {
            threshold,
            ..AS_IT_IS
        };
        check::equal(&what("settings"), wq.dsa_wq, Some(settings))?;
    }
    Ok(())
}

fn unchangeable() -> Result<()> {
    step("nothing of it can be set");
    let before = tool::snapshot()?;
    for line in [
        "wq set wq3 priority 3",
        "parent set dsa0 group 0 engines 0x1",
    ] {
        let set = tool::dsa_nl(line)?;
        tool::refused(&set, &["the configuration of dsa0 is fixed"])?;
        check::same_json("what there is", &tool::snapshot()?, &before)?;
    }
    Ok(())
}

fn useless() -> Result<()> {
    for (wq, sentence) in [
        (
            SHARED,
            "wq 7 is configured as shared for good; it must be dedicated",
        ),
        (
            WITH_PASID,
            "wq 2 is configured with a PASID for good; it must have none",
        ),
    ] {
        step(format!("wq {wq} is of no use, and nothing is left"));
        let before = tool::snapshot()?;
        for mode in ["none", "shared"] {
            let add = tool::dsa_nl(&format!("subdev add wq {wq} pasid-mode {mode}"))?;
            tool::refused(&add, &[sentence])?;
            check::same_json("what there is", &tool::snapshot()?, &before)?;
        }
    }
    Ok(())
}

fn by_type() -> Result<()> {
    step("types count the WQs that are of use, and take no others");
    let types = tool::types()?;
    let count = |name: &str| {
        let found = types.iter().find(|it| it.name == name);
        found.map(|it| (it.max_instances, it.available_instances))
    };
    check::equal("1dwq", count("1dwq"), Some((6, 6)))?;
    let mut taken = Vec::new();
    for number in 0..6 {
        let subdev = tool::add(&format!("type 1dwq state inactive name own{number}"))?;
        taken.extend(subdev.wq.iter().map(|wq| wq.id));
    }
    check::equal("the WQs", taken, vec![0, 1, 3, 4, 5, 6])?;
    tool::refused(
        &tool::dsa_nl("subdev add type 1dwq")?,
        &["no work queue of dsa0 has room for it"],
    )?;
    for number in 0..6 {
        tool::del(&format!("own{number}"))?;
    }
    for wq in [WITH_PASID, SHARED] {
        let available = tool::wq(&format!("wq{wq}"))?.available;
        check::equal("entries to be had of a WQ of no use", available, 0)?;
    }
    Ok(())
}

fn copies() -> Result<()> {
    // The second time each WQ was disabled in between.
    for _ in 0..2 {
        step("copies work, up to the largest transfer of each WQ");
        for (wq, most) in [(0, TRANSFER), (SMALL, SMALL_TRANSFER)] {
            let subdev = tool::add(&format!("wq {wq} name owner"))?;
            check::equal("size", subdev.size(), SIZE)?;
            let user = Tenant::open(&subdev, most as usize)?;
            check::equal("largest transfer", user.dsa.max_transfer()?, most)?;
            user.works()?;
            let settings = tool::wq(&format!("wq{wq}"))?.dsa_wq;
            check::equal("settings", settings, Some(AS_IT_IS))?;
            drop(user);
            tool::del("owner")?;
        }
    }

    step("two share a WQ that is dedicated");
    let users = ["one", "two"].map(|name| {
        let line = format!("wq 3 pasid-mode shared size 2 name {name}");
        Tenant::add(&line, SMALL_TRANSFER as usize)
    });
    for user in users {
        user?.works()?;
    }
    tool::del("one")?;
    tool::del("two")
}
