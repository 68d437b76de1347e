// SPDX-License-Identifier: MIT OR Apache-2.0

//! All that the family shows, and what notifications make of it.

use std::pin::pin;

use futures::{Stream, StreamExt};

use crate::connection::Handle;
use crate::error::Error;
use crate::exchange::each;
use crate::generated::{Command, Family, Notification, NotificationKind, Parent, Subdev, Type, Wq};
use crate::id::Id;
use crate::watch::Update;

/// All that the family shows.
///
/// Every change up to `generation` is in it. Objects may be newer: then the
/// notifications of what made them so are still to come, and [`apply`] leads
/// to the same state with or without them.
///
/// What subdevs take of work queues and parents (`available`, `subdev`, counts)
/// is as it was when the object itself was told of last.
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
                instance: Some(family.instance),
                generation: Some(family.generation),
                parents: each(handle, Command::ParentGet).await?,
                wqs: each(handle, Command::WqGet).await?,
                types: each(handle, Command::TypeGet).await?,
                subdevs: each(handle, Command::SubdevGet).await?,
            };
            let after = overview(handle).await?;
            if Some(after.instance) == state.instance {
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
                goal = Some(overview(handle).await?.generation);
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
            Id::Index(index) => subdev.index == *index,
            Id::Name(name) => subdev.name == *name,
            Id::Uuid(uuid) => subdev.uuid.eq_ignore_ascii_case(uuid),
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
        let kind = notification.kind();
        if let Some(parent) = notification.parent() {
            if kind == NotificationKind::Delete {
                // Its work queues and its catalogue go with it.
                self.wqs.retain(|it| it.parent_index != parent.index);
                self.types.retain(|it| it.parent_index != parent.index);
            }
            put(&mut self.parents, kind, parent);
        }
        if let Some(wq) = notification.wq() {
            put(&mut self.wqs, kind, wq);
        }
        if let Some(subdev) = notification.subdev() {
            put(&mut self.subdevs, kind, subdev);
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

/// An object that notifications are about.
trait Told: Clone {
    /// What it is known by, in the order of a dump.
    fn key(&self) -> impl Ord + use<Self>;

    fn generation(&self) -> u64;

    /// Without what only notifications have.
    fn object(&self) -> Self;
}

/// The objects are alike, and have no trait that says so.
macro_rules! told {
    ($name:ident, [$($key:ident),+], [$($told:ident),+]) => {
        impl Told for $name {
            fn key(&self) -> impl Ord + use<> {
                ($(self.$key,)+)
            }

            fn generation(&self) -> u64 {
                self.generation
            }

            fn object(&self) -> Self {
                Self {
                    $($told: None,)+
                    ..self.clone()
                }
            }
        }
    };
}

told!(Parent, [index], [cause, port_id, fault]);
told!(Wq, [parent_index, id], [cause, port_id]);
told!(Subdev, [index], [cause, port_id, fault]);

/// Makes a change to the objects of a kind, which stay in the order of a dump.
fn put<T: Told>(objects: &mut Vec<T>, kind: NotificationKind, told: &T) {
    let place = objects.binary_search_by(|it| it.key().cmp(&told.key()));
    match (kind, place) {
        (NotificationKind::Delete, Ok(at)) => drop(objects.remove(at)),
        (NotificationKind::Delete, Err(_)) => (),
        (_, Ok(at)) if objects[at].generation() >= told.generation() => (),
        (_, Ok(at)) => objects[at] = told.object(),
        (_, Err(at)) => objects.insert(at, told.object()),
    }
}

/// Instance and generation, among others.
async fn overview(handle: &Handle) -> Result<Family, Error> {
    Ok(handle.family().get().execute().await?.object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::object;
    use crate::generated::{ParentAttr, SubdevAttr, WqAttr, WqState};

    fn parent(index: u32) -> Parent {
        object(vec![ParentAttr::Index(index)])
    }

    fn wq(parent: u32, id: u32, state: WqState, generation: u64) -> Wq {
        object(vec![
            WqAttr::ParentIndex(parent),
            WqAttr::Id(id),
            WqAttr::State(state),
            WqAttr::Generation(generation),
        ])
    }

    fn told(generation: u64) -> Subdev {
        object(vec![
            SubdevAttr::Generation(generation),
            SubdevAttr::Index(3),
            SubdevAttr::PortId(7),
        ])
    }

    #[test]
    fn each_kind_of_object_is_followed() {
        let mut state = State {
            generation: Some(4),
            parents: vec![parent(0), parent(1)],
            wqs: vec![
                wq(0, 0, WqState::Disabled, 4),
                wq(0, 1, WqState::Disabled, 4),
                wq(1, 0, WqState::Disabled, 4),
            ],
            ..State::default()
        };
        state.apply(&Notification::WqChange(wq(0, 1, WqState::Enabled, 5)));
        assert_eq!(state.wqs[1].state, WqState::Enabled);
        state.apply(&Notification::SubdevCreate(told(6)));
        let subdev = state.subdev(3).expect("is there");
        assert_eq!(subdev.port_id, None, "is not of the object");
        // Old news.
        state.apply(&Notification::SubdevDelete(told(6)));
        assert_eq!(state.subdevs.len(), 1);
        state.apply(&Notification::SubdevDelete(told(7)));
        assert_eq!(state.subdevs.len(), 0);
        let mut gone = parent(0);
        gone.generation = 8;
        state.apply(&Notification::ParentDelete(gone));
        assert_eq!(state.parents, [parent(1)]);
        assert_eq!(state.wqs, [wq(1, 0, WqState::Disabled, 4)]);
        assert_eq!(state.generation, Some(8));
    }
}
