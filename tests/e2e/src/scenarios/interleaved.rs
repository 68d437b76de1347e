// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptors that come in pieces, several at a time, or not whole.

use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa, Notice, WORDS};
use crate::scenario::Scenario;
use crate::tool;
use crate::wait::SOON;

pub const INTERLEAVED: Scenario = Scenario {
    name: "interleaved",
    vm: "",
    about: "stores of 8 bytes to two slots of a portal may alternate, and what stays torn is told",
    run,
};

/// Slots of a page of the portal that are far from each other, and that are neighbours.
const PAIRS: [[u64; 2]; 3] = [[0, 1], [7, 6], [0, 63]];

/// Orders in which the words of two descriptors may come: for each, whose is next.
const ORDERS: [(&str, [usize; 2 * WORDS]); 3] = [
    ("in turn", [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]),
    (
        "one within the other",
        [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0],
    ),
    (
        "overlapping",
        [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1],
    ),
];

/// Descriptors of each thread.
const ROUNDS: u32 = 200;

/// Code of a software error: a slot was begun anew before its descriptor was whole.
const TORN: u8 = 0x55;

fn run() -> Result<()> {
    let subdev = tool::add("wq 3 name pieces")?;
    let dsa = Dsa::open_enabled(&subdev.location()?)?;
    for (name, order) in ORDERS {
        step(format!("the words of two descriptors come {name}"));
        for slots in PAIRS {
            pair(&dsa, slots, &order).with_context(|| format!("slots {slots:?}"))?;
        }
    }
    threads(&dsa)?;
    torn(&dsa)?;
    drop(dsa);
    tool::del("pieces")
}

/// Stores two descriptors to two slots, one word after another.
fn pair(dsa: &Dsa, slots: [u64; 2], order: &[usize]) -> Result<()> {
    let prepare = |record| dsa.prepare(record, Descriptor::noop(), Notice::Record);
    let descriptors = [prepare(0)?, prepare(1)?];
    let mut next = [0; 2];
    for &whose in order {
        let word = next[whose];
        dsa.store_words(slots[whose], word..word + 1, &descriptors[whose])?;
        next[whose] += 1;
    }
    for record in 0..descriptors.len() {
        dsa.wait(record, SOON)?.success("NOOP")?;
    }
    check::equal("software error", dsa.take_software_error()?, None)
}

fn threads(dsa: &Dsa) -> Result<()> {
    step(format!(
        "two threads store {ROUNDS} descriptors each, word by word, at the same time"
    ));
    let submit = |record: usize| -> Result<()> {
        for round in 0..ROUNDS {
            let raw = dsa.prepare(record, Descriptor::noop(), Notice::Record)?;
            dsa.store_words(record as u64, 0..WORDS, &raw)?;
            let done = dsa.wait(record, SOON);
            let done = done.with_context(|| format!("round {round} of thread {record}"))?;
            done.success("NOOP")?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads = [0, 1].map(|record| scope.spawn(move || submit(record)));
        let results = threads.map(|thread| thread.join().map_err(|_| anyhow!("it panicked")));
        results.into_iter().try_for_each(|result| result?)
    })?;
    check::equal("software error", dsa.take_software_error()?, None)
}

fn torn(dsa: &Dsa) -> Result<()> {
    /// The slot, and the words of it that come.
    const SLOT: u64 = 9;
    const CAME: usize = 5;
    step("a slot that is begun anew before it is whole is told of, and the next one is done");
    let lost = dsa.prepare(0, Descriptor::noop(), Notice::Record)?;
    let whole = dsa.prepare(1, Descriptor::noop(), Notice::Record)?;
    dsa.store_words(SLOT, 0..CAME, &lost)?;
    dsa.store_words(SLOT, 0..WORDS, &whole)?;
    check::equal("code", dsa.software_error()?.code, TORN)?;
    dsa.wait(1, SOON)?.success("NOOP after the torn one")?;
    check::equal("record of the torn one", dsa.completion(0)?, None)?;

    step("words in other slots meanwhile do not hide it");
    dsa.store_words(SLOT, 0..CAME, &lost)?;
    dsa.run(Descriptor::noop())?.success("NOOP meanwhile")?;
    let whole = dsa.prepare(1, Descriptor::noop(), Notice::Record)?;
    dsa.store_words(SLOT, 0..WORDS, &whole)?;
    check::equal("code", dsa.software_error()?.code, TORN)?;
    dsa.wait(1, SOON)?.success("NOOP after the torn one")?;
    Ok(())
}
