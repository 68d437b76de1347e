// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is counted is what was done.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::check::{self, step};
use crate::client::Client;
use crate::dsa::{Descriptor, Notice, opcode, status};
use crate::figures::Figures;
use crate::scenario::Scenario;
use crate::system::ctl;
use crate::tenant::{FROM, TO, Tenant};
use crate::tool;
use crate::vfio::PAGE;
use crate::wait::{self, SOON};

pub const STATISTICS: Scenario = Scenario {
    name: "statistics",
    vm: "",
    about: "figures are exact, add up, and never go down",
    run,
};

/// Bytes of a copy.
const LEN: usize = 3 * PAGE;
/// How many succeed.
const COPIES: u64 = 7;

/// The work queues that are used.
const WQS: [&str; 2] = ["wq3", "wq4"];

fn run() -> Result<()> {
    // They may have been used before.
    let wqs_before = WQS.map(|wq| Figures::of("wq", wq));
    let parent_before = Figures::of("parent", "dsa0")?;

    nothing()?;
    let tenant = Tenant::add("wq 3 pasid-mode shared name counted", LEN)?;
    exact(&tenant)?;
    waiting(&tenant)?;
    let shown = Figures::of("subdev", "counted")?;
    lasting(tenant, &shown)?;
    in_a_loop()?;

    step("a work queue has what its subdevs have, and a parent what its work queues have");
    let subdevs = ["counted", "busy"].map(|name| Figures::of("subdev", name));
    let mut wqs = Vec::new();
    for (before, (subdev, name)) in wqs_before.into_iter().zip(subdevs.into_iter().zip(WQS)) {
        let more = Figures::of("wq", name)?.since(&before?);
        check::equal(name, &more, &subdev?.since(&Figures::sum(&[])))?;
        wqs.push(more);
    }
    let parent = || Ok::<_, anyhow::Error>(Figures::of("parent", "dsa0")?.since(&parent_before));
    check::equal("the parent", parent()?, Figures::sum(&wqs))?;

    step("and they still have it when the subdevs are gone");
    tool::del("counted")?;
    tool::del("busy")?;
    check::equal("the parent", parent()?, Figures::sum(&wqs))?;
    lists()
}

fn nothing() -> Result<()> {
    step("a subdev that was never active has zeroes");
    tool::add("wq 3 pasid-mode shared name idle state inactive")?;
    let idle = Figures::of("subdev", "idle")?;
    check::equal("bytes", idle.get("bytes"), 0)?;
    idle.expect(&[("submitted", 0), ("in-flight", 0), ("pinned-pages-max", 0)])?;
    tool::del("idle")
}

fn exact(tenant: &Tenant) -> Result<()> {
    step("copies, a fault, refusals and what is left of limits are counted one by one");
    let dsa = &tenant.dsa;
    for _ in 0..COPIES {
        tenant.works()?;
    }
    // One page is there.
    let there = PAGE as u64;
    let beyond = Descriptor::memmove(FROM + 2 * there, TO, 2 * PAGE as u32);
    dsa.run(beyond)?
        .with_status("a copy that goes too far", status::PAGE_FAULT)?;
    let unknown = Descriptor {
        opcode: opcode::UNKNOWN,
        ..tenant.copy()
    };
    for _ in 0..2 {
        dsa.run(unknown)?
            .with_status("an unknown operation", status::BAD_OPCODE)?;
    }
    tenant.clear()?;
    let compared = dsa
        .run(Descriptor::compare(FROM, TO, LEN as u32))?
        .success("COMPARE")?;
    check::equal("result of a comparison", compared.result, 1)?;

    let figures = Figures::of("subdev", "counted")?;
    let ends = COPIES + 4;
    figures.expect(&[
        ("submitted", ends),
        ("completed", COPIES + 1),
        ("failed", 1),
        ("rejected", 2),
        ("aborted", 0),
        ("in-flight", 0),
        ("wq-full", 0),
        (&format!("code {}", status::PAGE_FAULT), 1),
        (&format!("code {}", status::BAD_OPCODE), 2),
        (
            "bytes",
            COPIES * LEN as u64 + there + u64::from(compared.bytes),
        ),
        ("interrupts", ends),
        ("faults", 1),
        ("pin-limited", 0),
    ])?;
    // What was pinned stays so, for those that come next.
    ensure!(
        figures.get("hw-submitted") > COPIES && figures.get("pinned-pages") >= 2,
        "{figures:?}"
    );
    Ok(())
}

fn waiting(tenant: &Tenant) -> Result<()> {
    step("as many are in flight as there are entries, and what finds none is not taken");
    let before = Figures::of("subdev", "counted")?;
    let now = || Ok::<_, anyhow::Error>(Figures::of("subdev", "counted")?.since(&before));
    let size = u64::from(tenant.dsa.size());
    let copy = Descriptor::memmove(FROM, TO, PAGE as u32);
    ctl("hold")?;
    for record in 0..=size as usize {
        tenant.dsa.submit(record, copy, Notice::Record)?;
    }
    wait::until_true(SOON, "the hardware to have all", || {
        Ok(now()?.get("hw-submitted") == size)
    })?;
    let figures = Figures::of("subdev", "counted")?;
    figures
        .since(&before)
        .expect(&[("submitted", size), ("in-flight", size), ("wq-full", 1)])?;
    ensure!(figures.get("pinned-pages") > 0, "{figures:?}");

    step("a reset waits for them, and statistics do not wait for it");
    thread::scope(|scope| {
        let reset = scope.spawn(|| tenant.dsa.reset());
        let held = now()?.expect(&[("in-flight", size), ("aborted", 0)]);
        let released = ctl("release");
        let reset = reset.join().ok().context("the reset panicked")?;
        held.and(released).and(reset)
    })?;
    let figures = now()?;
    figures.expect(&[("submitted", size), ("in-flight", 0)])?;
    check::equal(
        "those that ended before the reset, or with it",
        figures.get("completed") + figures.get("aborted"),
        size,
    )
}

fn lasting(tenant: Tenant, shown: &Figures) -> Result<()> {
    step("closing and opening leave all as it was");
    drop(tenant);
    tool::await_opstate("counted", "attached")?;
    let shown = &shown.unpinned();
    check::equal("when closed", &Figures::of("subdev", "counted")?, shown)?;
    let tenant = Tenant::open(&tool::subdev("counted")?, LEN)?;
    check::equal("when open", &Figures::of("subdev", "counted")?, shown)?;
    tenant.works()?;
    Figures::of("subdev", "counted")?.since(shown).expect(&[
        ("submitted", 1),
        ("completed", 1),
        ("bytes", LEN as u64),
        ("interrupts", 1),
    ])
}

fn in_a_loop() -> Result<()> {
    step("while a user submits as fast as it can, figures go up, and add up");
    let tenant = Tenant::add("wq 4 name busy", LEN)?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let user = scope.spawn(|| {
            // What finds no entry is a software error, and no concern here.
            while !over.load(Ordering::Relaxed) {
                tenant.dsa.store(&tenant.copy())?;
            }
            anyhow::Ok(())
        });
        let looked = look_often();
        over.store(true, Ordering::Relaxed);
        let used = user.join().ok().context("the user panicked")?;
        looked.and(used)
    })?;
    drop(tenant);
    tool::await_opstate("busy", "attached")?;
    let figures = Figures::of("subdev", "busy")?;
    figures.expect(&[("in-flight", 0), ("pinned-pages", 0), ("failed", 0)])?;
    check::equal(
        "bytes",
        figures.get("bytes"),
        figures.get("completed") * LEN as u64,
    )
}

/// Dumps statistics until there are some more of them, and demands that they only go up.
fn look_often() -> Result<()> {
    const LOOKS: usize = 25;
    let client = Client::new()?;
    let mut last: Option<[Figures; 3]> = None;
    let mut looks = 0;
    wait::until_true(SOON, "work to be done meanwhile", || {
        let subdevs = client.ask(|handle| handle.subdev().dump_stats().wq(4).all())??;
        let wqs = client.ask(|handle| handle.wq().dump_stats().parent("dsa0").all())??;
        let parents = client.ask(|handle| handle.parent().dump_stats().all())??;
        let wq = wqs.object.into_iter().find(|wq| wq.id == 4);
        let subdev = subdevs.object.into_iter().next();
        let parent = parents.object.into_iter().next();
        let figures = [
            Figures::read(&serde_json::to_value(subdev)?)?,
            Figures::read(&serde_json::to_value(wq)?)?,
            Figures::read(&serde_json::to_value(parent)?)?,
        ];
        for (now, before) in figures.iter().zip(last.iter().flatten()) {
            now.follow(before)?;
        }
        let [subdev, ..] = &figures;
        let worked = subdev.get("completed") > LOOKS as u64;
        last = Some(figures);
        looks += 1;
        Ok(worked && looks >= LOOKS)
    })
}

fn lists() -> Result<()> {
    step("lists are keyed by their kind");
    let count = |kind: &str, key: &str| {
        let list: Value = tool::json(&format!("{kind} stats"))?;
        let items = list[key].as_array();
        let items = items.with_context(|| format!("there is no {key} in {list}"))?;
        items
            .iter()
            .try_for_each(|it| Figures::read(it).map(drop))?;
        anyhow::Ok(items.len())
    };
    check::equal("parents", count("parent", "parent-stats")?, 1)?;
    check::equal("work queues", count("wq", "wq-stats")?, 8)?;
    check::equal("subdevs", count("subdev", "subdev-stats")?, 0)?;
    tool::refused(&tool::dsa_nl("subdev stats nobody")?, &["no such subdev"])?;
    tool::refused(&tool::dsa_nl("wq stats 99")?, &["dsa0 has no wq 99"])?;
    tool::refused(&tool::dsa_nl("parent stats dsa9")?, &["no such parent"])?;
    Ok(())
}
