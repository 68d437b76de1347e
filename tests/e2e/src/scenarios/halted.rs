// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device that halts for good says so: to the administrator, to listeners, and to each tenant.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa, regs};
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::system::{self, Function, MODULE, ctl};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::wait::SOON;

pub const HALTED: Scenario = Scenario {
    name: "halted",
    vm: "",
    about: "after a halt for good the parent, its subdevs and their tenants say so, and nothing succeeds",
    run,
};

/// Bytes of a copy.
const LEN: usize = 1 << 16;

fn run() -> Result<()> {
    let function = Function::of_parent()?;
    let used = Tenant::add("wq 3 name used", LEN)?;
    tool::add("wq 4 name idle")?;
    let asleep = tool::add("wq 5 state inactive name asleep")?;
    used.works()?;
    let mut monitor = Monitor::json()?;

    step("the device halts until it is without power: the parent and both active subdevs say so");
    ctl("halt cold")?;
    tool::await_dead_parent()?;
    for name in ["used", "idle"] {
        tool::await_opstate(name, "halted")?;
    }
    check::equal("the inactive one", tool::subdev("asleep")?, asleep)?;

    step("so do events, of the parent first");
    let parent = monitor.expect_cause("parent-change", "fault")?;
    check::equal(
        "state of the parent",
        &parent.object["state"],
        &json!("lost"),
    )?;
    let mut unheard = vec!["used", "idle"];
    while !unheard.is_empty() {
        let event = monitor
            .event()
            .with_context(|| format!("expected an event of the halt of {unheard:?}"))?;
        let subdev = &event.subdev;
        ensure!(
            event.event == "change" && ["used", "idle"].contains(&subdev.name.as_str()),
            "nothing else changes: {event:?}"
        );
        if subdev.opstate == "halted" {
            check::equal("the cause", event.cause.as_str(), "fault")?;
            unheard.retain(|name| *name != subdev.name);
        }
    }

    step("the tenant sees the halt, with its interrupt");
    used.dsa.halt()?;
    check::equal("GENSTS state", used.dsa.state()?, regs::STATE_HALTED)?;

    step("neither a NOOP nor a copy succeeds, and none hangs");
    used.dsa.fails(Descriptor::noop(), SOON)?;
    used.dsa.fails(used.copy(), SOON)?;

    step("a tenant that comes now finds a halted device");
    // Or none at all.
    if let Ok(idle) = Dsa::open(&tool::subdev("idle")?.location()?) {
        check::equal("GENSTS state", idle.state()?, regs::STATE_HALTED)?;
    }

    step("a subdev is refused, with the reason");
    let before = tool::snapshot()?;
    let sentence = tool::refused(&dsa_nl("subdev add wq 6")?, &["lost"])?;
    step(format!("  {sentence}"));
    check::same_json("what `show` shows", &tool::snapshot()?, &before)?;

    step("bound anew after it was without power, all is well");
    drop(used);
    function.unbind()?;
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    ctl("vanish")?;
    ctl("return")?;
    function.bind(MODULE)?;
    system::await_parents(1)?;
    let states: Vec<_> = tool::parents()?.into_iter().map(|it| it.state).collect();
    check::equal("state", states, vec!["enabled".to_owned()])?;
    Tenant::add("wq 3 name used", LEN)?.works()?;
    tool::del("used")
}
