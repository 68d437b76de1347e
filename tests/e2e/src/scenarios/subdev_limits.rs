// SPDX-License-Identifier: MIT OR Apache-2.0
//! Limits that subdevs have of their own, on a WQ that they share.

use anyhow::Result;
use serde_json::{Value, json};

use crate::check::{self, step};
use crate::dsa::{Descriptor, regs, status};
use crate::scenario::Scenario;
use crate::tenant::{FROM, TO, Tenant};
use crate::tool::{self, dsa_nl};

pub const SUBDEV_LIMITS: Scenario = Scenario {
    name: "subdev-limits",
    vm: "",
    about: "each subdev on a shared WQ has limits of its own, which its user sees and gets",
    run,
};

/// Bytes that each user has: more than one of them may copy at once.
const LEN: usize = 128 << 10;

/// NOOP and MEMMOVE, bytes as the tool takes them.
const COPIES: &str = "09";

/// The mask of a subdev on the device of the tests: all that the driver carries out.
const ALL: &str = "7f02030001";

/// Where the limits of a WQ are in its configuration.
const WQCFG_LIMITS: u64 = 0x0c;

/// What a user sees: the largest transfer by GENCAP and by WQCFG, and the first word of OPCAP.
fn seen(user: &Tenant) -> Result<(u64, u32, u64)> {
    let wqcfg = (user.dsa.read64(regs::OFFSETS)? >> 16 & 0xffff) * 256;
    Ok((
        user.dsa.max_transfer()?,
        1 << (user.dsa.read32(wqcfg + WQCFG_LIMITS)? & 0x1f),
        user.dsa.read64(regs::OPCAP)?,
    ))
}

fn run() -> Result<()> {
    step("two on one WQ, one of them with limits");
    let line = format!("max-transfer-size 65536 max-batch-size 1 op-config {COPIES}");
    let line = format!("wq 3 pasid-mode shared name small {line}");
    let planned: Value = tool::json(&format!("subdev add {line} --dry-run"))?;
    let small = tool::add(&line)?;
    let large = tool::add("wq 3 pasid-mode shared name large")?;
    let shown: Value = tool::json("subdev show small")?;
    let limits = &shown["dsa-subdev"];
    check::equal("limit", &limits["max-transfer-size"], &json!(65536))?;
    check::equal("limit", &limits["max-batch-size"], &json!(1))?;
    let mask = format!("{COPIES:0<64}");
    check::equal("operations", &limits["op-config"], &json!(mask))?;
    check::same_json("what was planned", &planned["dsa-subdev"], limits)?;
    let other: Value = tool::json("subdev show large")?;
    check::equal("the other's", &other["dsa-subdev"], &Value::Null)?;

    step("each user sees its own");
    let (small, large) = (Tenant::open(&small, LEN)?, Tenant::open(&large, LEN)?);
    check::equal("small", seen(&small)?, (65536, 65536, 0x09))?;
    check::equal("large", seen(&large)?, (2 << 20, 2 << 20, 0x1_0003_027f))?;

    step("and gets it: what is beyond ends as the hardware ends it");
    large.works()?;
    let within = small.dsa.run(Descriptor::memmove(FROM, TO, 65536))?;
    within.success("a copy within the limit")?;
    let beyond = small.dsa.run(small.copy())?;
    beyond.with_status("a copy beyond the limit", status::BAD_SIZE)?;
    for user in [&small, &large] {
        let crc = user.dsa.run(Descriptor::crc(FROM, 4096, 0))?;
        match std::ptr::eq(user, &small) {
            true => crc.with_status("an operation less", status::BAD_OPCODE)?,
            false => crc.success("CRCGEN")?,
        };
    }

    refusals()?;
    drop((small, large));
    changed()?;
    tool::del("small")?;
    tool::del("large")
}

fn refusals() -> Result<()> {
    step("what its WQs do not have is refused, and says what they have");
    let before = tool::snapshot()?;
    let power = "a power of two from 4096 to 2097152 is accepted";
    let offered = format!("its work queues offer the operations {ALL} and no others");
    for (limit, words) in [
        ("max-transfer-size 4194304", ["max-transfer-size", power]),
        ("max-transfer-size 5000", ["max-transfer-size", power]),
        ("max-transfer-size 2048", ["max-transfer-size", power]),
        (
            "max-batch-size 64",
            ["max-batch-size", "a power of two from 1 to 32 is accepted"],
        ),
        ("op-config 80", ["op-config", &offered]),
        (
            "portal direct",
            ["portal", "polled and trapped are accepted"],
        ),
        (
            "op-config 00000000000000000000000001",
            ["op-config", &offered],
        ),
    ] {
        for line in [
            format!("subdev add wq 3 pasid-mode shared {limit}"),
            format!("subdev set large name x {limit} state inactive force"),
        ] {
            let sentence = tool::refused(&dsa_nl(&line)?, &words)?;
            step(format!("  `{line}`: {sentence}"));
        }
    }

    step("nor are they changed while a user sees them");
    for line in ["small max-transfer-size 4096", "large op-config 09 name x"] {
        let line = format!("subdev set {line}");
        let sentence = tool::refused(&dsa_nl(&line)?, &["deactivate the subdev first"])?;
        step(format!("  `{line}`: {sentence}"));
    }
    tool::json::<Value>("subdev set small max-transfer-size 65536")?;
    check::same_json("what there is", &tool::snapshot()?, &before)
}

fn changed() -> Result<()> {
    step("inactive, it is changed, what is not said stays, and a WQ with less has the last word");
    for name in ["small", "large"] {
        tool::json::<Value>(&format!("subdev set {name} state inactive"))?;
    }
    let changed: Value = tool::json("subdev set small max-transfer-size 1048576")?;
    check::equal(
        "operations",
        &changed["dsa-subdev"]["op-config"],
        &json!(format!("{COPIES:0<64}")),
    )?;
    tool::json::<Value>("subdev set large max-transfer-size 262144 state active")?;
    let user = Tenant::open(&tool::subdev("large")?, LEN)?;
    check::equal("large", seen(&user)?, (262_144, 262_144, 0x1_0003_027f))?;
    user.works()?;
    drop(user);
    tool::json::<Value>("subdev set large state inactive")?;

    tool::json::<Value>("wq set wq3 max-transfer-size 131072")?;
    tool::json::<Value>("subdev set small state active")?;
    let user = Tenant::open(&tool::subdev("small")?, LEN)?;
    check::equal("small", seen(&user)?, (131_072, 131_072, 0x09))?;
    user.works()?;
    drop(user);
    tool::json::<Value>("subdev set small state inactive")?;
    tool::json::<Value>("wq set wq3 max-transfer-size 2097152")?;

    step("what was asked for is taken back");
    let line = "max-transfer-size 0 max-batch-size 0 op-config 00";
    let part: Value = tool::json("subdev set small max-transfer-size 0")?;
    check::equal(
        "limit",
        &part["dsa-subdev"]["max-transfer-size"],
        &Value::Null,
    )?;
    check::equal("limit", &part["dsa-subdev"]["max-batch-size"], &json!(1))?;
    let free: Value = tool::json(&format!("subdev set small {line} state active"))?;
    check::equal("limits", &free["dsa-subdev"], &Value::Null)?;
    let user = Tenant::open(&tool::subdev("small")?, LEN)?;
    check::equal("small", seen(&user)?, (2 << 20, 2 << 20, 0x1_0003_027f))?;
    user.works()?;
    // Nothing is changed by that again, so nobody is in the way.
    tool::json::<Value>(&format!("subdev set small {line}"))?;
    Ok(())
}
