// SPDX-License-Identifier: MIT OR Apache-2.0
//! Work queues and parents, configured by the admin.

use anyhow::{Result, ensure};
use nlctl::{Command, DsaGroupAttr, DsaParentAttr, ParentAttr};
use serde_json::Value;

use super::features;
use crate::check::{self, step};
use crate::dsa::{Descriptor, regs, status};
use crate::fuzz::{Attribute, Request, Table};
use crate::genl::Socket;
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::system::ctl;
use crate::tenant::{FROM, TO, Tenant};
use crate::tool::{self, dsa_nl};

pub const CONFIGURE: Scenario = Scenario {
    name: "configure",
    vm: features::VM,
    about: "WQs and groups are set, all or nothing, and refused while a subdev is in the way",
    run,
};

/// The limit of the WQ that is configured: the size of all copies here.
const TRANSFER: u32 = 1 << 16;

/// What is configured of WQ 3: NOOP and MEMMOVE are all that it does.
const SETTINGS: &str = "size 32 priority 10 threshold 4 block-on-fault 1 max-transfer-size 65536 \
                        max-batch-size 16 op-config 09";

/// Codes of commands (srctree drivers/dma/idxd/registers.h).
const ENABLE_DEVICE: u32 = 1;

fn run() -> Result<()> {
    defaults()?;
    set()?;
    used()?;
    in_the_way()?;
    all_or_nothing()?;
    groups()?;
    hardware_refuses()?;
    reserved()?;
    raw()
}

/// What inactive subdevs have reserved stays theirs.
fn reserved() -> Result<()> {
    step("a WQ keeps the entries that an inactive subdev has, and may have none");
    tool::add("wq 5 name asleep state inactive")?;
    tool::refused(
        &dsa_nl("wq set wq5 size 1")?,
        &["size", "subdevs have 16 of the entries"],
    )?;
    tool::del("asleep")?;
    dsa_nl("wq set wq5 size 0")?.ok()?;
    tool::refused(&dsa_nl("subdev add wq 5")?, &["wq 5 has no entries"])?;
    dsa_nl("wq set wq5 size 16")?.ok().map(drop)
}

/// Requests that the tool does not make.
fn raw() -> Result<()> {
    step("what the device is cannot be set, and each group of a request has a number");
    let mut socket = Socket::new()?;
    let family = Table::read(&mut socket)?.family;
    let group = |id| DsaParentAttr::Group(vec![DsaGroupAttr::Id(id)]);
    for nest in [
        vec![DsaParentAttr::Version(1)],
        vec![DsaParentAttr::Group(vec![DsaGroupAttr::Engines(1)])],
        (0..17).map(group).collect(),
    ] {
        let attributes = [ParentAttr::Index(0), ParentAttr::DsaParent(nest)];
        let attributes = attributes.iter().map(Attribute::of).collect();
        let request = Request::new(Command::ParentSet.into(), false).with(attributes);
        let answer = socket.ask(family, request.flags, &request.payload())?;
        ensure!(
            matches!(&answer.end, Some(Err(refusal)) if refusal.message.is_some()),
            "expected that {request:?} is refused: {answer:?}"
        );
    }
    Ok(())
}

/// Demands what a WQ shows of the DSA.
fn settings(wq: &Value, want: &[(&str, Value)]) -> Result<()> {
    for (name, want) in want {
        check::equal(name, &wq["dsa-wq"][*name], want)?;
    }
    Ok(())
}

fn wq3() -> Result<Value> {
    tool::json("wq show wq3")
}

fn parent() -> Result<Value> {
    tool::json("parent show dsa0")
}

fn defaults() -> Result<()> {
    step("a WQ that nobody configured has the defaults");
    let wq = wq3()?;
    check::equal("size", &wq["size"], &16.into())?;
    settings(
        &wq,
        &[
            ("threshold", 0.into()),
            ("priority", 8.into()),
            ("group", 0.into()),
            ("block-on-fault", 0.into()),
            ("max-transfer-size", (1 << 21).into()),
            ("max-batch-size", 32.into()),
        ],
    )?;
    let parent = parent()?;
    let dsa = &parent["dsa-parent"];
    check::equal("operations", &wq["dsa-wq"]["op-config"], &dsa["opcap"])?;
    let groups: Vec<_> = dsa["group"].as_array().into_iter().flatten().collect();
    check::equal("groups", groups.len(), 4)?;
    for (id, group) in groups.into_iter().enumerate() {
        let engines = if id == 0 { "0xf" } else { "0x0" };
        let want = serde_json::json!({
            "id": id, "engines": engines, "read-buffers-reserved": 0,
            "read-buffers-allowed": 96, "use-read-buffer-limit": 0,
        });
        check::same_json("a group", group, &want)?;
    }
    Ok(())
}

fn set() -> Result<()> {
    step("a WQ cannot have entries that others have");
    let sentence = "wq 3 can have at most 16 entries; other work queues have the rest";
    tool::refused(&dsa_nl("wq set wq3 size 32")?, &["size", sentence])?;

    step("it can have those that another leaves, and all settings at once");
    let mut monitor = Monitor::json()?;
    let left: Value = tool::json("wq set wq7 size 0")?;
    check::equal("size of wq 7", &left["size"], &0.into())?;
    check::equal("what is left of it", &left["available"], &0.into())?;
    let reply: Value = tool::json(&format!("wq set dsa0/wq3 {SETTINGS}"))?;
    check::same_json(
        "the reply",
        &check::without_generation(reply.clone()),
        &check::without_generation(wq3()?),
    )?;
    configured(&reply)?;

    step("who listens is notified of both, with the generation of the reply");
    for wq in [&left, &reply] {
        let event = monitor.expect_cause("wq-change", "request")?;
        check::equal("wq", &event.object["id"], &wq["id"])?;
        check::equal("size", &event.object["size"], &wq["size"])?;
        check::equal("settings", &event.object["dsa-wq"], &wq["dsa-wq"])?;
        check::equal(
            "generation",
            Some(event.generation),
            wq["generation"].as_u64(),
        )?;
    }

    step("what is so already is no change");
    let again: Value = tool::json(&format!("wq set wq3 mode dedicated {SETTINGS}"))?;
    check::equal("generation", &again["generation"], &reply["generation"])
}

/// Demands that WQ 3 is as it was set.
fn configured(wq: &Value) -> Result<()> {
    check::equal("size", &wq["size"], &32.into())?;
    check::equal("mode", &wq["mode"], &"dedicated".into())?;
    settings(
        wq,
        &[
            ("threshold", 4.into()),
            ("priority", 10.into()),
            ("block-on-fault", 1.into()),
            ("max-transfer-size", TRANSFER.into()),
            ("max-batch-size", 16.into()),
            ("op-config", format!("09{}", "00".repeat(31)).into()),
        ],
    )
}

fn used() -> Result<()> {
    // The second time the WQ was disabled in between.
    for _ in 0..2 {
        step("a subdev on it has its entries, its limit and its operations");
        let user = Tenant::add("wq 3 name vm1", 2 * TRANSFER as usize)?;
        check::equal("entries", user.dsa.size(), 32)?;
        check::equal(
            "largest transfer",
            user.dsa.max_transfer()?,
            TRANSFER.into(),
        )?;
        check::equal("OPCAP", user.dsa.read64(regs::OPCAP)?, 0x9)?;
        let copy = Descriptor::memmove(FROM, TO, TRANSFER);
        user.dsa.run(copy)?.success("MEMMOVE")?;
        let too_long = user.dsa.run(user.copy())?;
        too_long.with_status("a copy above the limit", status::BAD_SIZE)?;
        let compare = user.dsa.run(Descriptor::compare(FROM, TO, TRANSFER))?;
        compare.with_status("an operation that is masked", status::BAD_OPCODE)?;
        configured(&wq3()?)?;
        drop(user);
        tool::del("vm1")?;
    }
    configured(&wq3()?)
}

fn in_the_way() -> Result<()> {
    step("while a subdev uses it, changes are refused with the name of the subdev");
    tool::add("wq 3 name vm1 pasid-mode shared size 8")?;
    let before = tool::snapshot()?;
    let blocker = "subdev vm1 uses wq 3; deactivate or delete it";
    for (line, attribute) in [
        ("wq set wq3 priority 3", "dsa-wq.priority"),
        (
            "wq set wq3 max-transfer-size 8192",
            "dsa-wq.max-transfer-size",
        ),
        // The whole device has to be disabled for these.
        ("wq set wq3 size 16", "size"),
        ("wq set wq0 size 8 priority 1", "size"),
        (
            "parent set dsa0 read-buffer-limit 8",
            "dsa-parent.read-buffer-limit",
        ),
        (
            "parent set dsa0 group 1 use-read-buffer-limit 0 group 0 engines 0x3",
            "dsa-parent.group.engines",
        ),
    ] {
        tool::refused(&dsa_nl(line)?, &[attribute, blocker])?;
        check::same_json("what there is", &tool::snapshot()?, &before)?;
    }

    step("what does not concern it is changed");
    let other: Value = tool::json("wq set wq0 priority 1")?;
    settings(&other, &[("priority", 1.into())])?;
    dsa_nl("wq set wq0 priority 8")?.ok()?;
    check::same_json("what there is", &tool::snapshot()?, &before)?;
    tool::del("vm1")
}

fn all_or_nothing() -> Result<()> {
    step("what cannot be had is refused whole, and says what would be accepted");
    let before = tool::snapshot()?;
    for (line, words) in [
        (
            "wq set wq4 priority 3 size 33",
            ["size", "wq 4 can have at most 16 entries"],
        ),
        (
            "wq set wq4 priority 3 threshold 17",
            ["dsa-wq.threshold", "a number from 0 to 16 is accepted"],
        ),
        ("wq set wq4 size 8 priority 16", ["dsa-wq.priority", ""]),
        (
            "wq set wq3 size 3",
            ["size", "wq 3 has threshold 4; the size is at least that"],
        ),
        (
            "wq set wq4 priority 3 max-transfer-size 5000",
            [
                "dsa-wq.max-transfer-size",
                "a power of two from 4096 to 2147483648 is accepted",
            ],
        ),
        (
            "wq set wq4 priority 3 max-batch-size 2048",
            [
                "dsa-wq.max-batch-size",
                "a power of two from 1 to 1024 is accepted",
            ],
        ),
        (
            "wq set wq4 priority 3 op-config 00000000000000000000000000000080",
            [
                "dsa-wq.op-config",
                "the device lacks some of the operations",
            ],
        ),
        (
            "wq set wq4 priority 3 group 1",
            ["dsa-wq.group|group", "group 1 has no engine; give it one"],
        ),
        (
            "wq set wq4 priority 3 group 4",
            [
                "dsa-wq.group|group",
                "there is no such group; there are 0 to 3",
            ],
        ),
        ("wq set wq4 priority 3 mode shared", ["mode", "dedicated"]),
        ("wq set wq9 priority 3", ["id", "dsa0 has no wq 9"]),
        (
            "parent set dsa0 read-buffer-limit 97",
            [
                "dsa-parent.read-buffer-limit",
                "a number from 0 to 96 is accepted",
            ],
        ),
        (
            "parent set dsa0 read-buffer-limit 8 group 1 engines 0x8",
            [
                "dsa-parent.group.engines",
                "engine 3 is in group 0; take it out of that as well",
            ],
        ),
        (
            "parent set dsa0 group 0 engines 0",
            [
                "dsa-parent.group.engines",
                "group 0 has wq 0; it needs an engine",
            ],
        ),
        (
            "parent set dsa0 group 0 engines 0x7 group 4 engines 0x8",
            [
                "dsa-parent.group.id",
                "there is no such group; there are 0 to 3",
            ],
        ),
        (
            "parent set dsa0 group 0 read-buffers-allowed 15",
            [
                "dsa-parent.group.read-buffers-allowed",
                "group 0 may have 16 to 96 read buffers",
            ],
        ),
    ] {
        tool::refused(&dsa_nl(line)?, &words)?;
        check::same_json("what there is", &tool::snapshot()?, &before)?;
    }
    Ok(())
}

fn groups() -> Result<()> {
    step("an engine goes to another group, and a WQ after it");
    let mut monitor = Monitor::json()?;
    let reply: Value = tool::json(
        "parent set dsa0 read-buffer-limit 48 group 0 engines 0x7 \
         group 1 engines 0x8 read-buffers-reserved 16 use-read-buffer-limit 1",
    )?;
    let event = monitor.expect_cause("parent-change", "request")?;
    check::equal(
        "generation",
        Some(event.generation),
        reply["generation"].as_u64(),
    )?;
    check::same_json(
        "what is reported",
        &event.object["dsa-parent"],
        &reply["dsa-parent"],
    )?;
    check::same_json(
        "what is shown",
        &parent()?["dsa-parent"],
        &reply["dsa-parent"],
    )?;
    let dsa = &reply["dsa-parent"];
    check::equal("limit", &dsa["read-buffer-limit"], &48.into())?;
    let want = serde_json::json!([
        {"id": 0, "engines": "0x7", "read-buffers-reserved": 0, "read-buffers-allowed": 80,
         "use-read-buffer-limit": 0},
        {"id": 1, "engines": "0x8", "read-buffers-reserved": 16, "read-buffers-allowed": 96,
         "use-read-buffer-limit": 1},
    ]);
    let shown = dsa["group"].as_array().map_or(&[][..], Vec::as_slice);
    let shown = Value::from(shown.get(..2).unwrap_or_default());
    check::same_json("the groups", &shown, &want)?;
    let moved: Value = tool::json("wq set wq3 group 1")?;
    settings(&moved, &[("group", 1.into())])?;
    monitor.expect_cause("wq-change", "request")?;

    step("WQs of both groups work, and the group keeps its engine");
    for wq in [3, 4] {
        let user = Tenant::add(&format!("wq {wq} name vm1"), TRANSFER as usize)?;
        user.works()?;
        drop(user);
        tool::del("vm1")?;
    }
    tool::refused(
        &dsa_nl("parent set dsa0 group 1 engines 0 group 0 engines 0xf")?,
        &[
            "dsa-parent.group.engines",
            "group 1 has wq 3; it needs an engine",
        ],
    )?;
    configured(&wq3()?)
}

fn hardware_refuses() -> Result<()> {
    step("a device that does not take a configuration has the one before");
    let before = tool::snapshot()?;
    ctl(&format!("fail-command 0x15 --command {ENABLE_DEVICE}"))?;
    tool::refused(
        &dsa_nl("wq set wq3 size 8 priority 1")?,
        &["the device does not take it: invalid group configuration"],
    )?;
    check::same_json("what there is", &tool::snapshot()?, &before)?;
    let user = Tenant::add("wq 3 name vm1", TRANSFER as usize)?;
    check::equal("entries", user.dsa.size(), 32)?;
    user.works()?;
    drop(user);
    tool::del("vm1")?;

    step("a smaller WQ is the size of a subdev on it");
    dsa_nl("wq set wq3 size 8")?.ok()?;
    let user = Tenant::add("wq 3 name vm1", TRANSFER as usize)?;
    check::equal("entries", user.dsa.size(), 8)?;
    user.works()?;
    drop(user);
    tool::del("vm1")
}
