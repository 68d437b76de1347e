// SPDX-License-Identifier: MIT OR Apache-2.0
//! Configure, enable, disable, reset and unbind, over and over.

use anyhow::{Context, Result};

use super::VM;
use super::machine::{
    DEVICE, TWO_GROUPS, await_attribute, command, configure, disable, pci_device, with_idxd,
};
use crate::check::{self, step};
use crate::kmsg::{self, Kmsg};
use crate::scenario::Scenario;
use crate::{system, wait};

pub const IDXD_CYCLES: Scenario = Scenario {
    name: "idxd-cycles",
    vm: VM,
    about: "20 cycles of configure, enable, disable, reset and unbind leave no warning",
    run: || with_idxd(run),
};

const CYCLES: usize = 20;

fn run(log: &mut Kmsg) -> Result<()> {
    let pci = pci_device()?;
    let name = pci.file_name().and_then(|name| name.to_str());
    let name = name.context("the PCI device has no name")?.to_owned();
    let driver = system::pci_driver(&name)?;
    log.lines()?;
    for cycle in 1..=CYCLES {
        let what = || format!("cycle {cycle} of {CYCLES}");
        configure(TWO_GROUPS).with_context(what)?;
        if cycle % 2 == 0 {
            // A function-level reset, which the driver recovers from while all WQs are enabled: of
            // one that is not, it restores no mode, and gives up.
            system::write_sysfs(&pci.join("reset"), "1").with_context(what)?;
            await_attribute("dsa0/state", "enabled").with_context(what)?;
        }
        command("accel-config", "disable-wq dsa0/wq0.1").with_context(what)?;
        disable().with_context(what)?;
        system::write_sysfs(&driver.join("unbind"), &name).with_context(what)?;
        system::write_sysfs(&driver.join("bind"), &name).with_context(what)?;
        wait::until_true(wait::SOON, "dsa0 to be back", || {
            Ok(std::path::Path::new(DEVICE).exists())
        })
        .with_context(what)?;
    }
    step(format!("{CYCLES} cycles are done"));
    let lines = log.lines()?;
    let warnings: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("idxd ") && !is_everyday(line))
        .collect();
    check::equal("lines of idxd", warnings, vec![])?;
    check::equal("complaints", kmsg::complaints(&lines), vec![])
}

/// What `idxd` says of a device that is well, on a machine without an IOMMU, that is disabled with its
/// WQs enabled.
fn is_everyday(line: &str) -> bool {
    [
        "Intel(R) Accelerator Device (v100)",
        "No in-kernel DMA with PASID",
        "No PMU support",
        "Active wq",
        "resetting",
        "reset done",
    ]
    .iter()
    .any(|words| line.contains(words))
}
