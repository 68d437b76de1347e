// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a user can do with a mapped portal that is not what portals are for.

mod file;
mod kept;
mod limits;
mod memory;
mod records;
mod slots;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use nix::libc;
use nix::sys::mman::ProtFlags;

pub use self::file::PORTAL_FILE;
pub use self::kept::PORTAL_KEPT;
pub use self::limits::PORTAL_LIMITS;
pub use self::memory::PORTAL_MEMORY;
pub use self::records::PORTAL_RECORDS;
pub use self::slots::PORTAL_SLOTS;
use super::portal::SHARED;
use crate::check::{self, step};
use crate::dsa::regs::Command;
use crate::dsa::{Descriptor, Notice, RECORDS, opcode, record_iova, slots, store_to};
use crate::figures::Figures;
use crate::scenario::Scenario;
use crate::tenant::{FROM, NOWHERE, TO, Tenant};
use crate::tool;
use crate::vfio::{How, Mapping, PAGE, Region};
use crate::wait::{self, SOON};

pub const PORTAL_ATTACKS: Scenario = Scenario {
    name: "portal-attacks",
    vm: "",
    about: "whatever a user does to the mapping of a portal, it works on and others are not hurt",
    run: attacks,
};

/// Bytes to copy.
const LEN: usize = 4096;

/// Bytes that keep the hardware busy for a while.
const MUCH: usize = 64 << 12;

/// IOVA of a page of a portal.
const PORTAL_IOVA: u64 = 0x00e0_0000_0000;

/// Number that is more than the mappings that a device may have.
const MANY: usize = 1000;

const READ_WRITE: ProtFlags = ProtFlags::PROT_READ.union(ProtFlags::PROT_WRITE);

/// How often a mapping is moved.
const MOVES: u64 = 200;

/// Two pages, which can be cut.
const TWO: How = How {
    len: 2 * PAGE,
    ..SHARED
};

fn attacks() -> Result<()> {
    let mut mine = Tenant::add("wq 3 pasid-mode shared size 4 name mine portal polled", LEN)?;
    let mut other = Tenant::add(
        "wq 3 pasid-mode shared size 4 name other portal polled",
        LEN,
    )?;
    mine.dsa.map_portal()?;
    other.dsa.map_portal()?;

    limits(&mine)?;
    number(&mine)?;

    step("a mapping that is moved, or could not be written for a while, is one still");
    for _ in 0..3 {
        mine.dsa.move_portal()?;
        mine.works()?;
    }
    let portal = mine.dsa.portal()?;
    portal.protect(0, portal.len(), ProtFlags::PROT_READ)?;
    thread::sleep(Duration::from_millis(5));
    portal.probe().context("reading")?;
    portal.protect(0, portal.len(), READ_WRITE)?;
    mine.works()?;

    step("a mapping is moved about when its thread falls asleep, and no store is lost");
    for n in 0..MOVES {
        mine.dsa.move_portal()?;
        mine.dsa.run_noticed(mine.copy(), Notice::Record)?;
        thread::sleep(Duration::from_micros(n % 20 * 25));
    }
    pages(&mine, &other)?;
    dma(&mine, &other)?;

    step("a flood that leaves no slot empty does not stop a quiet tenant");
    while_flooding(mine.dsa.portal()?, Descriptor::noop(), || {
        (0..10).try_for_each(|_| other.works())
    })?;
    mine.works()?;

    step("a mapping goes and comes, and the device is reset, while its user stores");
    let portal = mine.dsa.portal()?;
    while_flooding(portal, Descriptor::noop(), || {
        for n in 0..100 {
            portal.hide()?;
            mine.dsa.device().map_over(Region::Bar2, portal)?;
            if n % 20 == 0 {
                mine.dsa.reset()?;
            }
        }
        Ok(())
    })?;
    mine.dsa.reset()?;
    mine.dsa.enable()?;
    mine.works()?;
    other.works()?;

    step("a mapping keeps the device open without its file");
    let portal = mine.dsa.take_portal()?;
    drop(mine);
    check::equal("opstate", tool::subdev("mine")?.opstate.as_str(), "enabled")?;
    portal.probe().context("reading what is left")?;
    drop(portal);
    tool::await_opstate("mine", "attached")?;
    drop(other);
    tool::del("mine")?;
    tool::del("other")?;
    two_wqs()
}

fn two_wqs() -> Result<()> {
    step("a WQ whose portal is always full does not stop the other one of its subdev");
    let mut both = Tenant::add("wq 4,5 name both portal polled", MUCH)?;
    both.dsa.map_portal()?;
    both.dsa.set_wq(1);
    let copy = both.copy();
    while_flooding(both.dsa.portal()?, copy, || {
        for n in 0..20 {
            // Also when its page was taken away meanwhile.
            thread::sleep(Duration::from_millis(n % 4 * 5));
            let done = both.dsa.run(Descriptor::compare(FROM, FROM, MUCH as u32))?;
            done.success("COMPARE")?;
        }
        Ok(())
    })?;
    for wq in [0, 1] {
        both.dsa.set_wq(wq);
        both.dsa.run(copy)?.success("MEMMOVE")?;
        both.holds()?;
    }
    drop(both);
    tool::del("both")
}

fn limits(tenant: &Tenant) -> Result<()> {
    step("a mapping is not executed, grown, doubled or inherited, and nobody pins its pages");
    let mut mapping = tenant.dsa.device().map(Region::Bar2, SHARED)?;
    let executed = mapping.protect(0, PAGE, READ_WRITE | ProtFlags::PROT_EXEC);
    check::equal("mprotect", executed.err(), Some(Errno::EACCES))?;
    let grown = mapping.resize(PAGE, 2 * PAGE);
    check::equal("mremap to more", grown.err(), Some(Errno::EFAULT))?;
    let doubled = mapping.resize(0, PAGE);
    check::equal("mremap of nothing", doubled.err(), Some(Errno::EFAULT))?;
    for (what, advice) in [
        ("MADV_DOFORK", libc::MADV_DOFORK),
        ("MADV_DODUMP", libc::MADV_DODUMP),
        ("MADV_DONTNEED", libc::MADV_DONTNEED),
        ("MADV_REMOVE", libc::MADV_REMOVE),
        ("MADV_POPULATE_WRITE", libc::MADV_POPULATE_WRITE),
    ] {
        ensure!(mapping.advise(advice).is_err(), "{what} is done");
    }
    for (what, done, error) in [
        (
            "process_vm_readv",
            mapping.read_from_outside(),
            Errno::EFAULT,
        ),
        (
            "process_vm_writev",
            mapping.write_from_outside(),
            Errno::EFAULT,
        ),
        ("vmsplice", mapping.splice(), Errno::EFAULT),
        ("futex", mapping.wake(), Errno::EFAULT),
        ("userfaultfd", mapping.serve_by_user(), Errno::EINVAL),
    ] {
        check::equal(what, done.err(), Some(error))?;
    }
    let stayed = mapping.move_and_stay();
    check::equal("MREMAP_DONTUNMAP", stayed.err(), Some(Errno::EINVAL))?;
    // That changes nothing, whether it is done or not.
    let _ = mapping.lock();
    mapping.probe().context("reading it")?;
    ensure!(!mapping.probe_in_child()?, "a child has inherited it");
    drop(mapping);

    step("a part of a mapping can be given up, and none becomes one of something else");
    let device = tenant.dsa.device();
    let mut mapping = device.map(Region::Bar2, TWO)?;
    mapping.resize(2 * PAGE, PAGE).context("mremap to less")?;
    mapping.probe().context("reading what is left")?;
    for start in [device.region_len(Region::Bar2), 1 << 40, 1 << 42] {
        let mapping = device.map(Region::Bar2, SHARED)?;
        let renumbered = mapping.renumber((device.start(Region::Bar2) + start) / PAGE as u64);
        ensure!(
            renumbered.is_err(),
            "a page at {start:#x} of the portals is mapped"
        );
    }
    tenant.works()
}

fn number(tenant: &Tenant) -> Result<()> {
    step("a device has a bounded number of mappings, those that come of cutting included");
    let mut mappings = Vec::new();
    let refused = loop {
        match tenant.dsa.device().map(Region::Bar2, TWO) {
            Ok(mapping) => mappings.push(mapping),
            Err(error) => break error,
        }
        ensure!(mappings.len() < MANY, "there are {MANY} mappings");
    };
    check::equal("mmap", refused, Errno::ENOMEM)?;
    ensure!(mappings.len() > 16, "only {} mappings", mappings.len());
    let cut = |mapping: &Mapping| mapping.protect(0, PAGE, ProtFlags::PROT_READ).err();
    check::equal("a cut", cut(&mappings[0]), Some(Errno::ENOMEM))?;
    mappings.pop();
    check::equal("a cut", cut(&mappings[0]), None)?;
    check::equal("one more", cut(&mappings[1]), Some(Errno::ENOMEM))?;
    tenant.works()?;
    let count = mappings.len();
    mappings.clear();
    for _ in 0..count {
        mappings.push(tenant.dsa.device().map(Region::Bar2, SHARED)?);
    }
    Ok(())
}

/// Does something while a thread stores a descriptor to a portal all the time, whether or not slots are empty.
pub(super) fn while_flooding(
    portal: &Mapping,
    descriptor: Descriptor,
    work: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let over = AtomicBool::new(false);
    let flood = || {
        let raw = descriptor.recorded_at(record_iova(RECORDS - 1)).encode();
        while !over.load(Ordering::Relaxed) {
            slots().try_for_each(|slot| store_to(portal, slot, &raw))?;
        }
        anyhow::Ok(())
    };
    thread::scope(|scope| {
        let flooding = scope.spawn(flood);
        let done = work();
        over.store(true, Ordering::Relaxed);
        let flooded = flooding.join();
        done.and(flooded.unwrap_or_else(|_| Err(anyhow::anyhow!("the flood panicked"))))
    })
}

fn pages(mine: &Tenant, other: &Tenant) -> Result<()> {
    step("what is stored to the pages that no WQ has, and to all pages at once, hurts nobody");
    let portal = mine.dsa.portal()?;
    let noop = Descriptor::noop().recorded_at(record_iova(RECORDS - 1));
    // The last page of a WQ is that of its interrupt messages, which nobody looks at.
    let dead = portal.len() - PAGE;
    for _ in 0..20 {
        for slot in (dead..dead + PAGE).step_by(64) {
            store_to(portal, slot, &noop.encode())?;
        }
        thread::sleep(Duration::from_millis(1));
    }
    mine.works()?;
    for slot in (0..portal.len()).step_by(64) {
        store_to(portal, slot, &noop.encode())?;
    }
    other.works()?;
    mine.works()?;
    ended(mine)?;
    ensure!(portal.load(dead)? != 0, "what nobody looks at was taken");
    Ok(())
}

/// Waits until all that is stored to the portal of `mine` was taken, and has ended.
fn ended(mine: &Tenant) -> Result<()> {
    let portal = mine.dsa.portal()?;
    for slot in slots() {
        wait::until_true(SOON, "an empty slot", || Ok(portal.load(slot)? == 0))?;
    }
    mine.dsa.command(Command::DrainAll, 0)?;
    mine.dsa.take_software_error()?;
    Figures::of("subdev", "mine")?.expect(&[("in-flight", 0)])
}

fn dma(mine: &Tenant, other: &Tenant) -> Result<()> {
    let container = mine.dsa.device().container();
    for (whose, tenant) in [("its own", mine), ("another subdev's", other)] {
        step(format!("{whose} portal is no memory for DMA"));
        let first = slots().next().context("no slot")?;
        container.map_mapping(PORTAL_IOVA, tenant.dsa.portal()?, first)?;
        let read = mine.dsa.run(Descriptor::memmove(PORTAL_IOVA, TO, 64))?;
        read.page_fault("a copy from a portal", PORTAL_IOVA, false, 0)?;
        let write = mine.dsa.run(Descriptor::memmove(FROM, PORTAL_IOVA, 64))?;
        write.page_fault("a copy to a portal", PORTAL_IOVA, true, 0)?;

        step(format!(
            "records in {whose} portal are what its user stores, and hurt nobody"
        ));
        let unknown = Descriptor {
            opcode: opcode::UNKNOWN,
            ..Descriptor::noop()
        };
        for slot in (0..PAGE as u64).step_by(256) {
            for (at, what) in [
                Descriptor::noop(),
                Descriptor::memmove(FROM, NOWHERE, LEN as u32),
                unknown,
            ]
            .into_iter()
            .enumerate()
            {
                let record = PORTAL_IOVA + slot + at as u64 * 64;
                mine.dsa.store(&what.recorded_at(record))?;
                // So that no record is written over what is stored next.
                mine.dsa.command(Command::DrainAll, 0)?;
            }
        }
        mine.works()?;
        other.works()?;
        for tenant in [mine, other] {
            // Whatever it was taken for.
            tenant.dsa.take_software_error()?;
        }
        container.unmap(PORTAL_IOVA, PAGE as u64)?;
    }
    mine.works()
}
