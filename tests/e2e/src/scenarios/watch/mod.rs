// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whoever watches has the truth in the end, however little it reads.

mod churn;
mod copy;

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use nlctl::{AdminState, Error};

use self::churn::Churn;
use self::copy::Copy;
use crate::check::{self, step};
use crate::client::Client;
use crate::lossy::Lossy;
use crate::scenario::Scenario;
use crate::wait::{self, SOON};
use crate::{amount, seed, system, tool};

pub const WATCH: Scenario = Scenario {
    name: "watch",
    vm: "",
    about: "who watches and does not read through thousands of changes has the truth in the end",
    run: overruns,
};

pub const WATCH_RELOAD: Scenario = Scenario {
    name: "watch-reload",
    vm: "",
    about: "who watches has the truth in the end although the module is loaded anew",
    run: reloads,
};

pub const LOST_ANSWERS: Scenario = Scenario {
    name: "lost-answers",
    vm: "--kernel stock",
    about: "a request whose answer the kernel drops says so, and who asks then has the truth",
    run: lost_answers,
};

/// Little room for events: some thirty.
const SMALL: usize = 16 * 1024;

/// Changes that overrun the usual room, too.
const MANY: u64 = 4000;

/// How many changes there are in a round, and how many rounds, unless more are wanted.
const CHANGES: u64 = 400;
const ROUNDS: u64 = 3;

fn overruns() -> Result<()> {
    step(format!("nothing is read during {MANY} changes"));
    let mut copies = [Copy::new(None)?];
    let first = &mut seed::announce("run watch");
    stopped(first, Churn::start, &mut copies, MANY)?;

    let changes = amount::changes(CHANGES);
    for (seed, mut rng) in seed::rounds("run watch", amount::rounds(ROUNDS)) {
        let mut copies = [Copy::new(Some(SMALL))?, Copy::new(Some(4 * SMALL))?];
        if changes >= MANY {
            copies[1] = Copy::new(None)?;
        }
        step(format!("seed {seed}: two with less room read nothing"));
        stopped(&mut rng, Churn::start, &mut copies, changes)?;
    }
    Client::new()?.delete_all()
}

/// Has things change that nobody reads of, and go on changing while all copies are resynchronised
/// and read on now and then; in the end each is the truth.
fn stopped(
    rng: &mut Rng,
    start: impl Fn(&mut Rng) -> Result<Churn>,
    copies: &mut [Copy],
    changes: u64,
) -> Result<()> {
    let churn = start(rng)?;
    churn.await_changes(changes)?;
    for copy in &mut *copies {
        copy.read_until_resynced()?;
    }
    for _ in 0..rng.u32(1..4) {
        churn.await_changes(rng.u64(1..CHANGES / 4))?;
        for copy in &mut *copies {
            for _ in 0..rng.u32(1..20) {
                copy.read()?;
            }
        }
    }
    let changed = churn.stop()?;
    copies.iter_mut().try_for_each(Copy::catch_up)?;
    let subdevs = Client::new()?.subdevs()??;
    let names = subdevs.into_iter().map(|it| it.name).collect();
    check::equal("what the requesters know", changed.names, names)?;
    let resynced: Vec<_> = copies.iter().map(|it| it.resynced).collect();
    step(format!(
        "{} changes, {resynced:?} times out of step, {} requests without an answer",
        changed.changes, changed.lost
    ));
    Ok(())
}

fn reloads() -> Result<()> {
    let parents = tool::parents()?.len();
    let changes = amount::changes(CHANGES) / 2;
    for (seed, mut rng) in seed::rounds("run watch-reload", amount::rounds(ROUNDS)) {
        step(format!(
            "seed {seed}: the module is loaded anew while things change"
        ));
        let mut copies = [Copy::new(None)?, Copy::new(Some(SMALL))?];
        let churn = Churn::start(&mut rng)?;
        for _ in 0..2 {
            churn.await_changes(rng.u64(1..=changes))?;
            for copy in &mut copies {
                for _ in 0..rng.u32(0..20) {
                    copy.read()?;
                }
            }
            wait::until_true(SOON, "the module to be unloaded", || {
                Ok(system::try_unload_module()?.status.success())
            })?;
            system::load_module()?;
            system::await_parents(parents)?;
        }
        churn.await_changes(rng.u64(1..=changes))?;
        let changes = churn.stop()?.changes;
        for copy in &mut copies {
            copy.catch_up()?;
            ensure!(copy.gone > 0, "it did not hear that the module had gone");
        }
        let seen: Vec<_> = copies.iter().map(|it| (it.gone, it.resynced)).collect();
        step(format!(
            "{changes} changes, times gone and out of step: {seen:?}"
        ));
    }
    Client::new()?.delete_all()
}

fn lost_answers() -> Result<()> {
    step("the kernel drops the answer to a request: whether it was carried out is unknown");
    let truth = Client::new()?;
    let (client, socket) = Lossy::client()?;
    let made = client.ask(|handle| {
        let add = handle.subdev().add().wq(3).name("unheard-of");
        add.state(AdminState::Inactive).execute()
    })?;
    lost(made)?;
    ensure!(socket.dropped()? > 0, "the kernel has dropped nothing");
    truth.ask(|handle| handle.subdev().get("unheard-of").execute())??;

    step("the connection goes on: the kernel says what became of it");
    let got = client.ask(|handle| handle.subdev().get("unheard-of").execute())??;
    let same = client.ask(|handle| handle.subdev().dump().all())??;
    check::equal("a dump", same.object, vec![got.object])?;

    step("so it is with a change and a deletion");
    lost(client.ask(|handle| {
        handle
            .subdev()
            .set("unheard-of")
            .new_name("heard-of")
            .execute()
    })?)?;
    let got = client.ask(|handle| handle.subdev().get("heard-of").execute())??;
    lost(client.ask(|handle| handle.subdev().del(got.object.index).execute())?)?;
    let left = client.ask(|handle| handle.subdev().dump().all())??;
    check::equal("subdevs", left.object, vec![])?;

    let changes = amount::changes(CHANGES);
    for (seed, mut rng) in seed::rounds("run lost-answers", amount::rounds(ROUNDS)) {
        step(format!(
            "seed {seed}: hundreds of answers are lost while two watch"
        ));
        let mut copies = [Copy::new(Some(SMALL))?, Copy::new(Some(2 * SMALL))?];
        stopped(&mut rng, Churn::start_lossy, &mut copies, changes)?;
    }
    truth.delete_all()
}

/// Demands that an answer was lost, and that the error says what that means.
fn lost<T>(answer: Result<T, Error>) -> Result<()> {
    match answer {
        Err(error @ Error::Lost { .. }) => {
            let text = error.to_string();
            ensure!(text.contains("carried out is unknown"), "{text}");
            Ok(())
        }
        Err(error) => Err(error).context("expected that the answer is lost"),
        Ok(_) => bail!("expected that the answer is lost, and it came"),
    }
}
