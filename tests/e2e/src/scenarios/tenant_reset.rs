// SPDX-License-Identifier: MIT OR Apache-2.0
//! An admin resets and drains the virtual device of a tenant.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::actor::{Actor, Answer, Request};
use crate::check::{self, step};
use crate::dsa::{Descriptor, Notice, regs};
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::system::{Setting, ctl};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::vfio::PAGE;
use crate::wait;
use crate::wait::SOON;

pub const TENANT_RESET: Scenario = Scenario {
    name: "tenant-reset",
    vm: "",
    about: "an admin resets and drains one tenant; its neighbours on the WQ notice nothing",
    run,
};

const LEN: usize = 1 << 16;

/// Where a completion record is that is withheld.
const RECORD: u64 = 0x3000_0000;

/// When memory that is withheld is served at the latest.
const LIMIT: Duration = Duration::from_secs(60);

fn run() -> Result<()> {
    // That tasks wait is what is brought about here.
    let _quiet = Setting::no_hung_tasks()?;
    let subdev = tool::add("wq 3 pasid-mode shared name victim size 4")?;
    let neighbour = tool::add("wq 3 pasid-mode shared name neighbour size 4")?;
    let sleeping = tool::add("wq 4 state inactive name sleeping")?;
    let mut neighbour = Actor::open(&neighbour.location()?)?;
    neighbour.map(LEN, [1, 2])?;

    step("nobody has it open, or could: there is nothing to reset nor to drain");
    for name in ["victim", "sleeping"] {
        let before = tool::subdev(name)?;
        drain(name)?;
        reset(name)?;
        check::equal("the subdev", tool::subdev(name)?, before)?;
    }
    drop(sleeping);
    let sentence = tool::refused(&dsa_nl("subdev reset nobody")?, &["no such subdev"])?;
    step(format!("  {sentence}"));

    let mut victim = Tenant::open(&subdev, LEN)?;
    victim.works()?;
    let mut monitor = Monitor::json()?;

    step("a drain returns when the work is complete, and not before");
    ctl("delay 100")?;
    victim.dsa.submit(0, victim.copy(), Notice::Record)?;
    drain("victim")?;
    let record = victim.dsa.completion(0)?;
    record
        .context("there is no completion record after the drain")?
        .success("the copy")?;
    victim.holds()?;
    ctl("delay 0")?;

    step("a reset disables the virtual device, while the neighbour copies");
    neighbour.tell(&Request::copies(LEN, 20))?;
    for record in 0..4 {
        victim.dsa.submit(record, victim.copy(), Notice::Record)?;
    }
    reset("victim")?;
    let event = monitor.expect("change", "victim")?;
    check::equal("opstate", event.subdev.opstate.as_str(), "open")?;
    check::equal("cause", event.cause.as_str(), "request")?;
    ensure!(event.port_id.is_some(), "the event names no requester");
    check::equal("GENSTS state", victim.dsa.state()?, regs::STATE_DISABLED)?;
    check::equal("answer", neighbour.answer()?, Answer::Done)?;
    victim.dsa.enable()?;
    monitor.expect_opstate("victim", "enabled")?;
    victim.works()?;

    held(&mut victim, &mut neighbour)?;
    withheld(&mut victim, &mut neighbour)?;
    drop(victim);
    neighbour.finish()?;
    for name in ["victim", "neighbour", "sleeping"] {
        tool::del(name)?;
    }
    Ok(())
}

/// The hardware does not go on.
fn held(victim: &mut Tenant, neighbour: &mut Actor) -> Result<()> {
    step("the hardware does not go on: a drain is refused, and the work goes on");
    ctl("hold")?;
    victim.dsa.submit(0, victim.copy(), Notice::Record)?;
    neighbour.tell(&Request::copies(LEN, 1))?;
    let sentence = tool::refused(&dsa_nl("subdev drain victim")?, &["does not end"])?;
    step(format!("  {sentence}"));

    step("so is a reset, which ends when the hardware goes on");
    let sentence = tool::refused(&dsa_nl("subdev reset victim")?, &["goes on"])?;
    step(format!("  {sentence}"));
    ctl("release")?;
    await_reset(victim)?;
    check::equal("answer", neighbour.answer()?, Answer::Done)?;
    victim.dsa.enable()?;
    victim.works()
}

/// The tenant does not let the driver have its memory.
fn withheld(victim: &mut Tenant, neighbour: &mut Actor) -> Result<()> {
    let record = victim.dsa.map(RECORD, PAGE)?;
    let withheld = record.withhold(LIMIT)?;

    step("the tenant withholds memory: requests are refused in time, and others work");
    victim.dsa.store(&Descriptor::noop().recorded_at(RECORD))?;
    withheld.await_access()?;
    for (request, words) in [
        ("drain", ["does not end"]),
        ("reset", ["goes on"]),
        ("reset", ["nothing was done"]),
    ] {
        let refused = dsa_nl(&format!("subdev {request} victim"))?;
        let sentence = tool::refused(&refused, &words)?;
        step(format!("  {request}: {sentence}"));
    }
    check::equal("opstate", tool::subdev("victim")?.opstate.as_str(), "open")?;
    neighbour.ask(&Request::copies(LEN, 1))?;

    step("the memory is served: the reset ends, and the device can be enabled again");
    withheld.serve()?;
    await_reset(victim)?;
    victim.dsa.enable()?;
    victim.works()?;
    reset("victim")?;
    victim.dsa.enable()?;
    victim.works()
}

fn reset(name: &str) -> Result<()> {
    dsa_nl(&format!("subdev reset {name}"))?.ok()?;
    Ok(())
}

fn drain(name: &str) -> Result<()> {
    dsa_nl(&format!("subdev drain {name}"))?.ok()?;
    Ok(())
}

/// Waits until a reset has ended that its requester did not wait for.
fn await_reset(victim: &Tenant) -> Result<()> {
    wait::until_true(SOON, "the end of the reset", || {
        Ok(victim.dsa.state()? == regs::STATE_DISABLED)
    })
}
