// SPDX-License-Identifier: MIT OR Apache-2.0
//! A user goes away in the middle of things.

use anyhow::Result;

use crate::actor::{Actor, Request};
use crate::check::{self, step};
use crate::dsa::{Dsa, regs};
use crate::model::Subdev;
use crate::scenario::Scenario;
use crate::tenant::{FROM, TO};
use crate::tool;

pub const CLOSE: Scenario = Scenario {
    name: "close",
    vm: "",
    about: "closing or killing with descriptors in flight is clean, and the next user starts anew",
    run,
};

const LEN: usize = 1 << 20;

fn run() -> Result<()> {
    let subdev = tool::add("wq 3 name left")?;
    for round in 1..=3 {
        step(format!("killed with copies in flight, time {round}"));
        let mut user = flooding(&subdev)?;
        user.kill()?;
        fresh(&subdev)?;

        step(format!("closed with copies in flight, time {round}"));
        let mut user = flooding(&subdev)?;
        user.ask(&Request::Close)?;
        fresh(&subdev)?;
        user.finish()?;
    }
    tool::del("left")
}

/// A user with as many copies in flight as there are entries.
fn flooding(subdev: &Subdev) -> Result<Actor> {
    let mut user = Actor::open(&subdev.location()?)?;
    user.map(LEN, [1, 2])?;
    user.ask(&Request::Flood {
        from: FROM,
        to: TO,
        len: LEN as u32,
        count: subdev.size(),
    })?;
    Ok(user)
}

/// Demands that nothing of the last user is left for the next one.
fn fresh(subdev: &Subdev) -> Result<()> {
    tool::await_opstate(&subdev.name, "attached")?;
    let dsa = Dsa::open(&subdev.location()?)?;
    check::equal(
        "state for the next user",
        dsa.state()?,
        regs::STATE_DISABLED,
    )?;
    check::equal("its software errors", dsa.take_software_error()?, None)?;
    drop(dsa);

    let mut user = Actor::open(&subdev.location()?)?;
    // What the last user had mapped is not there any more.
    user.attempt(FROM, TO, 64)?
        .page_fault("a copy of what the last user had", FROM, false, 0)?;
    user.map(LEN, [3, 4])?;
    user.ask(&Request::copies(LEN, 1))?;
    user.finish()?;
    tool::await_opstate(&subdev.name, "attached")
}
