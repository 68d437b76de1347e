// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes wrong on demand in the model reaches `idxd` as it would from hardware.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::VM;
use super::machine::{
    CONFIG, TWO_GROUPS, attribute, await_attribute, await_lines, configure, ctl, disable,
    model_status, pci_device, with_idxd,
};
use super::transfers::DmaTest;
use crate::check::{self, step};
use crate::kmsg::Kmsg;
use crate::process::Talker;
use crate::scenario::Scenario;
use crate::system;
use crate::wait::{self, SOON};

pub const IDXD_FAULTS: Scenario = Scenario {
    name: "idxd-faults",
    vm: VM,
    about: "each fault that the model can be asked for reaches idxd: its log, state and recovery",
    run: || with_idxd(run),
};

/// How long dmatest waits for a transfer that will not end, in milliseconds.
const SHORT: u32 = 2_000;
/// How long it waits for one that will.
const LONG: u32 = 20_000;

fn run(log: &mut Kmsg) -> Result<()> {
    configure(TWO_GROUPS)?;
    software_error(log)?;
    transfers(log)?;
    commands(log)?;
    halts(log)?;
    vanishing(log)
}

fn software_error(log: &mut Kmsg) -> Result<()> {
    step("a software error is logged with its code and WQ");
    ctl("swerr 0x77 --wq 1 --address 0xabc000")?;
    // Valid, WQ valid; code 0x77; WQ 1.
    let lines = ["err[0]: 0x0000000000017709", "err[2]: 0x0000000000abc000"];
    await_lines(log, &lines)
}

fn transfers(log: &mut Kmsg) -> Result<()> {
    let test = DmaTest::load()?;
    let clean = |log: &mut Kmsg, what: &str| -> Result<()> {
        let summary = test.run(log, 5, LONG)?;
        ensure!(summary.contains("5 tests, 0 failures"), "{what}: {summary}");
        Ok(())
    };
    clean(log, "before any fault")?;

    step("transfers that are held wait, and are done when they are released");
    log.lines()?;
    ctl("hold")?;
    test.start(5, LONG)?;
    // Which WQ is behind the channel is the driver's choice.
    let wq = wait::until(SOON, "a transfer to wait in a WQ", || {
        let status = model_status()?;
        Ok((0..8).find(|wq| status["wqs"][wq]["waiting"] != 0))
    });
    ctl("release")?;
    let wq = wq?;
    let summary = test.summary(log)?;
    ensure!(summary.contains("5 tests, 0 failures"), "held: {summary}");
    test.set("run", "0")?;

    step("delayed transfers are slow and well");
    ctl("delay 50")?;
    clean(log, "delayed")?;
    ctl("delay 0")?;

    step("memory that cannot be read fails the transfer");
    ctl("fail-dma 0 0x100000000 --access read")?;
    let summary = test.run(log, 1, LONG)?;
    ensure!(
        summary.contains("1 tests, 1 failures"),
        "unreadable: {summary}"
    );
    ctl("clear")?;
    clean(log, "after the fault")?;

    step("an interrupt that comes twice does no harm");
    let vector = wq + 1;
    ctl(&format!("duplicate-interrupt {vector} --count 5"))?;
    clean(log, "doubled")?;

    step("a transfer whose interrupt is lost is done with the next one");
    log.lines()?;
    ctl(&format!("drop-interrupt {vector}"))?;
    test.start(1, LONG)?;
    wait::until_true(SOON, "the transfer to be done", || {
        // The interrupt that was to be lost is, when there is none to lose any more.
        Ok(model_status()?["faults"]["interrupts"] == 0)
    })?;
    ctl(&format!("raise-interrupt {vector}"))?;
    let summary = test.summary(log)?;
    ensure!(summary.contains("1 tests, 0 failures"), "lost: {summary}");
    test.set("run", "0")?;

    step("and if there is no next one, it times out");
    ctl(&format!("drop-interrupt {vector}"))?;
    let summary = test.run(log, 1, SHORT)?;
    ensure!(summary.contains("1 tests, 1 failures"), "lost: {summary}");
    ctl("clear")?;
    clean(log, "after the loss")
}

fn commands(log: &mut Kmsg) -> Result<()> {
    step("a command that fails is refused, with its code in sysfs");
    disable()?;
    ctl("fail-command 0x23 --command 6")?;
    ensure!(configure(TWO_GROUPS).is_err(), "every WQ was enabled");
    check::equal("cmd_status", attribute("dsa0/cmd_status")?.as_str(), "0x23")?;
    check::equal("wq0.0", attribute("wq0.0/state")?.as_str(), "disabled")?;
    disable()?;

    step("a command whose interrupt is lost hangs until there is one");
    ctl("drop-interrupt 0")?;
    let mut enable =
        Talker::spawn(Command::new("accel-config").args(["load-config", "-c", CONFIG, "-e"]))?;
    wait::until_true(SOON, "the model to be enabled", || {
        Ok(model_status()?["state"] == "enabled")
    })?;
    check::equal("end of accel-config", enable.ended()?.is_some(), false)?;
    ctl("raise-interrupt 0")?;
    let status = enable.wait(SOON)?;
    ensure!(status.success(), "accel-config ended with {status}");
    await_attribute("wq0.0/state", "enabled")?;
    log.lines()?;
    Ok(())
}

fn halts(log: &mut Kmsg) -> Result<()> {
    for reset in ["software", "flr"] {
        step(format!(
            "after a halt that takes a {reset} reset, the driver recovers by itself"
        ));
        ctl(&format!("halt {reset}"))?;
        wait::until_true(SOON, "the model to be enabled again", || {
            Ok(model_status()?["state"] == "enabled")
        })?;
        await_attribute("dsa0/state", "enabled")?;
        await_attribute("wq0.0/state", "enabled")?;
    }
    let test = DmaTest::load()?;
    let summary = test.run(log, 5, LONG)?;
    ensure!(
        summary.contains("5 tests, 0 failures"),
        "recovered: {summary}"
    );
    drop(test);

    step("after a halt that takes more, it gives up and says so");
    ctl("halt cold")?;
    await_lines(log, &["idxd halted, need system reset"])?;
    await_attribute("wq0.0/state", "disabled")
}

fn vanishing(log: &mut Kmsg) -> Result<()> {
    let pci = pci_device()?;
    let name = pci.file_name().and_then(|name| name.to_str());
    let name = name.context("the PCI device has no name")?.to_owned();
    let driver = system::pci_driver(&name)?;
    system::write_sysfs(&driver.join("unbind"), &name)?;

    step("a device that has halted, or vanished, is not taken");
    let refused = |log: &mut Kmsg, what: &str| -> Result<()> {
        let bound = system::write_sysfs(&driver.join("bind"), &name);
        ensure!(bound.is_err(), "idxd took a device that has {what}");
        await_lines(log, &["Device is HALTED"])
    };
    refused(log, "halted")?;
    ctl("vanish")?;
    refused(log, "vanished")?;

    step("and is when it is back");
    ctl("return")?;
    system::write_sysfs(&driver.join("bind"), &name)?;
    ensure!(
        Path::new(super::machine::DEVICE).exists(),
        "dsa0 is not back"
    );
    configure(TWO_GROUPS)?;
    disable()
}
