// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device that halts is brought back, with its work queues and whoever is on them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::lease;
use crate::check::{self, step};
use crate::dsa::{Descriptor, Notice, regs};
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::system::{self, Function, MODULE, ctl, model_status};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::wait::{self, SOON};

pub const RECOVERY: Scenario = Scenario {
    name: "recovery",
    vm: "",
    about: "after a halt the device is brought back, and tenants after a reset, unless it halts often",
    run,
};

pub const RECOVERY_CUT_SHORT: Scenario = Scenario {
    name: "recovery-cut-short",
    vm: "",
    about: "a device is unbound, unloaded and pulled out while it is brought back after a halt",
    run: cut_short,
};

/// Bytes of a copy.
const LEN: usize = 1 << 16;

/// Bytes of a copy that takes seconds with the cap.
const CAPPED: usize = 1 << 20;
/// Bytes per second.
const CAP: u64 = 262_144;

/// GENSTS of a device that has halted and needs a function-level reset.
const HALTED_UNTIL_FLR: u32 = regs::STATE_HALTED | 1 << 2;

/// Halts after which the driver has to have given a device up that halts all the time.
const TOO_OFTEN: usize = 10;

fn run() -> Result<()> {
    let mut used = Tenant::add("wq 3 name used", LEN)?;
    let idle = tool::add("wq 4 pasid-mode shared name idle")?;
    let asleep = tool::add("wq 5 state inactive name asleep")?;
    used.works()?;
    told(&used)?;
    check::equal("the inactive one", tool::subdev("asleep")?, asleep)?;

    step("nothing succeeds until it has done so");
    used.dsa.fails(Descriptor::noop(), SOON)?;
    used.dsa.reset()?;
    tool::await_opstate("used", "open")?;
    used.dsa.enable()?;
    tool::await_opstate("used", "enabled")?;
    used.works()?;

    step("who opens a subdev now finds a device that works");
    let other = Tenant::open(&idle, CAPPED)?;
    other.works()?;
    Tenant::add("wq 5 pasid-mode shared name more", LEN)
        .err()
        .context("wq 5 has an owner")?;

    step("one that was inactive meanwhile is activated, and nothing is wrong with it");
    dsa_nl("subdev set asleep state active")?.ok()?;
    tool::await_opstate("asleep", "attached")?;
    Tenant::open(&tool::subdev("asleep")?, LEN)?.works()?;
    tool::del("asleep")?;

    step("a halt that takes a function-level reset, with work in the device: all of it ends");
    // What waits for a cap ends as well, and does not go to the device that is back.
    dsa_nl(&format!("subdev set idle wq 4 max-rate {CAP}"))?.ok()?;
    let copies = [(&used, 0), (&other, 0), (&other, 1)];
    ctl("hold")?;
    for (tenant, record) in copies {
        tenant.dsa.submit(record, tenant.copy(), Notice::Record)?;
    }
    // Who looks at it while it is reset sees registers that read as all ones.
    let over = Arc::new(AtomicBool::new(false));
    let onlooker = {
        let over = over.clone();
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                tool::parents()?;
            }
            anyhow::Ok(())
        })
    };
    ctl("halt flr")?;
    ctl("release")?;
    for (tenant, record) in copies {
        let done = tenant.dsa.wait(record, SOON)?;
        done.failure("a copy in a device that halted")?;
    }
    await_back()?;
    over.store(true, Ordering::Relaxed);
    wait::join(SOON, "the onlooker", onlooker)??;
    for name in ["used", "idle"] {
        check::equal("opstate", tool::subdev(name)?.opstate.as_str(), "halted")?;
    }

    step("an admin revives one, the other is revived by being closed and opened");
    let mut monitor = Monitor::json()?;
    dsa_nl("subdev reset used")?.ok()?;
    let event = monitor.expect_opstate("used", "open")?;
    check::equal("cause", event.cause.as_str(), "request")?;
    used.dsa.enable()?;
    used.works()?;
    drop(other);
    tool::await_opstate("idle", "attached")?;
    Tenant::open(&idle, LEN)?.works()?;
    let cap = tool::subdev("idle")?.wq[0].max_rate;
    check::equal("the cap after the recovery", cap, Some(CAP))?;

    step("one that halts again and again is given up");
    for halts in 1.. {
        ctl("halt software")?;
        let settled = ["enabled", "lost"];
        let mut state = String::new();
        wait::until_true(SOON, "the device to be back, or to be given up", || {
            state = tool::parents()?.remove(0).state;
            let device = model_status()?["state"] == json!("halted");
            Ok(settled.contains(&state.as_str()) && device == (state == "lost"))
        })?;
        if state == "lost" {
            step(format!("  after {halts} halts"));
            break;
        }
        ensure!(halts < TOO_OFTEN, "it is brought back after {halts} halts");
    }
    used.dsa.reset()?;
    check::equal("GENSTS state", used.dsa.state()?, regs::STATE_HALTED)?;
    for (line, words) in [
        ("subdev add wq 6", ["dsa0 is lost"]),
        ("subdev reset used", ["stays halted"]),
    ] {
        let sentence = tool::refused(&dsa_nl(line)?, &words)?;
        step(format!("  {sentence}"));
    }
    drop(used);
    bind_anew(&Function::of_parent()?)?;
    Tenant::add("wq 3 name used", LEN)?.works()?;
    tool::del("used")
}

/// The device halts, and each step from there on is told.
fn told(used: &Tenant) -> Result<()> {
    let mut monitor = Monitor::json()?;
    step("the device halts: the fault, the parent, and who is on it are told of");
    ctl("halt software")?;
    let fault = monitor.expect_cause("parent-fault", "fault")?;
    check::equal(
        "the fault",
        &fault.object["fault"],
        &json!({"kind": "halt"}),
    )?;
    let halted = monitor.expect_cause("parent-change", "fault")?;
    check::equal("state", &halted.object["state"], &json!("halted"))?;
    for name in ["used", "idle"] {
        let event = monitor.expect_opstate(name, "halted")?;
        check::equal("cause", event.cause.as_str(), "fault")?;
    }

    step("then that it is back, with its work queues, and who was not open");
    let back = monitor.expect_cause("parent-change", "recovery")?;
    check::equal("state", &back.object["state"], &json!("enabled"))?;
    // Not the one of which only an inactive subdev has a share.
    for id in [3, 4] {
        let event = monitor.expect_cause("wq-change", "recovery")?;
        let shown = (&event.object["id"], &event.object["state"]);
        check::equal("the work queue", shown, (&json!(id), &json!("enabled")))?;
    }
    let event = monitor.expect_opstate("idle", "attached")?;
    check::equal("cause", event.cause.as_str(), "recovery")?;

    step("the tenant has had its interrupt, and sees that a reset helps");
    used.dsa.halt()?;
    check::equal("GENSTS", used.dsa.read32(regs::GENSTS)?, HALTED_UNTIL_FLR)
}

/// Waits until the device is back after a halt.
fn await_back() -> Result<()> {
    wait::until_true(SOON, "the device to be back", || {
        let enabled = tool::parents()?.iter().all(|it| it.state == "enabled");
        Ok(enabled && model_status()?["state"] == json!("enabled"))
    })
}

/// Unbinds the device, whose subdevs nobody has open, resets it and binds it.
fn bind_anew(function: &Function) -> Result<()> {
    function.unbind()?;
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    function.reset()?;
    function.bind(MODULE)?;
    system::await_parents(1)
}

fn cut_short() -> Result<()> {
    let function = Function::of_parent()?;
    for kind in ["software", "flr"] {
        step(format!(
            "unbound while it is brought back by a reset: {kind}"
        ));
        let tenant = halting(kind)?;
        let unbound = {
            let function = function.clone();
            thread::spawn(move || function.unbind())
        };
        drop(tenant);
        wait::join(SOON, "the unbinding", unbound)??;
        check::equal("parents", tool::parents()?.len(), 0)?;
        function.reset()?;
        function.bind(MODULE)?;
        system::await_parents(1)?;

        step(format!(
            "unloaded while it is brought back by a reset: {kind}"
        ));
        drop(halting(kind)?);
        system::unload_module()?;
        function.reset()?;
        system::load_module()?;
        system::await_parents(1)?;
    }

    step("a lease ends while it is brought back: its subdevs go, and it comes back without them");
    let (holder, _) = lease::hold("wq 5 pasid-mode shared name held count 2")?;
    let tenant = halting("flr")?;
    drop(holder);
    await_back()?;
    wait::until_true(SOON, "the lease to end", || Ok(tool::subdevs()?.len() == 2))?;
    drop(tenant);
    tool::del("used")?;
    tool::del("idle")?;

    step("pulled out while it is brought back: it is lost, and comes back when it is there");
    // The kernel gives a device a minute to come back after a function-level reset.
    let tenant = halting("software")?;
    ctl("vanish")?;
    wait::until_true(SOON, "the parent to be lost", || {
        Ok(tool::parents()?.iter().all(|it| it.state == "lost"))
    })?;
    check::equal("GENSTS state", tenant.dsa.state()?, regs::STATE_HALTED)?;
    tool::await_opstate("used", "halted")?;
    drop(tenant);
    function.unbind()?;
    ctl("return")?;
    function.bind(MODULE)?;
    system::await_parents(1)?;
    Tenant::add("wq 3 name used", LEN)?.works()?;
    tool::del("used")
}

/// A tenant at work on a device that has just halted.
fn halting(kind: &str) -> Result<Tenant> {
    let tenant = Tenant::add("wq 3 name used", LEN)?;
    tenant.works()?;
    tool::add("wq 4 name idle")?;
    ctl("hold")?;
    tenant.dsa.submit(0, tenant.copy(), Notice::Record)?;
    ctl(&format!("halt {kind}"))?;
    ctl("release")?;
    Ok(tenant)
}
