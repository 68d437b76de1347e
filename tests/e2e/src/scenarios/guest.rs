// SPDX-License-Identifier: MIT OR Apache-2.0
//! A virtual machine with a stock kernel uses a subdev by that kernel's own driver.

use std::fs;

use anyhow::{Context, Result};

use crate::check::{self, step};
use crate::guest::{Copies, Host};
use crate::scenario::Scenario;
use crate::{amount, tool};

pub const GUEST: Scenario = Scenario {
    name: "guest",
    vm: "--kernel stock",
    about: "Debian's kernel copies with its own idxd as a guest under KVM",
    run,
};

fn exits() -> Result<u64> {
    let path = "/sys/kernel/debug/kvm/mmio_exits";
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    Ok(text.trim_end().parse()?)
}

fn run() -> Result<()> {
    step("a guest is given a subdev, and its idxd enables a work queue");
    let host = Host::new()?;
    let subdev = tool::add("wq 3 pasid-mode shared name vm")?.location()?;
    let copies = Copies {
        each: amount::changes(1000),
        threads: 2,
    };
    let mut guest = host.start(&subdev, copies)?;
    let enabled = guest.boot()?;
    check::equal(
        "what is enabled",
        enabled.as_str(),
        "dsa0 enabled, wq0.0 enabled",
    )?;
    let before = exits()?;
    let copied = guest.copied()?;
    let exits = exits()? - before;
    println!("    {copied} copies, {exits} exits for MMIO");
    check::equal("copies", copied, copies.each * copies.threads)?;
    guest.off()?;
    tool::del("vm")
}
