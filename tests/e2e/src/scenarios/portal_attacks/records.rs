// SPDX-License-Identifier: MIT OR Apache-2.0
//! Completion records where there should be none.

use anyhow::{Context, Result, ensure};

use super::{PORTAL_IOVA, ended};
use crate::check::{self, step};
use crate::dsa::regs::Command;
use crate::dsa::{Completion, Descriptor, Notice, RECORD_LEN, slots, status};
use crate::figures::Figures;
use crate::pattern;
use crate::scenario::Scenario;
use crate::tenant::{FROM, Tenant};
use crate::tool;
use crate::vfio::{Access, Buffer, Layout, PAGE};
use crate::wait::SOON;

pub const PORTAL_RECORDS: Scenario = Scenario {
    name: "portal-records",
    vm: "",
    about: "a completion record in the memory of an operation, or where nothing can be, is written last or told",
    run,
};

/// Bytes of the neighbour's copies.
const LITTLE: usize = 4096;

/// Two buffers, of more than the hardware is given at a time while there is somebody to share with.
const SOURCE: u64 = 0x3000_0000;
const TARGET: u64 = 0x4000_0000;
const BUFFER: usize = 64 * PAGE;

/// Memory that devices may read only.
const READ_ONLY: u64 = 0x5000_0000;

/// A page before that of a portal.
const BEFORE: u64 = PORTAL_IOVA - PAGE as u64;

/// Lengths of operations: within a page, of pages and a bit, and of several pieces.
const LENGTHS: [usize; 3] = [96, PAGE + 160, BUFFER - 64];

/// How far from its start, modulo the length of a record, an operation's memory may begin: so that
/// records lie in it whole, or by half at its start and its end.
const SHIFTS: [usize; 2] = [0, RECORD_LEN / 2];

struct Party {
    mine: Tenant,
    other: Tenant,
    source: Buffer,
    target: Buffer,
}

fn run() -> Result<()> {
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
    let party = Party {
        mine,
        other,
        source,
        target,
    };
    step("records within the source, within the target, and half in either");
    for len in LENGTHS {
        for shift in SHIFTS {
            within(&party, len, shift).with_context(|| format!("{len} bytes from {shift} on"))?;
        }
    }
    of_another(&party)?;
    twice(&party)?;
    nowhere(&party)?;
    chained(&party)?;
    let Party { mine, other, .. } = party;
    mine.works()?;
    other.works()?;
    Figures::of("subdev", "mine")?.expect(&[("in-flight", 0)])?;
    drop((mine, other));
    tool::del("mine")?;
    tool::del("other")
}

/// Where records of 32 bytes lie that have a byte in common with `len` bytes from `shift` on: the first,
/// one in between, and the last.
fn places(len: usize, shift: usize) -> [usize; 3] {
    let last = (shift + len - 1) / RECORD_LEN;
    [0, last / 2, last].map(|at| at * RECORD_LEN)
}

/// Runs a descriptor with its record anywhere; its end is told by an interrupt.
fn run_recorded(tenant: &Tenant, descriptor: Descriptor, record: u64) -> Result<()> {
    let mut raw = tenant.dsa.prepare(0, descriptor, Notice::Interrupt)?;
    raw[8..16].copy_from_slice(&record.to_le_bytes());
    tenant.dsa.take_interrupts()?;
    tenant.dsa.store_raw(&raw)?;
    let told = tenant.dsa.wait_interrupt(SOON);
    told.with_context(|| format!("{descriptor:x?} with its record at {record:#x}"))?;
    Ok(())
}

/// Demands a record of success at `at`, and that all else is as it should be.
fn recorded(what: &str, got: &[u8], want: &[u8], at: usize) -> Result<Completion> {
    let end = at + RECORD_LEN;
    check::same_bytes(
        &format!("{what} before the record"),
        &got[..at],
        &want[..at],
    )?;
    check::same_bytes(
        &format!("{what} after the record"),
        &got[end..],
        &want[end..],
    )?;
    Completion::decode(&got[at..end])?.success(what)
}

fn within(party: &Party, len: usize, shift: usize) -> Result<()> {
    let Party {
        mine,
        other,
        source,
        target,
    } = party;
    let (from, to) = (SOURCE + shift as u64, TARGET + shift as u64);
    let size = len as u32;
    let bytes = pattern::bytes(7, BUFFER);
    let blank = vec![0xee; BUFFER];
    let reset = || {
        source
            .write(0, &bytes)
            .and_then(|()| target.write(0, &blank))
    };
    let copied = {
        let mut all = blank.clone();
        all[shift..shift + len].copy_from_slice(&bytes[shift..shift + len]);
        all
    };
    let copy = Descriptor::memmove(from, to, size);
    for at in places(len, shift) {
        // All of it is read before the record is written.
        reset()?;
        run_recorded(mine, copy, SOURCE + at as u64)?;
        recorded("the source of a copy", &source.read(0, BUFFER)?, &bytes, at)?;
        check::same_bytes("the copy", &target.read(0, BUFFER)?, &copied)?;

        // All of it is written before the record is.
        reset()?;
        run_recorded(mine, copy, TARGET + at as u64)?;
        recorded(
            "the target of a copy",
            &target.read(0, BUFFER)?,
            &copied,
            at,
        )?;
        check::same_bytes("the source", &source.read(0, BUFFER)?, &bytes)?;

        reset()?;
        run_recorded(mine, Descriptor::crc(from, size, 0), SOURCE + at as u64)?;
        let sum = recorded("the source of a sum", &source.read(0, BUFFER)?, &bytes, at)?;
        source.write(0, &bytes)?;
        let want = mine.dsa.run(Descriptor::crc(from, size, 0))?;
        check::equal("the sum", sum.crc, want.crc)?;

        reset()?;
        target.write(0, &bytes)?;
        run_recorded(
            mine,
            Descriptor::compare(from, to, size),
            TARGET + at as u64,
        )?;
        let compared = target.read(0, BUFFER)?;
        let result = recorded("what is compared", &compared, &bytes, at)?.result;
        check::equal("result of the comparison", result, 0)?;
    }
    other.works()
}

fn of_another(party: &Party) -> Result<()> {
    step("records in what other descriptors in flight read and write");
    let Party {
        mine,
        source,
        target,
        ..
    } = party;
    let bytes = pattern::bytes(9, BUFFER);
    for number in 0..20 {
        source.write(0, &bytes)?;
        target.write(0, &[0xee; BUFFER])?;
        let copy = Descriptor::memmove(SOURCE, TARGET, BUFFER as u32);
        mine.dsa.submit(0, copy, Notice::Record)?;
        let at = number * 61 % (BUFFER / RECORD_LEN) * RECORD_LEN;
        mine.dsa
            .store(&Descriptor::noop().recorded_at(SOURCE + at as u64))?;
        mine.dsa
            .store(&Descriptor::noop().recorded_at(TARGET + at as u64))?;
        mine.dsa.wait(0, SOON)?.success("MEMMOVE")?;
        mine.dsa.command(Command::DrainAll, 0)?;
        recorded("a source", &source.read(0, BUFFER)?, &bytes, at)?;
        let got = target.read(0, BUFFER)?;
        let end = at + RECORD_LEN;
        check::same_bytes("a target before it", &got[..at], &bytes[..at])?;
        check::same_bytes("a target after it", &got[end..], &bytes[end..])?;
        // The one or the other comes last; that of the source may have come before the copy.
        let noop = source.read(at, RECORD_LEN)?;
        let mixed = got[at..end].iter().zip(&noop).zip(&bytes[at..end]);
        for ((got, record), copied) in mixed {
            ensure!(got == record || got == copied, "a target has {got:#x}");
        }
    }
    Ok(())
}

fn twice(party: &Party) -> Result<()> {
    step("many descriptors with one record");
    let mine = &party.mine;
    let before = Figures::of("subdev", "mine")?;
    let record = SOURCE;
    for _ in 0..100 {
        mine.dsa.store(&Descriptor::noop().recorded_at(record))?;
    }
    ended(mine)?;
    let since = Figures::of("subdev", "mine")?.since(&before);
    since.expect(&[("completed", 100), ("in-flight", 0)])?;
    Completion::decode(&party.source.read(0, RECORD_LEN)?)?.success("NOOP")?;
    Ok(())
}

fn nowhere(party: &Party) -> Result<()> {
    let Party { mine, other, .. } = party;
    let fixed = mine
        .dsa
        .map_as(READ_ONLY, PAGE, Access::ReadOnly, Layout::Straight)?;
    fixed.write(0, &[0xee; PAGE])?;
    step("records where there is nothing, or nothing that may be written");
    let last = u64::MAX - (RECORD_LEN as u64 - 1);
    for (what, record) in [
        ("the first address", 0),
        ("the last one", last),
        ("an end of memory", FROM + LITTLE as u64),
        ("what is not canonical", 1 << 63),
        ("what can only be read", READ_ONLY),
    ] {
        for descriptor in [
            Descriptor::noop(),
            Descriptor::memmove(SOURCE, TARGET, BUFFER as u32),
            Descriptor::memmove(record, TARGET, 64),
        ] {
            // No interrupt tells of a record that is not written.
            mine.dsa.store(&descriptor.recorded_at(record))?;
            mine.dsa.command(Command::DrainAll, 0)?;
            let error = mine.dsa.take_software_error()?;
            let code = error.map(|error| error.code);
            check::equal(what, code, Some(status::RECORD_TRANSLATION))?;
        }
    }
    check::same_bytes(
        "what can only be read",
        &fixed.read(0, PAGE)?,
        &[0xee; PAGE],
    )?;
    for record in [SOURCE + 8, last + 1, u64::MAX] {
        mine.dsa.store(&Descriptor::noop().recorded_at(record))?;
        mine.dsa.command(Command::DrainAll, 0)?;
        let error = mine.dsa.take_software_error()?;
        let code = error.map(|error| error.code);
        check::equal(
            "a record that is not aligned",
            code,
            Some(status::MISALIGNED_RECORD),
        )?;
    }
    other.works()
}

/// A record of a fault is a descriptor in turn: what was done, by its bytes, is its flags, and the
/// address of the fault is that of its record.
fn chained(party: &Party) -> Result<()> {
    step("a record that is written to a portal is a descriptor, whose record goes to that portal");
    let Party { mine, other, .. } = party;
    let before = mine.dsa.map(BEFORE, PAGE)?;
    before.write(0, &[0x11; PAGE])?;
    let page = slots().next().context("no slot")?;
    for victim in [mine, other] {
        let container = mine.dsa.device().container();
        container.map_mapping(PORTAL_IOVA, victim.dsa.portal()?, page)?;
        let whose = if std::ptr::eq(victim, mine) {
            "mine"
        } else {
            "other"
        };
        let first = Figures::of("subdev", whose)?;
        // Flags: a record is requested, and its address is valid.
        const FLAGS: u64 = 0b1100;
        for slot in (64..PAGE as u64).step_by(256) {
            let copy = Descriptor::memmove(PORTAL_IOVA - FLAGS, TARGET, 64);
            mine.dsa.store(&copy.recorded_at(PORTAL_IOVA + slot))?;
            mine.dsa.command(Command::DrainAll, 0)?;
        }
        for tenant in [mine, other] {
            tenant.works()?;
            tenant.dsa.command(Command::DrainAll, 0)?;
            tenant.dsa.take_software_error()?;
        }
        let since = Figures::of("subdev", whose)?.since(&first);
        step(format!("  {since:?}"));
        container.unmap(PORTAL_IOVA, PAGE as u64)?;
    }
    before.unmap()
}
