// SPDX-License-Identifier: MIT OR Apache-2.0
//! Subdevs on one WQ are served by their weights, whatever they submit, and no faster than their
//! caps.
//!
//! What is compared was counted in the same run, so the speed of the machine does not matter.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::check::{self, step};
use crate::dsa::{Descriptor, Notice};
use crate::figures::Figures;
use crate::model::Subdev;
use crate::scenario::Scenario;
use crate::tenant::{FROM, TO, Tenant};
use crate::tool::{self, dsa_nl};
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

/// How much of a cap is to be had at least, on a machine that others use as well.
const LEAST_OF_CAP: f64 = 0.4;

/// Longest that closing a device takes that waits for nothing.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Most bytes of another, in descriptors of 4 KiB, while one that was idle is served: several times
/// what the module has in the hardware at a time.
const AHEAD: u64 = 1 << 20;

/// The smallest cap that there is.
const LEAST_CAP: u64 = 256 << 10;

/// Longest that anything is measured.
const LONG: Duration = Duration::from_secs(120);

/// How many times as long something is measured at most that does not hold: a subdev that was late,
/// as its processor was, has up to 2 MiB to catch up on (`CREDIT`, driver/dsa/core/fair.rs), and at
/// either end of a shorter span that is more than it may be off.
const SPANS: u64 = 10;

/// How often it is measured anew where a tenant ran out of work: the threads that submit compete for
/// the CPUs with whatever else the machine does.
const ATTEMPTS: usize = 20;

/// Entries of the WQ where tenants with small copies are to have work all the time.
const MANY: u32 = 72;

fn run() -> Result<()> {
    let sizes = tool::wqs()?;
    // The entries of those that nobody uses here.
    for wq in sizes.iter().filter(|wq| wq.id > 3) {
        resize(wq.id, 0)?;
    }
    resize(3, MANY)?;
    weights()?;
    flood()?;
    resize(
        3,
        sizes.iter().find(|wq| wq.id == 3).map_or(0, |wq| wq.size),
    )?;
    for wq in sizes.iter().filter(|wq| wq.id > 3) {
        resize(wq.id, wq.size)?;
    }
    cap()?;
    waiting()?;
    kept()
}

fn resize(wq: u32, size: u32) -> Result<()> {
    dsa_nl(&format!("wq set wq{wq} size {size}"))?.ok()?;
    Ok(())
}

/// A tenant that always has as many descriptors outstanding as its WQ has entries.
struct Saturating {
    tenant: Tenant,
    len: u32,
    /// Descriptors that are known to be complete.
    done: AtomicU64,
    /// How often nothing was outstanding when it looked, so that the WQ may have had no work.
    idle: AtomicU64,
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
            idle: AtomicU64::new(0),
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

    fn idle(&self) -> u64 {
        self.idle.load(Ordering::SeqCst)
    }

    /// Submits until it is over.
    fn saturate(&self, over: &AtomicBool) -> Result<()> {
        let entries = self.tenant.dsa.size() as usize;
        let submit = |record| {
            let dsa = &self.tenant.dsa;
            dsa.submit(record, self.descriptor(), Notice::Record)
        };
        (0..entries).try_for_each(submit)?;
        while !over.load(Ordering::SeqCst) {
            let mut complete = 0;
            for record in 0..entries {
                let Some(completion) = self.tenant.dsa.completion(record)? else {
                    continue;
                };
                completion.success("a copy")?;
                complete += 1;
                self.done.fetch_add(1, Ordering::SeqCst);
                submit(record)?;
            }
            if complete == entries {
                self.idle.fetch_add(1, Ordering::SeqCst);
            } else if complete == 0 {
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
                    let ended = tenant.saturate(&over);
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

/// Measures what is to hold, over a span that grows until it does, or is [`SPANS`] times as long: what
/// a subdev may catch up on that was late is that much less of it then. Begins anew where a tenant ran
/// out of work, as no share is owed to one without.
fn saturated<B, T>(
    tenants: &[&Saturating],
    begin: impl Fn() -> Result<B>,
    measure: impl Fn(&B, u64) -> Result<T>,
    holds: impl Fn(&T) -> bool,
) -> Result<T> {
    let idle = || tenants.iter().map(|it| it.idle()).sum::<u64>();
    for _ in 0..ATTEMPTS {
        let before = idle();
        let begun = begin()?;
        for spans in 1..=SPANS {
            let measured = measure(&begun, spans)?;
            let is_saturated = idle() == before;
            if holds(&measured) || (is_saturated && spans == SPANS) {
                return Ok(measured);
            }
            if !is_saturated {
                break;
            }
        }
        println!("    measured again: work ran out");
    }
    bail!("a tenant ran out of work in each of {ATTEMPTS} measurements")
}

/// Waits until `so`, which is asked often.
fn until(what: &str, so: impl Fn() -> bool) -> Result<()> {
    wait::until_true(LONG, what, || Ok(so()))
}

/// Small and large copies compete, an idle tenant comes in between, and weights change meanwhile.
fn weights() -> Result<()> {
    let weights = |small: u32, large: u32| {
        step(format!(
            "weight {small} for copies of 4 KiB, weight {large} for 2 MiB: bytes are so"
        ));
        (small > large, [("small", small), ("large", large)])
    };
    let (small_is_heavier, [(_, of_small), (_, of_large)]) = weights(300, 100);
    let small = Saturating::add("small", &format!("weight {of_small} size 64"), SMALL)?;
    let large = Saturating::add("large", &format!("weight {of_large} size 2"), LARGE)?;
    let idle = Tenant::add("wq 3 pasid-mode shared name idle size 2", SMALL as usize)?;
    let shown = tool::subdev("small")?.wq[0].clone();
    check::equal("weight", shown.weight, of_small)?;
    check::equal("cap", shown.max_rate, None)?;
    check::equal("default weight", tool::subdev("idle")?.wq[0].weight, 100)?;

    beside(&[&small, &large], || {
        holds(&small, &large, small_is_heavier)?;
        comes_in_between(&idle, &small, &large)?;
        step("the weights are exchanged while both have work in flight");
        let (small_is_heavier, changes) = weights(100, 300);
        for (name, weight) in changes {
            let shown = set(&format!("{name} wq 3 weight {weight}"))?;
            check::equal("weight", shown.wq[0].weight, weight)?;
        }
        holds(&small, &large, small_is_heavier)?;
        comes_in_between(&idle, &small, &large)
    })?;
    drop((small, large, idle));
    tool::del("small")?;
    tool::del("large")?;
    tool::del("idle")
}

fn set(words: &str) -> Result<Subdev> {
    tool::json(&format!("subdev set {words}"))
}

/// Bytes are in the ratio of the weights.
fn holds(small: &Saturating, large: &Saturating, small_is_heavier: bool) -> Result<()> {
    let is_fair = |ratio: &f64| (ratio / RATIO - 1.0).abs() <= OFF;
    let ratio = saturated(
        &[small, large],
        || Window::begin(small, large),
        |window, spans| window.ratio(spans, small_is_heavier),
        is_fair,
    )?;
    println!("    the heavier has {ratio:.2} times the bytes of the other");
    ensure!(
        is_fair(&ratio),
        "the heavier has {ratio:.2} times the bytes of the other, not {RATIO}"
    );
    Ok(())
}

fn comes_in_between(idle: &Tenant, small: &Saturating, large: &Saturating) -> Result<()> {
    step("an idle one that submits is served after few bytes of the others");
    for round in 0..5 {
        let before = [small, large].map(Saturating::bytes);
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
}

/// What is counted from the end of a large copy to that of another, so that no part of one is missed.
struct Window<'a> {
    small: &'a Saturating,
    large: &'a Saturating,
    /// The large copy that it begins with the end of, and the bytes in small ones until then.
    first: u64,
    small_before: u64,
}

impl<'a> Window<'a> {
    fn begin(small: &'a Saturating, large: &'a Saturating) -> Result<Self> {
        // What is first has no history.
        until("the first large copies", || large.done() >= 2)?;
        let mut window = Self {
            small,
            large,
            first: large.done() + 1,
            small_before: 0,
        };
        window.small_before = window.small_at_end_of(window.first)?;
        Ok(window)
    }

    /// The bytes in small copies at the end of so many large ones.
    fn small_at_end_of(&self, count: u64) -> Result<u64> {
        let begun = Instant::now();
        while self.large.done() < count {
            ensure!(begun.elapsed() < LONG, "a large copy takes too long");
            thread::sleep(Duration::from_micros(200));
        }
        Ok(self.small.bytes())
    }

    /// How many times the bytes of the lighter the heavier one has had, over so many spans.
    fn ratio(&self, spans: u64, small_is_heavier: bool) -> Result<f64> {
        let span = if small_is_heavier { SPAN } else { 3 * SPAN };
        let copies = spans * span / u64::from(LARGE);
        let small = (self.small_at_end_of(self.first + copies)? - self.small_before) as f64;
        let large = (copies * u64::from(LARGE)) as f64;
        Ok(if small_is_heavier {
            small / large
        } else {
            large / small
        })
    }
}

/// One submits descriptors that do nothing, in masses.
fn flood() -> Result<()> {
    step("a flood of NOOPs leaves another its share");
    let noops = Saturating::add("noops", "size 4", 0)?;
    let copies = Saturating::add("copies", "size 64", SMALL)?;
    beside(&[&noops, &copies], || {
        until("the first copies", || copies.done() >= 50)?;
        // Each counts half as much as a copy.
        let is_fair = |(noops, copies): &(u64, u64)| *noops <= 3 * copies;
        let (noops, copies) = saturated(
            &[&copies],
            || Ok((noops.done(), copies.done())),
            |before, spans| {
                until("copies", || copies.done() >= before.1 + spans * 500)?;
                Ok((noops.done() - before.0, copies.done() - before.1))
            },
            is_fair,
        )?;
        println!("    {copies} copies of 4 KiB beside {noops} NOOPs");
        ensure!(
            is_fair(&(noops, copies)),
            "{noops} NOOPs were carried out, and {copies} copies only"
        );
        Ok(())
    })?;
    drop((noops, copies));
    tool::del("noops")?;
    tool::del("copies")
}

/// One could do more than it may, from one moment to the next.
fn cap() -> Result<()> {
    const LEN: u32 = 16 << 10;
    let tenant = Saturating::add("capped", "size 6", LEN)?;
    beside(&[&tenant], || {
        let free = rate(&tenant, Duration::from_millis(500))?;
        let limit = ((free / 6.0) as u64).max(LEAST_CAP);
        step(format!(
            "a cap of {limit} bytes per second holds one that had {free:.0}"
        ));
        let shown = set(&format!("capped wq 3 max-rate {limit}"))?;
        check::equal("cap", shown.wq[0].max_rate, Some(limit))?;
        for attempt in 1.. {
            let rate = rate(&tenant, Duration::from_secs(2))?;
            println!("    it has {rate:.0}");
            let most = limit as f64 * (1.0 + RATE_OFF);
            ensure!(
                rate <= most,
                "it has {rate:.0} bytes per second, and a cap of {limit}"
            );
            if rate >= limit as f64 * LEAST_OF_CAP {
                break;
            }
            // The machine may have been busy with other things.
            ensure!(
                attempt < 5,
                "it has {rate:.0} bytes per second only, and a cap of {limit}"
            );
        }

        step("it is fast again when the cap is lifted");
        let shown = set("capped wq 3 max-rate 0")?;
        check::equal("cap", shown.wq[0].max_rate, None)?;
        let before = tenant.bytes();
        until("more than the cap allows", || {
            tenant.bytes() >= before + limit
        })?;
        let free = rate(&tenant, Duration::from_millis(500))?;
        ensure!(
            free > 1.5 * limit as f64,
            "it has {free:.0} bytes per second, and had a cap of {limit}"
        );
        Ok(())
    })?;
    drop(tenant);
    tool::del("capped")
}

/// Work waits for a cap for half a minute, and is not waited for.
fn waiting() -> Result<()> {
    const COPIES: usize = 4;
    let words = format!("wq 3 pasid-mode shared name waiting size 4 max-rate {LEAST_CAP}");
    let mut slow = Tenant::add(&words, LARGE as usize)?;
    let neighbour = Tenant::add("wq 3 pasid-mode shared name neighbour", SMALL as usize)?;
    let submit = |slow: &Tenant| -> Result<()> {
        for record in 0..COPIES {
            slow.dsa.submit(record, slow.copy(), Notice::Record)?;
        }
        neighbour.works()?;
        let figures = Figures::of("subdev", "waiting")?;
        figures.expect(&[("completed", 0), ("in-flight", COPIES as u64)])
    };

    step("a reset ends what waits for a cap, and a neighbour notices nothing");
    submit(&slow)?;
    dsa_nl("subdev reset waiting")?.ok()?;
    let aborted = |times: usize| {
        let figures = Figures::of("subdev", "waiting")?;
        figures.expect(&[("aborted", (times * COPIES) as u64), ("in-flight", 0)])
    };
    aborted(1)?;
    neighbour.works()?;

    step("so does closing the device");
    slow.dsa.enable()?;
    submit(&slow)?;
    let begun = Instant::now();
    drop(slow);
    let took = begun.elapsed();
    ensure!(took < AT_ONCE, "the device was closed after {took:?}");
    aborted(2)?;
    neighbour.works()?;
    drop(neighbour);
    tool::del("waiting")?;
    tool::del("neighbour")
}

/// What was set stays over states, and is that of each of several.
fn kept() -> Result<()> {
    step("weight and cap stay while a subdev is inactive, and are taken for several at once");
    let asked = "wq 3 pasid-mode shared count 2 name kept size 2 weight 7 max-rate 300000";
    dsa_nl(&format!("subdev add {asked} state inactive"))?.ok()?;
    let mut subdevs = tool::subdevs()?;
    subdevs.retain(|subdev| subdev.name.starts_with("kept"));
    check::equal("subdevs", subdevs.len(), 2)?;
    let is = |shown: &Subdev, weight, cap| {
        let wq = &shown.wq[0];
        check::equal("weight and cap", (wq.weight, wq.max_rate), (weight, cap))
    };
    for subdev in &subdevs {
        let name = &subdev.name;
        is(subdev, 7, Some(300_000))?;
        is(&set(&format!("{name} state active"))?, 7, Some(300_000))?;
        let words = format!("{name} wq 3 weight 9 max-rate 0 size 1 state inactive");
        is(&set(&words)?, 9, None)?;
        is(&tool::subdev(name)?, 9, None)?;
        tool::del(name)?;
    }
    Ok(())
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
