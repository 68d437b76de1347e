// SPDX-License-Identifier: MIT OR Apache-2.0
//! The driver submits with MOVDIR64B, as it does on silicon.
//!
//! The machine's processor says that it has the instruction, and `cpu_shim` does it and counts (see
//! `tests/cpu-shim`). The model counts what reaches a WQ and the slots that it comes through.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::data;
use crate::actor::{Actor, Answer, Request};
use crate::check::{self, step};
use crate::scenario::Scenario;
use crate::system::model_status;
use crate::tool;

/// Options of the machine.
const VM: &str = "--movdir64b";

pub const DIRECT_STORE: Scenario = Scenario {
    name: "direct-store",
    vm: VM,
    about: "with MOVDIR64B every operation gives exact bytes, record and interrupt",
    run: || as_movdir64b(data::data),
};

pub const DIRECT_STORE_SHARED: Scenario = Scenario {
    name: "direct-store-shared",
    vm: VM,
    about: "with MOVDIR64B many processes move data through one WQ at the same time, undisturbed",
    run: || as_movdir64b(shared),
};

/// The WQ that all of it goes through.
const WQ: u32 = 3;

/// Slots of a portal page.
const SLOTS: u64 = 64;

/// What `cpu_shim` counts.
const STORES: &str = "/sys/module/cpu_shim/parameters/kernel_stores";

/// Runs `work`, which makes subdevs on [`WQ`], and demands that each descriptor came by MOVDIR64B,
/// and through every slot of the portal page.
fn as_movdir64b(work: fn() -> Result<()>) -> Result<()> {
    let before = stores()?;
    work()?;
    // The WQ was enabled for the first subdev on it, and the model counts since then.
    let stores = stores()? - before;
    let wq = &model_status()?["wqs"][WQ as usize];
    let count = |what| {
        wq[what]
            .as_u64()
            .with_context(|| format!("no {what}: {wq}"))
    };
    let (submitted, slots) = (count("submitted")?, count("portal-slots")?);
    step(format!(
        "{submitted} descriptors by {stores} MOVDIR64B through {slots} slots"
    ));
    ensure!(submitted >= SLOTS, "too few to see which slots are used");
    check::equal("MOVDIR64B of the kernel", stores, submitted)?;
    // Each store goes to the next slot, as idxd's do (srctree drivers/dma/idxd/idxd.h,
    // idxd_wq_portal_addr).
    ensure!(
        slots >= SLOTS,
        "{submitted} descriptors came through {slots} slots of the portal page, which has {SLOTS}"
    );
    Ok(())
}

/// How many MOVDIR64B the kernel has had done for it.
fn stores() -> Result<u64> {
    let text = fs::read_to_string(STORES)
        .with_context(|| format!("cannot read {STORES}: is cpu_shim loaded?"))?;
    let count = text.trim().parse();
    count.with_context(|| format!("{STORES} holds {text:?}"))
}

/// Processes that share the WQ.
const TENANTS: u64 = 6;

const LEN: usize = 1 << 16;

fn shared() -> Result<()> {
    let names: Vec<_> = (0..TENANTS).map(|n| format!("tenant{n}")).collect();
    let mut actors = Vec::new();
    for (name, seed) in names.iter().zip(0..) {
        let subdev = tool::add(&format!("wq {WQ} pasid-mode shared size 2 name {name}"))?;
        let mut actor = Actor::open(&subdev.location()?)?;
        actor.map(LEN, [seed, seed + TENANTS])?;
        actors.push(actor);
    }
    for (len, rounds) in [(64, 100), (LEN, 20)] {
        step(format!(
            "{TENANTS} copy {len} bytes {rounds} times at the same time, verified each time"
        ));
        for actor in &mut actors {
            actor.tell(&Request::copies(len, rounds))?;
        }
        for actor in &mut actors {
            check::equal("answer", actor.answer()?, Answer::Done)?;
        }
    }
    step("one restarts over and over while the others copy");
    let (last, others) = actors.split_last_mut().context("no tenants")?;
    for actor in others.iter_mut() {
        actor.tell(&Request::copies(64, 100))?;
    }
    last.ask(&Request::Restart { rounds: 5 })?;
    for actor in others {
        check::equal("answer", actor.answer()?, Answer::Done)?;
    }
    for (actor, name) in actors.into_iter().zip(&names) {
        actor.finish()?;
        tool::del(name)?;
    }
    Ok(())
}
