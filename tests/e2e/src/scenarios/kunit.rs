// SPDX-License-Identifier: MIT OR Apache-2.0
//! The module's tests inside the kernel
//! (srctree Documentation/dev-tools/kunit/run_manual.rst).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::check::{self, step};
use crate::kmsg::Kmsg;
use crate::refused;
use crate::scenario::Scenario;

pub const KUNIT: Scenario = Scenario {
    name: "kunit",
    vm: "--kernel debug",
    about: "the module's tests inside the kernel pass",
    run: kunit,
};

/// Has a folder for each suite.
const ROOT: &str = "/sys/kernel/debug/kunit";

/// The suites that the module has, as their `kunit_tests` attributes name them.
const SUITES: &[&str] = &[
    "subdev_auxiliary",
    "subdev_engine",
    "subdev_engine_batch",
    "subdev_framework",
    "subdev_genl",
    "subdev_made",
    "subdev_stages",
    "subdev_task",
    "subdev_turns",
    "subdev_vfio",
    "subdev_vfio_irqs",
    "subdev_vfio_layout",
    "subdev_workqueue",
];

fn kunit() -> Result<()> {
    let mut log = Kmsg::from_now()?;
    let there = suites()?;
    check::equal(
        "suites",
        &there.iter().map(String::as_str).collect(),
        &SUITES.to_vec(),
    )?;
    // All of them, whatever the first says.
    let ends: Vec<_> = SUITES.iter().map(|suite| run_suite(suite)).collect();
    for line in log.lines()? {
        if let Some((_, sentence)) = line.split_once("refused: ") {
            refused::note(sentence);
        }
    }
    let failures: Vec<_> = ends
        .into_iter()
        .filter_map(|end| end.err().map(|error| format!("{error:#}")))
        .collect();
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// Runs a suite, all tests of which have to pass.
fn run_suite(suite: &str) -> Result<()> {
    let folder = Path::new(ROOT).join(suite);
    let run = folder.join("run");
    fs::write(&run, "run").with_context(|| format!("cannot write to {}", run.display()))?;
    let results = folder.join("results");
    let results = fs::read_to_string(&results)
        .with_context(|| format!("cannot read {}", results.display()))?;
    let count = passed(suite, &results).with_context(|| format!("suite {suite}:\n{results}"))?;
    step(format!("{suite}: {count} tests"));
    Ok(())
}

/// The suites of the module that there are.
fn suites() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(ROOT).with_context(|| format!("cannot list {ROOT}"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("subdev") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The number of tests in `results` (srctree Documentation/dev-tools/ktap.rst), all of which have
/// to have passed.
fn passed(suite: &str, results: &str) -> Result<usize> {
    let mut planned = None;
    let mut count = 0;
    for line in results.lines() {
        let test = line.trim_start();
        ensure!(!test.starts_with("not ok"), "a test failed: {test}");
        // What is indented once belongs to the tests of the suite.
        let Some(test) = line.strip_prefix("    ").filter(|rest| *rest == test) else {
            continue;
        };
        if let Some(plan) = test.strip_prefix("1..") {
            planned = Some(plan.parse::<usize>().context("no plan")?);
        } else if test.starts_with("ok ") {
            ensure!(!test.contains("# SKIP"), "a test was skipped: {test}");
            count += 1;
        }
    }
    let verdict = format!("ok 1 {suite}");
    if results.lines().last() != Some(verdict.as_str()) {
        bail!("expected {verdict:?} at the end");
    }
    ensure!(
        planned == Some(count) && count > 0,
        "{count} tests passed, {planned:?} were planned"
    );
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: s\n    1..2\n    \
                        ok 1 one\n    # two: said something\n    ok 2 two\nok 1 s\n";

    #[test]
    fn tests_that_passed_are_counted() {
        assert_eq!(passed("s", GOOD).expect("all passed"), 2);
    }

    #[test]
    fn all_else_fails() {
        for (from, to) in [
            ("    ok 2 two", "    not ok 2 two"),
            ("    ok 2 two", "    ok 2 two # SKIP not here"),
            ("    ok 2 two\n", ""),
            ("1..2", "1..0"),
            ("ok 1 s", "not ok 1 s"),
            ("ok 1 s", "ok 1 t"),
            ("ok 1 s\n", ""),
        ] {
            let bad = GOOD.replace(from, to);
            assert!(passed("s", &bad).is_err(), "{bad}");
        }
    }
}
