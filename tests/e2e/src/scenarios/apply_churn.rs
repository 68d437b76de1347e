// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dsa-nl apply` while somebody else changes the same subdevs, and the module goes and comes back.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;

use super::declared::{FILE, OTHER, WANTED, export, is_applied, write};
use crate::check::{self, step};
use crate::scenario::Scenario;
use crate::tool::{self, dsa_nl};
use crate::{amount, seed, system};

pub const APPLY_CHURN: Scenario = Scenario {
    name: "apply-churn",
    vm: "",
    about: "an apply that others and reloads disturb is whole, or refused with the reason, and mended by the next",
    run,
};

/// Names that the other client uses: some are those of the files.
const NAMES: [&str; 5] = ["one", "two", "four", "foreign", "stranger"];

fn run() -> Result<()> {
    let before = export()?;
    let mut tally = Tally::default();
    for (round, mut rng) in seed::rounds("run apply-churn", amount::rounds(amount::by_kernel(6, 3)))
    {
        disturbed(&mut rng, &mut tally).with_context(|| format!("round {round}"))?;
        // Alone now.
        let text = if rng.bool() { WANTED } else { OTHER };
        write(text)?;
        let line = format!("apply {FILE} --prune");
        dsa_nl(&line)?
            .ok()
            .with_context(|| format!("round {round}: the apply that mends"))?;
        is_applied("--prune").with_context(|| format!("round {round}"))?;
    }
    let Tally {
        applied,
        refused,
        reloads,
    } = tally;
    step(format!(
        "{applied} were applied, {refused} refused; the module was loaded anew {reloads} times"
    ));
    ensure!(
        applied > 0 && refused > 0,
        "nothing was disturbed, or nothing got through"
    );
    fs::write(FILE, before.to_string())?;
    dsa_nl(&format!("apply {FILE} --prune"))?.ok()?;
    check::same_json("what there is", &export()?, &before)
}

/// What came of it.
#[derive(Default)]
struct Tally {
    applied: u32,
    refused: u32,
    reloads: u32,
}

/// Applies some times while another client is at work, and while the module is loaded anew.
fn disturbed(rng: &mut Rng, tally: &mut Tally) -> Result<()> {
    let over = AtomicBool::new(false);
    let (mut theirs, mut ours) = (rng.fork(), rng.fork());
    thread::scope(|scope| {
        let other = scope.spawn(|| -> Result<()> {
            while !over.load(Ordering::Relaxed) {
                interfere(&mut theirs)?;
            }
            Ok(())
        });
        let applies = scope.spawn(|| -> Result<(u32, u32)> {
            let (mut applied, mut refused) = (0, 0);
            while !over.load(Ordering::Relaxed) || applied + refused == 0 {
                write(if ours.bool() { WANTED } else { OTHER })?;
                let output = dsa_nl(&format!("apply {FILE} --prune"))?;
                if output.status.success() {
                    applied += 1;
                } else {
                    // One sentence; the words depend on what came in between.
                    tool::refused(&output, &[])?;
                    refused += 1;
                }
            }
            Ok((applied, refused))
        });
        let reloaded = (0..2).try_for_each(|_| {
            thread::sleep(Duration::from_millis(rng.u64(100..1500)));
            // It stays while somebody asks it something.
            if system::try_unload_module()?.status.success() {
                tally.reloads += 1;
            }
            thread::sleep(Duration::from_millis(rng.u64(0..300)));
            system::load_module()?;
            system::await_parents(1)
        });
        over.store(true, Ordering::Relaxed);
        let other = wait_for(other.join());
        let (applied, refused) = wait_for(applies.join())?;
        tally.applied += applied;
        tally.refused += refused;
        other.and(reloaded)
    })?;
    system::await_parents(1)
}

fn wait_for<T>(joined: thread::Result<Result<T>>) -> Result<T> {
    joined.unwrap_or_else(|_| Err(anyhow::anyhow!("a thread panicked")))
}

/// Makes or deletes a subdev, or tries to.
fn interfere(rng: &mut Rng) -> Result<()> {
    let name = NAMES[rng.usize(0..NAMES.len())];
    let line = match rng.u8(0..3) {
        0 => format!("subdev del {name}"),
        1 => format!("subdev set {name} state inactive"),
        _ => format!(
            "subdev add wq {} pasid-mode shared size 1 name {name}",
            rng.u8(2..6)
        ),
    };
    // There may be none, or no room, or no module.
    let output = dsa_nl(&line)?;
    ensure!(
        matches!(output.status.code(), Some(0 | 2)),
        "{}",
        output.describe()
    );
    Ok(())
}
