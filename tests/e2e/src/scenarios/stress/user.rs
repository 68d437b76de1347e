// SPDX-License-Identifier: MIT OR Apache-2.0
//! VFIO users that do not care what becomes of them.
//!
//! Nearly all that they do may fail at any moment, because their device dies;
//! that is no error. What counts is that the kernel stays well.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;

use super::{Stage, count};
use crate::client::{Client, location};
use crate::dsa::{Descriptor, Dsa, Notice, RECORDS, regs};
use crate::vfio::{Buffer, Location, Region};

/// Where the buffers of a user lie.
const BUFFERS: [u64; 2] = [0x1000_0000, 0x2000_0000];

/// Bytes of each: more than the driver pins at a time.
const LEN: usize = 3 << 20;

/// Threads that use one open device at the same time.
const THREADS: usize = 3;

/// Actions of each before the device is closed.
const ACTIONS: u32 = 16;

/// How long to wait for something to open.
const PAUSE: Duration = Duration::from_millis(2);

/// Opens whatever there is, uses it, closes it.
pub fn work(stage: &Stage, rng: &mut Rng) -> Result<()> {
    while !stage.is_over() {
        if stage.closed.load(Ordering::Relaxed) {
            thread::sleep(PAUSE);
            continue;
        }
        let locations = locations()?;
        let Some(location) = rng.choice(&locations) else {
            thread::sleep(PAUSE);
            continue;
        };
        let Ok(dsa) = Dsa::open_enabled(location) else {
            continue;
        };
        count(&stage.done.opened);
        let buffers: Vec<_> = BUFFERS
            .iter()
            .filter_map(|&iova| dsa.map(iova, LEN).ok())
            .collect();
        thread::scope(|scope| {
            for _ in 0..THREADS {
                let mut rng = rng.fork();
                let (dsa, buffers) = (&dsa, &buffers);
                scope.spawn(move || session(stage, dsa, buffers, &mut rng));
            }
        });
    }
    Ok(())
}

/// Where the subdevs are that can be opened; none while the module is away.
fn locations() -> Result<Vec<Location>> {
    let subdevs = Client::new()?.subdevs()?.unwrap_or_default();
    Ok(subdevs.into_iter().filter_map(location).collect())
}

fn session(stage: &Stage, dsa: &Dsa, buffers: &[Buffer], rng: &mut Rng) {
    for _ in 0..ACTIONS {
        if stage.is_over() {
            return;
        }
        // The device may be dead, and its memory away: both are fine.
        let _ = act(dsa, buffers, rng);
        count(&stage.done.accesses);
    }
}

fn act(dsa: &Dsa, buffers: &[Buffer], rng: &mut Rng) -> Result<()> {
    let device = dsa.device();
    match rng.u8(0..16) {
        0..8 => dsa.submit(rng.usize(0..RECORDS), descriptor(rng), notice(rng)),
        8 => buffers.iter().try_for_each(|buffer| {
            buffer.unmap()?;
            buffer.map()
        }),
        9 => {
            let mut bytes = [0; 8];
            let region = [Region::Bar0, Region::Bar2, Region::Config][rng.usize(0..3)];
            let last = device.region_len(region).saturating_sub(8);
            device.read(region, rng.u64(0..=last), &mut bytes)
        }
        10 => {
            let mut bytes = [0; 8];
            rng.fill(&mut bytes);
            let region = [Region::Bar0, Region::Config][rng.usize(0..2)];
            let last = device.region_len(region).saturating_sub(8);
            device.write(region, rng.u64(0..=last), &bytes)
        }
        11 | 12 => {
            // Operand: the lowest 16 bits are a mask of work queues, or a number.
            let command = rng.u32(0..16) << 20 | rng.u32(0..3);
            dsa.write32(regs::CMD, command)
        }
        13 => device.arm(&[]),
        14 => device.reset(),
        _ => {
            // Revives it, whatever the commands before have made of it.
            let master = regs::PCI_COMMAND_MEMORY_MASTER.to_le_bytes();
            device.write(Region::Config, regs::PCI_COMMAND, &master)?;
            for command in [regs::Command::EnableDevice, regs::Command::EnableWq] {
                dsa.write32(regs::CMD, (command as u32) << 20)?;
            }
            Ok(())
        }
    }
}

fn notice(rng: &mut Rng) -> Notice {
    if rng.bool() {
        Notice::Interrupt
    } else {
        Notice::Record
    }
}

/// A descriptor that mostly makes sense.
fn descriptor(rng: &mut Rng) -> Descriptor {
    let len = rng.u32(1..=2 << 20);
    let mut at = || {
        let base = BUFFERS[rng.usize(0..BUFFERS.len())];
        // Some begin before the buffer, some reach beyond it.
        base + rng.u64(0..LEN as u64) - if rng.u8(0..8) == 0 { 0x1000 } else { 0 }
    };
    let (first, second) = (at(), at());
    match rng.u8(0..5) {
        0 => Descriptor::noop(),
        1 | 2 => Descriptor::memmove(first, second, len),
        3 => Descriptor::fill(second, len, rng.u64(..)),
        _ => Descriptor::compare(first, second, len),
    }
}
