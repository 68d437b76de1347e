// SPDX-License-Identifier: MIT OR Apache-2.0
//! Portals that are mapped: descriptors are stored to memory, and a thread in the user's process takes
//! them from there.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags};
use serde_json::{Value, json};

use crate::actor::{Actor, Answer, Request};
use crate::check::{self, step};
use crate::client::Client;
use crate::dsa::regs::Command;
use crate::dsa::{Descriptor, Notice, RECORD_LEN, RECORDS, status};
use crate::scenario::Scenario;
use crate::tenant::{FROM, TO, Tenant};
use crate::tool::{self, dsa_nl};
use crate::vfio::{How, PAGE, Region};
use crate::wait::{self, SOON};

pub const PORTAL: Scenario = Scenario {
    name: "portal",
    vm: "",
    about: "descriptors that are stored to a mapped portal are done, by a thread of its user",
    run: stored,
};

pub const PORTAL_ENDS: Scenario = Scenario {
    name: "portal-ends",
    vm: "",
    about: "commands, resets and removal come before or after what is stored to a mapped portal",
    run: ends,
};

pub const PORTAL_USERS: Scenario = Scenario {
    name: "portal-users",
    vm: "",
    about: "processes with mapped portals share a WQ, restart and are killed, and disturb nobody",
    run: users,
};

/// Bytes to copy.
const LEN: usize = 4096;

/// Descriptors after each of which the thread sleeps.
const SPARSE: u32 = 30;

/// Drains, each after something was stored.
const DRAINS: u64 = 300;

/// Name of the thread that takes descriptors.
const THREAD: &str = "subdev-portal";

/// Code of a software error: the WQ is not enabled.
const NOT_ENABLED: u8 = 0x53;

fn stored() -> Result<()> {
    step("trapped is asked for, and cannot be mapped");
    let trapped = Tenant::add("wq 3 pasid-mode shared name trapped portal trapped", LEN)?;
    ensure!(
        !trapped.dsa.device().is_mappable(Region::Bar2),
        "BAR2 of a subdev with a trapped portal can be mapped"
    );
    refused(&trapped, Region::Bar2, SHARED, "portals that are trapped")?;
    check::equal("threads", threads()?, 0)?;

    step("polled is the default, can be asked for, and is not changed while a user has it");
    let mut tenant = Tenant::add("wq 3 pasid-mode shared name polled portal polled", LEN)?;
    let shown: Value = tool::json("subdev show polled")?;
    check::equal("portal", &shown["dsa-subdev"]["portal"], &json!("polled"))?;
    let line = "subdev set polled portal trapped";
    tool::refused(&dsa_nl(line)?, &["deactivate the subdev first"])?;
    ensure!(tenant.dsa.device().is_mappable(Region::Bar2), "BAR2");
    mappings(&tenant)?;

    step("writes to the file are done as ever");
    tenant.works()?;
    check::equal("threads", threads()?, 1)?;

    step(format!("{SPARSE} are stored, each when the thread sleeps"));
    tenant.dsa.map_portal()?;
    for _ in 0..SPARSE {
        thread::sleep(Duration::from_millis(5));
        tenant.works()?;
    }

    step("more than there are entries are stored at once");
    ensure!(
        (tenant.dsa.size() as usize) < RECORDS / 2,
        "{} entries are too many",
        tenant.dsa.size()
    );
    for _ in 0..4 {
        for record in 0..RECORDS {
            tenant.dsa.submit(record, tenant.copy(), Notice::Record)?;
        }
        for record in 0..RECORDS {
            tenant.dsa.wait(record, SOON)?.success("a copy of many")?;
        }
    }
    tenant.holds()?;
    check::equal("software error", tenant.dsa.take_software_error()?, None)?;

    step("what is invalid is told as ever");
    let unknown = Descriptor {
        opcode: 0x7f,
        ..Descriptor::noop()
    };
    tenant
        .dsa
        .run(unknown)?
        .with_status("opcode", status::BAD_OPCODE)?;
    tenant.works()?;

    step("the other is not disturbed, and the thread ends with the device");
    trapped.works()?;
    drop((trapped, tenant));
    wait::until_true(SOON, "the end of the thread", || Ok(threads()? == 0))?;
    for name in ["trapped", "polled"] {
        tool::del(name)?;
    }
    Ok(())
}

/// How many threads of this process take descriptors.
fn threads() -> Result<usize> {
    let mut count = 0;
    for thread in fs::read_dir("/proc/self/task").context("cannot list the threads")? {
        // One that has ended meanwhile has none.
        let name = fs::read_to_string(thread?.path().join("comm")).unwrap_or_default();
        count += usize::from(name.trim() == THREAD);
    }
    Ok(count)
}

/// All can be done with a page.
pub(super) const SHARED: How = How {
    start: 0,
    len: PAGE,
    prot: ProtFlags::PROT_READ.union(ProtFlags::PROT_WRITE),
    flags: MapFlags::MAP_SHARED,
};

fn refused(tenant: &Tenant, region: Region, how: How, what: &str) -> Result<()> {
    let mapped = tenant.dsa.device().map(region, how);
    check::equal(what, mapped.err(), Some(Errno::EINVAL))
}

fn mappings(tenant: &Tenant) -> Result<()> {
    step("only portals are mapped, shared, within them, and to be read and written");
    let end = tenant.dsa.device().region_len(Region::Bar2);
    let private = MapFlags::MAP_PRIVATE;
    for (what, region, how) in [
        ("registers", Region::Bar0, SHARED),
        ("configuration space", Region::Config, SHARED),
        (
            "what is private",
            Region::Bar2,
            How {
                flags: private,
                ..SHARED
            },
        ),
        (
            "what is past the end",
            Region::Bar2,
            How {
                start: end,
                ..SHARED
            },
        ),
        (
            "what goes past the end",
            Region::Bar2,
            How {
                start: end - PAGE as u64,
                len: 2 * PAGE,
                ..SHARED
            },
        ),
    ] {
        refused(tenant, region, how, what)?;
    }
    let prot = SHARED.prot | ProtFlags::PROT_EXEC;
    let executable = tenant
        .dsa
        .device()
        .map(Region::Bar2, How { prot, ..SHARED });
    // EPERM where nothing of its file system is executed.
    ensure!(
        matches!(
            executable.as_ref().err(),
            Some(Errno::EINVAL | Errno::EPERM)
        ),
        "what is executed is mapped, or refused for another reason: {:?}",
        executable.err()
    );
    let map = || tenant.dsa.device().map(Region::Bar2, SHARED);
    let (one, other) = (map()?, map()?);
    one.store(8, 5)?;
    check::equal("another mapping of it", other.load(8)?, 5)?;

    step("the kernel reads and writes it for nobody");
    let memory = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/proc/self/mem")?;
    let mut word = [0; 8];
    ensure!(
        memory.read_at(&mut word, one.address()).is_err()
            && memory.write_at(&word, one.address()).is_err(),
        "a portal is read or written by way of the process's memory"
    );
    check::equal("what is there", one.load(8)?, 5)
}

fn ends() -> Result<()> {
    let mut tenant = Tenant::add("wq 3 name polled portal polled", LEN)?;
    tenant.dsa.map_portal()?;

    for by_admin in [false, true] {
        step("what is stored before a drain is done after it");
        for record in 0..8 {
            tenant.dsa.submit(record, tenant.copy(), Notice::Record)?;
        }
        if by_admin {
            dsa_nl("subdev drain polled")?.ok()?;
        } else {
            tenant.dsa.command(Command::DrainAll, 0)?;
        }
        for record in 0..8 {
            let done = tenant.dsa.completion(record)?;
            let done = done.with_context(|| format!("record {record} is not written"))?;
            done.success("a copy before a drain")?;
        }
    }

    step(format!(
        "{DRAINS} drains by an admin, about when the thread falls asleep, are done"
    ));
    let client = Client::new()?;
    for n in 0..DRAINS {
        tenant.dsa.run_noticed(tenant.copy(), Notice::Record)?;
        thread::sleep(Duration::from_micros(n % 20 * 25));
        let drained = client.ask(|handle| handle.subdev().drain("polled").execute())?;
        drained.with_context(|| format!("drain {n}"))?;
    }

    step("what is stored to a WQ that is disabled is told by SWERR");
    tenant.dsa.command(Command::DisableWq, 1)?;
    tenant.dsa.submit(0, Descriptor::noop(), Notice::Record)?;
    check::equal("code", tenant.dsa.software_error()?.code, NOT_ENABLED)?;
    tenant.dsa.command(Command::EnableWq, 0)?;
    tenant.works()?;

    for (what, function_level) in [("a reset", false), ("a function-level reset", true)] {
        step(format!(
            "nothing that was stored before {what} is seen after it"
        ));
        for record in 0..RECORDS {
            tenant.dsa.submit(record, tenant.copy(), Notice::Record)?;
        }
        if function_level {
            tenant.dsa.function_level_reset()?;
        } else {
            tenant.dsa.reset()?;
        }
        let records = tenant.dsa.records()?;
        let first = tenant.dsa.slot_offset(0) as usize;
        for slot in 0..PAGE / 64 {
            let word = tenant.dsa.portal()?.load(first + slot * 64)?;
            check::equal("first word of a slot", word, 0)?;
        }
        check::equal("software error", tenant.dsa.take_software_error()?, None)?;
        tenant.dsa.enable()?;
        tenant.works()?;
        // Of the first record there is a new one.
        let now = tenant.dsa.records()?;
        check::same_bytes("records", &now[RECORD_LEN..], &records[RECORD_LEN..])?;
    }

    step("what its user has mapped of a subdev that is deleted is memory, and nothing else");
    dsa_nl("subdev del polled force")?.ok()?;
    let portal = tenant.dsa.portal()?;
    portal.store(0, u64::MAX)?;
    thread::sleep(Duration::from_millis(20));
    check::equal("what was stored", portal.load(0)?, u64::MAX)?;
    drop(tenant);
    wait::until_true(SOON, "the end of the thread", || Ok(threads()? == 0))?;
    Ok(())
}

/// A process that has a subdev open and its portals mapped.
pub(super) fn user(name: &str, seed: u64) -> Result<Actor> {
    let mut actor = Actor::open(&tool::subdev(name)?.location()?)?;
    actor.map(LEN, [seed, seed + 1])?;
    actor.ask(&Request::MapPortal)?;
    Ok(actor)
}

fn users() -> Result<()> {
    const ROUNDS: u32 = 50;
    let names = ["one", "two", "doomed"];
    let mut actors = Vec::new();
    for (name, seed) in names.into_iter().zip(0..) {
        tool::add(&format!(
            "wq 3 pasid-mode shared size 4 name {name} portal polled"
        ))?;
        actors.push(user(name, seed)?);
    }

    step("all copy at the same time, verified each time");
    for actor in &mut actors {
        actor.tell(&Request::copies(LEN, ROUNDS))?;
    }
    for actor in &mut actors {
        check::equal("answer", actor.answer()?, Answer::Done)?;
    }

    let mut doomed = actors.pop().context("no user")?;
    let flood = Request::Flood {
        from: FROM,
        to: TO,
        len: LEN as u32,
        count: 1000,
    };
    step("one restarts over and over, and one is killed while it stores more than is done");
    let (first, second) = actors.split_at_mut(1);
    first[0].tell(&Request::copies(LEN, ROUNDS))?;
    second[0].tell(&Request::Restart { rounds: 5 })?;
    doomed.tell(&flood)?;
    thread::sleep(Duration::from_millis(50));
    doomed.kill()?;
    for actor in &mut actors {
        check::equal("answer", actor.answer()?, Answer::Done)?;
    }

    step("another process opens the same subdev, and nothing is left in its portals");
    drop(doomed);
    tool::await_opstate("doomed", "attached")?;
    let mut doomed = user("doomed", 7)?;
    doomed.ask(&Request::copies(LEN, ROUNDS))?;

    step("a subdev is deleted while its user stores, and the others go on");
    doomed.tell(&flood)?;
    dsa_nl("subdev del doomed force")?.ok()?;
    for actor in &mut actors {
        actor.ask(&Request::copies(LEN, ROUNDS))?;
    }
    doomed.kill()?;
    drop(doomed);
    for actor in actors {
        actor.finish()?;
    }
    tool::del("one")?;
    tool::del("two")
}
