// SPDX-License-Identifier: MIT OR Apache-2.0
//! Subdevs on one WQ are served by their weights, whatever they submit, and no faster than their
//! caps.
//!
//! What is compared was counted in the same run, so the speed of the machine does not matter.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::dsa::{Descriptor, Notice};
use crate::scenario::Scenario;
use crate::tenant::{FROM, TO, Tenant};
use crate::tool;
use crate::wait::{self, SOON};

pub const FAIRNESS: Scenario = Scenario {
    name: "fairness",
    vm: "",
    about: "subdevs on one WQ get bytes by weight, whatever their sizes, and no more than a cap",
    run,
};

const SMALL: u32 = 4 << 10;
const LARGE: u32 = 2 << 20;

/// Bytes of the tenant with less, over which a ratio is measured.
const SPAN: u64 = 4 << 20;

/// How far apart the tenants with the larger and with the smaller weight are to be.
const RATIO: f64 = 3.0;

/// How far off a ratio of bytes and a rate may be.
const OFF: f64 = 0.10;
const RATE_OFF: f64 = 0.20;

/// Most bytes of another, in descriptors of 4 KiB, while one that was idle is served: several times
/// what the module has in the hardware at a time.
const AHEAD: u64 = 1 << 20;

/// The smallest cap that there is.
const LEAST_CAP: u64 = 256 << 10;

/// Longest that anything is measured.
const LONG: Duration = Duration::from_secs(120);

fn run() -> Result<()> {
    for (small, large) in [(300, 100), (100, 300)] {
        weights(small, large).with_context(|| format!("weights {small} and {large}"))?;
    }
    flood()?;
    cap()
}

/// A tenant that always has as many descriptors outstanding as its WQ has entries.
struct Saturating {
    tenant: Tenant,
    len: u32,
    /// Descriptors that are known to be complete.
    done: AtomicU64,
}

impl Saturating {
    /// Adds a subdev that is to copy `len` bytes at a time.
    fn add(name: &str, words: &str, len: u32) -> Result<Self> {
        let line = format!("wq 3 pasid-mode shared name {name} {words}");
        let tenant = Tenant::add(&line, len.max(SMALL) as usize)?;
        // What was never touched is made up for at the first access.
        tenant.works()?;
        Ok(Self {
            tenant,
            len,
            done: AtomicU64::new(0),
        })
    }

    fn descriptor(&self) -> Descriptor {
        match self.len {
            0 => Descriptor::noop(),
            len => Descriptor::memmove(FROM, TO, len),
        }
    }

    fn done(&self) -> u64 {
        self.done.load(Ordering::SeqCst)
    }

    fn bytes(&self) -> u64 {
        self.done() * u64::from(self.len)
    }

    /// Submits until it is over; `noticed` is called after each end.
    fn saturate(&self, over: &AtomicBool, mut noticed: impl FnMut()) -> Result<()> {
        let entries = self.tenant.dsa.size() as usize;
        let submit = |record| {
            let dsa = &self.tenant.dsa;
            dsa.submit(record, self.descriptor(), Notice::Record)
        };
        (0..entries).try_for_each(submit)?;
        while !over.load(Ordering::SeqCst) {
            let mut idle = true;
            for record in 0..entries {
                let Some(completion) = self.tenant.dsa.completion(record)? else {
                    continue;
                };
                completion.success("a copy")?;
                self.done.fetch_add(1, Ordering::SeqCst);
                noticed();
                submit(record)?;
                idle = false;
            }
            if idle {
                thread::sleep(Duration::from_micros(100));
            }
        }
        (0..entries).try_for_each(|record| {
            let completion = self.tenant.dsa.wait(record, SOON)?;
            completion.success("a copy").map(drop)
        })
    }
}

/// Has all tenants submit while `measure` runs.
fn beside<T>(tenants: &[&Saturating], measure: impl FnOnce() -> Result<T>) -> Result<T> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let threads: Vec<_> = tenants
            .iter()
            .map(|tenant| {
                scope.spawn(|| {
                    let ended = tenant.saturate(&over, || ());
                    // Who fails ends what the others wait for.
                    over.store(true, Ordering::SeqCst);
                    ended
                })
            })
            .collect();
        let measured = measure();
        over.store(true, Ordering::SeqCst);
        for thread in threads {
            thread.join().expect("no tenant panics")?;
        }
        measured
    })
}

/// Waits until `so`, which is asked often.
fn until(what: &str, so: impl Fn() -> bool) -> Result<()> {
    wait::until_true(LONG, what, || Ok(so()))
}

/// Small and large copies compete, and an idle tenant comes in between.
fn weights(small_weight: u32, large_weight: u32) -> Result<()> {
    let small = Saturating::add("small", &format!("weight {small_weight} size 6"), SMALL)?;
    let large = Saturating::add("large", &format!("weight {large_weight} size 6"), LARGE)?;
    let idle = Tenant::add("wq 3 pasid-mode shared name idle size 2", SMALL as usize)?;
    let shown = tool::subdev("small")?.wq[0].clone();
    check::equal("weight", shown.weight, small_weight)?;
    check::equal("cap", shown.max_rate, None)?;

    step(format!(
        "weight {small_weight} for copies of 4 KiB, weight {large_weight} for 2 MiB: bytes are so"
    ));
    beside(&[&small, &large], || {
        let ratio = ratio(&small, &large, small_weight > large_weight)?;
        println!("    the heavier has {ratio:.2} times the bytes of the other");
        ensure!(
            (ratio / RATIO - 1.0).abs() <= OFF,
            "the heavier has {ratio:.2} times the bytes of the other, not {RATIO}"
        );

        step("an idle one that submits is served after few bytes of the others");
        for round in 0..5 {
            let before = [&small, &large].map(Saturating::bytes);
            idle.works()?;
            let since = small.bytes() - before[0];
            let others = large.bytes() - before[1];
            println!("    after {since} bytes in small, {others} in large copies");
            // A large copy that ends meanwhile may have begun long before.
            ensure!(
                since <= AHEAD && others <= u64::from(LARGE),
                "round {round}: {since} bytes in small and {others} in large copies came first"
            );
        }
        Ok(())
    })?;
    drop((small, large, idle));
    tool::del("small")?;
    tool::del("large")?;
    tool::del("idle")
}

/// How many times the bytes of the lighter the heavier one has had. Counted from the end of a large
/// copy to that of another, so that no part of one is missed.
fn ratio(small: &Saturating, large: &Saturating, small_is_heavier: bool) -> Result<f64> {
    // What is first has no history.
    until("the first large copies", || large.done() >= 2)?;
    let at_end_of_large = |count: u64| -> Result<u64> {
        let begun = Instant::now();
        while large.done() < count {
            ensure!(begun.elapsed() < LONG, "a large copy takes too long");
            thread::sleep(Duration::from_micros(200));
        }
        Ok(small.bytes())
    };
    let first = large.done() + 1;
    let small_before = at_end_of_large(first)?;
    let copies = if small_is_heavier { SPAN } else { 3 * SPAN } / u64::from(LARGE);
    let small_bytes = at_end_of_large(first + copies)? - small_before;
    let large_bytes = copies * u64::from(LARGE);
    let (small, large) = (small_bytes as f64, large_bytes as f64);
    Ok(if small_is_heavier {
        small / large
    } else {
        large / small
    })
}

/// One submits descriptors that do nothing, in masses.
fn flood() -> Result<()> {
    step("a flood of NOOPs leaves another its share");
    let noops = Saturating::add("noops", "size 6", 0)?;
    let copies = Saturating::add("copies", "size 6", SMALL)?;
    beside(&[&noops, &copies], || {
        until("the first copies", || copies.done() >= 50)?;
        let before = (noops.done(), copies.done());
        until("copies", || copies.done() >= before.1 + 500)?;
        let (noops, copies) = (noops.done() - before.0, copies.done() - before.1);
        println!("    {copies} copies of 4 KiB beside {noops} NOOPs");
        // Each counts half as much as a copy.
        ensure!(
            noops <= 3 * copies,
            "{noops} NOOPs were carried out, and {copies} copies only"
        );
        Ok(())
    })?;
    drop((noops, copies));
    tool::del("noops")?;
    tool::del("copies")
}

/// One could do more than it may.
fn cap() -> Result<()> {
    const LEN: u32 = 16 << 10;
    let free = Saturating::add("free", "size 6", LEN)?;
    let unlimited = beside(&[&free], || rate(&free, Duration::from_millis(500)))?;
    drop(free);
    tool::del("free")?;
    let limit = ((unlimited / 3.0) as u64).max(LEAST_CAP);

    step(format!(
        "a cap of {limit} bytes per second holds one that had {unlimited:.0}"
    ));
    let capped = Saturating::add("capped", &format!("max-rate {limit} size 6"), LEN)?;
    let shown = tool::subdev("capped")?.wq[0].clone();
    check::equal("cap", shown.max_rate, Some(limit))?;
    beside(&[&capped], || {
        for attempt in 1.. {
            let rate = rate(&capped, Duration::from_secs(2))?;
            println!("    it has {rate:.0}");
            let off = rate / limit as f64 - 1.0;
            ensure!(
                off <= RATE_OFF,
                "it has {rate:.0} bytes per second, and a cap of {limit}"
            );
            if off >= -RATE_OFF {
                break;
            }
            // The machine may have been busy with other things.
            ensure!(
                attempt < 3,
                "it has {rate:.0} bytes per second only, and a cap of {limit}"
            );
        }
        Ok(())
    })?;
    drop(capped);
    tool::del("capped")
}

/// Bytes per second over that time at least, once what was saved up is gone.
fn rate(tenant: &Saturating, time: Duration) -> Result<f64> {
    let saved = tenant.done() + 2;
    until("the first copies", || tenant.done() >= saved)?;
    thread::sleep(Duration::from_millis(200));
    let (begun, before) = (Instant::now(), tenant.bytes());
    thread::sleep(time);
    let bytes = tenant.bytes() - before;
    Ok(bytes as f64 / begun.elapsed().as_secs_f64())
}
