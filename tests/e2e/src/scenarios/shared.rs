// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two subdevs on one WQ: at the same time, and apart.

use anyhow::Result;

use crate::actor::{Actor, Answer, Request};
use crate::check::{self, step};
use crate::dsa::regs;
use crate::scenario::Scenario;
use crate::tenant::{FROM, TO};
use crate::tool;

pub const SHARED: Scenario = Scenario {
    name: "shared",
    vm: "",
    about: "two processes move data through one WQ at the same time, undisturbed",
    run: shared,
};

pub const ISOLATION: Scenario = Scenario {
    name: "isolation",
    vm: "",
    about: "two subdevs on one WQ never see each other's memory",
    run: isolation,
};

const LEN: usize = 1 << 20;

/// Copies of 1 MiB in the long run: a few seconds on an emulated machine.
const ROUNDS: u32 = 10;

/// Makes two subdevs on WQ 3 and has a process open each.
fn two() -> Result<[Actor; 2]> {
    let one = tool::add("wq 3 pasid-mode shared name one")?;
    let two = tool::add("wq 3 pasid-mode shared name two")?;
    Ok([
        Actor::open(&one.location()?)?,
        Actor::open(&two.location()?)?,
    ])
}

/// Has both processes end and deletes the subdevs.
fn end(actors: [Actor; 2]) -> Result<()> {
    for actor in actors {
        actor.finish()?;
    }
    tool::del("one")?;
    tool::del("two")
}

fn holds(actor: &mut Actor, iova: u64, seed: u64) -> Result<()> {
    let len = LEN;
    actor.ask(&Request::Holds { iova, len, seed })?;
    Ok(())
}

fn copies(rounds: u32) -> Request {
    Request::copies(LEN, rounds)
}

fn shared() -> Result<()> {
    let mut actors = two()?;
    for (actor, seed) in actors.iter_mut().zip([1, 2]) {
        actor.map(LEN, [seed, seed + 10])?;
    }
    for rounds in [1, ROUNDS] {
        step(format!(
            "both copy 1 MiB {rounds} times at the same time, verified each time"
        ));
        for actor in &mut actors {
            actor.tell(&copies(rounds))?;
        }
        for actor in &mut actors {
            check::equal("answer", actor.answer()?, Answer::Done)?;
        }
    }

    step("one drains, disables and resets over and over while the other copies");
    actors[0].tell(&copies(ROUNDS))?;
    actors[1].ask(&Request::Restart { rounds: 20 })?;
    check::equal("answer", actors[0].answer()?, Answer::Done)?;
    let state = actors[1].ask(&Request::State)?;
    check::equal(
        "state of the restarted one",
        state,
        Answer::State(regs::STATE_ENABLED),
    )?;
    actors[1].ask(&copies(1))?;
    end(actors)
}

fn isolation() -> Result<()> {
    let mut actors = two()?;
    step("the same IOVAs, other contents: each copies its own");
    for (actor, seed) in actors.iter_mut().zip([1, 2]) {
        actor.map(LEN, [seed, seed + 10])?;
        actor.tell(&copies(8))?;
    }
    for (actor, seed) in actors.iter_mut().zip([1, 2]) {
        actor.answer()?;
        holds(actor, FROM, seed)?;
        holds(actor, TO, seed)?;
    }

    step("what only the other has mapped is a page fault, to read and to write");
    let secret = 0x5000_0000;
    actors[1].ask(&Request::Map {
        iova: secret,
        len: LEN,
        seed: 77,
    })?;
    let [one, two] = &mut actors;
    one.attempt(secret, TO, 64)?
        .page_fault("reading the other's memory", secret, false, 0)?;
    one.attempt(FROM, secret, 64)?
        .page_fault("writing to the other's memory", secret, true, 0)?;
    holds(one, TO, 1)?;
    holds(two, secret, 77)?;
    two.attempt(secret, TO, 64)?
        .success("the owner's own copy")?;

    step("memory of one that ended cannot be reached by the other");
    actors[1].ask(&Request::Close)?;
    actors[0].attempt(secret, TO, 64)?.page_fault(
        "reading what was the other's",
        secret,
        false,
        0,
    )?;
    end(actors)
}
