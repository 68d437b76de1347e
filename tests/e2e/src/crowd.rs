// SPDX-License-Identifier: MIT OR Apache-2.0
//! A crowd of inactive subdevs, spread evenly over the work queues of all parents.

use anyhow::{Context, Result, ensure};
use nlctl::{AdminState, Id, PasidMode, Subdev};

use crate::client::Client;

/// Options of a machine that has room for 4096: four parents with 1024 entries each.
pub const VM: &str = "--dsa 4 --model=--wq-capacity=1024";

/// Where the subdevs of the crowd go, and a connection to the family.
pub struct Crowd {
    client: Client,
    /// Parent and work queue of each subdev.
    places: Vec<(String, u32)>,
}

impl Crowd {
    /// Finds places for `size` subdevs with an entry each. Neighbours are on different parents.
    pub fn new(size: usize) -> Result<Self> {
        let client = Client::new()?;
        let wqs = client.ask(|handle| handle.wq().dump().all())??;
        let mut wqs = wqs
            .object
            .into_iter()
            .map(|wq| (wq.id, wq.parent, wq.available))
            .collect::<Vec<_>>();
        wqs.sort_unstable();
        let room: u32 = wqs.iter().map(|(_, _, free)| free).sum();
        ensure!(
            room as usize >= size,
            "all work queues have {room} free entries together, {size} are needed: boot the machine \
             with {VM}"
        );
        let mut places = Vec::with_capacity(size);
        for turn in 0.. {
            let free = wqs.iter().filter(|(_, _, free)| turn < *free);
            let left = size - places.len();
            places.extend(free.take(left).map(|(id, parent, _)| (parent.clone(), *id)));
            if places.len() == size {
                break;
            }
        }
        Ok(Self { client, places })
    }

    /// How many there are to be.
    pub fn size(&self) -> usize {
        self.places.len()
    }

    /// The name of subdev number `n`. All are equally long.
    pub fn name(n: usize) -> String {
        format!("crowd{n:05}")
    }

    /// Creates subdev number `n`.
    pub fn create(&self, n: usize) -> Result<Subdev> {
        let (parent, wq) = &self.places[n];
        let made = self.client.ask(|handle| {
            let add = handle.subdev().add().parent(parent.as_str()).wq(*wq);
            let add = add.pasid_mode(PasidMode::Shared).size(1);
            add.state(AdminState::Inactive)
                .name(Self::name(n))
                .execute()
        })?;
        let made = made.with_context(|| format!("creating number {n} on {parent}/wq{wq}"))?;
        Ok(made.object)
    }

    /// Creates as many subdevs by one request as the first parent has room for, up to `count`, and
    /// returns their indexes.
    pub fn create_together(&self, count: usize, state: AdminState) -> Result<Vec<u32>> {
        let made = self.client.ask(|handle| {
            let add = handle.subdev().add().parent(self.places[0].0.as_str());
            let add = add.of_type("1swq").size(1).state(state);
            add.count(count as u32).execute()
        })?;
        let made = made.with_context(|| format!("creating {count} together"))?;
        let indexes: Option<Vec<_>> = made.created.iter().map(|it| it.index).collect();
        indexes.context("one has no index")
    }

    /// Creates one subdev like those of [`Self::create_together`], and returns its index.
    pub fn create_alone(&self, state: AdminState) -> Result<u32> {
        let made = self.client.ask(|handle| {
            let add = handle.subdev().add().parent(self.places[0].0.as_str());
            add.of_type("1swq").size(1).state(state).execute()
        })??;
        Ok(made.object.index)
    }

    /// Creates one on the first work queue of the first parent, which it may share, and returns its
    /// index.
    pub fn create_on_first(&self, state: AdminState) -> Result<u32> {
        let (parent, wq) = &self.places[0];
        let made = self.client.ask(|handle| {
            let add = handle.subdev().add().parent(parent.as_str()).wq(*wq);
            let add = add.pasid_mode(PasidMode::Shared).size(1);
            add.state(state).execute()
        })??;
        Ok(made.object.index)
    }

    /// Gets a subdev.
    pub fn get(&self, id: impl Into<Id>) -> Result<Subdev> {
        let id = id.into();
        let got = self
            .client
            .ask(|handle| handle.subdev().get(id.clone()).execute())?;
        Ok(got.with_context(|| format!("getting {id:?}"))?.object)
    }

    /// Deletes a subdev.
    pub fn delete(&self, id: impl Into<Id>) -> Result<()> {
        let id = id.into();
        let gone = self
            .client
            .ask(|handle| handle.subdev().del(id.clone()).execute())?;
        gone.with_context(|| format!("deleting {id:?}"))?;
        Ok(())
    }

    /// All subdevs, by a dump.
    pub fn dump(&self) -> Result<Vec<Subdev>> {
        Ok(self.client.subdevs()??)
    }
}
