// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device is pulled out with many tenants at work on it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::dsa::{Notice, regs};
use crate::scenario::Scenario;
use crate::system::{self, Function, ctl, model_status};
use crate::tenant::Tenant;
use crate::tool;
use crate::wait::{self, SOON};

pub const YANK: Scenario = Scenario {
    name: "yank",
    vm: "",
    about: "a device that vanishes ends the work of all of its tenants at once, not one by one",
    run,
};

/// Tenants, who share a WQ of 16 entries, and what each of them has in flight.
const TENANTS: usize = 8;
const EACH: usize = 2;

/// How long all of them together may wait for the end of their work: less than the time-out after
/// which one descriptor is given up.
const PROMPT: Duration = Duration::from_secs(8);

/// Bytes of a copy: a page, which takes one entry.
const LEN: usize = 1 << 12;

fn run() -> Result<()> {
    let function = Function::of_parent()?;
    let names: Vec<_> = (0..TENANTS)
        .map(|number| format!("tenant{number}"))
        .collect();
    let open = |name: &String| {
        let line = format!("wq 3 pasid-mode shared size {EACH} name {name}");
        let tenant = Tenant::add(&line, LEN)?;
        tenant.works()?;
        Ok(tenant)
    };
    let tenants: Vec<_> = names.iter().map(open).collect::<Result<_>>()?;

    step(format!("{TENANTS} tenants have copies in the device"));
    ctl("hold")?;
    for tenant in &tenants {
        for record in 0..EACH {
            tenant.dsa.submit(record, tenant.copy(), Notice::Record)?;
        }
    }
    wait::until_true(SOON, "a copy of each tenant in the device", || {
        let wq = &model_status()?["wqs"][3];
        let waiting = wq["waiting"]
            .as_u64()
            .context("no number of waiting ones")?;
        Ok(waiting >= TENANTS as u64)
    })?;

    step(format!(
        "the device vanishes: all of them have failed within {PROMPT:?}"
    ));
    ctl("vanish")?;
    let start = Instant::now();
    for (tenant, name) in tenants.iter().zip(&names) {
        for record in 0..EACH {
            let left = PROMPT.saturating_sub(start.elapsed());
            tenant
                .dsa
                .wait(record, left)
                .and_then(|done| done.failure("a copy in a device that vanished"))
                .with_context(|| format!("copy {record} of {name}"))?;
        }
    }
    step(format!("  after {:.1} s", start.elapsed().as_secs_f64()));

    step("each of them sees a halted device, and so do others");
    tool::await_dead_parent()?;
    for (tenant, name) in tenants.iter().zip(&names) {
        tenant.dsa.halt()?;
        check::equal("GENSTS state", tenant.dsa.state()?, regs::STATE_HALTED)?;
        tool::await_opstate(name, "halted")?;
    }

    step("closed, deleted and unbound at once, too");
    let start = Instant::now();
    drop(tenants);
    tool::del(&names[0])?;
    function.unbind()?;
    let elapsed = start.elapsed();
    ensure!(
        elapsed < PROMPT,
        "that took {elapsed:?}, where {PROMPT:?} is allowed"
    );
    check::equal("parents", tool::parents()?.len(), 0)?;
    check::equal("auxiliary devices", system::auxiliary_devices()?, vec![])?;

    step("taken off the bus, returned and found again, it works");
    function.remove()?;
    ctl("return")?;
    ctl("release")?;
    function.find_again()?;
    system::await_parents(1)?;
    Tenant::add("wq 3 name again", LEN)?.works()?;
    tool::del("again")
}
