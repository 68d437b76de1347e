// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptors that do nothing, in masses, while their subdev is taken away.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa};
use crate::kmsg::Kmsg;
use crate::scenario::Scenario;
use crate::system::{MODULE, Setting};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::wait::{self, SOON};

pub const NOOP_FLOOD: Scenario = Scenario {
    name: "noop-flood",
    vm: "",
    about: "subdevs that are flooded with NOOPs can be deleted by force, and no other one suffers",
    run,
};

const ROUNDS: u32 = 15;

/// The flooded subdev, alone on its WQ and beside another.
const ALONE: &str = "wq 3 name flooded";
const BESIDE: &str = "wq 4 pasid-mode shared name flooded size 4";

/// Stores to the portal before the deletion: several times what the WQ has entries.
const HEAD_START: u64 = 100;

/// What the module says when it gives work or a device up: words of it.
const GIVEN_UP: [&str; 3] = ["abort", "lost", "cut off from memory"];

/// Bytes of a copy: little, as each submission waits where it can be had.
const LEN: usize = 4 << 12;

fn run() -> Result<()> {
    let mut log = Kmsg::from_now()?;
    let delay = Setting::submit_delay(Duration::from_millis(20))?;
    if delay.is_some() {
        step("each submission to the hardware is delayed");
    }
    let others = [
        Tenant::add("wq 4 pasid-mode shared name sibling size 4", LEN)?,
        Tenant::add("wq 5 name neighbour", LEN)?,
    ];
    for line in [ALONE, BESIDE] {
        step(format!(
            "`{line}`: flooded by two threads and deleted, {ROUNDS} times"
        ));
        for round in 1..=ROUNDS {
            flood(line)
                .and_then(|()| unharmed(&others))
                .with_context(|| format!("round {round} of {ROUNDS}"))?;
        }
    }
    drop(delay);

    step("a subdev on the same WQ works afterwards");
    Tenant::add(ALONE, LEN)?.works()?;
    tool::del("flooded")?;
    drop(others);
    tool::del("sibling")?;
    tool::del("neighbour")?;
    let lines = log.lines()?;
    let given_up =
        |line: &&String| line.contains(MODULE) && GIVEN_UP.iter().any(|word| line.contains(word));
    check::equal("lines of a lost device", lines.iter().find(given_up), None)
}

/// Creates a subdev, floods it from two threads, and deletes it by force.
fn flood(line: &str) -> Result<()> {
    let subdev = tool::add(line)?;
    let dsa = Dsa::open_enabled(&subdev.location()?)?;
    let (stores, over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let store = || {
            while !over.load(Ordering::Relaxed) && dsa.store(&Descriptor::noop()).is_ok() {
                stores.fetch_add(1, Ordering::Relaxed);
            }
        };
        let threads = [scope.spawn(store), scope.spawn(store)];
        let ended = wait::until_true(SOON, "the flood", || {
            Ok(stores.load(Ordering::Relaxed) >= HEAD_START)
        })
        .and_then(|()| dsa_nl("subdev del flooded force")?.ok())
        .and_then(|_| {
            wait::until_true(SOON, "the portal to refuse stores", || {
                Ok(threads.iter().all(ScopedJoinHandle::is_finished))
            })
        });
        over.store(true, Ordering::Relaxed);
        ended
    })
}

fn unharmed(others: &[Tenant]) -> Result<()> {
    others.iter().try_for_each(Tenant::works)?;
    let states = tool::parents()?;
    let enabled = states.iter().all(|parent| parent.state == "enabled");
    ensure!(enabled, "the parent is not enabled: {states:?}");
    Ok(())
}
