// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel's generator and library make of our spec, in C.

use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::check::{self, step};
use crate::process::{self, Output, Talker};
use crate::scenario::Scenario;
use crate::tool;

pub const C_CLIENT: Scenario = Scenario {
    name: "c-client",
    vm: "--kernel stock",
    about: "a client in C, generated from the spec by the kernel's tools, manages subdevs",
    run,
};

/// Longest time that a call may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the client.
fn client(arguments: &str) -> Result<Output> {
    process::run(
        Command::new("c-client").args(arguments.split_whitespace()),
        PATIENCE,
    )
}

/// The subdevs that a command prints, each as its words `NAME=VALUE`.
fn subdevs(arguments: &str) -> Result<Vec<HashMap<String, String>>> {
    let output = client(arguments)?.ok()?;
    let words = |line: &str| {
        line.split(' ')
            .filter_map(|word| word.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    Ok(output.stdout.lines().map(words).collect())
}

/// The subdev that a command prints.
fn subdev(arguments: &str) -> Result<HashMap<String, String>> {
    let mut subdevs = subdevs(arguments)?;
    check::equal("subdevs that are printed", subdevs.len(), 1)?;
    Ok(subdevs.remove(0))
}

/// The next event that `listener` prints: what it is, and of which subdev.
fn event(listener: &mut Talker) -> Result<(String, String)> {
    let line = listener.line(PATIENCE)?;
    let mut words = line.split(' ');
    let kind = words.next().unwrap_or_default().to_owned();
    let name = words.find_map(|word| word.strip_prefix("name="));
    Ok((kind, name.unwrap_or_default().to_owned()))
}

fn run() -> Result<()> {
    let mut listener = Talker::spawn(Command::new("c-client").arg("events"))?;
    check::equal("listener", listener.line(PATIENCE)?.as_str(), "ready")?;

    step("a new subdev is the one that dsa-nl shows");
    let made = subdev("new dsa0 3 by-c")?;
    let shown = tool::subdev("by-c")?;
    let expected = [
        ("index", shown.index.to_string()),
        ("uuid", shown.uuid.clone()),
        ("parent", "dsa0".into()),
        ("state", "active".into()),
        ("opstate", "attached".into()),
        ("wq", "3:2".into()),
    ];
    for (name, value) in &expected {
        check::equal(name, made.get(*name), Some(value))?;
    }

    step("it is got by its name, and dumped with another");
    check::equal("what is got", &subdev("get by-c")?, &made)?;
    let other = subdev("new dsa0 3 by-c-too")?;
    check::equal(
        "what is dumped",
        subdevs("dump")?,
        vec![made.clone(), other],
    )?;

    step("it is renamed and deactivated by one request, and activated by another");
    let kept = ["index", "uuid", "parent", "wq"];
    for (request, name, state, opstate) in [
        (
            "set by-c by-c-set inactive",
            "by-c-set",
            "inactive",
            "detached",
        ),
        ("set by-c-set by-c active", "by-c", "active", "attached"),
    ] {
        let set = subdev(request)?;
        for key in kept {
            check::equal(key, set.get(key), made.get(key))?;
        }
        let shown = tool::subdev(name)?;
        for (key, value, expected, shown) in [
            ("name", set.get("name"), name, &shown.name),
            ("state", set.get("state"), state, &shown.state),
            ("opstate", set.get("opstate"), opstate, &shown.opstate),
        ] {
            check::equal(key, value.map(String::as_str), Some(expected))?;
            check::equal("what dsa-nl shows", shown.as_str(), expected)?;
        }
        check::equal(
            "VFIO device",
            set.get("vfio-device"),
            shown.vfio_device.as_ref(),
        )?;
    }

    step("a refusal has the sentence and the attribute, of a set, too");
    let output = client("set by-c by-c-too active")?;
    ensure!(
        output.status.code() == Some(2)
            && output.stderr.contains("a subdev with this name exists")
            && output.stderr.contains(".new-name"),
        "expected a refusal that names .new-name: {}",
        output.describe()
    );
    let output = client("new dsa0 99 nobody")?;
    ensure!(
        output.status.code() == Some(2)
            && output.stderr.contains("dsa0 has no wq 99")
            && output.stderr.contains(".wq.id"),
        "expected a refusal that names .wq.id: {}",
        output.describe()
    );

    step("what is deleted is shown as it was last");
    for name in ["by-c", "by-c-too"] {
        let gone = subdev(&format!("del {name}"))?;
        check::equal("name", gone.get("name").map(String::as_str), Some(name))?;
        check::equal(
            "opstate",
            gone.get("opstate").map(String::as_str),
            Some("detached"),
        )?;
    }
    check::equal("subdevs", tool::subdevs()?, vec![])?;

    step("each change was an event, which the client parsed");
    let expected = [
        ("create-ntf", "by-c"),
        ("create-ntf", "by-c-too"),
        ("change-ntf", "by-c-set"),
        ("change-ntf", "by-c"),
        ("delete-ntf", "by-c"),
        ("delete-ntf", "by-c-too"),
    ];
    let mut events = Vec::new();
    while events.len() < expected.len() {
        let event = event(&mut listener)?;
        // Those of the work queue that was enabled and disabled are not parsed.
        if event.0 != "other-ntf" {
            events.push(event);
        }
    }
    check::equal(
        "events",
        events,
        expected
            .map(|(kind, name)| (kind.to_owned(), name.to_owned()))
            .to_vec(),
    )?;
    listener.hang_up();
    ensure!(listener.wait(PATIENCE)?.success(), "the listener failed");
    Ok(())
}
