// SPDX-License-Identifier: MIT OR Apache-2.0
//! Those who change things, until told to stop.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, anyhow, bail, ensure};
use fastrand::Rng;
use nlctl::{AdminState, Answer, Error, Handle, PasidMode, RefusalKind};

use crate::check::step;
use crate::client::Client;
use crate::lossy::Lossy;
use crate::wait::{self, SOON};

/// How many change things.
const CHANGERS: usize = 2;

/// Many subdevs exist at the same time, few enough that each is changed again.
const NAMES: u32 = 24;
/// On so many work queues, which have room for them all.
const WQS: u32 = 8;
/// Most entries that each has of one.
const ENTRIES: u32 = 2;

/// What the time for a number of changes is at least, and what it is for each.
const PATIENCE: (Duration, Duration) = (SOON, Duration::from_millis(50));

pub struct Churn {
    shared: &'static Shared,
    workers: Vec<JoinHandle<Result<Changer>>>,
}

#[derive(Default)]
struct Shared {
    over: AtomicBool,
    changes: AtomicU64,
}

/// What came of it.
pub struct Changed {
    pub changes: u64,
    /// How many requests ended without an answer.
    pub lost: u64,
    /// The names of the subdevs, as their requesters know them.
    pub names: BTreeSet<String>,
}

impl Churn {
    pub fn start(rng: &mut Rng) -> Result<Self> {
        Self::of(rng, Client::new)
    }

    /// The same by connections whose answers get lost.
    pub fn start_lossy(rng: &mut Rng) -> Result<Self> {
        Self::of(rng, || Ok(Lossy::client()?.0))
    }

    fn of(rng: &mut Rng, client: impl Fn() -> Result<Client>) -> Result<Self> {
        let shared: &'static Shared = Box::leak(Box::default());
        let worker = |number| {
            let changer = Changer {
                client: client()?,
                rng: rng.fork(),
                prefix: format!("watched{number}-"),
                there: BTreeSet::new(),
                lost: 0,
            };
            Ok(thread::spawn(move || {
                let result = changer.work(shared);
                // At once: whoever waits for changes fails without it.
                result.inspect_err(|error| step(format!("a requester failed: {error:#}")))
            }))
        };
        Ok(Self {
            shared,
            workers: (0..CHANGERS).map(worker).collect::<Result<_>>()?,
        })
    }

    pub fn changes(&self) -> u64 {
        self.shared.changes.load(Ordering::Relaxed)
    }

    /// Waits until so many more changes were made.
    pub fn await_changes(&self, more: u64) -> Result<()> {
        let goal = self.changes() + more;
        let limit = PATIENCE.0 + PATIENCE.1 * u32::try_from(more)?;
        wait::until_true(limit, "changes to be made", || {
            ensure!(
                self.workers.iter().any(|it| !it.is_finished()),
                "nobody changes anything any more"
            );
            Ok(self.changes() >= goal)
        })
    }

    pub fn stop(self) -> Result<Changed> {
        self.shared.over.store(true, Ordering::Relaxed);
        let mut changed = Changed {
            changes: 0,
            lost: 0,
            names: BTreeSet::new(),
        };
        for worker in self.workers {
            let worker = worker.join().map_err(|_| anyhow!("a worker panicked"))??;
            changed.lost += worker.lost;
            changed.names.extend(worker.there);
        }
        changed.changes = self.shared.changes.load(Ordering::Relaxed);
        Ok(changed)
    }
}

/// Creates, renames and deletes inactive subdevs, whose names nobody else uses.
struct Changer {
    client: Client,
    rng: Rng,
    prefix: String,
    /// The names that there are; wrong once the module was unloaded.
    there: BTreeSet<String>,
    lost: u64,
}

impl Changer {
    fn work(mut self, shared: &Shared) -> Result<Self> {
        for number in 0..NAMES {
            self.find_out(&self.name(number))?;
        }
        while !shared.over.load(Ordering::Relaxed) {
            if self.change()? {
                shared.changes.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(self)
    }

    fn name(&self, number: u32) -> String {
        format!("{}{number}", self.prefix)
    }

    /// Changes something, and returns whether it was done; the module may have gone meanwhile.
    fn change(&mut self) -> Result<bool> {
        let number = self.rng.u32(..NAMES);
        let another = (number + self.rng.u32(1..NAMES)) % NAMES;
        let (name, other) = (self.name(number), self.name(another));
        let handle = |handle: Handle| handle.subdev();
        let answer = if !self.there.contains(&name) {
            let size = self.rng.u32(1..=ENTRIES);
            let add = |it| handle(it).add().wq(number % WQS).size(size).name(&name);
            let add = |it| add(it).pasid_mode(PasidMode::Shared);
            self.ask(|it| add(it).state(AdminState::Inactive).execute())?
        } else if self.there.contains(&other) || self.rng.bool() {
            self.ask(|it| handle(it).del(name.as_str()).execute())?
        } else {
            self.ask(|it| handle(it).set(name.as_str()).new_name(&other).execute())?
        };
        let before = self.there.clone();
        match answer {
            Some(subdev) if self.there.contains(&name) => {
                self.there.remove(&name);
                if subdev.name == other {
                    self.there.insert(other);
                }
            }
            Some(_) => drop(self.there.insert(name)),
            None => [name, other].iter().try_for_each(|it| self.find_out(it))?,
        }
        Ok(self.there != before)
    }

    /// Makes a request. `None` when it was not carried out, or may have been: then the kernel has
    /// to be asked.
    fn ask<T, F>(&mut self, request: impl FnOnce(Handle) -> F) -> Result<Option<T>>
    where
        F: Future<Output = Result<Answer<T>, Error>>,
    {
        match self.client.ask(request)? {
            Ok(answer) => Ok(Some(answer.object)),
            Err(Error::Lost { .. }) => {
                self.lost += 1;
                Ok(None)
            }
            Err(Error::Refused(_) | Error::FamilyAbsent) => Ok(None),
            Err(error) => bail!(error),
        }
    }

    /// Asks whether there is a subdev of that name, until there is an answer.
    fn find_out(&mut self, name: &str) -> Result<()> {
        let there = wait::until(SOON, "an answer that is not lost", || {
            let get = |it: Handle| it.subdev().get(name).execute();
            match self.client.ask(get)? {
                Ok(_) => Ok(Some(true)),
                Err(Error::FamilyAbsent) => Ok(Some(false)),
                Err(Error::Refused(it)) if it.kind() == RefusalKind::NotFound => Ok(Some(false)),
                // It goes with its parent: it will be gone.
                Err(Error::Refused(it)) if it.kind() == RefusalKind::Busy => Ok(None),
                Err(Error::Lost { .. }) => Ok(None),
                Err(error) => bail!(error),
            }
        })?;
        if there {
            self.there.insert(name.to_owned());
        } else {
            self.there.remove(name);
        }
        Ok(())
    }
}
