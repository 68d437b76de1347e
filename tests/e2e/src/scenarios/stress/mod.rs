// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything at the same time: admins, monitors, VFIO users, and a machine
//! whose driver and device come and go.
//!
//! What each worker does follows from the seed; how they meet does not.

mod admin;
mod machine;
mod user;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use fastrand::Rng;

use crate::check::{self, step};
use crate::client::Client;
use crate::scenario::Scenario;
use crate::system::Function;
use crate::wait::{self, SOON};
use crate::{seed, system, tool};

pub const STRESS: Scenario = Scenario {
    name: "stress",
    vm: "",
    about: "admins, VFIO users, unbinding, unloading and unplugging at once end clean",
    run,
};

/// How long the workers work.
const TIME: Duration = Duration::from_secs(30);

/// How long the last action of a worker may take.
const LAST_ACTION: Duration = Duration::from_secs(60);

/// A worker does one thing after another; an error is what must never happen.
type Work = fn(&Stage, &mut Rng) -> Result<()>;

/// The workers: what each is, and what it does.
const WORKERS: &[(&str, Work)] = &[
    ("admin 1", admin::work),
    ("admin 2", admin::work),
    ("monitor", admin::monitor),
    ("VFIO user 1", user::work),
    ("VFIO user 2", user::work),
    ("VFIO user 3", user::work),
    ("machine", machine::work),
];

/// What the workers share.
struct Stage {
    /// The PCI function of the parent.
    function: Function,
    end: Instant,
    /// Nobody opens a device while this is set.
    closed: AtomicBool,
    done: Tally,
}

/// How often what was done.
#[derive(Default)]
struct Tally {
    added: AtomicU64,
    changed: AtomicU64,
    deleted: AtomicU64,
    refused: AtomicU64,
    events: AtomicU64,
    opened: AtomicU64,
    accesses: AtomicU64,
    unbound: AtomicU64,
    removed: AtomicU64,
    unloaded: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Stage {
    fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }
}

fn run() -> Result<()> {
    let mut rng = seed::announce("run stress");
    let parents = tool::parents()?;
    let stage: &'static Stage = Box::leak(Box::new(Stage {
        function: Function::of_parent()?,
        end: Instant::now() + TIME,
        closed: AtomicBool::new(false),
        done: Tally::default(),
    }));
    step(format!("{} workers for {TIME:?}", WORKERS.len()));
    let workers: Vec<_> = WORKERS
        .iter()
        .map(|&(name, work)| {
            let mut rng = rng.fork();
            let worker = thread::Builder::new().name(name.to_owned());
            worker.spawn(move || work(stage, &mut rng).context(name))
        })
        .collect::<std::io::Result<_>>()?;
    let ended = wait::until_true(TIME + LAST_ACTION, "all workers to end", || {
        Ok(workers.iter().all(thread::JoinHandle::is_finished))
    });
    if ended.is_err() {
        bail!(
            "some workers hang in the kernel:\n{}",
            system::kernel_stacks()?
        );
    }
    let results = workers.into_iter().map(|worker| {
        let joined = worker.join();
        joined.unwrap_or_else(|_| Err(anyhow!("a worker panicked; stderr tells where")))
    });
    // All of them are joined before the first error counts.
    let results: Vec<_> = results.collect();
    stage.tell();
    results.into_iter().collect::<Result<Vec<()>>>()?;

    step("the machine is brought back, and what is left is deleted");
    machine::bring_back(stage, parents.len())?;
    Client::new()?.delete_all()?;
    for wq in tool::wqs()? {
        let what = format!("state and entries of WQ {} that nobody uses", wq.id);
        let is = (wq.state.as_str(), wq.available);
        check::equal(&what, is, ("disabled", wq.size))?;
    }
    wait::until_true(SOON, "the auxiliary devices to go", || {
        Ok(system::auxiliary_devices()?.is_empty())
    })
}

impl Stage {
    fn tell(&self) {
        let done = &self.done;
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        step(format!(
            "{} added, {} changed, {} deleted, {} requests refused, {} events",
            of(&done.added),
            of(&done.changed),
            of(&done.deleted),
            of(&done.refused),
            of(&done.events)
        ));
        step(format!(
            "{} opened, {} accesses; {} times unbound, {} removed, {} unloaded",
            of(&done.opened),
            of(&done.accesses),
            of(&done.unbound),
            of(&done.removed),
            of(&done.unloaded)
        ));
    }
}
