// SPDX-License-Identifier: MIT OR Apache-2.0
//! A machine whose driver and device come and go.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;

use super::{Stage, count};
use crate::system::{self, MODULE};
use crate::wait::{self, SOON};

/// One thing that befalls the machine, and its end.
type Turn = fn(&Stage, &mut Rng) -> Result<()>;

/// Takes the device from the driver, out of the machine, or the driver from
/// the kernel, and gives it back: each of them before any a second time.
pub fn work(stage: &Stage, rng: &mut Rng) -> Result<()> {
    let mut turns: [Turn; 3] = [rebind, replug, reload];
    while !stage.is_over() {
        rng.shuffle(&mut turns);
        for turn in turns {
            meanwhile(stage, rng.u64(1..30));
            turn(stage, rng)?;
        }
    }
    Ok(())
}

fn rebind(stage: &Stage, rng: &mut Rng) -> Result<()> {
    stage.function.unbind()?;
    count(&stage.done.unbound);
    meanwhile(stage, rng.u64(0..5));
    stage.function.bind(MODULE)
}

fn replug(stage: &Stage, rng: &mut Rng) -> Result<()> {
    stage.function.remove()?;
    count(&stage.done.removed);
    meanwhile(stage, rng.u64(0..5));
    stage.function.find_again()
}

fn reload(stage: &Stage, rng: &mut Rng) -> Result<()> {
    if unloads(stage)? {
        count(&stage.done.unloaded);
        meanwhile(stage, rng.u64(0..5));
        system::load_module()?;
    }
    Ok(())
}

/// Tries to unload the module, which is refused while a VFIO user has a subdev open.
fn unloads(stage: &Stage) -> Result<bool> {
    const TRIES: u32 = 20;
    // Else there would always be somebody.
    stage.closed.store(true, Ordering::Relaxed);
    let mut tries = (0..TRIES).map(|_| Ok(system::try_unload_module()?.status.success()));
    let unloaded = tries.find(|done| !matches!(done, Ok(false)));
    stage.closed.store(false, Ordering::Relaxed);
    unloaded.unwrap_or(Ok(false))
}

/// Lets the others do a number of things, if they do any.
fn meanwhile(stage: &Stage, things: u64) {
    let done = || {
        let done = &stage.done;
        [&done.added, &done.refused, &done.accesses].map(|it| it.load(Ordering::Relaxed))
    };
    let goal = done().iter().sum::<u64>() + things;
    for _ in 0..100 {
        if stage.is_over() || done().iter().sum::<u64>() >= goal {
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Brings module, device and driver together again.
pub fn bring_back(stage: &Stage, parents: usize) -> Result<()> {
    if !system::module_loaded() {
        system::load_module()?;
    }
    stage.function.find_again()?;
    wait::until_true(SOON, "the family to list its parents", || {
        Ok(crate::tool::parents().is_ok_and(|them| them.len() == parents))
    })
}
