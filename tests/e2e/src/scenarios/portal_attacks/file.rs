// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes that have the device from who has opened it.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::signal::Signal;

use super::LEN;
use crate::actor::{Actor, Request};
use crate::check::{self, step};
use crate::dsa::{Descriptor, slots, store_to_empty};
use crate::figures::Figures;
use crate::scenario::Scenario;
use crate::scenarios::portal::user;
use crate::tenant::{FROM, TO};
use crate::tool::{self, dsa_nl};
use crate::vfio::Taken;
use crate::wait::{self, SOON};

pub const PORTAL_FILE: Scenario = Scenario {
    name: "portal-file",
    vm: "",
    about: "a portal that is mapped in a process beside the opener, which is stopped, and executes",
    run: file,
};

/// All threads of a process are stopped.
fn is_stopped(process: u32) -> Result<bool> {
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let stat = fs::read_to_string(thread?.path().join("stat"))?;
        let state = stat.rsplit(") ").next().unwrap_or_default();
        if !state.starts_with('T') {
            return Ok(false);
        }
    }
    Ok(true)
}

fn stop(opener: &Actor) -> Result<()> {
    opener.signal(Signal::SIGSTOP)?;
    wait::until_true(SOON, "the opener to be stopped", || is_stopped(opener.id()))
}

fn file() -> Result<()> {
    for name in ["one", "two"] {
        tool::add(&format!(
            "wq 3 pasid-mode shared size 4 name {name} portal polled"
        ))?;
    }
    let (mut one, mut two) = (user("one", 3)?, user("two", 5)?);
    let copied = Request::Holds {
        iova: TO,
        len: LEN,
        seed: 3,
    };

    step("what another process stores is taken by the thread of the opener");
    let taken = Taken::from_process(one.id())?;
    let portal = taken.map_portal()?;
    let mut free = slots().skip(32);
    let mut store = |descriptor: Descriptor| -> Result<()> {
        let slot = free.next().context("no slot is left")?;
        store_to_empty(&portal, slot, &descriptor.encode())
    };
    store(Descriptor::memmove(FROM, TO, LEN as u32))?;
    wait::until_true(SOON, "the copy", || Ok(one.ask(&copied).is_ok()))?;

    step("a drain by an admin does not wait for an opener that is stopped and has stored nothing");
    wait::until_true(SOON, "a drain", || {
        stop(&one)?;
        let drained = dsa_nl("subdev drain one")?;
        if drained.status.success() {
            return Ok(true);
        }
        // It was stopped before its thread slept.
        one.signal(Signal::SIGCONT)?;
        thread::sleep(Duration::from_millis(50));
        Ok(false)
    })?;

    step("what is stored while it is stopped waits, and an admin does not");
    store(Descriptor::fill(TO, LEN as u32, 0))?;
    tool::refused(
        &dsa_nl("subdev drain one")?,
        &["work in flight does not end"],
    )?;
    one.signal(Signal::SIGCONT)?;
    wait::until_true(SOON, "the fill", || Ok(one.ask(&copied).is_err()))?;

    step("a subdev is deleted while its opener is stopped");
    stop(&one)?;
    dsa_nl("subdev del one force")?.ok()?;
    portal.store(0, u64::MAX)?;
    check::equal("what was stored", portal.load(0)?, u64::MAX)?;
    one.kill()?;
    drop((portal, taken));

    step("who has a portal from an opener that executes another program gets SIGBUS");
    let taken = Taken::from_process(two.id())?;
    let portal = taken.map_portal()?;
    portal.probe().context("reading")?;
    two.tell(&Request::Execute)?;
    wait::until_true(SOON, "an end of the mapping", || {
        Ok(portal.probe() == Err(Errno::EFAULT))
    })?;

    step("until it asks for the region, and has a thread of its own");
    drop(portal);
    let portal = taken.map_portal()?;
    let before = Figures::of("subdev", "two")?.get("failed");
    // The memory of the subdev went with the program that was.
    let copy = Descriptor::memmove(FROM, TO, LEN as u32);
    store_to_empty(&portal, 0, &copy.encode())?;
    wait::until_true(SOON, "the end of a descriptor", || {
        Ok(Figures::of("subdev", "two")?.get("failed") == before + 1)
    })?;
    // What is said before would be read by the program that was.
    two.ask(&Request::Close)?;
    check::equal("opstate", tool::subdev("two")?.opstate.as_str(), "enabled")?;
    drop((portal, taken));
    tool::await_opstate("two", "attached")?;

    step("it is opened anew, and works");
    let mut again = user("two", 7)?;
    again.ask(&Request::copies(LEN, 3))?;
    again.finish()?;
    two.finish()?;
    tool::del("two")
}
