// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that goes, or that is not what it is said to be, under what a portal was given.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags};

use crate::check::{self, step};
use crate::dsa::regs::Command;
use crate::dsa::{Descriptor, Notice, status};
use crate::figures::Figures;
use crate::pattern;
use crate::scenario::Scenario;
use crate::scenarios::portal::SHARED;
use crate::system::Setting;
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::vfio::{Access, Buffer, How, Layout, Mapping, PAGE};
use crate::wait::{self, SOON};

pub const PORTAL_MEMORY: Scenario = Scenario {
    name: "portal-memory",
    vm: "",
    about: "memory that is unmapped, withheld, shared or not to be written while a portal's work is in flight",
    run,
};

/// Bytes of the neighbour's copies.
const LITTLE: usize = 4096;

const SOURCE: u64 = 0x3000_0000;
const TARGET: u64 = 0x4000_0000;
const BUFFER: usize = 64 * PAGE;

/// A page of memory of any kind.
const ODD: u64 = 0x5000_0000;

/// Pages that are withheld.
const WITHHELD: u64 = 0x6000_0000;

/// How often memory is taken away.
const ROUNDS: usize = 24;

/// When the memory is served at the latest.
const LIMIT: Duration = Duration::from_secs(60);

fn run() -> Result<()> {
    // That tasks wait is what is brought about here.
    let _quiet = Setting::no_hung_tasks()?;
    let mut mine = Tenant::add(
        "wq 3 pasid-mode shared size 4 name mine portal polled",
        LITTLE,
    )?;
    let mut other = Tenant::add(
        "wq 3 pasid-mode shared size 4 name other portal polled",
        LITTLE,
    )?;
    mine.dsa.map_portal()?;
    other.dsa.map_portal()?;
    let (source, target) = (mine.dsa.map(SOURCE, BUFFER)?, mine.dsa.map(TARGET, BUFFER)?);
    source.write(0, &pattern::bytes(3, BUFFER))?;

    unmapped(&mine, &other, [&source, &target])?;
    read_only(&mine)?;
    files(&mine)?;
    forked(&mine, &source, &target)?;
    other.works()?;
    Figures::of("subdev", "mine")?.expect(&[("in-flight", 0)])?;
    withheld(mine, &other)?;
    drop(other);
    tool::del("other")
}

fn copy() -> Descriptor {
    Descriptor::memmove(SOURCE, TARGET, BUFFER as u32)
}

fn unmapped(mine: &Tenant, other: &Tenant, buffers: [&Buffer; 2]) -> Result<()> {
    step("source and target come and go under copies in flight, as many as there are entries");
    let before = Figures::of("subdev", "mine")?;
    let (over, ended) = (AtomicBool::new(false), AtomicU64::new(0));
    let (copied, faulted) = thread::scope(|scope| {
        let user = scope.spawn(|| -> Result<(u64, u64)> {
            let (mut copied, mut faulted) = (0, 0);
            while !over.load(Ordering::Relaxed) {
                for record in 0..4 {
                    mine.dsa.submit(record, copy(), Notice::Record)?;
                }
                for record in 0..4 {
                    let done = mine.dsa.wait(record, SOON)?;
                    ended.fetch_add(1, Ordering::Relaxed);
                    match done.status() {
                        status::SUCCESS => copied += 1,
                        status::PAGE_FAULT => faulted += 1,
                        _ => return Err(anyhow!("neither success nor a page fault: {done:x?}")),
                    }
                }
            }
            Ok((copied, faulted))
        });
        let come_and_go = || -> Result<()> {
            for round in 0..ROUNDS {
                let buffer = buffers[round % 2];
                let goal = ended.load(Ordering::Relaxed) + 3;
                buffer.unmap()?;
                if round % 3 == 0 {
                    thread::sleep(Duration::from_millis(5));
                }
                buffer.map()?;
                wait::until_true(SOON, "the end of copies", || {
                    Ok(ended.load(Ordering::Relaxed) >= goal)
                })?;
                if round % 8 == 0 {
                    other.works()?;
                }
            }
            Ok(())
        };
        let done = come_and_go();
        over.store(true, Ordering::Relaxed);
        let counts = user.join();
        done.and(counts.unwrap_or_else(|_| Err(anyhow!("the user panicked"))))
    })?;
    step(format!("  {copied} copies and {faulted} page faults"));
    let since = Figures::of("subdev", "mine")?.since(&before);
    since.expect(&[("completed", copied), ("failed", faulted), ("in-flight", 0)])?;
    ensure!(
        mine.dsa.run(copy())?.status() == status::SUCCESS,
        "a copy fails when all is mapped"
    );
    let [source, target] = buffers;
    check::same_bytes(
        "the copy",
        &target.read(0, BUFFER)?,
        &source.read(0, BUFFER)?,
    )
}

fn read_only(mine: &Tenant) -> Result<()> {
    step("memory that devices may read is not written, also while it is pinned to be read");
    let map = |access| mine.dsa.map_as(ODD, PAGE, access, Layout::Straight);
    let odd = map(Access::ReadOnly)?;
    let page = PAGE as u32;
    let target = mine.dsa.map(ODD + (1 << 24), PAGE)?;
    let read = |what: &str| -> Result<()> {
        let done = mine
            .dsa
            .run(Descriptor::memmove(ODD, target.iova(), page))?;
        done.success(what)?;
        check::same_bytes(what, &target.read(0, PAGE)?, &odd.read(0, PAGE)?)
    };
    let write = || mine.dsa.run(Descriptor::memmove(SOURCE, ODD, page));
    // It has no memory of its own yet: it reads as the zeroes of everybody.
    read("a copy from memory that nobody has touched")?;
    odd.write(0, &pattern::bytes(5, PAGE))?;
    read("a copy from what was written since")?;
    write()?.page_fault("a copy to it", ODD, true, 0)?;
    check::same_bytes("it", &odd.read(0, PAGE)?, &pattern::bytes(5, PAGE))?;
    odd.unmap()?;

    step("memory that was written is not any more, when it is mapped anew to be read");
    let odd = map(Access::ReadWrite)?;
    write()?.success("a copy to it")?;
    odd.unmap()?;
    let odd = map(Access::ReadOnly)?;
    write()?.page_fault("a copy to it", ODD, true, 0)?;
    odd.unmap()?;
    mine.works()
}

/// A page of a file in memory, mapped in a way of mapping files.
fn file(prot: ProtFlags, flags: MapFlags) -> Result<(File, Mapping)> {
    let file = File::from(memfd_create(c"portal-memory", MFdFlags::empty())?);
    file.write_all_at(&pattern::bytes(7, PAGE), 0)?;
    let how = How {
        prot,
        flags,
        ..SHARED
    };
    let mapping = Mapping::new(&file, how).context("mapping a file")?;
    Ok((file, mapping))
}

fn files(mine: &Tenant) -> Result<()> {
    let container = mine.dsa.device().container();
    let page = PAGE as u32;
    let read_write = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let content = |file: &File| -> Result<Vec<u8>> {
        let mut bytes = vec![0; PAGE];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    };

    step("a file that its user may only read is not written, nor is one of which it has a copy");
    for (prot, flags) in [
        (ProtFlags::PROT_READ, MapFlags::MAP_SHARED),
        (ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE),
        (read_write, MapFlags::MAP_PRIVATE),
    ] {
        let (file, mapping) = file(prot, flags)?;
        container.map_mapping(ODD, &mapping, 0)?;
        let done = mine.dsa.run(Descriptor::memmove(SOURCE, ODD, page))?;
        if prot == read_write {
            done.success("a copy to a copy of a file")?;
        } else {
            done.page_fault("a copy to a file to be read", ODD, true, 0)?;
        }
        check::same_bytes("the file", &content(&file)?, &pattern::bytes(7, PAGE))?;
        container.unmap(ODD, PAGE as u64)?;
    }

    step("a file ends, a page is given up, and one is unmapped, under copies of it");
    let (file, mapping) = file(read_write, MapFlags::MAP_SHARED)?;
    container.map_mapping(ODD, &mapping, 0)?;
    let ways: [(&str, &dyn Fn() -> Result<()>); 4] = [
        ("the page is given up", &|| {
            Ok(mapping.advise(libc::MADV_DONTNEED)?)
        }),
        ("its memory is given up", &|| {
            Ok(mapping.advise(libc::MADV_REMOVE)?)
        }),
        ("the file ends before it", &|| Ok(file.set_len(0)?)),
        ("it is unmapped", &|| Ok(mapping.hide()?)),
    ];
    for (what, way) in ways {
        for descriptor in [
            Descriptor::memmove(SOURCE, ODD, page),
            Descriptor::memmove(ODD, TARGET, page),
            Descriptor::noop().recorded_at(ODD),
        ] {
            mine.dsa.store(&descriptor)?;
        }
        way().context(what)?;
        mine.dsa.command(Command::DrainAll, 0)?;
        // What is pinned by then may be used further, as by hardware; what is not there is a fault.
        let done = mine.dsa.run(Descriptor::memmove(ODD, TARGET, page))?;
        ensure!(
            matches!(done.status(), status::SUCCESS | status::PAGE_FAULT),
            "{what}: {done:x?}"
        );
        mine.dsa.take_software_error()?;
        mine.works()?;
    }
    container.unmap(ODD, PAGE as u64)
}

fn forked(mine: &Tenant, source: &Buffer, target: &Buffer) -> Result<()> {
    step("a child that is forked while copies are in flight takes no memory away from them");
    for seed in 10..20 {
        source.write(0, &pattern::bytes(seed, BUFFER))?;
        mine.dsa.submit(0, copy(), Notice::Record)?;
        ensure!(
            !mine.dsa.portal()?.probe_in_child()?,
            "a child has inherited the portal"
        );
        mine.dsa.wait(0, SOON)?.success("MEMMOVE")?;
        let got = target.read(0, BUFFER)?;
        check::same_bytes("the copy", &got, &pattern::bytes(seed, BUFFER))?;
    }
    Ok(())
}

fn withheld(mine: Tenant, other: &Tenant) -> Result<()> {
    step("sources and a record are memory that nobody serves: copies fault, and nobody else waits");
    let buffer = mine.dsa.map(WITHHELD, 2 * PAGE)?;
    let withheld = buffer.withhold(LIMIT)?;
    for record in 0..3 {
        let copy = Descriptor::memmove(WITHHELD, TARGET, 64);
        mine.dsa.submit(record, copy, Notice::Record)?;
    }
    for record in 0..3 {
        // Pinning waits for nobody who serves memory.
        let done = mine.dsa.wait(record, SOON)?;
        done.page_fault("a copy from it", WITHHELD, false, 0)?;
    }
    let record = WITHHELD + PAGE as u64;
    mine.dsa.store(&Descriptor::noop().recorded_at(record))?;
    withheld.await_access()?;
    for _ in 0..5 {
        other.works()?;
    }
    tool::refused(
        &dsa_nl("subdev drain mine")?,
        &["work in flight does not end"],
    )?;

    step("it is deleted by force, with its portal mapped and full");
    dsa_nl("subdev del mine force")?.ok()?;
    mine.dsa.portal()?.store(0, u64::MAX)?;
    other.works()?;
    let next = Tenant::add(
        "wq 3 pasid-mode shared size 4 name mine portal polled",
        LITTLE,
    )?;
    next.works()?;
    withheld.serve()?;
    drop((mine, buffer));
    next.works()?;
    other.works()?;
    drop(next);
    tool::del("mine")?;
    wait::until_true(SOON, "an auxiliary device alone", || {
        Ok(crate::system::auxiliary_devices()?.len() == 1)
    })
}
