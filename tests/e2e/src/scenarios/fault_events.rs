// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes wrong is told to listeners, of whoever it happened to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use serde_json::{Value, json};

use crate::check::{self, step};
use crate::dsa::{Notice, opcode, status};
use crate::monitor::{AnyEvent, Monitor};
use crate::scenario::Scenario;
use crate::system::{ctl, model_status};
use crate::tenant::{NOWHERE, Tenant};
use crate::tool;
use crate::vfio::PAGE;
use crate::wait::{self, SOON};

pub const FAULT_EVENTS: Scenario = Scenario {
    name: "fault-events",
    vm: "",
    about: "faults are told of the subdev that they happened to, or of the parent",
    run,
};

/// At most so many are told at once.
const BURST: u64 = 8;

/// An address of the hardware that nobody's work is at.
const ELSEWHERE: &str = "0xfffffffff000";

/// Error code of the hardware in these tests: a completion record that cannot be written.
const CODE: u8 = 0x1a;

fn run() -> Result<()> {
    let one = Tenant::add("wq 3 pasid-mode shared name one size 4", PAGE)?;
    let two = Tenant::add("wq 3 pasid-mode shared name two size 4", PAGE)?;
    tool::add("wq 4 name alone")?;
    one.works()?;
    two.works()?;
    let mut monitor = Monitor::json()?;

    step("a tenant's own error is told of its subdev, with its cause and all that is known");
    one.goes_astray()?;
    let event = fault(&mut monitor, "subdev-fault", "tenant")?;
    check::equal("name", &event.object["name"], &json!("one"))?;
    check::equal("opstate", &event.object["opstate"], &json!("enabled"))?;
    check::equal(
        "fault",
        &event.object["fault"],
        &json!({
            "kind": "software-error",
            "code": status::RECORD_TRANSLATION,
            "wq": 3,
            "operation": opcode::NOOP,
            "address": format!("{NOWHERE:#x}"),
        }),
    )?;

    flood(&mut monitor, &one)?;
    hardware(&mut monitor, &one, &two)?;
    drop((one, two));
    for name in ["one", "two", "alone"] {
        tool::del(name)?;
    }
    Ok(())
}

/// A tenant makes one mistake after the other.
fn flood(monitor: &mut Monitor, tenant: &Tenant) -> Result<()> {
    step("who causes them at will causes few events, and a later one tells of those left out");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut faults = 0;
            while !done.load(Ordering::Relaxed) {
                tenant.goes_astray()?;
                faults += 1;
                thread::sleep(Duration::from_millis(5));
            }
            anyhow::Ok(faults)
        });
        let mut watch = || {
            let mut told = 0;
            loop {
                let event = fault(monitor, "subdev-fault", "tenant")?;
                check::equal("name", &event.object["name"], &json!("one"))?;
                told += 1;
                if let Some(missed) = event.object["fault"]["missed"].as_u64() {
                    return anyhow::Ok(told + missed);
                }
                ensure!(told <= BURST, "{told} events, and none tells of more");
            }
        };
        let known = watch();
        done.store(true, Ordering::Relaxed);
        let faults = flood.join().map_err(|_| anyhow!("the flood panicked"))??;
        let known = known?;
        ensure!(
            (BURST..=faults).contains(&known),
            "{faults} faults, and {known} are told or said to be left out"
        );
        Ok(())
    })
}

/// Errors that the hardware reports.
fn hardware(monitor: &mut Monitor, one: &Tenant, two: &Tenant) -> Result<()> {
    step("an error of the hardware on a WQ with one subdev is told of that");
    ctl(&format!("swerr {CODE} --wq 4"))?;
    let event = fault(monitor, "subdev-fault", "fault")?;
    check::equal("name", &event.object["name"], &json!("alone"))?;
    check::equal("fault", &event.object["fault"], &by_hardware(Some(4)))?;

    step("on a WQ with two, of whose work it has");
    ctl("hold")?;
    one.dsa.submit(0, one.copy(), Notice::Record)?;
    await_waiting(1)?;
    ctl(&format!("swerr {CODE} --wq 3"))?;
    let event = fault(monitor, "subdev-fault", "fault")?;
    check::equal("name", &event.object["name"], &json!("one"))?;
    check::equal("fault", &event.object["fault"], &by_hardware(Some(3)))?;

    step("else of the parent: it has work of both, or of nobody at that address, or tells no WQ");
    two.dsa.submit(0, two.copy(), Notice::Record)?;
    await_waiting(2)?;
    for (request, wq) in [
        ("--wq 3".to_owned(), Some(3)),
        (format!("--wq 3 --address {ELSEWHERE}"), Some(3)),
        (String::new(), None),
    ] {
        ctl(&format!("swerr {CODE} {request}"))?;
        let event = fault(monitor, "parent-fault", "fault")?;
        check::equal("state", &event.object["state"], &json!("enabled"))?;
        check::equal("fault", &event.object["fault"], &by_hardware(wq))?;
    }

    step("nobody's work suffers");
    ctl("release")?;
    for tenant in [one, two] {
        tenant.dsa.wait(0, SOON)?.success("a copy")?;
        tenant.works()?;
    }
    Ok(())
}

/// A fault that the hardware reports, on a WQ.
fn by_hardware(wq: Option<u8>) -> Value {
    let mut fault = json!({ "kind": "software-error", "code": CODE });
    if let Some(wq) = wq {
        fault["wq"] = json!(wq);
    }
    fault
}

/// The next event of a fault, which has to be of that kind of object and have that cause.
fn fault(monitor: &mut Monitor, event: &str, cause: &str) -> Result<AnyEvent> {
    loop {
        let got = monitor.any()?;
        if got.event.ends_with("-fault") {
            let found = (got.event.as_str(), got.cause.as_str());
            check::equal("event and cause", found, (event, cause))?;
            return Ok(got);
        }
    }
}

/// Waits until the device has that many descriptors of WQ 3.
fn await_waiting(count: u64) -> Result<()> {
    wait::until_true(SOON, "work in the device", || {
        Ok(model_status()?["wqs"][3]["waiting"] == json!(count))
    })
}
