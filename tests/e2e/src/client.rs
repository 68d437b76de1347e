// SPDX-License-Identifier: MIT OR Apache-2.0
//! The library `nlctl` for those who wait for each answer.

use std::future::Future;

use anyhow::{Context, Result};
use nlctl::{Error, Handle, Parent, Subdev, Type, Wq};

use crate::vfio::Location;
use crate::wait::SOON;

/// A connection to the family.
pub struct Client(nlctl::blocking::Client);

/// All that the family shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub struct State {
    pub parents: Vec<Parent>,
    pub wqs: Vec<Wq>,
    pub types: Vec<Type>,
    pub subdevs: Vec<Subdev>,
}

impl Client {
    /// Opens a socket.
    pub fn new() -> Result<Self> {
        Ok(Self(nlctl::blocking::Client::new()?))
    }

    /// Makes a request with the handle and waits for its answer, which has to
    /// come soon.
    pub fn ask<T, F>(&self, request: impl FnOnce(Handle) -> F) -> Result<Result<T, Error>>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let answer = request(self.0.handle().clone());
        let answer = self.0.wait_within(SOON, answer);
        answer.context("no answer from the family")
    }

    /// Does something with the handle that takes as long as it takes.
    pub fn block_on<T>(&self, work: impl AsyncFnOnce(Handle) -> T) -> T {
        self.0.wait(work(self.0.handle().clone()))
    }

    /// All subdevs.
    pub fn subdevs(&self) -> Result<Result<Vec<Subdev>, Error>> {
        let all = self.ask(|handle| handle.subdev().dump().all())?;
        Ok(all.map(|answer| answer.object))
    }

    /// Deletes all subdevs.
    pub fn delete_all(&self) -> Result<()> {
        for subdev in self.subdevs()?? {
            self.ask(|handle| handle.subdev().del(subdev.index).execute())??;
        }
        Ok(())
    }

    /// All that the family shows, but for the generation if it does not matter.
    pub fn state(&self, generation: Generation) -> Result<State> {
        let mut state = self.ask(|handle| async move {
            Ok(State {
                parents: handle.parent().dump().all().await?.object,
                wqs: handle.wq().dump().all().await?.object,
                types: handle.types().dump().all().await?.object,
                subdevs: handle.subdev().dump().all().await?.object,
            })
        })??;
        if generation == Generation::Ignored {
            state.forget_generation();
        }
        Ok(state)
    }
}

/// Whether the generation, which counts all changes, is part of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// It is.
    Kept,
    /// It is not.
    Ignored,
}

impl State {
    /// That it does not count: it is that of the message, and grows with all that happens.
    pub fn forget_generation(&mut self) {
        self.parents.iter_mut().for_each(|it| it.generation = 0);
        self.wqs.iter_mut().for_each(|it| it.generation = 0);
        self.types.iter_mut().for_each(|it| it.generation = 0);
        self.subdevs.iter_mut().for_each(|it| it.generation = 0);
    }
}

/// Where a VFIO program finds a subdev, if it is handed to VFIO.
pub fn location(subdev: Subdev) -> Option<Location> {
    Some(Location {
        group: subdev.vfio_group_path()?,
        device: subdev.auxiliary_device?,
    })
}

/// Subdevs without the generation, which is that of the message: it grows with all that happens.
pub fn timeless(mut subdevs: Vec<Subdev>) -> Vec<Subdev> {
    subdevs.iter_mut().for_each(|it| it.generation = 0);
    subdevs
}
