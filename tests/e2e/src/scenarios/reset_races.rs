// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads that submit without end, against what stops the device.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa, RECORD_LEN, RECORDS, record_iova, regs};
use crate::scenario::Scenario;
use crate::tool;
use crate::vfio::{Buffer, PAGE};
use crate::wait::{self, SOON};

pub const RESET_RACES: Scenario = Scenario {
    name: "reset-races",
    vm: "",
    about: "nothing of what threads submit is carried out after a reset or a disabling is done",
    run,
};

/// How often each of [`WAYS`] is gone, with stores to the file and to memory.
const ROUNDS: [u32; 2] = [10, 5];

/// Threads that submit, each to memory of its own.
const WRITERS: usize = 3;

/// Where they fill memory, and how much each.
const TO: u64 = 0x2000_0000;
const LEN: usize = 16 * PAGE;

/// Descriptors that have to come before, and after, the device is stopped.
const STORES: u64 = 50;

/// A way to stop the device.
type Way = fn(&Dsa) -> Result<()>;

const WAYS: [(&str, Way); 6] = [
    ("VFIO_DEVICE_RESET", Dsa::reset),
    ("a function-level reset", Dsa::function_level_reset),
    ("DISABLE_DEVICE", |dsa| {
        dsa.command(regs::Command::DisableDevice, 0).map(|_| ())
    }),
    ("RESET_DEVICE", |dsa| {
        dsa.command(regs::Command::ResetDevice, 0).map(|_| ())
    }),
    // Operand: the lowest 16 bits are a mask of work queues.
    ("DISABLE_WQ", |dsa| {
        dsa.command(regs::Command::DisableWq, 1).map(|_| ())
    }),
    ("RESET_WQ", |dsa| {
        dsa.command(regs::Command::ResetWq, 1).map(|_| ())
    }),
];

fn run() -> Result<()> {
    let subdev = tool::add("wq 3 name raced")?;
    let mut dsa = Dsa::open(&subdev.location()?)?;
    let memory = dsa.map(TO, WRITERS * LEN)?;
    // All of them are tried, as they are different in the driver.
    let mut wrong = Vec::new();
    for (what, rounds) in ["written to the file", "stored to memory"]
        .into_iter()
        .zip(ROUNDS)
    {
        step(format!("descriptors are {what}"));
        for (name, stop) in WAYS {
            step(format!(
                "{name}, {rounds} times while {WRITERS} threads submit"
            ));
            let failed = (1..=rounds).find_map(|round| {
                let error = race(&mut dsa, &memory, stop).err()?;
                Some(format!("{name}, round {round} of {rounds}: {error:#}"))
            });
            wrong.extend(failed);
        }
        dsa.map_portal()?;
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n    "));
    drop(memory);
    drop(dsa);
    tool::del("raced")
}

/// All that a descriptor of a writer changes: the memory, and the completion records.
fn changed(dsa: &Dsa, memory: &Buffer) -> Result<(Vec<u8>, Vec<u8>)> {
    Ok((memory.read(0, memory.len())?, dsa.records()?))
}

fn race(dsa: &mut Dsa, memory: &Buffer, stop: Way) -> Result<()> {
    start(dsa)?;
    let (stores, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let before = {
        let dsa = &*dsa;
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (stores, over) = (&stores, &over);
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        let number = stores.fetch_add(1, Ordering::Relaxed);
                        // Not accepted while the device is disabled: no error of the store.
                        if dsa.store(&fill(writer, number)).is_err() {
                            return;
                        }
                    }
                });
            }
            let more = |what| {
                let goal = stores.load(Ordering::Relaxed) + STORES;
                wait::until_true(SOON, what, || Ok(stores.load(Ordering::Relaxed) >= goal))
            };
            let result = more("stores before it")
                .and_then(|()| stop(dsa))
                .and_then(|()| changed(dsa, memory))
                .and_then(|before| more("stores after it").map(|()| before));
            over.store(true, Ordering::Relaxed);
            result
        })?
    };
    same(&changed(dsa, memory)?, &before)?;
    // Whatever of them was taken would be carried out before this.
    start(dsa)?;
    dsa.run(Descriptor::noop())
        .with_context(|| format!("software error {:?}", dsa.take_software_error()))?
        .success("NOOP")?;
    let mut after = changed(dsa, memory)?;
    // The record of that.
    let noop = 0..RECORD_LEN;
    after.1[noop.clone()].copy_from_slice(&before.1[noop]);
    same(&after, &before)
}

fn same(after: &(Vec<u8>, Vec<u8>), before: &(Vec<u8>, Vec<u8>)) -> Result<()> {
    check::same_bytes("memory when it was done", &after.0, &before.0)?;
    check::same_bytes("completion records when it was done", &after.1, &before.1)
}

/// Enables what is disabled.
fn start(dsa: &mut Dsa) -> Result<()> {
    dsa.take_software_error()?;
    if dsa.state()? == regs::STATE_DISABLED {
        return dsa.enable();
    }
    if !dsa.wq_enabled()? {
        dsa.command(regs::Command::EnableWq, 0)?;
    }
    Ok(())
}

/// Descriptor number `number`: it fills the memory of a writer with a pattern that none before did.
fn fill(writer: usize, number: u64) -> Descriptor {
    // The first record is that of the one who looks.
    let record = 1 + number as usize % (RECORDS - 1);
    Descriptor::fill(TO + (writer * LEN) as u64, LEN as u32, number)
        .recorded_at(record_iova(record))
}
