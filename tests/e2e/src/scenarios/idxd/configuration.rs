// SPDX-License-Identifier: MIT OR Apache-2.0
//! `accel-config`: what it shows, takes and gives back.

use std::fs::{self, File};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::STOCK;
use crate::check::{self, step};
use crate::idxd::{TWO_GROUPS, attribute, command, configure, disable, try_command, with_idxd};
use crate::kmsg::Kmsg;
use crate::scenario::Scenario;

pub const IDXD_CONFIG: Scenario = Scenario {
    name: "idxd-config",
    vm: STOCK,
    about: "the kernel's idxd and accel-config take the model for a DSA and configure it",
    run: || with_idxd(run),
};

fn run(_log: &mut Kmsg) -> Result<()> {
    step("accel-config lists the device with its capabilities");
    let listed = parse(&command("accel-config", "list -i")?.stdout)?;
    let device = &listed[0];
    for (key, want) in [
        ("dev", Value::from("dsa0")),
        ("max_groups", 4.into()),
        ("max_work_queues", 8.into()),
        ("max_engines", 4.into()),
        ("work_queue_size", 128.into()),
        ("max_batch_size", 1024.into()),
        ("version", "0x100".into()),
        ("configurable", 1.into()),
        ("state", "disabled".into()),
    ] {
        check::equal(key, &device[key], &want)?;
    }

    step("a file of two groups and three WQs is loaded and enabled");
    configure(TWO_GROUPS)?;
    check::equal("state", attribute("dsa0/state")?.as_str(), "enabled")?;
    for wq in 0..3 {
        let state = attribute(&format!("wq0.{wq}/state"))?;
        check::equal(&format!("state of wq0.{wq}"), state.as_str(), "enabled")?;
    }

    step("what is saved holds all that was loaded");
    command("accel-config", "save-config -s /tmp/saved.json")?;
    let saved = fs::read_to_string("/tmp/saved.json").context("nothing was saved")?;
    contains("", &parse(&saved)?, &parse(TWO_GROUPS)?)?;

    step("a kernel WQ is a DMA channel, a user WQ a character device");
    ensure!(
        fs::exists("/sys/class/dma/dma0chan0")?,
        "there is no DMA channel"
    );
    ensure!(fs::exists("/dev/dsa/wq0.2")?, "there is no /dev/dsa/wq0.2");
    // Without an IOMMU there is no address space to give to a user.
    let opened = File::open("/dev/dsa/wq0.2");
    ensure!(
        opened.is_err(),
        "a user WQ was opened although there is no IOMMU"
    );

    step("a shared WQ is configured; enabling it takes a PASID, and is refused with the reason");
    disable()?;
    let shared = TWO_GROUPS.replacen("dedicated", "shared", 1).replacen(
        "\"threshold\": 0",
        "\"threshold\": 8",
        1,
    );
    fs::write("/tmp/shared.json", &shared)?;
    command("accel-config", "load-config -c /tmp/shared.json")?;
    check::equal("mode", attribute("wq0.0/mode")?.as_str(), "shared")?;
    check::equal("threshold", attribute("wq0.0/threshold")?.as_str(), "8")?;
    let enabled = try_command("accel-config", "enable-device dsa0")?;
    ensure!(
        !enabled.status.success() && enabled.stdout.contains("no shared wq support"),
        "a shared WQ was enabled without PASID: {}",
        enabled.describe()
    );
    check::equal("state", attribute("dsa0/state")?.as_str(), "disabled")
}

fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text).with_context(|| format!("this is no JSON: {text:?}"))
}

/// Demands that `got` has all that `want` has; elements of lists are found by their name.
fn contains(path: &str, got: &Value, want: &Value) -> Result<()> {
    match want {
        Value::Object(want) => {
            for (key, want) in want {
                contains(&format!("{path}/{key}"), &got[key], want)?;
            }
            Ok(())
        }
        Value::Array(want) => {
            let elements = got.as_array().map(Vec::as_slice).unwrap_or_default();
            for want in want {
                let name = &want["dev"];
                let found = elements.iter().find(|element| element["dev"] == *name);
                let found = found.with_context(|| format!("{path}: {name} is missing"))?;
                contains(&format!("{path}/{name}"), found, want)?;
            }
            Ok(())
        }
        _ => check::equal(path, got, want),
    }
}
