// SPDX-License-Identifier: MIT OR Apache-2.0
//! Other devices than the default one: of the second generation, and with interrupt handles.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::check::{self, step};
use crate::idxd::{self, DmaTest, KERNEL_WQ, command, configure_one, disable, with_idxd};
use crate::kmsg::Kmsg;
use crate::scenario::Scenario;

pub const IDXD_SECOND: Scenario = Scenario {
    name: "idxd-second-generation",
    // It is about upstream's driver, and long.
    vm: "--kernel stock --movdir64b --model=--generation=2.0",
    about: "the kernel's idxd takes the model for a DSA 2.0, with its event log, and copies with it",
    run: || with_idxd(second_generation),
};

pub const IDXD_HANDLES: Scenario = Scenario {
    name: "idxd-handles",
    vm: "--kernel stock --movdir64b --model=--interrupt-handles",
    about: "the kernel's idxd asks for the interrupt handles without which no transfer is done",
    run: || with_idxd(handles),
};

/// Registers (srctree drivers/dma/idxd/registers.h).
const GENCFG: usize = 0x80;
const EVLCFG: usize = 0xe0;
/// GENCFG: the event log is enabled.
const EVENT_LOG: u32 = 1 << 13;

fn second_generation(log: &mut Kmsg) -> Result<()> {
    step("accel-config knows the generation and the event log");
    let listed: Value = serde_json::from_str(&command("accel-config", "list -i")?.stdout)?;
    let device = &listed[0];
    check::equal("version", &device["version"], &"0x200".into())?;
    ensure!(
        device["event_log_size"]
            .as_u64()
            .is_some_and(|size| size > 0),
        "there is no event log: {device}"
    );

    step("idxd enables the device with its log");
    configure_one(KERNEL_WQ)?;
    let function = idxd::function()?;
    check::equal("GENCFG", function.register(GENCFG)? & EVENT_LOG, EVENT_LOG)?;
    let entries = function.register(EVLCFG + 8)? & 0xffff;
    check::equal("entries", &device["event_log_size"], &entries.into())?;

    transfers_are_well(log)?;
    disable()
}

/// The model gives out handles that are the number of no vector.
fn handles(log: &mut Kmsg) -> Result<()> {
    for _ in 0..2 {
        configure_one(KERNEL_WQ)?;
        transfers_are_well(log)?;
        // The handle is given back, and there is one again.
        disable()?;
    }
    Ok(())
}

fn transfers_are_well(log: &mut Kmsg) -> Result<()> {
    step("transfers are well");
    let test = DmaTest::load()?;
    let summary = test.run(log, 100, 20_000)?;
    ensure!(summary.contains("100 tests, 0 failures"), "{summary}");
    Ok(())
}
