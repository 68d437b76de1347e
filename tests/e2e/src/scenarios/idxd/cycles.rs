// SPDX-License-Identifier: MIT OR Apache-2.0
//! Configure, enable, disable, reset and unbind, over and over.

use anyhow::{Context, Result};

use crate::check::{self, step};
use crate::idxd::{
    self, TWO_GROUPS, USER_WQ, attribute, await_attribute, command, configure, configure_one,
    disable, with_idxd,
};
use crate::kmsg::{self, Kmsg};
use crate::scenario::Scenario;
use crate::system::Function;

pub const IDXD_CYCLES: Scenario = Scenario {
    name: "idxd-cycles",
    // It is about upstream's driver, and long.
    vm: "--kernel stock --movdir64b",
    about: "20 cycles of configure, enable, disable, reset and unbind leave no warning",
    run: || with_idxd(run),
};

const CYCLES: usize = 20;

fn run(log: &mut Kmsg) -> Result<()> {
    let function = idxd::function()?;
    log.lines()?;
    for number in 1..=CYCLES {
        // A reset function gets its user WQ back from the driver; WQs of the kernel it does not.
        let with_reset = number % 2 == 0;
        cycle(&function, with_reset).with_context(|| format!("cycle {number} of {CYCLES}"))?;
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

fn cycle(function: &Function, with_reset: bool) -> Result<()> {
    let wq = if with_reset {
        configure_one(USER_WQ)?;
        USER_WQ
    } else {
        configure(TWO_GROUPS)?;
        "wq0.1"
    };
    let state = format!("{wq}/state");
    check::equal(&state, attribute(&state)?.as_str(), "enabled")?;
    if with_reset {
        function.reset()?;
        await_attribute("dsa0/state", "enabled")?;
        await_attribute(&state, "enabled")?;
    }
    command("accel-config", &format!("disable-wq dsa0/{wq}"))?;
    check::equal(&state, attribute(&state)?.as_str(), "disabled")?;
    disable()?;
    function.unbind()?;
    idxd::bind(function)
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
