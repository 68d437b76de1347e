// SPDX-License-Identifier: MIT OR Apache-2.0
//! A tenant that enables and disables its device without end, beside those who listen.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};

use crate::check::{self, step};
use crate::dsa::{Dsa, regs};
use crate::monitor::{Event, Monitor};
use crate::scenario::Scenario;
use crate::tool;
use crate::wait::{self, SOON};

pub const ENABLE_FLOOD: Scenario = Scenario {
    name: "enable-flood",
    vm: "",
    about: "a tenant that changes its state without end keeps no event of others from listeners",
    run,
};

/// How often the device is enabled and disabled.
const TURNS: u32 = 20_000;

/// Most events of what a tenant does: at once, and in each second.
const BURST: f64 = 8.0;
const EACH_SECOND: f64 = 2.0;

/// Creations and deletions of others, at least.
const OTHERS: u32 = 10;

fn run() -> Result<()> {
    let mut monitor = Monitor::json()?;
    let start = Instant::now();
    let subdev = tool::add("wq 3 name restless")?;
    let dsa = Dsa::open_enabled(&subdev.location()?)?;

    step(format!(
        "enabled and disabled {TURNS} times, while others come and go"
    ));
    let over = AtomicBool::new(false);
    let others = thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let result = (0..TURNS)
                .try_for_each(|_| {
                    turn(&dsa, regs::Command::DisableDevice)
                        .and_then(|()| turn(&dsa, regs::Command::EnableDevice))
                })
                .and_then(|()| turn(&dsa, regs::Command::DisableDevice));
            over.store(true, Ordering::Release);
            result
        });
        let mut others = 0;
        while others < OTHERS || !over.load(Ordering::Acquire) {
            tool::add(&format!("wq 4 name other{others}"))?;
            tool::del(&format!("other{others}"))?;
            others += 1;
        }
        flood.join().map_err(|_| anyhow!("the flood panicked"))??;
        anyhow::Ok(others)
    })?;
    check::equal(
        "final opstate",
        tool::subdev("restless")?.opstate.as_str(),
        "open",
    )?;

    step(format!(
        "the listener has heard of each of the {others} others, and of the final state"
    ));
    let last = format!("other{}", others - 1);
    let mut events = Vec::new();
    let heard = |events: &[Event]| {
        let last_deleted = |it: &Event| it.event == "delete" && it.subdev.name == last;
        let state = changes(events).last().map(|it| it.subdev.opstate.as_str());
        events.iter().any(last_deleted) && state == Some("open")
    };
    wait::until_true(2 * SOON, "the events of the end", || {
        events.push(monitor.event()?);
        Ok(heard(&events))
    })?;
    let elapsed = start.elapsed().as_secs_f64();
    for number in 0..others {
        let name = format!("other{number}");
        let of: Vec<_> = events.iter().filter(|it| it.subdev.name == name).collect();
        let story: Vec<_> = of.iter().map(|it| it.event.as_str()).collect();
        check::equal(
            &format!("events of {name}"),
            story,
            vec!["create", "delete"],
        )?;
    }
    for pair in events.windows(2) {
        ensure!(
            pair[0].generation < pair[1].generation,
            "the generation does not grow from {:?} to {:?}",
            pair[0],
            pair[1]
        );
    }
    let changes = changes(&events).count();
    let most = BURST + EACH_SECOND * elapsed;
    step(format!("{changes} changes of its state in {elapsed:.1} s"));
    ensure!(
        changes as f64 <= most,
        "{changes} events of one tenant in {elapsed:.1} s, where {most:.0} are allowed"
    );

    drop(dsa);
    monitor.expect_opstate("restless", "attached")?;
    tool::del("restless")?;
    monitor.expect("delete", "restless")?;
    Ok(())
}

/// The changes of the restless one.
fn changes(events: &[Event]) -> impl Iterator<Item = &Event> {
    let of = |it: &&Event| it.event == "change" && it.subdev.name == "restless";
    events.iter().filter(of)
}

/// Has the device carry out a command, as fast as it goes.
fn turn(dsa: &Dsa, command: regs::Command) -> Result<()> {
    dsa.write32(regs::CMD, (command as u32) << 20)?;
    let status = loop {
        let status = dsa.read32(regs::CMDSTS)?;
        if status & regs::CMDSTS_ACTIVE == 0 {
            break status;
        }
        thread::yield_now();
    };
    check::equal("CMDSTS", status & 0xff, 0)
}
