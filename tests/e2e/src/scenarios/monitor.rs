// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happens is told to those who listen.

use std::process;
use std::thread;

use anyhow::{Result, anyhow, ensure};
use nix::sched::{CloneFlags, unshare};
use nlctl::{Command, SubdevAttr, SubdevWqAttr};

use crate::check::{self, step};
use crate::dsa::Dsa;
use crate::fuzz::{Attribute, Request, Table};
use crate::genl::{Socket, flag};
use crate::monitor::{AnyEvent, Event, Monitor};
use crate::process::run;
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
    about: "another network namespace sees nothing and hears nothing",
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
        let all = until_deleted(listener, "two")?;
        for pair in all.windows(2) {
            let [before, after] = pair else { continue };
            ensure!(
                before.generation + 1 == after.generation,
                "the generation does not grow by one from {before:?} to {after:?}"
            );
        }
        let wqs: Vec<_> = all.iter().filter(|it| it.event == "wq-change").collect();
        let states: Vec<_> = wqs.iter().map(|it| it.object["state"].as_str()).collect();
        let expected = vec![Some("enabled"), Some("disabled")];
        check::equal("states of the WQ", states, expected)?;
        let events = subdevs(all)?;
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
        for event in &events {
            let cause = match event.event.as_str() {
                "change" => "tenant",
                _ => "request",
            };
            check::equal("the cause", event.cause.as_str(), cause)?;
            let asked = event.port_id.is_some();
            check::equal("whether a request was made", asked, cause == "request")?;
        }
    }

    step("for people, a line for each");
    for event in ["subdev-create", "wq-change", "subdev-create"] {
        let line = people.line()?;
        ensure!(
            line.contains(event),
            "expected a line that tells of {event}, got {line:?}"
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
    )?;
    echo()
}

fn echo() -> Result<()> {
    step("who asks for an echo gets the events of the request, without being in the group");
    let mut socket = Socket::new()?;
    let family = Table::read(&mut socket)?.family;
    let mut listener = Monitor::json()?;
    let attributes = [
        SubdevAttr::ParentIndex(0),
        SubdevAttr::Name("echo".into()),
        SubdevAttr::Wq(vec![SubdevWqAttr::Id(3)]),
    ];
    let mut ask = |command: Command, attributes: &[SubdevAttr], flags| {
        let attributes = attributes.iter().map(Attribute::of).collect();
        let request = Request::new(command.into(), false).with(attributes);
        let answer = socket.ask(family, request.flags | flags, &request.payload())?;
        ensure!(matches!(answer.end, Some(Ok(()))), "refused: {answer:?}");
        check::equal("replies", answer.objects.len(), 1)?;
        let events: Vec<_> = answer.events.iter().map(|(event, _)| *event).collect();
        Ok(events)
    };
    let events = ask(Command::SubdevNew, &attributes, flag::ECHO)?;
    let expected = vec![Command::SubdevCreateNtf, Command::WqChangeNtf];
    check::equal("the events of a creation", events, expected)?;
    let events = ask(Command::SubdevDel, &attributes[1..2], flag::ECHO)?;
    let expected = vec![Command::SubdevDeleteNtf, Command::WqChangeNtf];
    check::equal("the events of a deletion", events, expected)?;

    step("who listens hears the same");
    let heard = until_deleted(&mut listener, "echo")?;
    let heard: Vec<_> = heard.iter().map(|it| it.event.as_str()).collect();
    let expected = vec!["subdev-create", "wq-change", "subdev-delete", "wq-change"];
    check::equal("the events heard", heard, expected)?;
    for (command, attributes) in [
        (Command::SubdevNew, &attributes[..]),
        (Command::SubdevDel, &attributes[1..2]),
    ] {
        check::equal("events without echo", ask(command, attributes, 0)?, vec![])?;
    }
    Ok(())
}

/// All events up to the deletion of a subdev, and that of its WQ.
fn until_deleted(listener: &mut Monitor, name: &str) -> Result<Vec<AnyEvent>> {
    let mut events = Vec::new();
    loop {
        let event = listener.any()?;
        let last = event.event == "subdev-delete" && event.object["name"] == name;
        events.push(event);
        if last {
            events.push(listener.any()?);
            return Ok(events);
        }
    }
}

/// The events of subdevs.
fn subdevs(events: Vec<AnyEvent>) -> Result<Vec<Event>> {
    let events = events.into_iter().map(Event::of_subdev);
    events.filter_map(Result::transpose).collect()
}

fn namespace() -> Result<()> {
    step("in another network namespace, requests are refused");
    for line in [
        "parent show",
        "wq show",
        "type show",
        "subdev show",
        "subdev add wq 3",
    ] {
        let mut command = process::Command::new("unshare");
        command.args(["--net", DSA_NL]).args(line.split(' '));
        let sentence = tool::refused(&run(&mut command, SOON)?, &["namespace"])?;
        step(format!("  {line}: {sentence}"));
    }

    step("and there is nothing to be heard");
    let group = Table::read(&mut Socket::new()?)?.group;
    let listen = move || {
        let mut socket = Socket::new()?;
        socket.join(group)?;
        anyhow::Ok(socket)
    };
    let here = listen()?;
    let there = thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNET)?;
        listen()
    });
    let there = there.join().map_err(|_| anyhow!("the thread panicked"))??;
    tool::add("wq 3 name near")?;
    tool::del("near")?;
    // An event is there when the request that causes it is answered.
    ensure!(here.has_something()?, "there is nothing to be heard here");
    ensure!(!there.has_something()?, "events reach the other namespace");
    Ok(())
}
