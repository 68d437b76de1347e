// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's own YNL client, with nothing but our spec.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::check::{self, step};
use crate::process::{self, Output};
use crate::scenario::Scenario;
use crate::tool;

pub const YNL: Scenario = Scenario {
    name: "ynl",
    vm: "",
    about: "the kernel's YNL client drives the family by its spec",
    run,
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
    let request =
        json!({"parent-index": 0, "wq": [{"id": 3}], "pasid-mode": "shared", "name": "by-ynl"});
    let made = reply("--do", "subdev-new", &request)?;
    let shown = tool::subdev("by-ynl")?;
    for (key, want) in [
        ("index", json!(shown.index)),
        ("uuid", json!(shown.uuid)),
        ("iommu-group", json!(shown.iommu_group)),
        ("vfio-device", json!(shown.vfio_device)),
        ("wq", json!([{"id": 3, "size": 2, "weight": 100}])),
        ("isolation", json!("mediated")),
        ("opstate", json!("attached")),
    ] {
        check::equal(key, &made[key], &want)?;
    }

    step("subdev-get finds it by its UUID");
    let got = reply("--do", "subdev-get", &json!({"uuid": shown.uuid}))?;
    check::equal("name", &got["name"], &json!("by-ynl"))?;

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
