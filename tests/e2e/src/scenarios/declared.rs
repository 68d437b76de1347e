// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dsa-nl export`, `diff` and `apply`: what is wanted, as a file.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::check::{self, step};
use crate::dsa::Dsa;
use crate::scenario::Scenario;
use crate::tool::{self, DSA_NL, dsa_nl};
use crate::{seed, wait};

pub const APPLY: Scenario = Scenario {
    name: "apply",
    vm: "--kernel stock",
    about: "a file says what is wanted; it is applied whole or not at all, again and again",
    run: apply,
};

pub const APPLY_KILLED: Scenario = Scenario {
    name: "apply-killed",
    vm: "--kernel stock",
    about: "an apply that is killed at any point is mended by the next",
    run: killed,
};

/// A file that the tool's own tests read as well.
macro_rules! profile {
    ($name:literal) => {
        include_str!(concat!(
            "../../../../nlctl/dsa-nl/tests/accel-config/",
            $name,
            ".conf"
        ))
    };
}

pub const FILE: &str = "/tmp/wanted.yaml";

/// Exit status: a condition is not met.
const UNMET: i32 = 3;

pub const WANTED: &str = "\
parent:
- name: dsa0
  dsa-parent:
    read-buffer-limit: 48
    group:
    - {id: 0, engines: '0x7'}
    - {id: 1, engines: '0x8'}
wq:
- {parent: dsa0, id: 2, size: 4}
- {parent: dsa0, id: 3, size: 24, dsa-wq: {priority: 10, group: 1}}
subdev:
- name: one
  uuid: 123e4567-e89b-12d3-a456-426614174001
  parent: dsa0
  wq: [{id: 3, size: 8, weight: 300}]
  pasid-mode: shared
- name: two
  uuid: 123e4567-e89b-12d3-a456-426614174002
  parent: dsa0
  wq: [{id: 3, size: 8}]
  pasid-mode: shared
  state: inactive
- name: three
  parent: dsa0
  wq: [{id: 4}]
";

/// Files in the shapes of those that come with accel-config.
const PROFILES: [(&str, &str); 5] = [
    ("system", profile!("system")),
    ("two-sizes", profile!("two-sizes")),
    ("four-groups", profile!("four-groups")),
    ("disks", profile!("disks")),
    ("both-modes", profile!("both-modes")),
];

/// The same with other names and sizes.
pub const OTHER: &str = "\
wq:
- {parent: dsa0, id: 2, size: 16}
- {parent: dsa0, id: 3, size: 12, dsa-wq: {priority: 3}}
subdev:
- name: two
  uuid: 123e4567-e89b-12d3-a456-426614174001
  parent: dsa0
  wq: [{id: 3, size: 2, weight: 50}]
  pasid-mode: shared
- name: one
  uuid: 123e4567-e89b-12d3-a456-426614174002
  parent: dsa0
  wq: [{id: 3, size: 10}]
  pasid-mode: shared
  state: active
- name: four
  parent: dsa0
  wq: [{id: 5, size: 4}]
  dsa-subdev: {op-config: '09', max-transfer-size: 65536}
";

pub fn write(text: &str) -> Result<()> {
    fs::write(FILE, text).context("the file of the scenario")
}

/// Demands that what there is is what the file says.
pub fn is_applied(options: &str) -> Result<()> {
    let output = dsa_nl(&format!("diff {FILE} {options}"))?;
    ensure!(
        output.status.success() && output.stdout.is_empty(),
        "there is something left: {}",
        output.describe()
    );
    Ok(())
}

pub fn export() -> Result<Value> {
    let output = dsa_nl("-j export")?.ok()?;
    let document = serde_json::from_str(&output.stdout)?;
    crate::schema::check(&document)?;
    Ok(document)
}

fn apply() -> Result<()> {
    let before = export()?;

    step("what is wanted is shown and not done, then done");
    write(WANTED)?;
    let output = dsa_nl(&format!("diff {FILE}"))?;
    check::equal("the exit status of diff", output.status.code(), Some(UNMET))?;
    ensure!(
        output.stdout.contains("would add subdev one"),
        "{}",
        output.describe()
    );
    dsa_nl(&format!("--dry-run apply {FILE}"))?.ok()?;
    check::same_json("what there is", &export()?, &before)?;
    let output = dsa_nl(&format!("apply {FILE}"))?.ok()?;
    step(output.stdout.trim_end().replace('\n', "\n  "));
    let (one, two) = (tool::subdev("one")?, tool::subdev("two")?);
    check::equal("shares", (one.size(), one.wq[0].weight), (8, 300))?;
    check::equal(
        "states",
        (one.state.as_str(), two.state.as_str()),
        ("active", "inactive"),
    )?;
    let wq = tool::wq("wq3")?;
    let dsa = wq.dsa_wq.context("no vendor part")?;
    check::equal("wq 3", (wq.size, dsa.priority, dsa.group), (24, 10, 1))?;

    step("it is done once; what is exported changes nothing, as YAML and as JSON");
    is_applied("")?;
    let all = tool::snapshot()?;
    for format in ["yaml", "json"] {
        let exported = dsa_nl(&format!("-o {format} export"))?.ok()?.stdout;
        write(&exported)?;
        is_applied("--prune")?;
        let output = dsa_nl(&format!("apply {FILE} --prune"))?.ok()?;
        check::equal("steps", output.stdout.as_str(), "")?;
    }
    check::same_json("what there is", &tool::snapshot()?, &all)?;

    step("another file changes names, sizes and the hardware below, and prunes");
    write(OTHER)?;
    dsa_nl(&format!("apply {FILE} --prune"))?.ok()?;
    is_applied("--prune")?;
    let names = |mut all: Vec<String>| {
        all.sort_unstable();
        all
    };
    let there = tool::subdevs()?.into_iter().map(|it| it.name).collect();
    check::equal(
        "subdevs",
        names(there),
        names(vec!["one".into(), "two".into(), "four".into()]),
    )?;
    check::equal("the first is renamed", tool::subdev("two")?.uuid, one.uuid)?;

    refused_whole()?;
    forced()?;
    swapped()?;
    step("what a file says wrong is said with its line");
    for (text, status, words) in [
        (
            "subdev:\n- {name: x, parent: dsa0, colour: red}\n",
            1,
            ":2: a subdev has no 'colour'",
        ),
        (
            "subdev:\n- {name: x, parent: dsa9}\n",
            2,
            ":2: there is no parent dsa9",
        ),
        (
            "subdev:\n- name: x\n  parent: dsa0\n  state: on\n",
            1,
            ":4: state: 'on'",
        ),
    ] {
        write(text)?;
        let output = dsa_nl(&format!("apply {FILE}"))?;
        check::equal("the exit status", output.status.code(), Some(status))?;
        ensure!(
            output.stderr.contains(words),
            "{words}: {}",
            output.describe()
        );
    }

    accel_config()?;
    step("an empty file with --prune leaves nothing");
    write("subdev: []\n")?;
    dsa_nl(&format!("apply {FILE} --prune"))?.ok()?;
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    let restored = fs::write(FILE, before.to_string());
    restored.context("the file of the scenario")?;
    dsa_nl(&format!("apply {FILE}"))?.ok()?;
    check::same_json("what there is", &export()?, &before)
}

/// A file of which the last step is refused.
fn refused_whole() -> Result<()> {
    step("what is refused in the end leaves all as it was");
    let before = export()?;
    let user = Dsa::open(&tool::subdev("four")?.location()?)?;
    write(&format!(
        "{OTHER}- {{name: five, parent: dsa0, wq: [{{id: 5, size: 4}}], pasid-mode: none}}\n"
    ))?;
    let output = dsa_nl(&format!("apply {FILE}"))?;
    let sentence = tool::refused(&output, &["five", "wq", "taken back"])?;
    step(format!("  {sentence}"));
    check::same_json("what there is", &export()?, &before)?;
    drop(user);
    write(
        &OTHER
            .replace("size: 10", "size: 8")
            .replace("{id: 5, size: 4}", "{id: 5, size: 99}"),
    )?;
    tool::refused(&dsa_nl(&format!("apply {FILE}"))?, &["four", "taken back"])?;
    check::same_json("what there is", &export()?, &before)
}

/// Files for which what is in use has to go.
fn forced() -> Result<()> {
    step(
        "what is open is in the way of a file, unless that is said: its user is told of, and loses it",
    );
    write("subdev: []\n")?;
    dsa_nl(&format!("apply {FILE} --prune"))?.ok()?;
    let held = tool::add("wq 3 pasid-mode shared size 4 weight 300 name held")?;
    let idle = tool::add("wq 4 pasid-mode shared size 4 name idle")?;
    let before = export()?;
    let user = Dsa::open(&held.location()?)?;
    write(
        "wq:\n- {parent: dsa0, id: 3, size: 10}\nsubdev:\n- {name: held, parent: dsa0, wq: [{id: 3, size: 2}]}\n",
    )?;
    let output = dsa_nl(&format!("apply {FILE}"))?;
    tool::refused(&output, &["idle is active", "--force restarts it"])?;
    let told = "Warning: the user of subdev held, which is open, loses it.";
    for line in ["diff --force", "--dry-run apply --force"] {
        let output = dsa_nl(&format!("{line} {FILE}"))?;
        ensure!(output.stderr.contains(told), "{}", output.describe());
        check::same_json("what there is", &export()?, &before)?;
    }
    let output = dsa_nl(&format!("apply --force {FILE}"))?.ok()?;
    step(output.stdout.trim_end().replace('\n', "\n  "));
    ensure!(output.stderr.contains(told), "{}", output.describe());
    let anew = tool::subdev("held")?;
    let kept = (anew.uuid.as_str(), anew.size(), anew.wq[0].weight);
    check::equal("held", kept, (held.uuid.as_str(), 2, 300))?;
    ensure!(anew.index != held.index, "{anew:?}");
    let now = tool::subdev("idle")?;
    let kept = (now.index, now.state.as_str());
    check::equal("idle", kept, (idle.index, "active"))?;
    check::equal("the size of wq 3", tool::wq("wq3")?.size, 10)?;
    is_applied("--force")?;

    step("it is open to the next, though the one before still holds what it had");
    drop(Dsa::open_enabled(&anew.location()?)?);
    drop(user);
    tool::await_opstate("held", "attached")?;

    step("by force what is open is pruned, and becomes inactive");
    let user = Dsa::open(&tool::subdev("idle")?.location()?)?;
    let other = Dsa::open(&tool::subdev("held")?.location()?)?;
    write("subdev:\n- {name: held, parent: dsa0, state: inactive}\n")?;
    let output = dsa_nl(&format!("apply {FILE} --prune"))?;
    tool::refused(&output, &["taken back"])?;
    dsa_nl(&format!("apply {FILE} --prune --force"))?.ok()?;
    let left: Vec<_> = tool::subdevs()?
        .into_iter()
        .map(|it| (it.name, it.state))
        .collect();
    check::equal(
        "what is left",
        left,
        vec![("held".into(), "inactive".into())],
    )?;
    drop((user, other));
    Ok(())
}

/// Groups that give each other all of their engines, and their work queues.
fn swapped() -> Result<()> {
    step("all work queues and engines go to another group, and back");
    write("subdev: []\n")?;
    dsa_nl(&format!("apply {FILE} --prune"))?.ok()?;
    let all = |group: u32| {
        let engines = if group == 0 {
            ["0xf", "0x0"]
        } else {
            ["0x0", "0xf"]
        };
        let wqs: String = (0..8)
            .map(|id| format!("- {{parent: dsa0, id: {id}, dsa-wq: {{group: {group}}}}}\n"))
            .collect();
        let [zero, one] = engines;
        format!(
            "parent:\n- {{name: dsa0, dsa-parent: {{group: [{{id: 0, engines: '{zero}'}}, \
             {{id: 1, engines: '{one}'}}]}}}}\nwq:\n{wqs}"
        )
    };
    for group in [0, 1, 0] {
        write(&all(group))?;
        dsa_nl(&format!("apply {FILE}"))?.ok()?;
        is_applied("")?;
        let parent: Value = tool::json("parent show dsa0")?;
        let engines = &parent["dsa-parent"]["group"][group as usize]["engines"];
        check::equal("the engines", engines, &json!("0xf"))?;
        let groups: Vec<_> = tool::wqs()?
            .into_iter()
            .filter_map(|wq| wq.dsa_wq)
            .collect();
        ensure!(groups.iter().all(|it| it.group == group), "{groups:?}");
    }
    Ok(())
}

/// What accel-config saves for idxd.
fn accel_config() -> Result<()> {
    step("a configuration of accel-config is applied; what has no place is named");
    write("subdev: []\n")?;
    dsa_nl(&format!("apply {FILE} --prune"))?.ok()?;
    write(include_str!("../idxd/two_groups.json"))?;
    let line = format!("apply {FILE} --format accel-config");
    let output = dsa_nl(&line)?;
    check::equal("the exit status", output.status.code(), Some(1))?;
    ensure!(
        output.stderr.contains("has no place"),
        "{}",
        output.describe()
    );
    // Batches are not offered here, so that the file as it is is refused by the kernel.
    let text = include_str!("../idxd/two_groups.json");
    let text: Vec<_> = text
        .lines()
        .filter(|line| !line.contains("max_batch_size"))
        .collect();
    write(&text.join("\n"))?;
    let output = dsa_nl(&format!("{line} --skip-unknown"))?.ok()?;
    ensure!(
        output.stderr.contains("has no place"),
        "{}",
        output.describe()
    );
    let wqs = tool::wqs()?;
    let sizes: Vec<_> = wqs.iter().map(|wq| wq.size).collect();
    step(format!("  sizes {sizes:?}"));
    check::equal("the size of wq 0", sizes.first().copied(), Some(16))?;
    let parent: Value = tool::json("parent show dsa0")?;
    let groups = &parent["dsa-parent"]["group"];
    check::equal("group 0", &groups[0]["engines"], &json!("0x3"))?;
    is_applied("--format accel-config --skip-unknown")?;

    step("from each shape of profile to the next, and to the first");
    for (name, text) in PROFILES.iter().chain(PROFILES.first()) {
        step(format!("  {name}"));
        write(text)?;
        dsa_nl(&format!("{line} --skip-unknown"))?.ok()?;
        is_applied("--format accel-config --skip-unknown")?;
    }
    check::equal("the size of wq 0", tool::wq("wq0")?.size, 24)
}

fn killed() -> Result<()> {
    let before = export()?;
    let mut cut = 0;
    for (round, mut rng) in seed::rounds("apply-killed", 10) {
        for _ in 0..5 {
            let text = if rng.bool() { WANTED } else { OTHER };
            write(text)?;
            let mut child = Command::new(DSA_NL)
                .args(["apply", FILE, "--prune"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?;
            sleep(Duration::from_millis(rng.u64(0..200)));
            cut += u32::from(child.try_wait()?.is_none());
            child.kill()?;
            child.wait()?;
        }
        let text = if rng.bool() { WANTED } else { OTHER };
        write(text)?;
        let mut output = dsa_nl(&format!("apply {FILE} --prune"))?;
        // The kernel carries out what it was asked for last, though who asked is gone.
        wait::until_true(wait::SOON, "a plan that nothing changes meanwhile", || {
            if !output.status.success() {
                output = dsa_nl(&format!("apply {FILE} --prune"))?;
            }
            Ok(output.status.success())
        })?;
        output.ok()?;
        is_applied("--prune").with_context(|| format!("round {round}"))?;
    }
    step(format!("killed {cut} times before the end"));

    step("of two at a time one is refused, or both succeed, and there is no mixture");
    for (_, mut rng) in seed::rounds("apply-killed", 10) {
        write(WANTED)?;
        fs::write("/tmp/other.yaml", OTHER)?;
        let spawn = |file: &str| {
            Command::new(DSA_NL)
                .args(["apply", file, "--prune"])
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
        };
        let first = spawn(FILE)?;
        sleep(Duration::from_millis(rng.u64(0..40)));
        let second = spawn("/tmp/other.yaml")?;
        let (first, second) = (first.wait_with_output()?, second.wait_with_output()?);
        let sentences = [&first.stderr, &second.stderr].map(|it| String::from_utf8_lossy(it));
        ensure!(
            first.status.success() || second.status.success(),
            "both failed: {sentences:?}"
        );
        let diff = |file: &str| {
            Ok::<_, anyhow::Error>(dsa_nl(&format!("diff {file} --prune"))?.status.success())
        };
        ensure!(
            diff(FILE)? || diff("/tmp/other.yaml")?,
            "a mixture: {sentences:?}: {}",
            export()?
        );
    }
    fs::write(FILE, before.to_string())?;
    dsa_nl(&format!("apply {FILE} --prune"))?.ok()?;
    check::same_json("what there is", &export()?, &before)
}
