// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device below fails, and the subdevs on it tell of it.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::check::{self, step};
use crate::dsa::{Notice, status};
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::system::{self, Function, MODULE, ctl};
use crate::tenant::{FROM, Tenant};
use crate::tool;
use crate::wait::SOON;

pub const HARDWARE: Scenario = Scenario {
    name: "hardware",
    vm: "",
    about: "failing commands, lost interrupts, a hang, a halt and a vanished device are survived",
    run,
};

const LEN: usize = 1 << 20;

/// The WQ, and the vector of its interrupt: 0 is that of errors.
const WQ: u32 = 3;
const VECTOR: u32 = WQ + 1;

/// Code of the command that enables a WQ, and an error that any command can
/// have (srctree drivers/dma/idxd/registers.h: `IDXD_CMD_ENABLE_WQ`,
/// `IDXD_CMDSTS_HW_ERR`).
const ENABLE_WQ: u32 = 6;
const HW_ERR: u32 = 3;

/// A descriptor that the hardware does not complete is given up after 10 s.
const GIVEN_UP: Duration = Duration::from_secs(30);

fn run() -> Result<()> {
    a_command_fails()?;
    let subdev = tool::add(&format!("wq {WQ} name harmed"))?;
    let user = Tenant::open(&subdev, LEN)?;
    user.works()?;
    interrupts_fail(&user)?;
    memory_fails(&user)?;
    the_device_hangs(&user)?;
    drop(user);
    the_device_is_lost("halt cold")?;
    the_device_is_lost("vanish")?;
    tool::del("harmed")
}

/// Demands that a copy ends as one that the hardware failed to do.
fn fails(user: &Tenant) -> Result<()> {
    user.dsa.submit(0, user.copy(), Notice::Record)?;
    let done = user.dsa.wait(0, GIVEN_UP)?;
    done.with_status("a copy that is given up", status::HARDWARE)?;
    Ok(())
}

fn a_command_fails() -> Result<()> {
    step("a work queue that cannot be enabled refuses the subdev, and nothing is left");
    let before = tool::snapshot()?;
    ctl(&format!("fail-command {HW_ERR} --command {ENABLE_WQ}"))?;
    tool::refused(
        &tool::dsa_nl(&format!("subdev add wq {WQ}"))?,
        &["the device failed", "kernel log"],
    )?;
    check::equal("what there is", tool::snapshot()?, before)
}

fn interrupts_fail(user: &Tenant) -> Result<()> {
    step("copies end although completion interrupts are lost, doubled, or come for nothing");
    ctl(&format!("drop-interrupt {VECTOR} --count 3"))?;
    user.works()?;
    ctl("clear")?;
    ctl(&format!("duplicate-interrupt {VECTOR} --count 3"))?;
    user.works()?;
    for vector in [0, VECTOR] {
        ctl(&format!("raise-interrupt {vector}"))?;
    }
    user.works()
}

fn memory_fails(user: &Tenant) -> Result<()> {
    step("memory that the device cannot read is a page fault, at the tenant's address");
    ctl("fail-dma 0 0xffffffffffffffff --access read")?;
    user.dsa
        .run(user.copy())?
        .page_fault("a copy", FROM, false, 0)?;
    ctl("clear")?;
    user.works()
}

fn the_device_hangs(user: &Tenant) -> Result<()> {
    step("a copy waits for a slow device");
    ctl("hold")?;
    user.dsa.submit(0, user.copy(), Notice::Record)?;
    thread::sleep(Duration::from_secs(2));
    check::equal("its record", user.dsa.completion(0)?.is_some(), false)?;
    ctl("release")?;
    user.dsa.wait(0, SOON)?.success("MEMMOVE")?;

    step("a copy that never ends is given up, which is told; and the next ones work");
    let mut monitor = Monitor::json()?;
    ctl("hold")?;
    fails(user)?;
    let event = monitor.expect_cause("subdev-fault", "fault")?;
    let fault = json!({ "kind": "timeout", "wq": WQ });
    check::equal("the fault", &event.object["fault"], &fault)?;
    ctl("release")?;
    user.works()
}

/// Has the device fail for good while it is used, and brings it back.
fn the_device_is_lost(fault: &str) -> Result<()> {
    step(format!("after `{fault}` copies fail, and do not hang"));
    let function = Function::of_parent()?;
    let subdev = tool::subdev("harmed")?;
    let user = Tenant::open(&subdev, LEN)?;
    ctl(fault)?;
    tool::await_dead_parent()?;
    for _ in 0..2 {
        user.dsa.fails(user.copy(), GIVEN_UP)?;
    }
    drop(user);

    step("its subdev can be deleted, and another is refused");
    tool::del("harmed")?;
    tool::refused(
        &tool::dsa_nl(&format!("subdev add wq {WQ}"))?,
        &["dsa0 is lost"],
    )?;

    step("the driver comes back, and all is well");
    replug(&function)?;
    system::await_parents(1)?;
    let subdev = tool::add(&format!("wq {WQ} name harmed"))?;
    Tenant::open(&subdev, LEN)?.works()
}

/// Has a device that vanished or halted come back, as after power-on; the driver does not take it
/// before.
fn replug(function: &Function) -> Result<()> {
    function.unbind()?;
    ensure!(
        function.bind(MODULE).is_err(),
        "the driver takes a device that is lost"
    );
    check::equal("parents", tool::parents()?.len(), 0)?;
    ctl("return")?;
    function.bind(MODULE)
}
