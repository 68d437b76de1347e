// SPDX-License-Identifier: MIT OR Apache-2.0
//! A mapping that its user keeps over the end of all else.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::LEN;
use crate::check::{self, step};
use crate::client::Client;
use crate::dsa::{Descriptor, opcode, slots, store_to, store_to_empty};
use crate::figures::Figures;
use crate::idxd;
use crate::scenario::Scenario;
use crate::system::{self, Function, MODULE};
use crate::tenant::{FROM, TO, Tenant};
use crate::tool::{self, dsa_nl};
use crate::vfio::{Device, Interrupt, Mapping, PAGE};
use crate::wait::{self, SOON};

pub const PORTAL_KEPT: Scenario = Scenario {
    name: "portal-kept",
    vm: "",
    about: "a mapping that is kept over close, delete, deactivation, unbinding and unload is memory of its user's",
    run,
};

const MINE: &str = "wq 3 pasid-mode shared size 4 name mine portal polled";
const OTHER: &str = "wq 3 pasid-mode shared size 4 name other portal polled";

/// What is stored to see what becomes of it: no descriptor that has a meaning.
const MARK: u64 = 0xff5a_5a5a_5a5a_5a5a;

/// How often a subdev is deleted while descriptors are taken.
const DELETIONS: u32 = 8;

/// How long a thread is watched that has nothing to do.
const WATCHED: Duration = Duration::from_millis(500);

fn run() -> Result<()> {
    let mut other = Tenant::add(OTHER, LEN)?;
    other.dsa.map_portal()?;
    closed(&other)?;
    deleted(&other)?;
    deleted_while_taken(&other)?;
    deactivated(&other)?;
    unloaded(&other)?;
    drop(other);
    tool::del("other")?;
    unbound()
}

fn tenant() -> Result<Tenant> {
    let mut mine = Tenant::add(MINE, LEN)?;
    mine.dsa.map_portal()?;
    mine.works()?;
    Ok(mine)
}

fn closed(other: &Tenant) -> Result<()> {
    step("files and memory are closed and unmapped, and descriptors are stored still");
    let mut mine = tenant()?;
    let portal = mine.dsa.take_portal()?;
    let before = Figures::of("subdev", "mine")?;
    drop(mine);
    for slot in slots().take(16) {
        let copy = Descriptor::memmove(FROM, TO, LEN as u32);
        store_to_empty(&portal, slot, &copy.encode())?;
    }
    wait::until_true(SOON, "the end of 16 copies", || {
        let since = Figures::of("subdev", "mine")?.since(&before);
        let sum: u64 = ["completed", "failed"].map(|it| since.get(it)).iter().sum();
        Ok(sum == 16)
    })?;
    other.works()?;

    step("nobody else opens or changes it meanwhile");
    let location = tool::subdev("mine")?.location()?;
    ensure!(Device::open(&location).is_err(), "it is opened twice");
    tool::refused(&dsa_nl("subdev del mine")?, &["open|use"])?;
    tool::refused(&dsa_nl("subdev set mine state inactive")?, &["open|use"])?;
    drop(portal);
    tool::await_opstate("mine", "attached")?;
    tool::del("mine")
}

/// CPU time, in ticks, of all threads that take descriptors.
fn ticks() -> Result<u64> {
    let mut sum = 0;
    for thread in fs::read_dir("/proc/self/task").context("cannot list the threads")? {
        let stat = fs::read_to_string(thread?.path().join("stat")).unwrap_or_default();
        let Some((name, rest)) = stat.rsplit_once(") ") else {
            continue;
        };
        if name.ends_with("(subdev-portal") {
            // The state is field 3, user and system time are 14 and 15.
            let times = rest.split(' ').skip(11).take(2);
            sum += times.filter_map(|it| it.parse::<u64>().ok()).sum::<u64>();
        }
    }
    Ok(sum)
}

/// Demands that a page is memory: it keeps what is stored, and shows nothing else.
fn is_memory(portal: &Mapping) -> Result<()> {
    for slot in slots() {
        for (word, value) in (slot..).step_by(8).zip(MARK..).take(8) {
            portal.store(word, value)?;
        }
    }
    thread::sleep(Duration::from_millis(20));
    has_marks(portal)
}

fn has_marks(portal: &Mapping) -> Result<()> {
    for slot in slots() {
        for (word, value) in (slot..).step_by(8).zip(MARK..).take(8) {
            check::equal("what was stored", portal.load(word)?, value)?;
        }
    }
    Ok(())
}

fn deleted(other: &Tenant) -> Result<()> {
    step("it is deleted by force: what is mapped is memory, of which nobody takes anything");
    let mut mine = tenant()?;
    let portal = mine.dsa.take_portal()?;
    dsa_nl("subdev del mine force")?.ok()?;
    is_memory(&portal)?;

    step("and nobody spends time on it");
    let (before, start) = (ticks()?, Instant::now());
    while start.elapsed() < WATCHED {
        portal.store(0, MARK)?;
    }
    let spent = ticks()? - before;
    // A tick is 10 ms: as much as a fifth of the time is generous.
    ensure!(
        spent < 10,
        "its thread has spent {spent} ticks in {WATCHED:?} of stores"
    );
    is_memory(&portal)?;

    step(
        "the next owner of its name and entries, and the one who kept the mapping, see nothing of each other",
    );
    let next = tenant()?;
    for _ in 0..20 {
        next.works()?;
        is_memory(&portal)?;
    }
    let copy = Descriptor::fill(TO, LEN as u32, MARK).encode();
    let before = Figures::of("subdev", "mine")?.get("submitted");
    slots().try_for_each(|slot| store_to(&portal, slot, &copy))?;
    thread::sleep(Duration::from_millis(20));
    next.holds()?;
    let submitted = Figures::of("subdev", "mine")?.get("submitted");
    check::equal("submitted by the next owner", submitted, before)?;
    is_memory(&portal)?;
    drop(mine);
    has_marks(&portal)?;
    next.works()?;
    drop(portal);
    next.works()?;
    other.works()?;
    drop(next);
    tool::del("mine")
}

fn deleted_while_taken(other: &Tenant) -> Result<()> {
    step(
        "it is deleted while its thread takes descriptors, of which it takes no more from then on",
    );
    let client = Client::new()?;
    // One that the hardware has nothing to do for.
    let unknown = Descriptor {
        opcode: opcode::UNKNOWN,
        ..Descriptor::noop()
    };
    for _ in 0..DELETIONS {
        let mut mine = tenant()?;
        let request = Interrupt::new("device request")?;
        mine.dsa.device().arm_request(&request)?;
        let portal = mine.dsa.take_portal()?;
        let raw = unknown.encode();
        let delete = || client.ask(|handle| handle.subdev().del("mine").force().execute());
        thread::scope(|scope| -> Result<()> {
            let deleting = scope.spawn(delete);
            let begin = Instant::now();
            while request.take()? == 0 {
                ensure!(begin.elapsed() < SOON, "nobody asks to let go");
                slots().try_for_each(|slot| store_to(&portal, slot, &raw))?;
            }
            // At once: a page full of descriptors has just been stored.
            is_memory(&portal)?;
            let deleted = deleting.join().map_err(|_| anyhow!("it panicked"))?;
            deleted??;
            Ok(())
        })?;
    }
    other.works()
}

fn deactivated(other: &Tenant) -> Result<()> {
    step("it is deactivated by force, and cannot be activated before the mapping goes");
    let mut mine = tenant()?;
    let portal = mine.dsa.take_portal()?;
    drop(mine);
    dsa_nl("subdev set mine state inactive force")?.ok()?;
    is_memory(&portal)?;
    tool::refused(&dsa_nl("subdev set mine state active")?, &[])?;
    has_marks(&portal)?;
    drop(portal);
    wait::until_true(SOON, "its activation", || {
        Ok(dsa_nl("subdev set mine state active")?.status.success())
    })?;
    let mut again = Tenant::open(&tool::subdev("mine")?, LEN)?;
    again.dsa.map_portal()?;
    for slot in slots() {
        check::equal(
            "a slot of the next user",
            again.dsa.portal()?.load(slot)?,
            0,
        )?;
    }
    again.works()?;
    other.works()?;
    drop(again);
    tool::del("mine")
}

/// Demands that the module cannot be unloaded.
fn stays_loaded() -> Result<()> {
    let output = system::try_unload_module()?;
    ensure!(
        !output.status.success() && output.stderr.contains("in use"),
        "expected that the module is in use: {}",
        output.describe()
    );
    Ok(())
}

fn unloaded(other: &Tenant) -> Result<()> {
    step("the module is not unloaded for as long as there is a mapping");
    let mut mine = tenant()?;
    let portal = mine.dsa.take_portal()?;
    drop(mine);
    stays_loaded()?;
    store_to_empty(&portal, 0x1000, &Descriptor::memmove(FROM, TO, 64).encode())?;
    dsa_nl("subdev del mine force")?.ok()?;
    stays_loaded()?;
    is_memory(&portal)?;
    other.works()
}

fn unbound() -> Result<()> {
    step("the parent is unbound: that waits for the mapping, which is memory meanwhile");
    let function = Function::of_parent()?;
    let is_lent = function.driver().as_deref() != Some(MODULE);
    let mut mine = tenant()?;
    let request = Interrupt::new("device request")?;
    mine.dsa.device().arm_request(&request)?;
    let portal = mine.dsa.take_portal()?;
    drop(mine);
    // In flight when it comes.
    for slot in slots() {
        let noop = Descriptor::noop().recorded_at(0);
        store_to(&portal, slot, &noop.encode())?;
    }
    let unbinding = {
        let function = function.clone();
        thread::spawn(move || match is_lent {
            true => idxd::unbind(&function),
            false => function.unbind(),
        })
    };
    request
        .wait(SOON)
        .context("the unbinding waits for the user")?;
    is_memory(&portal)?;
    stays_loaded()?;
    ensure!(!unbinding.is_finished(), "it did not wait for the mapping");
    has_marks(&portal)?;
    drop(portal);
    wait::join(SOON, "the unbinding", unbinding)??;
    check::equal("parents", tool::parents()?.len(), 0)?;

    step("bound again, there is nothing of it");
    match is_lent {
        true => {
            idxd::bind(&function)?;
            // What idxd lends has to be said anew.
            idxd::lend_all()?;
        }
        false => function.bind(MODULE)?,
    }
    system::await_parents(1)?;
    let mine = tenant()?;
    for slot in slots() {
        check::equal("a slot", mine.dsa.portal()?.load(slot)?, 0)?;
    }
    let others = mine
        .dsa
        .portal()?
        .load(slots().next().context("no slot")? + PAGE)?;
    check::equal("another page", others, 0)?;
    drop(mine);
    tool::del("mine")
}
