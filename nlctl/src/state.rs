// SPDX-License-Identifier: MIT OR Apache-2.0

//! All that the family shows, and what notifications make of it.

use std::pin::pin;

use futures::{Stream, StreamExt};

use crate::connection::Handle;
use crate::error::Error;
use crate::exchange::each;
use crate::generated::{
    Command, Family, Notification, NotificationKind, Parent, PasidMode, Subdev, Wq,
};
use crate::id::Id;
use crate::watch::Update;

/// All that the family shows.
///
/// Every change up to `generation` is in it. Objects may be newer: then the
/// notifications of what made them so are still to come, and [`apply`] leads
/// to the same state with or without them.
///
/// What subdevs take of work queues and parents is that of the subdevs in it:
/// `pasid_mode`, `available`, `subdev_count` and `subdev` of a work queue, where
/// all are listed, and `subdev_count` of a parent.
///
/// Types are not in it: no notification says when fewer instances are available.
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
            let mut state = Self {
                instance: Some(family.instance),
                generation: Some(family.generation),
                parents: each(handle, Command::ParentGet).await?,
                wqs: each(handle, Command::WqGet).await?,
                subdevs: each(handle, Command::SubdevGet).await?,
            };
            let after = overview(handle).await?;
            if Some(after.instance) == state.instance {
                // The dumps are of different times.
                let parents: Vec<_> = state.parents.iter().map(|it| it.index).collect();
                for parent in parents {
                    state.count_wqs(parent);
                    state.count_subdevs(parent);
                }
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
                // Its work queues go with it.
                self.wqs.retain(|it| it.parent_index != parent.index);
            }
            put(&mut self.parents, kind, parent);
            self.count_subdevs(parent.index);
        }
        if let Some(wq) = notification.wq() {
            put(&mut self.wqs, kind, wq);
            self.count_wqs(wq.parent_index);
            self.count_subdevs(wq.parent_index);
        }
        if let Some(subdev) = notification.subdev() {
            put(&mut self.subdevs, kind, subdev);
            self.count_subdevs(subdev.parent_index);
        }
    }

    /// Has a parent show how many work queues there are, of which it has no notification.
    fn count_wqs(&mut self, parent: u32) {
        let wqs = self.wqs.iter().filter(|it| it.parent_index == parent);
        let count = number(wqs.count());
        if let Some(parent) = self.parents.iter_mut().find(|it| it.index == parent) {
            parent.wq_count = count;
        }
    }

    /// Has a parent and its work queues show what the subdevs take of them, of which
    /// they have no notification.
    fn count_subdevs(&mut self, parent: u32) {
        let on_parent = |it: &&Subdev| it.parent_index == parent;
        let subdevs: Vec<_> = self.subdevs.iter().filter(on_parent).collect();
        for wq in self.wqs.iter_mut().filter(|it| it.parent_index == parent) {
            use_up(wq, &subdevs);
        }
        if let Some(parent) = self.parents.iter_mut().find(|it| it.index == parent) {
            parent.subdev_count = number(subdevs.len());
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

/// Has a work queue show what those of the subdevs of its parent that are on it take.
fn use_up(wq: &mut Wq, subdevs: &[&Subdev]) {
    // There are none on one that is of no use, nor could there be.
    let usable = wq.subdev_count > 0 || wq.available > 0;
    let shares = |it: &Subdev| {
        it.wq
            .iter()
            .find(|share| share.id == wq.id)
            .map(|it| it.size)
    };
    let on_it = subdevs.iter().filter_map(|it| Some((*it, shares(it)?)));
    let on_it: Vec<_> = on_it.collect();
    let taken = on_it
        .iter()
        .fold(0, |sum: u32, it| sum.saturating_add(it.1));
    wq.subdev = on_it.iter().map(|it| it.0.index).collect();
    wq.subdev_count = number(on_it.len());
    wq.pasid_mode = on_it.first().map(|it| it.0.pasid_mode);
    wq.available = match wq.pasid_mode {
        Some(PasidMode::None | PasidMode::Dedicated) => 0,
        Some(_) => wq.size.saturating_sub(taken),
        None if usable => wq.size,
        None => 0,
    };
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Instance and generation, among others.
async fn overview(handle: &Handle) -> Result<Family, Error> {
    Ok(handle.family().get().execute().await?.object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::object;
    use crate::generated::{ParentAttr, SubdevAttr, SubdevWqAttr, WqAttr, WqState};

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
        using(generation, 3, PasidMode::Shared, &[])
    }

    /// A subdev that has so many entries of these work queues.
    fn using(generation: u64, index: u32, mode: PasidMode, shares: &[(u32, u32)]) -> Subdev {
        let mut subdev: Subdev = object(vec![
            SubdevAttr::Generation(generation),
            SubdevAttr::Index(index),
            SubdevAttr::PasidMode(mode),
            SubdevAttr::PortId(7),
        ]);
        let share = |(id, size): &(u32, u32)| {
            object(vec![SubdevWqAttr::Id(*id), SubdevWqAttr::Size(*size)])
        };
        subdev.wq = shares.iter().map(share).collect();
        subdev
    }

    /// A work queue with 16 entries, none of them used.
    fn whole_wq(id: u32) -> Wq {
        Wq {
            size: 16,
            available: 16,
            ..wq(0, id, WqState::Disabled, 4)
        }
    }

    #[test]
    fn what_subdevs_take_is_counted() {
        let unusable = Wq {
            available: 0,
            ..whole_wq(2)
        };
        let mut state = State {
            generation: Some(4),
            parents: vec![parent(0)],
            wqs: vec![whole_wq(0), whole_wq(1), unusable.clone()],
            ..State::default()
        };
        let before = state.clone();
        let shared =
            |generation, index, shares: &[_]| using(generation, index, PasidMode::Shared, shares);
        let taken = |state: &State, at: usize| {
            let wq = &state.wqs[at];
            let listed = wq.subdev.clone();
            assert_eq!(wq.subdev_count as usize, listed.len());
            (wq.available, wq.pasid_mode, listed)
        };
        let use_both = shared(5, 3, &[(0, 2), (1, 4)]);
        state.apply(&Notification::SubdevCreate(use_both));
        state.apply(&Notification::SubdevCreate(shared(6, 1, &[(0, 3)])));
        let mode = Some(PasidMode::Shared);
        assert_eq!(taken(&state, 0), (11, mode, vec![1, 3]));
        assert_eq!(taken(&state, 1), (12, mode, vec![3]));
        assert_eq!(taken(&state, 2), (0, None, vec![]));
        assert_eq!(state.parents[0].subdev_count, 2);

        let more = shared(7, 3, &[(0, 13), (1, 4)]);
        state.apply(&Notification::SubdevChange(more));
        assert_eq!(taken(&state, 0), (0, mode, vec![1, 3]));
        state.apply(&Notification::SubdevDelete(shared(8, 3, &[])));
        assert_eq!(taken(&state, 0), (13, mode, vec![1]));
        let alone = using(9, 4, PasidMode::Dedicated, &[(1, 16)]);
        state.apply(&Notification::SubdevCreate(alone));
        assert_eq!(taken(&state, 1), (0, Some(PasidMode::Dedicated), vec![4]));

        for index in [1, 4] {
            let last = shared(9 + u64::from(index), index, &[]);
            state.apply(&Notification::SubdevDelete(last));
        }
        state.generation = before.generation;
        assert_eq!(state, before);
    }

    #[test]
    fn work_queues_that_come_and_go_are_counted() {
        let mut state = State {
            parents: vec![parent(0)],
            ..State::default()
        };
        let mut came = whole_wq(0);
        state.apply(&Notification::WqCreate(came.clone()));
        assert_eq!(state.parents[0].wq_count, 1);
        came.generation += 1;
        state.apply(&Notification::WqDelete(came));
        assert_eq!(state.parents[0].wq_count, 0);
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
