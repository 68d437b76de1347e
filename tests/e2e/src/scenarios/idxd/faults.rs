// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes wrong on demand in the model reaches `idxd` as it would from hardware.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::VM;
use super::machine::{
    TWO_GROUPS, attribute, await_attribute, await_line, command, configure, ctl, disable,
    model_status, pci_device, try_command, with_idxd,
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
    await_line(log, "err[0]: 0x0000000000017709")?;
    await_line(log, "err[2]: 0x0000000000abc000")
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
    wait::until_true(SOON, "a transfer to wait in wq 0", || {
        Ok(model_status()?["wqs"][0]["waiting"] == 1)
    })?;
    ctl("release")?;
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
    ctl("duplicate-interrupt 1 --count 5")?;
    clean(log, "doubled")?;

    step("a transfer whose interrupt is lost is done with the next one");
    log.lines()?;
    ctl("drop-interrupt 1")?;
    test.start(1, LONG)?;
    wait::until_true(SOON, "the transfer to be done", || {
        let wq = &model_status()?["wqs"][0];
        Ok(wq["waiting"] == 0 && wq["in-progress"] == 0)
    })?;
    ctl("raise-interrupt 1")?;
    let summary = test.summary(log)?;
    ensure!(summary.contains("1 tests, 0 failures"), "lost: {summary}");
    test.set("run", "0")?;

    step("and if there is no next one, it times out");
    ctl("drop-interrupt 1")?;
    let summary = test.run(log, 1, SHORT)?;
    ensure!(summary.contains("1 tests, 1 failures"), "lost: {summary}");
    ctl("clear")?;
    clean(log, "after the loss")
}

fn commands(log: &mut Kmsg) -> Result<()> {
    step("a command that fails is refused, with its code in sysfs");
    command("accel-config", "disable-wq dsa0/wq0.1")?;
    ctl("fail-command 0x23 --command 6")?;
    let refused = try_command("accel-config", "enable-wq dsa0/wq0.1")?;
    ensure!(
        !refused.status.success(),
        "the WQ was enabled: {}",
        refused.describe()
    );
    check::equal("cmd_status", attribute("dsa0/cmd_status")?.as_str(), "0x23")?;
    check::equal("state", attribute("wq0.1/state")?.as_str(), "disabled")?;

    step("a command whose interrupt is lost hangs until there is one");
    ctl("drop-interrupt 0")?;
    let mut enable = Talker::spawn(Command::new("accel-config").args(["enable-wq", "dsa0/wq0.1"]))?;
    wait::until_true(SOON, "the model to enable wq 1", || {
        Ok(model_status()?["wqs"][1]["state"] == "enabled")
    })?;
    check::equal("end of accel-config", enable.ended()?.is_some(), false)?;
    ctl("raise-interrupt 0")?;
    let status = enable.wait(SOON)?;
    ensure!(status.success(), "accel-config ended with {status}");
    await_attribute("wq0.1/state", "enabled")?;
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
    await_line(log, "idxd halted, need system reset")?;
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
        await_line(log, "Device is HALTED")
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
