// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happens is told to those who listen.

use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::check::{self, step};
use crate::dsa::Dsa;
use crate::monitor::{Event, Monitor};
use crate::process;
use crate::scenario::Scenario;
use crate::tool::{self, DSA_NL};
use crate::wait::SOON;

pub const MONITOR: Scenario = Scenario {
    name: "monitor",
    vm: "",
    about: "events come in order, with the subdev as it is, to every listener",
    run: monitor,
};

pub const NAMESPACE: Scenario = Scenario {
    name: "namespace",
    vm: "",
    about: "another network namespace shows the same and hears the same",
    run: namespace,
};

fn monitor() -> Result<()> {
    let mut listeners = [Monitor::json()?, Monitor::json()?];
    let mut people = Monitor::plain()?;

    step("two subdevs come, one is used, both go");
    let one = tool::add("wq 3 pasid-mode shared name one")?;
    let two = tool::add("wq 3 pasid-mode shared name two")?;
    drop(Dsa::open_enabled(&one.location()?)?);
    tool::del("one")?;
    tool::del("two")?;

    for (number, listener) in listeners.iter_mut().enumerate() {
        step(format!("listener {}: what, in which order", number + 1));
        let events = until_deleted(listener, "two")?;
        let of = |name: &str| -> Vec<&Event> {
            let events = events.iter();
            events.filter(|event| event.subdev.name == name).collect()
        };
        let story: Vec<_> = of("one")
            .into_iter()
            .map(|event| (event.event.as_str(), event.subdev.opstate.as_str()))
            .collect();
        let (first, last) = (story.first().copied(), story.last().map(|last| last.0));
        check::equal(
            "the first event of one",
            first,
            Some(("create", "attached")),
        )?;
        check::equal("the last event of one", last, Some("delete"))?;
        let changes: Vec<_> = story
            .iter()
            .filter(|(event, _)| *event == "change")
            .map(|(_, opstate)| *opstate)
            .collect();
        let used = ["open", "enabled", "attached"];
        check::equal("the changes of one", changes, used.to_vec())?;
        check::equal("one when it was created", &of("one")[0].subdev, &one)?;
        check::equal("two when it was created", &of("two")[0].subdev, &two)?;
        check::equal("number of events of two", of("two").len(), 2)?;
        for pair in events.windows(2) {
            let [before, after] = pair else { continue };
            ensure!(
                before.generation < after.generation,
                "the generation does not grow from {before:?} to {after:?}"
            );
        }
    }

    step("for people, a line for each");
    for _ in 0..2 {
        let line = people.line()?;
        ensure!(
            line.contains("create"),
            "expected a line that tells of a creation, got {line:?}"
        );
    }

    step("fewer events than waited for are an exit status of their own");
    let output = tool::dsa_nl("monitor count 1 timeout 1")?;
    check::equal("the exit status", output.status.code(), Some(3))?;
    let output = tool::dsa_nl("monitor timeout 1")?;
    check::equal(
        "the exit status without a number",
        output.status.code(),
        Some(0),
    )
}

/// All events up to the deletion of a subdev.
fn until_deleted(listener: &mut Monitor, name: &str) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    loop {
        let event = listener.event()?;
        let last = event.event == "delete" && event.subdev.name == name;
        events.push(event);
        if last {
            return Ok(events);
        }
    }
}

fn namespace() -> Result<()> {
    let elsewhere = || {
        let mut command = Command::new("unshare");
        command.args(["--net", DSA_NL]);
        command
    };
    step("events reach a listener in another network namespace");
    let mut listener = Monitor::spawn(elsewhere().args(["-j", "monitor"]))?;
    let subdev = tool::add("wq 3 name far")?;
    let heard = listener.expect("create", "far")?;
    check::equal("the subdev in the event", heard.subdev, subdev)?;

    step("show shows the same there");
    let there = process::run(elsewhere().args(["-j", "subdev", "show"]), SOON)?.ok()?;
    let here: Value = tool::json("subdev show")?;
    check::same_json("subdev show", &serde_json::from_str(&there.stdout)?, &here)?;
    tool::del("far")?;
    listener.expect("delete", "far")?;
    Ok(())
}
