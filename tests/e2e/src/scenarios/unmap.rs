// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory is taken away while the device uses it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};

use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa, Notice, status};
use crate::pattern;
use crate::scenario::Scenario;
use crate::tool;
use crate::vfio::Buffer;
use crate::wait::{self, SOON};

pub const UNMAP: Scenario = Scenario {
    name: "unmap",
    vm: "",
    about: "unmapping memory in use never hangs, and what comes after it faults",
    run,
};

const FROM: u64 = 0x1000_0000;
const TO: u64 = 0x2000_0000;
const LEN: usize = 1 << 20;

/// How often memory is taken away and given back.
const ROUNDS: usize = 30;

/// How many threads do so at the same time, for how long, and while how many
/// copies are to be done.
const THREADS: usize = 4;
const CROWDED: Duration = Duration::from_secs(5);
const COPIES: usize = 12;

fn run() -> Result<()> {
    let subdev = tool::add("wq 3 name unmapped")?;
    let dsa = Dsa::open_enabled(&subdev.location()?)?;
    let (from, to) = (dsa.map(FROM, LEN)?, dsa.map(TO, LEN)?);
    from.write(0, &pattern::bytes(1, LEN))?;
    let copy = Descriptor::memmove(FROM, TO, LEN as u32);

    step(format!(
        "copies run while their memory comes and goes {ROUNDS} times"
    ));
    let over = AtomicBool::new(false);
    let ended = AtomicU32::new(0);
    let (copied, faulted) = thread::scope(|scope| {
        let user = scope.spawn(|| -> Result<(u32, u32)> {
            let (mut copied, mut faulted) = (0, 0);
            while !over.load(Ordering::Relaxed) {
                let done = dsa.run(copy)?;
                ended.fetch_add(1, Ordering::Relaxed);
                match done.status() {
                    status::SUCCESS => copied += 1,
                    status::PAGE_FAULT => faulted += 1,
                    _ => return Err(anyhow!("expected success or a page fault: {done:x?}")),
                }
            }
            Ok((copied, faulted))
        });
        let come_and_go = || -> Result<()> {
            for round in 0..ROUNDS {
                let buffer = if round % 2 == 0 { &from } else { &to };
                buffer.unmap()?;
                buffer.map()?;
                // So that the next round meets a copy that has just begun.
                let before = ended.load(Ordering::Relaxed);
                wait::until_true(SOON, "a copy to end", || {
                    Ok(ended.load(Ordering::Relaxed) != before)
                })?;
            }
            Ok(())
        };
        let done = come_and_go();
        // The other thread has to end also after an error here.
        over.store(true, Ordering::Relaxed);
        let counts = user
            .join()
            .unwrap_or_else(|_| Err(anyhow!("the user panicked")));
        done.and(counts)
    })?;
    step(format!(
        "{copied} copies and {faulted} page faults meanwhile"
    ));
    ensure!(copied + faulted > 0, "no copy ended meanwhile");

    crowd(&dsa, &from, &to)?;

    step("after an unmapping, access faults; after a new mapping, it works");
    from.unmap()?;
    dsa.run(copy)?
        .page_fault("a copy without its source", FROM, false, 0)?;
    from.map()?;
    to.unmap()?;
    dsa.run(copy)?
        .page_fault("a copy without its target", TO, true, 0)?;
    to.map()?;
    to.write(0, &vec![0; LEN])?;
    dsa.run(copy)?.success("MEMMOVE")?;
    check::same_bytes("the copy", &to.read(0, LEN)?, &pattern::bytes(1, LEN))?;
    drop(dsa);
    tool::del("unmapped")
}

/// Many threads take the same memory away. VFIO's type1 driver gives up with a
/// BUG when it finds pins again and again, so ours must stay away from memory
/// until the last of them is through.
fn crowd(dsa: &Dsa, from: &Buffer, to: &Buffer) -> Result<()> {
    step(format!(
        "{THREADS} threads take the same memory away, again and again"
    ));
    // Reaches beyond the end of its source: where that is, has to be looked for.
    let beyond = Descriptor::memmove(FROM + LEN as u64 / 2, TO, LEN as u32);
    let whole = Descriptor::memmove(FROM, TO, LEN as u32);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    // Another thread may have been faster with either.
                    let _ = from.unmap();
                    let _ = from.map();
                }
            });
        }
        let submitted = (0..COPIES).try_for_each(|record| {
            let copy = if record % 2 == 0 { beyond } else { whole };
            dsa.submit(record, copy, Notice::Record)
        });
        // Copies wait while there is always somebody who takes their memory
        // away, so nothing can be demanded before that ends.
        thread::sleep(CROWDED);
        over.store(true, Ordering::Relaxed);
        submitted
    })?;
    for record in 0..COPIES {
        let done = dsa.wait(record, SOON)?;
        ensure!(
            matches!(done.status(), status::SUCCESS | status::PAGE_FAULT),
            "expected success or a page fault: {done:x?}"
        );
    }
    // It is away or there, whoever came last.
    let _ = from.unmap();
    from.map()?;
    to.unmap()?;
    to.map()
}
