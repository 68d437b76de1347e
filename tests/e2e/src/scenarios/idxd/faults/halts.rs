// SPDX-License-Identifier: MIT OR Apache-2.0
//! Halts, by the reset that ends them.
//!
//! That idxd does not take a device that has halted cannot be shown: upstream finds out, and then
//! crashes on its way back (`idxd_free` in init.c releases what was not allocated yet).

use anyhow::{Result, ensure};

use super::super::STOCK;
use crate::check::{self, step};
use crate::idxd::{
    self, DmaTest, TWO_GROUPS, USER_WQ, attribute, await_attribute, command, configure,
    configure_one, disable, unbind, with_idxd,
};
use crate::kmsg::{Kmsg, await_lines};
use crate::scenario::Scenario;
use crate::system::{Function, ctl, model_status};
use crate::wait::{self, SOON};

pub const IDXD_HALTS: Scenario = Scenario {
    name: "idxd-halts",
    vm: STOCK,
    about: "a halt of each type of reset is noticed by idxd, and the device recovers as it says",
    run: || with_idxd(run),
};

fn run(log: &mut Kmsg) -> Result<()> {
    function_level_reset(log)?;
    software_reset(log)?;
    platform_reset(log, "warm")?;
    platform_reset(log, "cold")
}

fn function_level_reset(log: &mut Kmsg) -> Result<()> {
    step("a halt that takes a function-level reset: idxd does it and restores a user WQ");
    configure_one(USER_WQ)?;
    log.lines()?;
    ctl("halt flr")?;
    await_lines(log, &["Intel(R) Accelerator Device (v100)"])?;
    await_restored()?;
    disable()?;

    step("and says of a kernel WQ that it cannot restore it; enabled anew, transfers are well");
    configure(TWO_GROUPS)?;
    log.lines()?;
    ctl("halt flr")?;
    await_lines(
        log,
        &[
            "HALT: unable to re-enable wq wq0.0",
            "HALT: unable to re-enable wq wq0.1",
        ],
    )?;
    await_restored()?;
    check::equal("state", attribute("wq0.0/state")?.as_str(), "disabled")?;
    disable()?;
    transfers_are_well(log)
}

/// Waits until the WQ of the user is enabled again: in the device, which has forgotten it, and then in
/// idxd, which has not.
fn await_restored() -> Result<()> {
    wait::until_true(SOON, "the model to have its wq 2 enabled", || {
        Ok(model_status()?["wqs"][2]["state"] == "enabled")
    })?;
    await_attribute("dsa0/state", "enabled")?;
    await_attribute("wq0.2/state", "enabled")
}

/// Upstream resets the device by a command, but gives no command to a device that has halted
/// (`idxd_cmd_exec`), so that it cannot recover by itself.
fn software_reset(log: &mut Kmsg) -> Result<()> {
    step("a halt that takes a software reset: idxd notices it, and gives the device up");
    let function = idxd::function()?;
    configure_one(USER_WQ)?;
    log.lines()?;
    ctl("halt software")?;
    await_lines(log, &["Device is HALTED!"])?;
    await_attribute("dsa0/state", "disabled")?;
    await_attribute("wq0.2/state", "disabled")?;
    recover(log, &function)
}

fn platform_reset(log: &mut Kmsg, reset: &str) -> Result<()> {
    step(format!(
        "a halt that takes a {reset} reset: idxd says so, and gives the device up"
    ));
    let function = idxd::function()?;
    // No WQ stays enabled: upstream stops those of the kernel twice then, and gives back the portals
    // of all twice, of which the kernel complains (`idxd_halt`, then `idxd_drv_disable_wq`).
    configure_one(USER_WQ)?;
    command("accel-config", &format!("disable-wq dsa0/{USER_WQ}"))?;
    log.lines()?;
    ctl(&format!("halt {reset}"))?;
    await_lines(log, &["idxd halted, need system reset"])?;
    await_attribute("dsa0/state", "disabled")?;

    step("a function-level reset does not end it, and power does: transfers are well");
    unbind(&function)?;
    function.reset()?;
    check::equal("model", &model_status()?["state"], &"halted".into())?;
    function.remove()?;
    ctl("vanish")?;
    ctl("return")?;
    idxd::rescan()?;
    transfers_are_well(log)
}

/// Resets the function while nobody drives it.
fn recover(log: &mut Kmsg, function: &Function) -> Result<()> {
    step("bound anew after a function-level reset, transfers are well");
    unbind(function)?;
    check::equal("model", &model_status()?["state"], &"halted".into())?;
    function.reset()?;
    check::equal("model", &model_status()?["state"], &"disabled".into())?;
    idxd::bind(function)?;
    transfers_are_well(log)
}

/// Configures the device, shows that transfers are well, and disables it.
fn transfers_are_well(log: &mut Kmsg) -> Result<()> {
    wait::until_true(SOON, "the device to be there", || {
        Ok(attribute("dsa0/state").is_ok_and(|state| state == "disabled"))
    })?;
    configure(TWO_GROUPS)?;
    let test = DmaTest::load()?;
    let summary = test.run(log, 5, 20_000)?;
    ensure!(summary.contains("5 tests, 0 failures"), "{summary}");
    drop(test);
    disable()
}
