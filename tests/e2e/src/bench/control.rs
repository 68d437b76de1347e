// SPDX-License-Identifier: MIT OR Apache-2.0
//! What it costs to manage many subdevs: it must not depend on how many there are.

use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Result;
use bench_report::{Bar, Report, Statistic};
use nlctl::{AdminState, Command, Id};

use super::faces::{Faces, Times};
use super::latency::Latency;
use super::memory::Memory;
use super::scaling;
use super::table::Table;
use crate::crowd::Crowd;
use crate::fuzz::Request;
use crate::genl::{GENL_HEADER, HEADER, Socket};
use crate::{check, fuzz};

/// How many subdevs, all inactive.
const COUNT: usize = 4096;
/// How many of them are the first, and how many the last.
const GROUP: usize = 64;
/// How many are created by one request.
const TOGETHER: usize = 256;
/// How often all are created and deleted. A single pass sees the machine at different times, and
/// its speed then.
const PASSES: usize = 3;
/// How often each of a group is got, and dumps are made, in each pass.
const ROUNDS: usize = 5;

/// The most that a request to one of the last may cost, as a multiple of one to the first. A scan
/// of all subdevs costs more; a tree or a hash table does not.
const RATIO_BAR: f64 = 1.5;
/// The most that each of 256 may cost that are created by one request, as a multiple of what one costs
/// that is created alone.
const TOGETHER_BAR: f64 = 1.0 / 3.0;
/// The same where VFIO makes a device for each, which takes most of the time either way.
const TOGETHER_ACTIVE_BAR: f64 = 1.0;
/// The most bytes of kernel memory that an inactive subdev may take: those of a page.
const MEMORY_BAR: f64 = 4096.0;
/// The most bytes of a dump that a subdev may take, less than which is a kibibyte.
const DUMP_BAR: f64 = 1023.0;
/// The most time until an event of a subdev is there, as a multiple of that of devlink's. That one is
/// small, and says what was set; an event of a subdev has all of it, and so has the reply that the
/// request is answered with in the same time.
const LATENCY_BAR: f64 = 2.0;
/// The most that it may take until VFIO can open a subdev, and to take it back, as a multiple of that of
/// `mtty`, the kernel's sample, in sysfs: by a request, and in sysfs.
const REQUEST_BAR: f64 = 0.5;
const SYSFS_BAR: f64 = 1.5;
/// How often that is done in each way.
const DEVICES: usize = 128;
/// How often events are timed in each pass; even, as names are taken back.
const EVENTS: usize = 256;

const FIRST: Range<usize> = 0..GROUP;
const MIDDLE: Range<usize> = GROUP..COUNT - GROUP;
const LAST: Range<usize> = COUNT - GROUP..COUNT;

/// Measures.
pub fn run(report: &mut Report) -> Result<()> {
    let crowd = Crowd::new(COUNT)?;
    // What is done for the first time is slower, and takes memory that is kept.
    let mut ids = Ids::default();
    for n in FIRST {
        ids.create(&crowd, n)?;
    }
    ids.delete(&crowd, FIRST)?;

    let mut costs = Costs::default();
    let mut memory = Vec::new();
    for _ in 0..PASSES {
        memory.push(costs.pass(&crowd)?);
    }
    costs.tell(report)?;
    let mut active_bytes = 0.0;
    for (what, state, most) in [
        ("create inactive ones", AdminState::Inactive, TOGETHER_BAR),
        (
            "create active ones",
            AdminState::Active,
            TOGETHER_ACTIVE_BAR,
        ),
    ] {
        let mut pair = Pair::default();
        for _ in 0..PASSES {
            let together = together(&crowd, state, &mut pair)?;
            if state == AdminState::Active {
                active_bytes = together;
            }
        }
        let name = format!("{TOGETHER} subdevs, each");
        let mut table = Table::new(report, &name, ["a request each", "one request"]);
        table.ratio(what, &pair.first, &pair.last, most)?;
    }
    let faces = Faces::measure(&crowd, DEVICES)?;
    for (whose, times, most) in [
        ("subdev, sysfs", &faces.mdev, SYSFS_BAR),
        ("subdev, request", &faces.auxiliary, REQUEST_BAR),
    ] {
        let name = "a device that VFIO can open";
        let mut table = Table::new(report, name, ["mtty, sysfs", whose]);
        table.ratio("create", &faces.mtty.create, &times.create, most)?;
        table.ratio("destroy", &faces.mtty.remove, &times.remove, most)?;
    }
    let name = "a device that VFIO can open, on a work queue that is enabled";
    let mut table = Table::new(report, name, ["mtty, sysfs", "subdev, request"]);
    let Times { create, remove } = &faces.enabled;
    table.compared("create", &faces.mtty.create, create, |row| row)?;
    table.compared("destroy", &faces.mtty.remove, remove, |row| row)?;
    let name = "a device that VFIO can open, by a request and by the library";
    let mut table = Table::new(report, name, ["subdev, request", "subdev, nlctl"]);
    let Times { create, remove } = &faces.library;
    table.compared("create", &faces.auxiliary.create, create, |row| row)?;
    table.compared("destroy", &faces.auxiliary.remove, remove, |row| row)?;
    for (whose, times) in [
        ("vdpa_sim, request", &faces.vdpa),
        ("port of netdevsim, sysfs", &faces.port),
    ] {
        let name = "a device that VFIO can open, beside devices of others";
        let mut table = Table::new(report, name, [whose, "subdev, request"]);
        let Times { create, remove } = &faces.auxiliary;
        table.compared("create", &times.create, create, |row| row)?;
        table.compared("destroy", &times.remove, remove, |row| row)?;
    }
    scaling::measure(&crowd, report)?;
    let each = |of: fn(&Memory) -> i64| {
        let each = memory.iter().map(|it| of(it) as f64 / COUNT as f64);
        each.collect::<Vec<_>>()
    };
    let mut table = Table::new(report, "bytes of one subdev", ["", "subdev"]);
    table.bytes("in a dump, inactive", costs.bytes, DUMP_BAR)?;
    table.bytes("in a dump, active", active_bytes, DUMP_BAR)?;
    table.bytes("slab memory, inactive", each(|it| it.slab), MEMORY_BAR)?;
    table.bytes("all memory, inactive", each(|it| it.all), MEMORY_BAR)
}

/// Times of the same request among few, or early, and among many, or late.
#[derive(Default)]
struct Pair {
    first: Vec<Duration>,
    last: Vec<Duration>,
}

/// Creates subdevs by a request each, and then by one, and adds the time for each. Returns the bytes
/// that each is in a dump.
fn together(crowd: &Crowd, state: AdminState, pair: &mut Pair) -> Result<f64> {
    let mut bytes = 0.0;
    for (by_one, times) in [(false, &mut pair.first), (true, &mut pair.last)] {
        let start = Instant::now();
        let made: Vec<u32> = if by_one {
            crowd.create_together(TOGETHER, state)?
        } else {
            (0..TOGETHER)
                .map(|_| crowd.create_alone(state))
                .collect::<Result<_>>()?
        };
        times.push(start.elapsed() / TOGETHER as u32);
        bytes = dump_bytes(TOGETHER)?;
        made.into_iter().try_for_each(|index| crowd.delete(index))?;
    }
    Ok(bytes)
}

/// What was measured.
#[derive(Default)]
struct Costs {
    create: Pair,
    name: Pair,
    index: Pair,
    uuid: Pair,
    delete: Pair,
    /// For each object of a dump.
    dump: Pair,
    /// Until the event of devlink, and of a subdev, is there.
    event: Pair,
    /// That a subdev is in a dump.
    bytes: f64,
}

impl Costs {
    fn tell(&self, report: &mut Report) -> Result<()> {
        let name = format!("a request to one of {COUNT} inactive subdevs");
        let mut table = Table::new(report, &name, ["the first 64", "the last 64"]);
        for (what, pair) in [
            ("create", &self.create),
            ("get by name", &self.name),
            ("get by index", &self.index),
            ("get by UUID", &self.uuid),
            ("delete", &self.delete),
        ] {
            table.ratio(what, &pair.first, &pair.last, RATIO_BAR)?;
        }
        let name = "a dump, each object of it";
        let mut table = Table::new(report, name, ["of 64", "of 4096"]);
        let Pair { first, last } = &self.dump;
        table.compared("dump", first, last, |row| {
            // It takes so long that most are interrupted by something else.
            row.by(Statistic::Lowest).bar(Bar::AtMost(RATIO_BAR))
        })?;
        let name = "from a request until its event is there";
        let mut table = Table::new(report, name, ["devlink", "subdev"]);
        table.ratio("event", &self.event.first, &self.event.last, LATENCY_BAR)
    }

    /// Creates all, gets some, deletes all, and returns the memory that all together took.
    fn pass(&mut self, crowd: &Crowd) -> Result<Memory> {
        let mut ids = Ids::default();
        let before = Memory::settled()?;
        for n in FIRST {
            self.create.first.push(timed(|| ids.create(crowd, n))?);
        }
        dump(crowd, GROUP, &mut self.dump.first)?;
        for n in MIDDLE {
            ids.create(crowd, n)?;
        }
        for n in LAST {
            self.create.last.push(timed(|| ids.create(crowd, n))?);
        }
        let after = Memory::settled()?;
        for _ in 0..ROUNDS {
            // By turns, so that both see the same machine.
            for (early, late) in FIRST.zip(LAST) {
                for (by, pair) in [
                    (Ids::name as fn(&Ids, usize) -> Id, &mut self.name),
                    (Ids::index, &mut self.index),
                    (Ids::uuid, &mut self.uuid),
                ] {
                    for (n, times) in [(early, &mut pair.first), (late, &mut pair.last)] {
                        let id = by(&ids, n);
                        times.push(timed(|| crowd.get(id).map(black_box).map(drop))?);
                    }
                }
            }
        }
        dump(crowd, COUNT, &mut self.dump.last)?;
        self.bytes = dump_bytes(COUNT)?;
        let mut latency = Latency::new()?;
        let names = [String::from("renamed"), Crowd::name(0)];
        for (n, name) in (1..).zip(names.iter().cycle().take(EVENTS)) {
            self.event.first.push(latency.devlink(n)?);
            self.event.last.push(latency.subdev(ids.0[0].0, name)?);
        }
        // The last ones are deleted while all are there, and the first ones when no others are.
        for n in LAST {
            self.delete.last.push(timed(|| crowd.delete(ids.index(n)))?);
        }
        ids.delete(crowd, MIDDLE)?;
        for n in FIRST {
            self.delete
                .first
                .push(timed(|| crowd.delete(ids.index(n)))?);
        }
        Ok(Memory {
            slab: after.slab - before.slab,
            all: after.all - before.all,
        })
    }
}

/// Index and UUID of each subdev of the crowd that was created.
#[derive(Default)]
struct Ids(Vec<(u32, String)>);

impl Ids {
    fn create(&mut self, crowd: &Crowd, n: usize) -> Result<()> {
        let made = crowd.create(n)?;
        self.0.push((made.index, made.uuid));
        Ok(())
    }

    fn delete(&self, crowd: &Crowd, range: Range<usize>) -> Result<()> {
        range
            .into_iter()
            .try_for_each(|n| crowd.delete(self.index(n)))
    }

    fn name(&self, n: usize) -> Id {
        Crowd::name(n).into()
    }

    fn index(&self, n: usize) -> Id {
        self.0[n].0.into()
    }

    fn uuid(&self, n: usize) -> Id {
        self.0[n].1.as_str().into()
    }
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// Makes dumps, and adds the time for each object.
fn dump(crowd: &Crowd, count: usize, times: &mut Vec<Duration>) -> Result<()> {
    for _ in 0..ROUNDS {
        // As many objects in a row whatever the count: what takes long is interrupted more.
        let start = Instant::now();
        for _ in 0..COUNT / count {
            check::equal("subdevs in a dump", crowd.dump()?.len(), count)?;
        }
        times.push(start.elapsed() / COUNT as u32);
    }
    Ok(())
}

/// The bytes of a subdev in a dump of all, with its headers.
fn dump_bytes(count: usize) -> Result<f64> {
    let mut socket = Socket::new()?;
    let family = fuzz::Table::read(&mut socket)?.family;
    let request = Request::new(Command::SubdevGet.into(), true);
    let answer = socket.ask(family, request.flags, &request.payload())?;
    check::equal("subdevs in a dump", answer.objects.len(), count)?;
    let bytes: usize = answer.objects.iter().map(Vec::len).sum();
    Ok((bytes / count + HEADER + GENL_HEADER) as f64)
}
