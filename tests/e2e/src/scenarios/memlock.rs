// SPDX-License-Identifier: MIT OR Apache-2.0
//! A tenant that may lock less memory than it has copied.

use anyhow::{Context, Result, ensure};

use crate::actor::{Actor, Answer, Request};
use crate::check::{self, step};
use crate::kmsg::Kmsg;
use crate::scenario::Scenario;
use crate::tenant::{FROM, TO};
use crate::tool;
use crate::upstream::MEMLOCK;

pub const MEMLOCK_FLOOD: Scenario = Scenario {
    name: "memlock",
    vm: "",
    about: "a tenant with little RLIMIT_MEMLOCK fails with its copies, and cannot fill the log",
    run,
};

const LEN: usize = 1 << 20;

/// What the tenant may lock: sixteen pages, where a copy takes 512.
const LIMIT: u64 = 64 << 10;

/// Copies that it tries.
const ROUNDS: u32 = 64;

/// Lines of the log that they may come to, for each minute that has begun.
const LINES: usize = 1;

fn run() -> Result<()> {
    tool::add("wq 3 pasid-mode shared name poor size 4")?;
    tool::add("wq 3 pasid-mode shared name sibling size 4")?;
    let mut sibling = tenant("sibling", None)?;
    let mut poor = tenant("poor", Some(LIMIT))?;
    let mut log = Kmsg::from_now()?;

    step(format!(
        "{ROUNDS} copies of 1 MiB fail one by one, while the sibling's succeed"
    ));
    sibling.tell(&Request::copies(LEN, 8))?;
    for round in 1..=ROUNDS {
        poor.attempt(FROM, TO, LEN as u32)
            .and_then(|done| done.failure("a copy of more than may be locked"))
            .with_context(|| format!("copy {round} of {ROUNDS}"))?;
    }
    check::equal("answer of the sibling", sibling.answer()?, Answer::Done)?;

    step("the log does not say so each time");
    let lines = log.lines()?;
    let told: Vec<_> = lines.iter().filter(|it| it.contains(MEMLOCK)).collect();
    ensure!(
        told.len() <= LINES,
        "{} lines of the log, where {LINES} is allowed; the first ones: {:#?}",
        told.len(),
        &told[..told.len().min(4)]
    );
    poor.finish()?;
    sibling.finish()?;
    tool::del("poor")?;
    tool::del("sibling")
}

/// A process that has a subdev open, and memory to copy, of which it may lock so much.
fn tenant(name: &str, limit: Option<u64>) -> Result<Actor> {
    let mut actor = Actor::open(&tool::subdev(name)?.location()?)?;
    if let Some(bytes) = limit {
        actor.ask(&Request::LimitLocked { bytes })?;
    }
    actor.map(LEN, [1, 2])?;
    Ok(actor)
}
