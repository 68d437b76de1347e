// SPDX-License-Identifier: MIT OR Apache-2.0

//! All that the family shows, and what notifications make of it.

use std::pin::pin;

use futures::{Stream, StreamExt};

use crate::connection::Handle;
use crate::error::Error;
use crate::exchange::{self, DUMP_LIMIT};
use crate::generated::{Family, Notification, Parent, Subdev, Type, Wq};
use crate::id::Id;
use crate::notification::NotificationKind;
use crate::object::Object;
use crate::watch::Update;

/// All that the family shows.
///
/// Every change up to `generation` is in it. Objects may be newer: then the
/// notifications of what made them so are still to come, and [`apply`] leads
/// to the same state with or without them.
///
/// [`apply`]: Self::apply
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct State {
    /// The load of the module that this is of.
    pub instance: Option<u64>,
    /// The number of the last change that is in it.
    pub generation: Option<u64>,
    /// All parents.
    pub parents: Vec<Parent>,
    /// All work queues of all parents.
    pub wqs: Vec<Wq>,
    /// The catalogues of all parents.
    pub types: Vec<Type>,
    /// All subdevs, by ascending index.
    pub subdevs: Vec<Subdev>,
}

impl State {
    /// Asks the kernel for it, whatever changes meanwhile.
    pub(crate) async fn get(handle: &Handle) -> Result<Self, Error> {
        // The generation comes first. What changes later may be in the dumps
        // or not; it has a later generation in any case, and a notification.
        let mut family = overview(handle).await?;
        loop {
            let state = Self {
                instance: family.instance,
                generation: family.generation,
                parents: all(handle).await?,
                wqs: all(handle).await?,
                types: all(handle).await?,
                subdevs: all(handle).await?,
            };
            let after = overview(handle).await?;
            if after.instance == state.instance {
                return Ok(state);
            }
            // The module was loaded anew in between.
            family = after;
        }
    }

    /// The state at one time, put together from `updates` of a watch, which may
    /// show objects newer than the rest.
    pub(crate) async fn settled(
        handle: &Handle,
        updates: impl Stream<Item = Result<Update, Error>>,
    ) -> Result<Self, Error> {
        let mut updates = pin!(updates);
        let mut state = Self::default();
        let mut goal = None;
        while let Some(update) = updates.next().await {
            let update = update?;
            let fresh = !matches!(update, Update::Changed(_));
            if matches!(update, Update::Gone) {
                return Err(Error::FamilyAbsent);
            }
            state.update(update);
            if fresh {
                // Nothing in the dumps is newer than this.
                goal = overview(handle).await?.generation;
            }
            if state.generation >= goal {
                return Ok(state);
            }
        }
        Err(Error::Closed)
    }

    /// The subdev of that index, name or UUID.
    pub fn subdev(&self, id: impl Into<Id>) -> Option<&Subdev> {
        let id = id.into();
        self.subdevs.iter().find(|subdev| match &id {
            Id::Index(index) => subdev.index == Some(*index),
            Id::Name(name) => subdev.name.as_ref() == Some(name),
            Id::Uuid(uuid) => {
                let known = subdev.uuid.as_deref();
                known.is_some_and(|known| known.eq_ignore_ascii_case(uuid))
            }
        })
    }

    /// Makes the change that a notification tells of, unless it is in the
    /// state already.
    pub fn apply(&mut self, notification: &Notification) {
        let generation = notification.generation();
        if generation.is_some() && generation <= self.generation {
            return;
        }
        self.generation = generation.or(self.generation);
        if let Some(subdev) = notification.subdev() {
            self.apply_subdev(notification.kind(), subdev);
        }
    }

    fn apply_subdev(&mut self, kind: NotificationKind, subdev: &Subdev) {
        // Subdevs are in the order of their indexes, which are not reused.
        let place = self
            .subdevs
            .binary_search_by_key(&subdev.index, |it| it.index);
        match (kind, place) {
            (NotificationKind::Delete, Ok(at)) => drop(self.subdevs.remove(at)),
            (NotificationKind::Delete, Err(_)) => (),
            (_, Ok(at)) if self.subdevs[at].generation >= subdev.generation => (),
            (_, Ok(at)) => self.subdevs[at] = subdev.clone(),
            (_, Err(at)) => self.subdevs.insert(at, subdev.clone()),
        }
    }

    /// Becomes what the state is after `update`; empty while the module is
    /// gone.
    pub fn update(&mut self, update: Update) {
        match update {
            Update::Snapshot(state) | Update::Resynced(state) | Update::Back(state) => {
                *self = state;
            }
            Update::Changed(notification) => self.apply(&notification),
            Update::Gone => *self = Self::default(),
        }
    }
}

/// Instance and generation, among others.
async fn overview(handle: &Handle) -> Result<Family, Error> {
    Ok(handle.family().get().execute().await?.object)
}

/// All objects of a kind; each is as it was at some time during the dump.
async fn all<O: Object>(handle: &Handle) -> Result<Vec<O>, Error> {
    let each = exchange::Wanted::Each;
    let objects = exchange::dump(handle, O::GET, Vec::new(), each, DUMP_LIMIT).await?;
    Ok(objects.object.into_iter().map(O::from).collect())
}
