// SPDX-License-Identifier: MIT OR Apache-2.0
//! Deletion while a VFIO user has the subdev open.

use anyhow::{Result, ensure};

use crate::actor::{Actor, Request};
use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa};
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::tool::{self, dsa_nl};
use crate::{pattern, system};

pub const DEL_BUSY: Scenario = Scenario {
    name: "del-busy",
    vm: "",
    about: "an open subdev is not deleted, and its opstate tells who uses it",
    run: busy,
};

pub const DEL_FORCED: Scenario = Scenario {
    name: "del-forced",
    vm: "",
    about: "forced deletion takes the device from its user and frees the WQ at once",
    run: forced,
};

fn busy() -> Result<()> {
    let mut monitor = Monitor::json()?;
    let subdev = tool::add("wq 3 name used")?;
    monitor.expect("create", "used")?;
    let opstate = || anyhow::Ok(tool::subdev("used")?.opstate);

    step("attached, open, enabled: in show and in events");
    check::equal(
        "opstate when nobody uses it",
        opstate()?.as_str(),
        "attached",
    )?;
    let mut dsa = Dsa::open(&subdev.location()?)?;
    monitor.expect_opstate("used", "open")?;
    check::equal("opstate when open", opstate()?.as_str(), "open")?;
    dsa.enable()?;
    monitor.expect_opstate("used", "enabled")?;
    check::equal("opstate when enabled", opstate()?.as_str(), "enabled")?;

    step("deletion is refused, whatever it is called");
    let before = tool::snapshot()?;
    for id in [&subdev.index.to_string(), &subdev.name, &subdev.uuid] {
        let output = dsa_nl(&format!("subdev del {id}"))?;
        let sentence = tool::refused(&output, &["open|in use|busy", "force"])?;
        step(format!("  {sentence}"));
    }
    check::same_json("what `show` shows", &tool::snapshot()?, &before)?;
    dsa.run(Descriptor::noop())?.success("NOOP after that")?;

    step("closed, it is attached again and can be deleted");
    drop(dsa);
    monitor.expect_opstate("used", "attached")?;
    check::equal("opstate when closed", opstate()?.as_str(), "attached")?;
    tool::del("used")?;
    monitor.expect("delete", "used")?;
    Ok(())
}

fn forced() -> Result<()> {
    let subdev = tool::add("wq 3 name doomed")?;
    let location = subdev.location()?;
    let mut user = Actor::open(&location)?;
    let (from, to, len) = (0x1000_0000, 0x2000_0000, 1 << 20);
    for iova in [from, to] {
        user.ask(&Request::Map { iova, len, seed: 1 })?;
    }
    step("forced deletion with descriptors in flight");
    user.ask(&Request::Flood {
        from,
        to,
        len: len as u32,
        count: subdev.size(),
    })?;
    dsa_nl("subdev del doomed force")?.ok()?;
    tool::refused(&dsa_nl("subdev show doomed")?, &[])?;

    step("the user's next access fails");
    let access = user.ask(&Request::State);
    ensure!(
        access.is_err(),
        "the user could read a register: {access:?}"
    );
    let copy = user.ask(&Request::Try { from, to, len: 64 });
    ensure!(copy.is_err(), "the user could copy: {copy:?}");

    step("the WQ is free for another at once, while the old user still holds on");
    check::equal("entries available", tool::wq("wq3")?.available, 16)?;
    let next = tool::add("wq 3 name next")?;
    let dsa = Dsa::open_enabled(&next.location()?)?;
    let (source, target) = (dsa.map(from, 4096)?, dsa.map(to, 4096)?);
    source.write(0, &pattern::bytes(2, 4096))?;
    dsa.run(Descriptor::memmove(from, to, 4096))?
        .success("MEMMOVE")?;
    check::same_bytes("the copy", &target.read(0, 4096)?, &pattern::bytes(2, 4096))?;

    step("once the old user lets go, its device is gone");
    user.finish()?;
    system::await_removal(&location)?;
    dsa.run(Descriptor::noop())?
        .success("NOOP on the new one")?;
    drop(dsa);
    tool::del("next")
}
