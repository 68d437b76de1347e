// SPDX-License-Identifier: MIT OR Apache-2.0
//! A user rewrites the list of a batch while it is carried out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Result, anyhow, ensure};
use fastrand::Rng;

use crate::check::{self, step};
use crate::dsa::{Completion, Descriptor, Flags, Notice, RECORDS, opcode, record_iova, status};
use crate::figures::Figures;
use crate::scenario::Scenario;
use crate::tenant::{FROM, NOWHERE, TO, Tenant};
use crate::tool;
use crate::vfio::{Access, Buffer, Layout, PAGE};
use crate::{amount, pattern, seed};

pub const BATCH_LIST: Scenario = Scenario {
    name: "batch-list",
    vm: "",
    about: "whoever rewrites the list of a batch while it is carried out hurts nobody",
    run,
};

/// Where the list is: at the end of a page, so that it is read in two pieces.
const LIST: u64 = 0x3000_0000;
const FIRST: usize = PAGE - 4 * 64;

/// Descriptors of a batch, and the words of one.
const COUNT: usize = 24;
const WORDS: usize = 8;

/// What the device may read and not write.
const READ_ONLY: u64 = 0x4000_0000;

/// What it could reach once.
const FORMER: u64 = 0x5000_0000;

/// Bytes of each copy.
const LEN: usize = 4096;

/// Seeds, and batches of each.
const ROUNDS: u64 = 4;
const BATCHES: u64 = 50;

fn run() -> Result<()> {
    let mut mine = Tenant::add("wq 3 pasid-mode shared size 4 name mine portal polled", LEN)?;
    let other = Tenant::add(
        "wq 3 pasid-mode shared size 4 name other portal polled",
        LEN,
    )?;
    mine.dsa.map_portal()?;
    let list = mine.dsa.map(LIST, 2 * PAGE)?;
    own_list(&mine, &list)?;
    step("a thread rewrites the list all the time, and each batch ends");
    let guarded = Guarded::new(&mine)?;
    other.works()?;
    for (seed, rng) in seed::rounds("run batch-list", amount::rounds(ROUNDS)) {
        let done = rewritten(&mine, &list, rng);
        done.and_then(|()| guarded.check())
            .and_then(|()| other.holds())
            .map_err(|error| error.context(format!("seed {seed}")))?;
        other.works()?;
    }
    step("both work on, and nothing is left in flight");
    // Errors of records that could not be written.
    mine.dsa.take_software_error()?;
    mine.works()?;
    other.works()?;
    Figures::of("subdev", "mine")?.expect(&[("in-flight", 0)])?;
    drop((mine, other));
    tool::del("mine")?;
    tool::del("other")
}

/// What a device must not write to, whatever it is told.
struct Guarded {
    buffers: [Buffer; 2],
    bytes: Vec<u8>,
}

impl Guarded {
    fn new(tenant: &Tenant) -> Result<Self> {
        let bytes = pattern::bytes(3, LEN);
        let map = |iova, access| tenant.dsa.map_as(iova, LEN, access, Layout::Straight);
        let buffers = [
            map(READ_ONLY, Access::ReadOnly)?,
            map(FORMER, Access::ReadWrite)?,
        ];
        for buffer in &buffers {
            buffer.write(0, &bytes)?;
        }
        buffers[1].unmap()?;
        Ok(Self { buffers, bytes })
    }

    fn check(&self) -> Result<()> {
        self.buffers
            .iter()
            .try_for_each(|it| check::same_bytes("guarded memory", &it.read(0, LEN)?, &self.bytes))
    }
}

/// Runs the batch, and returns what became of it.
fn batch(tenant: &Tenant) -> Result<Completion> {
    let list = LIST + FIRST as u64;
    let batch = Descriptor::batch(list, COUNT as u32);
    tenant.dsa.run_noticed(batch, Notice::Record)
}

/// The words of a descriptor.
fn words(descriptor: &Descriptor) -> [u64; WORDS] {
    let raw = descriptor.encode();
    std::array::from_fn(|at| {
        raw[at * 8..][..8]
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte))
    })
}

fn put(list: &Buffer, member: usize, words: [u64; WORDS]) -> Result<()> {
    for (at, word) in words.into_iter().enumerate() {
        let place = list.word(FIRST + member * 64 + at * 8)?;
        place.store(word, Ordering::Relaxed);
    }
    Ok(())
}

/// A member that fills eight bytes of its own, and has a record of its own.
fn fill(member: usize, pattern: u64) -> Descriptor {
    Descriptor::fill(TO + member as u64 * 8, 8, pattern).recorded_at(record_iova(member + 1))
}

fn own_list(mine: &Tenant, list: &Buffer) -> Result<()> {
    step("a batch that writes to its own list carries out each descriptor as it was or as it is");
    let (old, new) = (0x0101_0101_0101_0101, 0x0202_0202_0202_0202);
    for member in 0..COUNT {
        put(list, member, words(&fill(member, old)))?;
    }
    // The first of them overwrites the last one's pattern, which is its third word.
    let pattern = LIST + (FIRST + (COUNT - 1) * 64 + 16) as u64;
    let first = Descriptor::fill(pattern, 8, new).recorded_at(record_iova(1));
    put(list, 0, words(&first))?;
    mine.clear()?;
    batch(mine)?.success("the batch")?;
    let filled = mine.read(8 * (COUNT - 1), 8)?;
    ensure!(
        [old, new].iter().any(|it| it.to_le_bytes() == filled[..]),
        "the last one filled with {filled:x?}"
    );
    Ok(())
}

/// Has batches carried out while their list is rewritten, word by word: a descriptor that is read may
/// be of several.
fn rewritten(mine: &Tenant, list: &Buffer, mut rng: Rng) -> Result<()> {
    let over = AtomicBool::new(false);
    let mut of_rewriter = rng.fork();
    let rewriter = || {
        while !over.load(Ordering::Relaxed) {
            let member = of_rewriter.usize(..COUNT);
            let mut words = words(&some(&mut of_rewriter, member));
            // Parts of the one that is there stay.
            for (at, word) in words.iter_mut().enumerate() {
                if of_rewriter.bool() {
                    let place = list.word(FIRST + member * 64 + at * 8)?;
                    *word = place.load(Ordering::Relaxed);
                }
            }
            put(list, member, words)?;
        }
        anyhow::Ok(())
    };
    thread::scope(|scope| {
        let rewriting = scope.spawn(rewriter);
        let done = (0..amount::changes(BATCHES)).try_for_each(|_| {
            let ended = batch(mine)?;
            let known = [status::SUCCESS, status::BATCH_FAILED];
            ensure!(
                known.contains(&ended.status()),
                "a batch ended with {ended:x?}"
            );
            Ok(())
        });
        over.store(true, Ordering::Relaxed);
        let rewritten = rewriting.join();
        done.and(rewritten.unwrap_or_else(|_| Err(anyhow!("the rewriter panicked"))))
    })
}

/// A descriptor: good, or at fault in one way.
fn some(rng: &mut Rng, member: usize) -> Descriptor {
    let good = fill(member, rng.u64(..));
    let len = rng.u32(1..=LEN as u32);
    let record = good.record;
    match rng.u32(..10) {
        0 => Descriptor::memmove(FROM, NOWHERE, len).recorded_at(record),
        1 => Descriptor::memmove(NOWHERE, TO, len).recorded_at(record),
        2 => Descriptor::memmove(FROM, READ_ONLY, len).recorded_at(record),
        3 => Descriptor::memmove(FROM, FORMER, len).recorded_at(record),
        4 => Descriptor::memmove(FROM, TO, u32::MAX).recorded_at(record),
        5 => good.recorded_at(NOWHERE),
        6 => Descriptor::batch(LIST, COUNT as u32).recorded_at(record),
        7 => Descriptor {
            opcode: opcode::UNKNOWN,
            ..good
        },
        8 => Descriptor {
            flags: good.flags | Flags(rng.u32(..1 << 24)),
            interrupt: rng.u16(..),
            ..good
        },
        _ => good,
    }
}

const _: () = assert!(COUNT + 1 < RECORDS);
