// SPDX-License-Identifier: MIT OR Apache-2.0
//! More than one DSA.

use anyhow::{Result, ensure};

use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa};
use crate::scenario::Scenario;
use crate::tool::{self, dsa_nl};

pub const TWO_PARENTS: Scenario = Scenario {
    name: "two-parents",
    vm: "--dsa 2",
    about: "with two parents a WQ is named with its parent, and lists can be narrowed",
    run,
};

fn run() -> Result<()> {
    step("two parents with eight WQs each");
    let names: Vec<_> = tool::parents()?
        .into_iter()
        .map(|parent| parent.name)
        .collect();
    check::equal("parents", names.len(), 2)?;
    let (first, second) = (&names[0], &names[1]);
    ensure!(first != second, "both parents are named {first}");
    check::equal("WQs", tool::wqs()?.len(), 16)?;

    step("a WQ without its parent is ambiguous");
    let before = tool::snapshot()?;
    for line in ["subdev add wq 3", "wq show wq3"] {
        let sentence = tool::refused(&dsa_nl(line)?, &["parent"])?;
        step(format!("  {sentence}"));
    }
    check::same_json("what `show` shows", &tool::snapshot()?, &before)?;

    step("with its parent it is not, in either form");
    let one = tool::add(&format!("wq {second}/wq3 name one"))?;
    let two = tool::add(&format!("wq 3 parent {first} name two"))?;
    for (subdev, parent) in [(&one, second), (&two, first)] {
        check::equal("parent", &subdev.parent, parent)?;
        check::equal("wq", subdev.wqs(), vec![3])?;
    }
    for parent in &names {
        let wq = tool::wq(&format!("{parent}/wq3"))?;
        check::equal("parent of the WQ", &wq.parent, parent)?;
        check::equal("entries available", wq.available, 0)?;
    }

    step("types can be listed for one parent");
    let types = tool::document(&format!("type show {second}"))?;
    let listed = types["type"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    ensure!(
        !listed.is_empty() && listed.iter().all(|kind| kind["parent"] == second.as_str()),
        "expected types of {second} only, got {types}"
    );

    step("both work at the same time");
    let devices = [
        Dsa::open_enabled(&one.location()?)?,
        Dsa::open_enabled(&two.location()?)?,
    ];
    for dsa in &devices {
        dsa.run(Descriptor::noop())?.success("NOOP")?;
    }
    drop(devices);
    tool::del("one")?;
    tool::del("two")
}
