// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's own YNL client, with nothing but our spec.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::check::{self, step};
use crate::monitor::{Monitor, listens};
use crate::process::{self, Output, Talker};
use crate::scenario::Scenario;
use crate::system::{self, Function, MODULE, ctl};
use crate::tenant::Tenant;
use crate::tool;
use crate::vfio::PAGE;
use crate::wait::{self, SOON};

pub const YNL: Scenario = Scenario {
    name: "ynl",
    vm: "--kernel stock",
    about: "the kernel's YNL client drives the family by its spec",
    run,
};

pub const YNL_EVENTS: Scenario = Scenario {
    name: "ynl-events",
    vm: "--kernel stock",
    about: "the kernel's YNL client gets every notification and reads it by the spec",
    run: events,
};

/// Longest time that a call may take; one takes five seconds on an emulated machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Runs the lab's `ynl`, which knows our spec.
fn ynl(arguments: &[&str]) -> Result<Output> {
    process::run(
        Command::new("ynl").arg("--output-json").args(arguments),
        PATIENCE,
    )
}

/// An operation that has to succeed, and its reply.
fn reply(kind: &str, operation: &str, request: &Value) -> Result<Value> {
    let output = ynl(&[kind, operation, "--json", &request.to_string()])?.ok()?;
    serde_json::from_str(&output.stdout)
        .with_context(|| format!("unexpected JSON from {}", output.describe()))
}

fn run() -> Result<()> {
    step("family-get tells what there is");
    let family = reply("--do", "family-get", &json!({}))?;
    check::equal("parents", &family["parent-count"], &json!(1))?;
    check::equal("work queues", &family["wq-count"], &json!(8))?;

    step("parent-get dumps what dsa-nl lists");
    let parents = reply("--dump", "parent-get", &json!({}))?;
    check::equal("name of the parent", &parents[0]["name"], &json!("dsa0"))?;
    check::equal(
        "capacity of the parent",
        &parents[0]["dsa-parent"]["wq-capacity"],
        &json!(128),
    )?;

    step("subdev-new makes a subdev that dsa-nl shows");
    let request = json!({"parent-index": 0, "wq": [{"id": 3, "max-rate": 1_u64 << 33}], "pasid-mode": "shared", "name": "by-ynl"});
    let made = reply("--do", "subdev-new", &request)?;
    let shown = tool::subdev("by-ynl")?;
    for (key, want) in [
        ("index", json!(shown.index)),
        ("uuid", json!(shown.uuid)),
        ("iommu-group", json!(shown.iommu_group)),
        ("vfio-device", json!(shown.vfio_device)),
        (
            "wq",
            json!([{"id": 3, "size": 2, "weight": 100, "max-rate": 1_u64 << 33}]),
        ),
        ("isolation", json!("mediated")),
        ("opstate", json!("attached")),
    ] {
        check::equal(key, &made[key], &want)?;
    }

    step("subdev-get finds it by its UUID");
    let got = reply("--do", "subdev-get", &json!({"uuid": shown.uuid}))?;
    check::equal("name", &got["name"], &json!("by-ynl"))?;

    step("every other operation replies with an object");
    look_everything_up(shown.index)?;

    step("a refusal names the attribute");
    let output = ynl(&[
        "--do",
        "subdev-new",
        "--json",
        r#"{"parent-index": 0, "wq": [{"id": 99}]}"#,
    ])?;
    let said = format!("{}{}", output.stdout, output.stderr);
    ensure!(
        !output.status.success() && said.contains("bad-attr") && said.contains(".wq.id"),
        "expected a refusal that names .wq.id: {}",
        output.describe()
    );

    step("subdev-del deletes it");
    let gone = reply("--do", "subdev-del", &json!({"name": "by-ynl"}))?;
    check::equal(
        "the subdev that is gone",
        &gone["index"],
        &json!(shown.index),
    )?;
    check::equal("subdevs", tool::subdevs()?, vec![])
}

/// Names of all operations or messages in the spec, and in which ways each is used: the lines of a
/// list such as `subdev-get  [ do, dump ]`.
fn listed(option: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let output = ynl(&[option])?.ok()?;
    let lines = output.stdout.lines().map(|line| {
        let (name, modes) = line.split_once('[')?;
        let modes = modes.trim_end_matches([']', ' ']).split(',');
        let modes = modes.map(|mode| mode.trim().to_owned()).collect();
        Some((name.trim().to_owned(), modes))
    });
    let listed: Option<BTreeMap<_, _>> = lines.collect();
    let listed = listed.with_context(|| format!("unexpected list from {}", output.describe()))?;
    ensure!(!listed.is_empty(), "nothing from {}", output.describe());
    Ok(listed)
}

/// By which key a reply shows what a request says by another.
fn shown_as(key: &str) -> &str {
    match key {
        "new-name" => "name",
        other => other,
    }
}

/// Demands that `got` is what is wanted; of objects, with further keys or without.
fn holds(what: &str, got: &Value, want: &Value) -> Result<()> {
    match want {
        Value::Object(pairs) => pairs
            .iter()
            .try_for_each(|(key, want)| holds(&format!("{key} in {what}"), &got[key], want)),
        want => check::equal(what, got, want),
    }
}

/// Has each operation of the spec that need not change anything reply with one object, and dump all,
/// of which there are some; `subdev` is the index of the only subdev.
fn look_everything_up(subdev: u32) -> Result<()> {
    let operations = listed("--list-ops")?;
    let mut wanted: BTreeSet<&str> = operations.keys().map(String::as_str).collect();
    for changing in ["subdev-new", "subdev-del"] {
        ensure!(wanted.remove(changing), "there is no {changing}");
    }
    let requests = [
        ("family-get", json!({})),
        (
            "parent-get",
            json!({"bus": "pci", "device": tool::parents()?[0].device}),
        ),
        ("wq-get", json!({"parent": "dsa0", "id": 3})),
        ("type-get", json!({"parent-index": 0, "name": "1swq"})),
        ("subdev-get", json!({"index": subdev})),
        ("parent-stats-get", json!({"name": "dsa0"})),
        ("wq-stats-get", json!({"parent-index": 0, "id": 3})),
        ("subdev-stats-get", json!({"index": subdev})),
        // What is so already is no change, and may be asked for while a subdev is active.
        ("parent-set", json!({"index": 0})),
        (
            "wq-set",
            json!({"parent-index": 0, "id": 3, "dsa-wq": {"priority": 8}}),
        ),
        (
            "subdev-set",
            json!({"index": subdev, "new-name": "by-ynl", "state": "active"}),
        ),
        (
            "notify-filter-set",
            json!({"parent-index": [0], "subdev-index": [subdev], "kinds": ["subdev-fault"]}),
        ),
        ("subdev-drain", json!({"index": subdev})),
        ("subdev-reset", json!({"index": subdev})),
    ];
    let names: BTreeSet<&str> = requests.iter().map(|(name, _)| *name).collect();
    check::equal("operations that change nothing", &names, &wanted)?;
    // All with one call, as each takes long.
    let texts: Vec<_> = requests
        .iter()
        .map(|(name, request)| (*name, request.to_string()))
        .collect();
    let multi: Vec<_> = texts
        .iter()
        .flat_map(|(name, text)| ["--multi", name, text.as_str()])
        .collect();
    let output = ynl(&multi)?.ok()?;
    let replies: Vec<Value> = serde_json::from_str(&output.stdout)
        .with_context(|| format!("unexpected JSON from {}", output.describe()))?;
    check::equal("replies", replies.len(), requests.len())?;
    for ((name, request), reply) in requests.iter().zip(&replies) {
        let object = reply
            .as_object()
            .with_context(|| format!("{name}: no reply"))?;
        let generation = object.get("generation").and_then(Value::as_u64);
        ensure!(generation.is_some(), "{name}: no generation in {reply}");
        // What was asked for.
        for (key, want) in request.as_object().into_iter().flatten() {
            let shown = shown_as(key);
            holds(&format!("{shown} of {name}"), &reply[shown], want)?;
        }
    }
    for (name, _) in operations
        .iter()
        .filter(|(_, modes)| modes.iter().any(|it| it == "dump"))
    {
        let all = reply("--dump", name, &json!({}))?;
        let some = all.as_array().is_some_and(|all| !all.is_empty());
        ensure!(some, "{name} dumps {all}");
    }
    Ok(())
}

/// What no DSA sends: its work queues neither come nor go.
const NEVER: [&str; 2] = ["wq-create-ntf", "wq-delete-ntf"];

fn events() -> Result<()> {
    let mut unheard: BTreeSet<String> = listed("--list-msgs")?.into_keys().collect();
    unheard.retain(|name| name.ends_with("-ntf") && !NEVER.contains(&name.as_str()));
    ensure!(
        unheard.len() > 3,
        "the spec has more notifications: {unheard:?}"
    );

    step("the client subscribes");
    let mut client = Command::new("ynl");
    client
        .args([
            "--output-json",
            "--subscribe",
            "monitor",
            "--duration",
            "600",
        ])
        .env("PYTHONUNBUFFERED", "1");
    let mut client = Talker::spawn(&mut client)?;
    wait::until_true(PATIENCE, "the client to listen", || {
        Ok(listens(client.id()))
    })?;

    step(
        "a subdev comes, is used, well and badly, and goes; then the parent halts, goes and comes",
    );
    let tenant = Tenant::add("wq 3 name noted", PAGE)?;
    let subdev = tool::subdev("noted")?;
    tenant.works()?;
    let mut monitor = Monitor::json()?;
    tenant.goes_astray()?;
    while monitor.any()?.event != "subdev-fault" {}
    drop(tenant);
    tool::await_opstate("noted", "attached")?;
    tool::del("noted")?;
    let function = Function::of_parent()?;
    ctl("halt cold")?;
    tool::await_dead_parent()?;
    function.unbind()?;
    ctl("vanish")?;
    ctl("return")?;
    function.bind(MODULE)?;
    system::await_parents(1)?;

    step("the client has heard of everything, in order");
    let mut generation = None;
    while !unheard.is_empty() {
        let line = client
            .line(SOON)
            .with_context(|| format!("expected {unheard:?}"))?;
        let event: Value = serde_json::from_str(&line)
            .with_context(|| format!("unexpected line of `{}`: {line}", client.command()))?;
        let (name, object) = (event["name"].as_str(), &event["msg"]);
        let name = name.with_context(|| format!("an event without a name: {line}"))?;
        ensure!(
            object["cause"].is_string(),
            "an event without a cause: {line}"
        );
        if name.starts_with("subdev") {
            check::equal("the subdev", &object["uuid"], &json!(subdev.uuid))?;
        }
        let next = object["generation"].as_u64();
        let next = next.with_context(|| format!("an event without generation: {line}"))?;
        if let Some(last) = generation.replace(next) {
            check::equal("the generation", next, last + 1)?;
        }
        unheard.remove(name);
    }
    Ok(())
}
