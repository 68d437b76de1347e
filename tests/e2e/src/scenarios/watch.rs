// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whoever watches has the truth in the end, however little it reads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow, bail, ensure};
use fastrand::Rng;
use futures::StreamExt;
use nlctl::{AdminState, Error, PasidMode, State, Update, Watch, Wq, WqState};
use tokio::time::timeout;

use crate::check::{self, step};
use crate::client::{Client, timeless};
use crate::scenario::Scenario;
use crate::wait::{self, SOON};
use crate::{seed, system, tool};

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

/// How many change things.
const CHANGERS: usize = 2;

/// Many subdevs exist at the same time, few enough that each is changed again.
const NAMES: u32 = 24;

/// Little room for events: some thirty.
const SMALL: usize = 16 * 1024;

/// Changes that overrun the usual room.
const MANY: u64 = 4000;

/// Runs with little room, each of so many changes.
const RUNS: u64 = 5;
const CHANGES: u64 = 400;

/// Those who change things, until told to stop.
struct Churn {
    shared: &'static Shared,
    workers: Vec<JoinHandle<Result<()>>>,
}

#[derive(Default)]
struct Shared {
    over: AtomicBool,
    changes: AtomicU64,
}

impl Churn {
    fn start(rng: &mut Rng) -> Self {
        let shared: &'static Shared = Box::leak(Box::default());
        let worker = |number| {
            let mut rng = rng.fork();
            thread::spawn(move || change(shared, number, &mut rng))
        };
        Self {
            shared,
            workers: (0..CHANGERS).map(worker).collect(),
        }
    }

    fn changes(&self) -> u64 {
        self.shared.changes.load(Ordering::Relaxed)
    }

    /// Waits until that many changes were made.
    fn await_changes(&self, goal: u64) -> Result<()> {
        wait::until_true(SOON * 4, "changes to be made", || {
            ensure!(
                self.workers.iter().any(|it| !it.is_finished()),
                "nobody changes anything any more"
            );
            Ok(self.changes() >= goal)
        })
    }

    fn stop(self) -> Result<u64> {
        self.shared.over.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.join().map_err(|_| anyhow!("a worker panicked"))??;
        }
        Ok(self.shared.changes.load(Ordering::Relaxed))
    }
}

/// Creates and deletes inactive subdevs.
fn change(shared: &Shared, number: usize, rng: &mut Rng) -> Result<()> {
    let client = Client::new()?;
    while !shared.over.load(Ordering::Relaxed) {
        let name = format!("watched{number}-{}", rng.u32(..NAMES));
        let made = client.ask(|handle| {
            let add = handle.subdev().add().wq(3).size(1).name(&name);
            let add = add.pasid_mode(PasidMode::Shared);
            add.state(AdminState::Inactive).execute()
        })?;
        let done = match made {
            Ok(_) => true,
            // It is there: then it goes.
            Err(Error::Refused(_)) => {
                let gone = client.ask(|handle| handle.subdev().del(name).execute())?;
                tolerated(gone)?
            }
            Err(error) => tolerated::<()>(Err(error))?,
        };
        if done {
            shared.changes.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Whether it was done; the module may have gone meanwhile, and nothing else.
fn tolerated<T>(answer: Result<T, Error>) -> Result<bool> {
    match answer {
        Ok(_) => Ok(true),
        Err(Error::Refused(_) | Error::FamilyAbsent) => Ok(false),
        Err(error) => bail!(error),
    }
}

/// A copy of the state, kept true by a watch.
struct Copy {
    client: Client,
    updates: Watch,
    state: State,
    resynced: u64,
    gone: u64,
}

impl Copy {
    /// With the usual room for events, or other room.
    fn new(room: Option<usize>) -> Result<Self> {
        let client = Client::new()?;
        let updates = client.ask(|handle| {
            let subscribe = handle.subscribe();
            match room {
                Some(bytes) => subscribe.receive_buffer(bytes),
                None => subscribe,
            }
            .watch()
        })??;
        let mut copy = Self {
            client,
            updates,
            state: State::default(),
            resynced: 0,
            gone: 0,
        };
        copy.read()?;
        Ok(copy)
    }

    /// Takes the next update in.
    fn read(&mut self) -> Result<()> {
        let updates = &mut self.updates;
        let update = self
            .client
            .block_on(async |_| timeout(SOON, updates.next()).await);
        let update = update
            .context("no update")?
            .context("the updates ended")??;
        match &update {
            Update::Resynced(_) => self.resynced += 1,
            Update::Gone => self.gone += 1,
            _ => (),
        }
        self.state.update(update);
        Ok(())
    }

    /// Reads on until the copy is of the kernel's generation, and demands that it is the truth. Nothing
    /// changes any more.
    fn catch_up(&mut self) -> Result<()> {
        let family = self
            .client
            .ask(|handle| handle.family().get().execute())??;
        let goal = (Some(family.instance), Some(family.generation));
        while (self.state.instance, self.state.generation) != goal {
            self.read().with_context(|| {
                format!(
                    "the copy is of instance {:?}, generation {:?}; the kernel of {}, {}",
                    self.state.instance, self.state.generation, family.instance, family.generation
                )
            })?;
        }
        let truth = timeless(self.client.subdevs()??);
        let watched = timeless(self.state.subdevs.clone());
        check::equal("the watched subdevs", watched, truth)?;
        let truth = self.client.ask(|handle| handle.wq().dump().all())??;
        check::equal("the watched WQs", states(&self.state.wqs), states(&truth))
    }
}

/// What is told of work queues: which are enabled. What subdevs take of them is told of the subdevs.
fn states(wqs: &[Wq]) -> Vec<(u32, u32, WqState)> {
    let state = |wq: &Wq| (wq.parent_index, wq.id, wq.state);
    wqs.iter().map(state).collect()
}

fn overruns() -> Result<()> {
    let mut rng = seed::announce("run watch");
    step(format!(
        "nothing is read during {MANY} changes, and all of it while they go on"
    ));
    let mut copy = Copy::new(None)?;
    let churn = Churn::start(&mut rng);
    churn.await_changes(MANY)?;
    while copy.resynced == 0 {
        copy.read().context("before the copy was resynchronised")?;
    }
    churn.stop()?;
    copy.catch_up()?;

    for run in 1..=RUNS {
        step(format!(
            "with little room it is read now and then, run {run}"
        ));
        let mut copy = Copy::new(Some(SMALL))?;
        let churn = Churn::start(&mut rng);
        while churn.changes() < CHANGES {
            churn.await_changes(churn.changes() + rng.u64(1..CHANGES / 4))?;
            for _ in 0..rng.u32(1..20) {
                copy.read()?;
            }
        }
        let changes = churn.stop()?;
        copy.catch_up()?;
        step(format!(
            "{changes} changes, {} times out of step",
            copy.resynced
        ));
        ensure!(copy.resynced > 0, "nothing was ever lost");
    }
    Client::new()?.delete_all()
}

fn reloads() -> Result<()> {
    let mut rng = seed::announce("run watch-reload");
    let parents = tool::parents()?.len();
    for run in 1..=3 {
        step(format!(
            "the module is loaded anew while things change, run {run}"
        ));
        let mut copy = Copy::new((run > 1).then_some(SMALL))?;
        let churn = Churn::start(&mut rng);
        for _ in 0..2 {
            churn.await_changes(churn.changes() + rng.u64(1..200))?;
            for _ in 0..rng.u32(0..20) {
                copy.read()?;
            }
            wait::until_true(SOON, "the module to be unloaded", || {
                Ok(system::try_unload_module()?.status.success())
            })?;
            system::load_module()?;
            system::await_parents(parents)?;
        }
        churn.await_changes(churn.changes() + rng.u64(1..200))?;
        churn.stop()?;
        copy.catch_up()?;
        step(format!(
            "{} times gone, {} times out of step",
            copy.gone, copy.resynced
        ));
        ensure!(copy.gone > 0, "it did not hear that the module had gone");
    }
    Client::new()?.delete_all()
}
