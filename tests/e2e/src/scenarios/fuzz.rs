// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fuzzer for a bounded time: as an admin, and as nobody.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::check::{self, step};
use crate::scenario::Scenario;
use crate::{fuzz, process, seed, system, tool};

pub const FUZZ: Scenario = Scenario {
    name: "fuzz",
    vm: "",
    about: "valid, near-valid and garbage requests are answered right and leave no trace",
    run,
};

const ADMIN_REQUESTS: u64 = 3000;
const OTHER_REQUESTS: u64 = 1000;

/// How long the requests of somebody else may take.
const PATIENCE: Duration = Duration::from_secs(120);

fn run() -> Result<()> {
    let mut rng = seed::announce("run fuzz");
    fuzz::run(ADMIN_REQUESTS, &mut rng)?;
    // Which has configured what there is, too.
    system::unload_module()?;
    system::load_module()?;
    system::await_parents(1)?;

    let mine = [
        tool::add("wq 3 name active")?,
        tool::add("wq 4 state inactive")?,
    ];
    let before = tool::snapshot()?;
    let program = std::env::current_exe().context("where is this program?")?;
    let mut other = tool::unprivileged(&program.to_string_lossy());
    other.args(["fuzz", "--count", &OTHER_REQUESTS.to_string()]);
    other.args(["--seed", &rng.u32(..).to_string()]);
    let output = process::run(&mut other, PATIENCE)?.ok()?;
    step(output.stdout.trim());
    check::same_json("the state afterwards", &tool::snapshot()?, &before)?;
    for subdev in mine {
        tool::del(&subdev.name)?;
    }
    Ok(())
}
