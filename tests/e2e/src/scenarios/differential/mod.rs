// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same descriptors, left to chance, for the model and for a subdev: both must leave the same
//! memory, completion records, software errors and interrupts.

mod batch;
mod generator;
mod known;
mod raw;
mod session;
mod twin;

use std::thread;

use anyhow::{Context, Result, anyhow};
use fastrand::Rng;

use self::session::Session;
use crate::amount;
use crate::check::step;
use crate::dsa::{Dsa, Store};
use crate::model::Subdev;
use crate::scenario::Scenario;
use crate::{seed, tool};

pub const DIFFERENTIAL: Scenario = Scenario {
    name: "differential",
    vm: "",
    about: "random descriptors and batches come to the same on a subdev as on the model",
    run: || differential("differential"),
};

pub const DIFFERENTIAL_IOMMU: Scenario = Scenario {
    name: "differential-iommu",
    vm: "--kernel stock --iommu",
    about: "the same of all operations, where an IOMMU makes buffers contiguous",
    run: || differential("differential-iommu"),
};

/// Descriptors of a round, those of batches included; and where the kernel checks itself.
const DESCRIPTORS: u64 = 6000;
const CHECKED: u64 = 1500;

/// The scenario `name`, of whatever operations the machine's subdevs offer.
fn differential(name: &str) -> Result<()> {
    step("what once was different");
    let subdev = tool::add("wq 3 name known")?;
    known::run(Dsa::open_enabled(&subdev.location()?)?)?;
    tool::del("known")?;
    for (seed, mut rng) in seed::rounds(&format!("run {name}"), amount::rounds(2)) {
        let store = rng.choice([Store::Whole, Store::Words, Store::Mapped]);
        let store = store.unwrap_or_default();
        let count = amount::changes(amount::by_kernel(DESCRIPTORS, CHECKED));
        step(format!(
            "seed {seed}: {count} descriptors, stored as {store:?}"
        ));
        alone(store, count, rng.fork()).with_context(|| failure(name, seed))?;
        let count = count / 4;
        step(format!(
            "seed {seed}: {count} of each of two tenants of a work queue"
        ));
        together(store, count, &mut rng).with_context(|| failure(name, seed))?;
    }
    Ok(())
}

fn failure(name: &str, seed: u64) -> String {
    format!("`e2e run {name} --rounds 1 --seed {seed}` replays it")
}

/// One tenant, of one work queue or of two, with all the entries or some.
fn alone(store: Store, count: u64, mut rng: Rng) -> Result<()> {
    let lines = [
        "wq 3",
        "wq 1,2",
        "wq 3 pasid-mode shared size 2",
        "wq 1,2 pasid-mode shared size 5",
    ];
    let line = rng.choice(lines).unwrap_or("wq 3");
    step(format!("by `subdev add {line}`"));
    let subdev = tool::add(&format!("{line} name same"))?;
    session(&subdev, store, rng)?.run(count)?;
    tool::del("same")
}

/// Two tenants of a work queue at the same time.
fn together(store: Store, count: u64, rng: &mut Rng) -> Result<()> {
    let names = ["one", "other"];
    let mut sessions = Vec::new();
    for name in names {
        let subdev = tool::add(&format!("wq 3 pasid-mode shared name {name} size 8"))?;
        sessions.push(session(&subdev, store, rng.fork())?);
    }
    thread::scope(|scope| {
        let threads = sessions.into_iter().zip(names).map(|(mut session, name)| {
            let run = move || session.run(count).with_context(|| format!("tenant {name}"));
            scope.spawn(run)
        });
        let threads: Vec<_> = threads.collect();
        let results = threads.into_iter();
        let mut results = results.map(|it| it.join().map_err(|_| anyhow!("it panicked"))?);
        results.try_for_each(|result| result)
    })?;
    names.into_iter().try_for_each(tool::del)
}

fn session(subdev: &Subdev, store: Store, rng: Rng) -> Result<Session> {
    let mut dsa = Dsa::open_enabled(&subdev.location()?)?;
    if store == Store::Mapped {
        dsa.map_portal()?;
    } else {
        dsa.set_store(store);
    }
    Session::random(dsa, rng)
}
