// SPDX-License-Identifier: MIT OR Apache-2.0
//! Users of mapped portals that are at the end of their limits, or held from outside.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::ptrace;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use crate::actor::{Actor, Request};
use crate::cgroup::Group;
use crate::check::{self, step};
use crate::dsa::{Descriptor, slots, store_to};
use crate::figures::Figures;
use crate::scenario::Scenario;
use crate::scenarios::portal::user;
use crate::system::Setting;
use crate::tenant::{FROM, TO};
use crate::tool::{self, dsa_nl};
use crate::vfio::Taken;
use crate::wait::{self, SOON};

pub const PORTAL_LIMITS: Scenario = Scenario {
    name: "portal-limits",
    vm: "",
    about: "a portal's user without memory or threads, frozen, traced or dumped disturbs nobody",
    run,
};

/// Bytes of a copy.
const LEN: usize = 1 << 20;

/// Rounds of the neighbour while something is done to the other.
const ROUNDS: u32 = 10;

/// The process cannot be killed when there is no memory.
const NEVER: &str = "-1000";

fn run() -> Result<()> {
    // The report of a kill has the stack only.
    let _quiet = Setting::new("/proc/sys/vm/oom_dump_tasks", "0")?;
    for name in ["mine", "other"] {
        add(name)?;
    }
    let mut other = user("other", 5)?;
    let group = Group::new("portal-limits", "")?;
    traced(&mut other)?;
    dumped(&mut other)?;
    frozen(&group, &mut other)?;
    for (controller, attack) in [
        ("pids", threads as fn(&Group, &mut Actor) -> Result<()>),
        ("memory", starved),
        ("memory", killed),
    ] {
        if group.knows(controller)? {
            group.add(controller)?;
            attack(&group, &mut other)?;
        } else {
            // What fails for want of memory there is the theme of `inject-vfio`.
            step(format!("this kernel has no limits of {controller}"));
        }
    }
    drop(group);
    other.finish()?;
    tool::del("other")?;
    tool::del("mine")
}

fn add(name: &str) -> Result<()> {
    tool::add(&format!(
        "wq 3 pasid-mode shared size 4 name {name} portal polled"
    ))?;
    Ok(())
}

/// A user that is in the group from its beginning, and has memory mapped, but no portal.
fn member(group: &Group) -> Result<Actor> {
    let mut actor = Actor::start()?;
    group.take(actor.id())?;
    actor.ask(&Request::Open(tool::subdev("mine")?.location()?))?;
    actor.map(LEN, [3, 4])?;
    Ok(actor)
}

fn flood(len: usize) -> Request {
    Request::Flood {
        from: FROM,
        to: TO,
        len: len as u32,
        count: 1000,
    }
}

/// Demands that another user has the subdev as new, and that the neighbour works.
fn works_again(other: &mut Actor) -> Result<()> {
    tool::await_opstate("mine", "attached")?;
    Figures::of("subdev", "mine")?.expect(&[("in-flight", 0), ("pinned-pages", 0)])?;
    let mut mine = user("mine", 7)?;
    mine.ask(&Request::copies(4096, 3))?;
    mine.finish()?;
    other.ask(&Request::copies(4096, 3))?;
    tool::await_opstate("mine", "attached")
}

/// Where a process has its portals mapped.
fn portal_of(process: u32) -> Result<u64> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    let line = maps.lines().find(|line| line.contains("vfio-device"));
    let (start, _) = line
        .and_then(|line| line.split_once('-'))
        .context("no portal is mapped")?;
    Ok(u64::from_str_radix(start, 16)?)
}

fn traced(other: &mut Actor) -> Result<()> {
    step("a debugger reads and writes no portal, and may stop its user");
    let mut mine = user("mine", 3)?;
    mine.ask(&Request::copies(4096, 3))?;
    let at = portal_of(mine.id())?;
    let process = Pid::from_raw(mine.id().try_into()?);
    ptrace::seize(process, ptrace::Options::empty()).context("PTRACE_SEIZE")?;
    ptrace::interrupt(process).context("PTRACE_INTERRUPT")?;
    waitpid(process, Some(WaitPidFlag::__WALL))?;
    let address = at as ptrace::AddressType;
    check::equal(
        "PTRACE_PEEKDATA",
        ptrace::read(process, address).err(),
        Some(Errno::EIO),
    )?;
    let poked = ptrace::write(process, address, -1);
    check::equal("PTRACE_POKEDATA", poked.err(), Some(Errno::EIO))?;
    other.ask(&Request::copies(4096, ROUNDS))?;
    dsa_nl("subdev drain mine")?.ok()?;
    ptrace::detach(process, None).context("PTRACE_DETACH")?;
    mine.ask(&Request::copies(4096, 3))?;
    mine.finish()?;
    works_again(other)
}

fn dumped(other: &mut Actor) -> Result<()> {
    step("a user dumps core with copies in flight");
    let core = "/run/portal-limits-core";
    let pattern = Path::new("/proc/sys/kernel/core_pattern");
    let _pattern = pattern
        .exists()
        .then(|| Setting::new(pattern, core))
        .transpose()?;
    let (soft, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    setrlimit(Resource::RLIMIT_CORE, hard, hard)?;
    let mine = user("mine", 3);
    setrlimit(Resource::RLIMIT_CORE, soft, hard)?;
    let mut mine = mine?;
    other.tell(&Request::copies(4096, ROUNDS))?;
    mine.tell(&flood(4096))?;
    thread::sleep(Duration::from_millis(20));
    mine.signal(Signal::SIGABRT)?;
    // Its end, whichever signal comes first.
    wait::until_true(SOON, "the end of the user", || Ok(mine.ended()?.is_some()))?;
    other.answer()?;
    for entry in fs::read_dir("/run")? {
        let path = entry?.path();
        // The kernel may add the number of the process.
        if path.to_string_lossy().starts_with(core) {
            step(format!("  {} bytes", fs::metadata(&path)?.len()));
            fs::remove_file(path)?;
        }
    }
    works_again(other)
}

fn frozen(group: &Group, other: &mut Actor) -> Result<()> {
    step("a user is frozen with copies in flight; its subdev is deleted, and it is killed");
    let mut mine = member(group)?;
    mine.ask(&Request::MapPortal)?;
    let taken = Taken::from_process(mine.id())?;
    let portal = taken.map_portal()?;
    mine.tell(&flood(LEN))?;
    thread::sleep(Duration::from_millis(50));
    group.set("cgroup.freeze", "1")?;
    // The thread that takes descriptors as well.
    wait::until_true(SOON, "the user to be frozen", || {
        Ok(group.stat("cgroup.events", "frozen")? == 1)
    })?;
    let noop = Descriptor::noop().recorded_at(0).encode();
    slots().try_for_each(|slot| store_to(&portal, slot, &noop))?;
    other.ask(&Request::copies(4096, ROUNDS))?;
    Figures::of("subdev", "mine")?;
    dsa_nl("subdev del mine force")?.ok()?;
    portal.store(0, u64::MAX)?;
    check::equal("what was stored", portal.load(0)?, u64::MAX)?;
    add("mine")?;
    drop((portal, taken));
    mine.kill()?;
    group.set("cgroup.freeze", "0")?;
    works_again(other)
}

fn threads(group: &Group, other: &mut Actor) -> Result<()> {
    step("a user that can have no further thread cannot open it, and can when it may");
    let mut mine = Actor::start()?;
    group.take(mine.id())?;
    group.set("pids.max", &group.get("pids.current")?)?;
    let open = Request::Open(tool::subdev("mine")?.location()?);
    let error = mine.ask(&open).err().context("it is opened")?;
    step(format!("  {error:#}"));
    tool::await_opstate("mine", "attached")?;
    group.set("pids.max", "max")?;
    mine.ask(&open)?;
    mine.map(4096, [3, 4])?;
    mine.ask(&Request::MapPortal)?;
    mine.ask(&Request::copies(4096, 3))?;
    mine.finish()?;
    works_again(other)
}

fn starved(group: &Group, other: &mut Actor) -> Result<()> {
    step(
        "a user that cannot be killed has no memory for the pages of its portal, until there is some",
    );
    // Each processor may have some pages for the group, which a lower limit takes back at once from
    // the one it is set on only (srctree mm/memcontrol.c, drain_all_stock).
    let _one = OneProcessor::new()?;
    let mut mine = member(group)?;
    fs::write(format!("/proc/{}/oom_score_adj", mine.id()), NEVER)?;
    mine.ask(&Request::MapPortal)?;
    let before = Figures::of("subdev", "mine")?.get("submitted");
    group.set("memory.max", "4096")?;
    mine.tell(&Request::copies(4096, 3))?;
    other.ask(&Request::copies(4096, ROUNDS))?;
    let figures = Figures::of("subdev", "mine")?;
    check::equal("submitted without a page", figures.get("submitted"), before)?;
    group.set("memory.max", "max")?;
    if let Err(error) = mine.answer() {
        step(format!("  it was told: {error:#}"));
    }
    mine.ask(&Request::copies(4096, 3))?;
    mine.finish()?;
    works_again(other)
}

/// This thread, and processes that it starts, have only the first processor while this is there.
struct OneProcessor(CpuSet);

impl OneProcessor {
    fn new() -> Result<Self> {
        let this = Pid::from_raw(0);
        let before = sched_getaffinity(this)?;
        let mut one = CpuSet::new();
        one.set(0)?;
        sched_setaffinity(this, &one)?;
        Ok(Self(before))
    }
}

impl Drop for OneProcessor {
    fn drop(&mut self) {
        // It has had them before.
        let _ = sched_setaffinity(Pid::from_raw(0), &self.0);
    }
}

fn killed(group: &Group, other: &mut Actor) -> Result<()> {
    step("a user is killed for want of memory with copies in flight");
    let before = group.stat("memory.events", "oom_kill")?;
    let mut mine = member(group)?;
    mine.ask(&Request::MapPortal)?;
    mine.tell(&flood(LEN))?;
    other.tell(&Request::copies(4096, ROUNDS))?;
    thread::sleep(Duration::from_millis(50));
    group.set("memory.max", "65536")?;
    wait::until_true(SOON, "a kill", || {
        Ok(group.stat("memory.events", "oom_kill")? > before)
    })?;
    mine.kill()?;
    other.answer()?;
    group.set("memory.max", "max")?;
    ensure!(mine.answer().is_err(), "it has done all that it was told");
    works_again(other)
}
