// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dsa-nl top` on a terminal, while there is something to see.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use nix::sys::signal::Signal;

use crate::actor::{Actor, Request};
use crate::check::{self, step};
use crate::scenario::Scenario;
use crate::terminal::{Size, Terminal};
use crate::tool::{self, DSA_NL, dsa_nl};
use crate::{system, wait};

pub const TOP: Scenario = Scenario {
    name: "top",
    vm: "--kernel stock",
    about: "what goes on is on the terminal, which is as it was when it ends",
    run,
};

/// Time between two looks at statistics.
const INTERVAL: Duration = Duration::from_millis(300);

const USUAL: Size = (24, 80);
const SMALL: Size = (10, 40);

/// Bytes of a copy.
const LEN: usize = 64 << 10;
/// So many that the end of the scenario comes first.
const ENDLESS: u32 = u32::MAX;

/// Subdevs of each of four work queues: together more than fit on the screen.
const EACH: usize = 10;

/// The line of a list that begins with that name.
fn row<'a>(text: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let rows = text.lines().map(|line| line.split_whitespace().collect());
    let mut rows = rows.filter(|row: &Vec<&str>| row.first() == Some(&name));
    rows.next()
}

/// Whether that column of a line of 80 characters is a number above zero.
fn is_positive(text: &str, name: &str, column: usize) -> bool {
    let number = row(text, name).and_then(|row| row.get(column)?.parse::<f64>().ok());
    number > Some(0.0)
}

fn top() -> Result<Terminal> {
    let top = Terminal::run(
        DSA_NL,
        &format!("top interval {}", INTERVAL.as_secs_f64()),
        USUAL,
    )?;
    top.until("lists", |text| {
        text.contains("SUBDEV ") && text.contains("EVENTS")
    })?;
    Ok(top)
}

fn run() -> Result<()> {
    let mut top = top()?;
    step("an empty list says so, and what is made appears");
    top.until("nothing", |text| text.contains("no subdevs"))?;
    let net0 = tool::add("wq 3 pasid-mode shared name net0")?;
    let text = top.until("net0", |text| {
        row(text, "net0").is_some() && text.contains("subdev-create net0 on dsa0/wq3")
    })?;
    ensure!(text.contains("1 parent, 8 wqs, 1 subdev"), "{text}");

    step("a tenant copies: its rates are there, and those of its work queue and parent");
    let mut tenant = Actor::open(&net0.location()?)?;
    tenant.map(LEN, [1, 2])?;
    tenant.tell(&Request::copies(LEN, ENDLESS))?;
    // Name, where, state, descriptors, mebibytes.
    for (name, columns) in [("net0", [3, 4]), ("dsa0/wq3", [4, 5]), ("dsa0", [3, 4])] {
        top.until(&format!("the rates of {name}"), |text| {
            columns.iter().all(|at| is_positive(text, name, *at))
        })?;
    }
    top.until("that it is enabled", |text| {
        row(text, "net0").is_some_and(|row| row.contains(&"enabled"))
    })?;

    step("a pause keeps what is there, and to go on shows what came");
    top.press(" ")?;
    top.until("a pause", |text| text.contains("PAUSED"))?;
    tool::add("wq 3 pasid-mode shared name net1")?;
    ensure!(row(&top.text(), "net1").is_none(), "{}", top.text());
    top.press(" ")?;
    top.until("net1", |text| row(text, "net1").is_some())?;

    step("another size, and back");
    top.resize(SMALL)?;
    let small = top.until("few columns", |text| {
        !text.contains("EVENTS") && is_positive(text, "net0", 1)
    })?;
    ensure!(small.lines().count() <= usize::from(SMALL.0), "{small}");
    top.resize(USUAL)?;
    top.until("all columns", |text| {
        text.contains("EVENTS") && is_positive(text, "net0", 4)
    })?;

    step("more than there are lines are scrolled to, sorted, and chosen by a text");
    for wq in 4..8 {
        let line = format!("wq {wq} size 1 count {EACH} name vm{wq} state inactive");
        dsa_nl(&format!("subdev add pasid-mode shared {line}"))?.ok()?;
    }
    top.until("the number of them", |text| {
        text.contains(&format!("{} subdevs", 4 * EACH + 2))
    })?;
    top.press("G")?;
    // They have no name of their own: their index is in it.
    top.until("the last of them", |text| row(text, "vm7-41").is_some())?;
    ensure!(row(&top.text(), "net0").is_none(), "{}", top.text());
    top.press("g")?;
    top.until("the busiest", |text| row(text, "net0").is_some())?;
    top.press("ssss")?;
    top.until("another column", |text| text.contains("s by name"))?;
    top.press("r")?;
    top.until("the last name", |text| row(text, "vm7-41").is_some())?;
    top.press("/net1\r")?;
    top.until("the only one", |text| {
        row(text, "net1").is_some() && row(text, "vm7-41").is_none()
    })?;
    top.press("/\u{7f}\u{7f}\u{7f}\u{7f}\r")?;
    top.until("all", |text| row(text, "vm7-41").is_some())?;

    step("help comes and goes");
    top.press("?")?;
    top.until("help", |text| text.contains("PgUp PgDn"))?;
    top.press("q")?;
    top.until("the lists", |text| text.contains("EVENTS"))?;

    step("what is deleted goes");
    tenant.kill()?;
    for subdev in tool::subdevs()? {
        // The end of the one who had it open may take a moment.
        wait::until_true(wait::SOON, "a subdev to be deleted", || {
            Ok(dsa_nl(&format!("subdev del {}", subdev.name))?
                .status
                .success())
        })?;
    }
    top.until("nothing", |text| {
        text.contains("no subdevs") && text.contains("subdev-delete")
    })?;

    step("q ends it, and the terminal is as it was");
    top.press("q")?;
    check::equal("the exit status", top.ended()?.code(), Some(0))?;
    ends()?;
    reloaded()?;
    as_text()
}

fn ends() -> Result<()> {
    step("so do Escape, ^C, and signals");
    for keys in ["\u{1b}", "\u{3}"] {
        let mut top = top()?;
        top.press(keys)?;
        check::equal("the exit status", top.ended()?.code(), Some(0))?;
    }
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let mut top = top()?;
        top.signal(signal)?;
        check::equal("the exit status", top.ended()?.code(), Some(2))?;
        top.until("why", |text| text.contains("Error: interrupted."))?;
    }
    Ok(())
}

fn reloaded() -> Result<()> {
    step("it waits for a module that goes");
    let parents = tool::parents()?.len();
    let mut top = top()?;
    // While statistics are dumped, which is for moments, the module is in use.
    wait::until_true(wait::SOON, "the module to be unloaded", || {
        Ok(system::unload_module().is_ok())
    })?;
    top.until("that it is gone", |text| {
        text.contains("The module is not loaded")
    })?;
    // To ask the family for anything would load it: it is not asked, once an interval.
    thread::sleep(4 * INTERVAL);
    ensure!(!system::module_loaded(), "top had the module loaded again");
    system::load_module()?;
    system::await_parents(parents)?;
    top.until("that it is back", |text| {
        text.contains("no subdevs") && text.contains("the module was loaded")
    })?;
    top.press("q")?;
    check::equal("the exit status", top.ended()?.code(), Some(0))
}

fn as_text() -> Result<()> {
    step("without a terminal it is text, if that is asked for");
    let refused = dsa_nl("top")?;
    check::equal("the exit status", refused.status.code(), Some(1))?;
    let tenant = crate::tenant::Tenant::add("wq 3 pasid-mode shared name net0", 4096)?;
    tenant.works()?;
    let output = dsa_nl("top count 2 interval 0.3")?.ok()?;
    let pictures: Vec<_> = output.stdout.split("dsa-nl top ").skip(1).collect();
    check::equal("pictures", pictures.len(), 2)?;
    for (picture, rate) in pictures.iter().zip(["-", "0"]) {
        let row = row(picture, "net0").unwrap_or_default();
        check::equal("the rate", row.get(3), Some(&rate))?;
    }
    drop(tenant);
    tool::await_opstate("net0", "attached")?;
    tool::del("net0")
}
