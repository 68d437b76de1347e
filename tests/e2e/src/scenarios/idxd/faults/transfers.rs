// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transfers that wait, fail, or end without anybody being told, and software errors.
//!
//! `dmatest` ends each run by terminating its channel, after which `idxd` has no interrupt for it any
//! more (`idxd_wq_flush_descs`): for the next run the WQ has to be enabled anew, and is, without what
//! went wrong before.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::super::STOCK;
use crate::check::step;
use crate::idxd::{DmaTest, KERNEL_WQ, configure_one, disable, with_idxd};
use crate::kmsg::{Kmsg, await_lines};
use crate::scenario::Scenario;
use crate::system::{ctl, model_status};
use crate::wait::{self, SOON};

pub const IDXD_FAULTS: Scenario = Scenario {
    name: "idxd-faults",
    vm: STOCK,
    about: "software errors, transfers that are held, slow or fail, and interrupts that are lost or \
            doubled reach idxd and those who use its channels",
    run: || with_idxd(run),
};

/// How long dmatest waits for a transfer that will not end, in milliseconds.
const SHORT: u32 = 2_000;
/// How long it waits for one that will.
const LONG: u32 = 20_000;

fn run(log: &mut Kmsg) -> Result<()> {
    configure_one(KERNEL_WQ)?;
    software_error(log)?;
    let test = DmaTest::load()?;
    waiting(&test, log)?;
    memory(&test, log)?;
    interrupts(&test, log)?;
    all_well("after the faults", &test.run(log, 5, LONG)?)?;
    drop(test);
    disable()
}

fn software_error(log: &mut Kmsg) -> Result<()> {
    step("a software error is logged with its code, WQ and address");
    ctl("swerr 0x77 --wq 5 --address 0xabc000")?;
    // Valid, WQ valid; code 0x77; WQ 5.
    let lines = ["err[0]: 0x0000000000057709", "err[2]: 0x0000000000abc000"];
    await_lines(log, &lines)
}

fn waiting(test: &DmaTest, log: &mut Kmsg) -> Result<()> {
    step("transfers that are held wait, and are done when they are released");
    log.lines()?;
    ctl("hold")?;
    test.start(5, LONG)?;
    wait::until_true(SOON, "a transfer to wait in wq 0", || {
        Ok(model_status()?["wqs"][0]["waiting"] == 1)
    })?;
    ctl("release")?;
    all_well("held", &test.finish(log)?)?;
    renew()?;

    step("delayed transfers are slow, and well");
    let delay = Duration::from_millis(100);
    ctl(&format!("delay {}", delay.as_millis()))?;
    let start = Instant::now();
    all_well("delayed", &test.run(log, 5, LONG)?)?;
    let took = start.elapsed();
    ensure!(took >= 5 * delay, "5 delayed transfers took only {took:?}");
    renew()
}

fn memory(test: &DmaTest, log: &mut Kmsg) -> Result<()> {
    step("memory that cannot be read fails the transfer");
    ctl("fail-dma 0 0x100000000 --access read")?;
    one_failure("unreadable", &test.run(log, 1, LONG)?)?;
    renew()?;

    step("a completion record that cannot be written is a software error");
    ctl("fail-dma 0 0x100000000 --access write")?;
    log.lines()?;
    test.start(1, SHORT)?;
    // Descriptor and WQ valid, a write; code 0x1a; WQ 0; MEMMOVE.
    await_lines(
        log,
        &[
            "err[0]: 0x0000000300001a2d",
            ": summary 1 tests, 1 failures",
        ],
    )?;
    test.set("run", "0")?;
    renew()
}

fn interrupts(test: &DmaTest, log: &mut Kmsg) -> Result<()> {
    step("an interrupt that comes twice does no harm");
    ctl("duplicate-interrupt 1 --count 5")?;
    all_well("doubled", &test.run(log, 5, LONG)?)?;
    ensure!(
        model_status()?["faults"]["interrupts"] == 0,
        "the transfers did not use up the interrupts that were to be doubled"
    );
    renew()?;

    step("a transfer whose interrupt is lost is done with the next one");
    log.lines()?;
    ctl("drop-interrupt 1")?;
    test.start(1, LONG)?;
    wait::until_true(SOON, "the interrupt to be lost", || {
        Ok(model_status()?["faults"]["interrupts"] == 0)
    })?;
    ctl("raise-interrupt 1")?;
    all_well("lost", &test.finish(log)?)?;
    renew()?;

    step("and if there is no next one, it times out");
    ctl("drop-interrupt 1")?;
    one_failure("lost for good", &test.run(log, 1, SHORT)?)?;
    renew()
}

/// Ends the faults and enables the device anew.
fn renew() -> Result<()> {
    ctl("clear")?;
    disable()?;
    configure_one(KERNEL_WQ)
}

fn all_well(what: &str, summary: &str) -> Result<()> {
    ensure!(summary.contains(" 0 failures"), "{what}: {summary}");
    Ok(())
}

fn one_failure(what: &str, summary: &str) -> Result<()> {
    ensure!(summary.contains("1 tests, 1 failures"), "{what}: {summary}");
    Ok(())
}
