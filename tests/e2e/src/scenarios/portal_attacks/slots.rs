// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a user rewrites after it has submitted it: the descriptor, the source, the completion record.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;

use super::ended;
use crate::actor::Request;
use crate::check::{self, step};
use crate::dsa::{Descriptor, Notice, RECORD_LEN, RECORDS, WORDS, record_iova, slots, store_to};
use crate::figures::Figures;
use crate::scenario::Scenario;
use crate::scenarios::portal::user;
use crate::seed;
use crate::tenant::{TO, Tenant};
use crate::tool::{self, dsa_nl};
use crate::vfio::{Buffer, Mapping, PAGE, Taken};
use crate::wait::{self, SOON};

pub const PORTAL_SLOTS: Scenario = Scenario {
    name: "portal-slots",
    vm: "",
    about: "what is rewritten after its submission hurts nobody, and no more than its words say is done",
    run,
};

/// Bytes that a copy takes which keeps the hardware busy for a while.
const LEN: usize = 1 << 18;

/// Bytes of the neighbour's copies.
const LITTLE: usize = 4096;

/// Pages in which descriptors may write to two places, each of two pages, with a page before, between,
/// and after them that no descriptor names.
const WINDOW: u64 = 0x3000_0000;
const WINDOW_PAGES: usize = 7;
const PLACES: [usize; 2] = [1, 4];
const PLACE_PAGES: usize = 2;

/// The page that is copied from.
const SOURCE: u64 = 0x4000_0000;

/// A page of completion records of our own.
const RECORD: u64 = 0x5000_0000;

/// What is in the window before, what fills it, and what is copied to it.
const UNTOUCHED: u64 = 0xeeee_eeee_eeee_eeee;
const FILLED: u64 = 0x00f1_11ed_00f1_11ed;
const COPIED: u64 = 0x0c0b_1ed0_0c0b_1ed0;

/// The completion records of the two versions.
const FILL_RECORD: usize = 40;
const COPY_RECORD: usize = 41;

/// Threads that rewrite.
const WRITERS: u64 = 2;

/// Rounds of a neighbour meanwhile.
const ROUNDS: usize = 40;

/// Where a descriptor lies that is rewritten while it is carried out.
trait Place: Sync {
    /// Stores a word of it.
    fn store(&self, word: usize, value: u64) -> Result<()>;

    /// Has it carried out, where storing its first word does not.
    fn submit(&self) -> Result<()> {
        Ok(())
    }
}

/// A slot of a mapped portal.
struct Slot<'a> {
    portal: &'a Mapping,
    at: usize,
}

impl Place for Slot<'_> {
    fn store(&self, word: usize, value: u64) -> Result<()> {
        self.portal.store(self.at + word * 8, value)
    }
}

fn run() -> Result<()> {
    let mut mine = Tenant::add("wq 3 pasid-mode shared size 4 name mine portal polled", LEN)?;
    let mut other = Tenant::add(
        "wq 3 pasid-mode shared size 4 name other portal polled",
        LITTLE,
    )?;
    mine.dsa.map_portal()?;
    other.dsa.map_portal()?;
    let window = mine.dsa.map(WINDOW, WINDOW_PAGES * PAGE)?;
    let source = mine.dsa.map(SOURCE, PAGE)?;
    source.write(0, &words(COPIED, PAGE))?;

    step(format!(
        "{WRITERS} threads rewrite slots all the time, whole and word by word"
    ));
    let portal = mine.dsa.portal()?;
    let places: Vec<_> = slots().step_by(16).map(|at| Slot { portal, at }).collect();
    rewritten(&mine, &other, &window, &places)?;

    taken(&mine, &window)?;
    sources(&mine, &other, &source)?;
    records(&mine, &other)?;
    drop((mine, other));
    tool::del("mine")?;
    tool::del("other")?;
    processes()
}

/// A word over and over.
fn words(word: u64, len: usize) -> Vec<u8> {
    word.to_le_bytes().repeat(len / 8)
}

/// The two versions of a descriptor: they differ in operation, source, target, size and record.
fn versions() -> [Descriptor; 2] {
    let [fill, copy] = PLACES.map(|page| WINDOW + (page * PAGE) as u64);
    let page = PAGE as u32;
    [
        Descriptor::fill(fill, page * PLACE_PAGES as u32, FILLED)
            .recorded_at(record_iova(FILL_RECORD)),
        Descriptor::memmove(SOURCE, copy, page).recorded_at(record_iova(COPY_RECORD)),
    ]
}

/// Threads mix two versions of a descriptor in places that are being carried out. What is done may be
/// any mixture of their words, and nothing else.
fn rewritten(mine: &Tenant, other: &Tenant, window: &Buffer, places: &[impl Place]) -> Result<()> {
    window.write(0, &words(UNTOUCHED, window.len()))?;
    let raw = versions().map(|version| version.encode());
    let versions = raw.map(|raw| {
        let word = |at: usize| raw[at * 8..][..8].iter().rev();
        [0, 1, 2, 3, 4, 5, 6, 7].map(|at| word(at).fold(0, |all, byte| all << 8 | u64::from(*byte)))
    });
    let mut rng = seed::announce("run portal-slots");
    let over = AtomicBool::new(false);
    let write = |mut rng: Rng| -> Result<()> {
        while !over.load(Ordering::Relaxed) {
            let place = &places[rng.usize(..places.len())];
            let whole = rng.bool();
            let mut version = rng.usize(..2);
            // The first word last, mostly.
            let first = rng.u8(..8) != 0;
            let order = (usize::from(first)..WORDS).chain(first.then_some(0));
            for word in order {
                if !whole {
                    version = rng.usize(..2);
                }
                place.store(word, versions[version][word])?;
            }
            if rng.u8(..8) == 0 {
                place.store(0, 0)?;
            }
            place.submit()?;
        }
        Ok(())
    };
    let before = Figures::of("subdev", "mine")?.get("submitted");
    thread::scope(|scope| {
        let write = &write;
        let rngs: Vec<_> = (0..WRITERS).map(|_| rng.fork()).collect();
        let writers: Vec<_> = rngs
            .into_iter()
            .map(|rng| scope.spawn(move || write(rng)))
            .collect();
        let worked = (0..ROUNDS).try_for_each(|_| other.works());
        over.store(true, Ordering::Relaxed);
        let mut written = Ok(());
        for writer in writers {
            let joined = writer.join();
            written = written.and(joined.unwrap_or_else(|_| Err(anyhow::anyhow!("a panic"))));
        }
        worked.and(written)
    })?;
    places.iter().try_for_each(|place| place.store(0, 0))?;
    ended(mine)?;
    let submitted = Figures::of("subdev", "mine")?.get("submitted") - before;
    step(format!("  {submitted} descriptors were taken"));
    ensure!(submitted > 0, "none was taken");

    let touched = |page: usize| {
        let within = |start: &usize| (*start..start + PLACE_PAGES).contains(&page);
        PLACES.iter().any(within)
    };
    // A fill may have the source's address as its pattern.
    let known = [UNTOUCHED, FILLED, COPIED, SOURCE];
    for (page, bytes) in window.read(0, window.len())?.chunks(PAGE).enumerate() {
        if !touched(page) {
            check::same_bytes(
                "a page that no version names",
                bytes,
                &words(UNTOUCHED, PAGE),
            )?;
        }
        for word in bytes.chunks_exact(8) {
            let word = u64::from_le_bytes(word.try_into()?);
            ensure!(
                known.contains(&word),
                "page {page} of the window has {word:#x}"
            );
        }
    }
    let all = mine.dsa.records()?;
    for (at, record) in all.chunks(RECORD_LEN).enumerate() {
        let may = [FILL_RECORD, COPY_RECORD].contains(&at);
        // What a tenant that works has used is the first.
        ensure!(
            may || at == 0 || record.iter().all(|byte| *byte == 0),
            "completion record {at}, which no version names, is {record:02x?}"
        );
    }
    mine.works()?;
    other.works()
}

fn taken(mine: &Tenant, window: &Buffer) -> Result<()> {
    step("what is rewritten after the slot is empty counts for nothing");
    let slot = slots().nth(40).context("no slot")?;
    let portal = mine.dsa.portal()?;
    let [fill, copy] = PLACES.map(|page| page * PAGE);
    for number in 0..10_u64 {
        window.write(0, &words(UNTOUCHED, window.len()))?;
        // So that it waits for its turn.
        for record in 0..3 {
            mine.dsa.submit(record, mine.copy(), Notice::Record)?;
        }
        let good = Descriptor::fill(WINDOW + fill as u64, PAGE as u32, number);
        let good = mine.dsa.prepare(3, good, Notice::Record)?;
        let bad = Descriptor::fill(WINDOW + copy as u64, 2 * PAGE as u32, FILLED);
        let bad = mine.dsa.prepare(4, bad, Notice::Record)?;
        wait::until_true(SOON, "an empty slot", || Ok(portal.load(slot)? == 0))?;
        store_to(portal, slot, &good)?;
        while portal.load(slot)? != 0 {
            thread::yield_now();
        }
        for (at, word) in bad.chunks_exact(8).enumerate().skip(1) {
            portal.store(slot + at * 8, u64::from_le_bytes(word.try_into()?))?;
        }
        for record in 0..4 {
            mine.dsa.wait(record, SOON)?.success("what was stored")?;
        }
        check::equal("record of what was not", mine.dsa.completion(4)?, None)?;
        let all = window.read(0, window.len())?;
        let (filled, rest) = all[fill..].split_at(PAGE);
        check::same_bytes("the fill", filled, &words(number, PAGE))?;
        check::same_bytes("all else", rest, &words(UNTOUCHED, rest.len()))?;
    }
    mine.holds()
}

/// Does something while a thread does something else all the time.
fn meanwhile(
    work: impl FnOnce() -> Result<()>,
    other: impl Fn() -> Result<()> + Sync,
) -> Result<()> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let doing = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                other()?;
            }
            anyhow::Ok(())
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        let joined = doing.join();
        done.and(joined.unwrap_or_else(|_| Err(anyhow::anyhow!("a panic"))))
    })
}

fn sources(mine: &Tenant, other: &Tenant, source: &Buffer) -> Result<()> {
    step("a source is rewritten while it is copied and summed up");
    let target = mine.dsa.map(WINDOW + (1 << 24), PAGE)?;
    let size = PAGE as u32;
    let work = || -> Result<()> {
        for _ in 0..30 {
            let copy = Descriptor::memmove(SOURCE, target.iova(), size);
            mine.dsa.submit(0, copy, Notice::Record)?;
            let sum = Descriptor::crc(SOURCE, size, 0);
            mine.dsa.submit(1, sum, Notice::Record)?;
            mine.dsa.wait(0, SOON)?.success("MEMMOVE")?;
            mine.dsa.wait(1, SOON)?.success("CRCGEN")?;
            for word in target.read(0, PAGE)?.chunks_exact(8) {
                let known = [COPIED, FILLED].map(u64::to_le_bytes);
                ensure!(
                    word.chunks(1)
                        .zip(0..)
                        .all(|(byte, at)| known.iter().any(|it| it[at] == byte[0])),
                    "{word:02x?} was in the source at no time"
                );
            }
            other.works()?;
        }
        Ok(())
    };
    meanwhile(work, || {
        [FILLED, COPIED]
            .iter()
            .try_for_each(|word| source.write(0, &words(*word, PAGE)))
    })
}

fn records(mine: &Tenant, other: &Tenant) -> Result<()> {
    let record = mine.dsa.map(RECORD, PAGE)?;
    let submit = |at: usize| {
        let noop = Descriptor::noop().recorded_at(RECORD + (at % RECORDS * RECORD_LEN) as u64);
        mine.dsa.store(&noop)
    };
    let work = || -> Result<()> {
        for at in 0..300 {
            submit(at)?;
            if at % 30 == 0 {
                other.works()?;
            }
        }
        ended(mine)
    };
    let completed = || Ok::<_, anyhow::Error>(Figures::of("subdev", "mine")?.get("completed"));

    step("completion records are written over by their owner");
    let before = completed()?;
    meanwhile(work, || record.write(0, &[0xff; PAGE]))?;
    check::equal("completed", completed()? - before, 300)?;

    step("the page of completion records comes and goes");
    let before = completed()?;
    meanwhile(work, || {
        record.unmap()?;
        record.map()
    })?;
    check::equal("completed", completed()? - before, 300)?;
    mine.works()?;
    other.works()
}

fn processes() -> Result<()> {
    step("two processes store to the same slots, whether or not they are empty");
    for name in ["mine", "other"] {
        tool::add(&format!(
            "wq 3 pasid-mode shared size 4 name {name} portal polled"
        ))?;
    }
    let (mut one, mut quiet) = (user("mine", 3)?, user("other", 5)?);
    let taken = Taken::from_process(one.id())?;
    let portal = taken.map_portal()?;
    let fill = Descriptor::fill(TO, LITTLE as u32, FILLED).encode();
    quiet.tell(&Request::copies(LITTLE, 20))?;
    one.tell(&Request::Overwrite { rounds: 10 })?;
    for _ in 0..10 {
        slots().try_for_each(|slot| store_to(&portal, slot, &fill))?;
    }
    one.answer()?;
    quiet.answer()?;
    slots().try_for_each(|slot| portal.store(slot, 0))?;
    dsa_nl("subdev drain mine")?.ok()?;
    Figures::of("subdev", "mine")?.expect(&[("in-flight", 0)])?;
    one.ask(&Request::copies(LITTLE, 3))?;
    drop((portal, taken));
    one.finish()?;
    quiet.finish()?;
    tool::del("mine")?;
    tool::del("other")
}
