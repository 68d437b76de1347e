// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `dsa-nl` shows: chosen by keys, waited for, as YAML and in columns.

use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::check::{self, step};
use crate::process;
use crate::scenario::Scenario;
use crate::system::Function;
use crate::tool::{self, DSA_NL, dsa_nl};
use crate::wait::SOON;

pub const SHOW: Scenario = Scenario {
    name: "show",
    vm: "--kernel stock",
    about: "what is shown is chosen by keys, waited for, and in the form that was asked for",
    run,
};

/// Names of the subdevs that are shown.
fn shown(keys: &str) -> Result<Vec<String>> {
    let output = dsa_nl(&format!("-j subdev show {keys}"))?.ok()?;
    let document: Value = serde_json::from_str(&output.stdout)?;
    crate::schema::check(&document)?;
    let all = document["subdev"].as_array().context("no list")?;
    let names = all.iter().filter_map(|it| it["name"].as_str());
    Ok(names.map(ToString::to_string).collect())
}

fn run() -> Result<()> {
    tool::add("wq 3 pasid-mode shared name one")?;
    tool::add("wq 3,4 pasid-mode shared name two state inactive")?;
    tool::add("wq 5 name three")?;
    let place = Function::of_parent()?.name().to_owned();

    step("keys choose, the kernel's and the tool's, and one object as well");
    let all = ["one", "two", "three"];
    for (keys, want) in [
        ("", &all[..]),
        ("state active", &["one", "three"]),
        ("wq 3", &["one", "two"]),
        ("wq dsa0/wq4", &["two"]),
        ("pasid-mode none", &["three"]),
        ("pasid-mode shared state active", &["one"]),
        ("parent 0", &all),
        ("one state active", &["one"]),
        ("one state inactive", &[]),
        ("two wq 4 parent dsa0", &["two"]),
    ] {
        check::equal(
            keys,
            shown(keys)?,
            want.iter().map(ToString::to_string).collect(),
        )?;
    }
    let by_place = format!("parent pci/{place}");
    check::equal(&by_place, shown(&by_place)?.len(), 3)?;
    let wq: Value = tool::json(&format!("wq show pci/{place}/wq3"))?;
    check::equal("wq", wq["id"].as_u64(), Some(3))?;

    step("an object alone is shown, and so it is by 'list' and 'ls'");
    let table = dsa_nl("subdev")?.ok()?.stdout;
    for line in ["subdev show", "subdev list", "subdev ls", "sub ls"] {
        check::equal(line, &dsa_nl(line)?.ok()?.stdout, &table)?;
    }
    for line in table.lines().chain(dsa_nl("wq")?.ok()?.stdout.lines()) {
        ensure!(line.chars().count() <= 80, "{line:?} is wider than 80");
    }
    let wide = dsa_nl("-o wide subdev")?.ok()?.stdout;
    ensure!(
        wide.contains("UUID") && wide.contains("ISOLATION"),
        "{wide}"
    );

    step("YAML is read back by PyYAML as what was meant");
    dsa_nl("subdev set three name no")?.ok()?;
    let program = "import sys,yaml,json; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";
    let line = format!("{DSA_NL} -o yaml subdev show | python3 -c '{program}'");
    let output = process::run(Command::new("sh").args(["-c", &line]), 4 * SOON)?.ok()?;
    let yaml: Value = serde_json::from_str(&output.stdout)?;
    let json: Value = tool::json("subdev show")?;
    check::same_json("the same", &yaml, &json)?;

    step("what is to be shown is waited for, and not for ever");
    let output = dsa_nl("--wait 1 subdev show nobody")?;
    check::equal("the exit status", output.status.code(), Some(3))?;
    let waiting = thread::spawn(|| dsa_nl("--wait 20 subdev show two state active"));
    thread::sleep(Duration::from_millis(300));
    dsa_nl("subdev set two state active")?.ok()?;
    let output = waiting
        .join()
        .map_err(|_| anyhow::anyhow!("panicked"))??
        .ok()?;
    ensure!(output.stdout.contains("two"), "{}", output.describe());

    step("words are completed, names that there are among them");
    for (words, want) in [
        ("subdev show o", "one\nopstate\n"),
        ("subdev show pa", "parent\npasid-mode\n"),
        ("parent show d", "dsa0\n"),
        ("subdev add pasid-mode s", "shared\n"),
    ] {
        let output = dsa_nl(&format!("complete -- {words}"))?.ok()?;
        let mut lines: Vec<_> = output.stdout.lines().collect();
        lines.sort_unstable();
        check::equal(words, lines, want.lines().collect())?;
    }

    step("a dry run is an option of its own, and of what has none it is refused");
    dsa_nl("--dry-run subdev set two state inactive")?.ok()?;
    check::equal("state", tool::subdev("two")?.state.as_str(), "active")?;
    let output = dsa_nl("--dry-run subdev del two")?;
    check::equal("the exit status", output.status.code(), Some(1))?;
    for name in ["one", "two", "no"] {
        tool::del(name)?;
    }
    Ok(())
}
