// SPDX-License-Identifier: GPL-2.0

//! The registry: all parents and subdevs, and the lock under which they are looked up and
//! published. Nothing is waited for under it.

use kernel::{
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNodeReservation, //
    },
    sync::{
        global_lock,
        Arc, //
    }, //
};

use super::{
    events::{
        self,
        Cause,
        Kind,
        Origin, //
    },
    identity::{
        WqShare,
        Wqs, //
    },
    node::Node,
    provider::ParentState,
    refusal::{
        Field,
        Names,
        Refusal, //
    },
    request::{
        Id,
        ParentId, //
    },
    subdev::Subdev,
    view::{
        ParentView,
        WqEntry,
        WqView, //
    }, //
};
use crate::subdev_core::{
    name::Name,
    state::Conflict,
    uuid::Uuid, //
};

/// A parent and what is on it.
pub(super) struct ParentEntry {
    pub(super) node: Arc<Node>,
    pub(super) wqs: RBTree<u32, WqEntry>,
    pub(super) subdevs: RBTree<u32, Arc<Subdev>>,
    /// Number of `subdevs`.
    pub(super) count: u32,
    /// It is going: no further subdev may be created on it.
    pub(super) removing: bool,
}

impl ParentEntry {
    /// The parent as it is shown; its hardware is in `state`.
    pub(super) fn view(&self, state: ParentState) -> ParentView {
        ParentView {
            node: self.node.clone(),
            state,
            wqs: self.wq_count(),
            subdevs: self.count,
        }
    }

    /// Reports the parent, whose hardware is in `state` now, and the work queues that were told of as
    /// enabled.
    pub(super) fn tell(&self, state: ParentState, cause: Cause) {
        events::report_parent(Kind::Changed, &self.view(state), cause.into());
        for (&id, wq) in self.wqs.iter().filter(|(_, wq)| wq.told) {
            let view = WqView::new(&self.node, id, wq);
            events::report_wq(Kind::Changed, &view, cause.into());
        }
    }

    /// Number of work queues.
    pub(super) fn wq_count(&self) -> u32 {
        u32::try_from(self.wqs.keys().count()).unwrap_or(u32::MAX)
    }

    /// The subdev that is alone on a work queue.
    pub(super) fn sole_subdev(&self, wq: u32) -> Option<&Arc<Subdev>> {
        let mut on_wq = self.wqs.get(&wq)?.subdevs.keys();
        let first = on_wq.next().filter(|_| on_wq.next().is_none())?;
        self.subdevs.get(first)
    }

    /// The refusal of a work queue that the parent does not have.
    pub(super) fn no_such_wq(&self, id: u32) -> Refusal {
        let name = &self.node.name;
        let first = self.wqs.cursor_front().map(|wq| *wq.current().0);
        let last = self.wqs.cursor_back().map(|wq| *wq.current().0);
        let field = Field::Wq(Some(id));
        match first.zip(last) {
            Some((first, last)) => Refusal::new(
                EINVAL,
                field,
                format_args!("{name} has no wq {id}; it has {first} to {last}"),
            ),
            None => Refusal::new(EINVAL, field, format_args!("{name} has no work queues")),
        }
    }
}

/// All there is.
pub(super) struct Registry {
    /// Tells this load of the module from others.
    pub(super) instance: u64,
    pub(super) parents: RBTree<u32, ParentEntry>,
    pub(super) subdevs: RBTree<u32, Arc<Subdev>>,
    names: RBTree<Name, Arc<Subdev>>,
    uuids: RBTree<Uuid, Arc<Subdev>>,
    pub(super) next_parent: u32,
    pub(super) next_subdev: u32,
}

/// The registry while the module is up.
pub(super) struct State(Option<Registry>);

global_lock! {
    // SAFETY: Initialised by `init`, which the module's initialisation calls before all else.
    pub(super) unsafe(uninit) static REGISTRY: Mutex<State> = State(None);
}

impl State {
    /// The registry.
    pub(super) fn get(&mut self) -> Result<&mut Registry> {
        self.0.as_mut().ok_or(ENODEV)
    }
}

/// Makes the registry ready.
///
/// # Safety
///
/// Must be called exactly once, before anything else of the framework.
pub(super) unsafe fn init() {
    // SAFETY: By the safety requirement.
    unsafe { REGISTRY.init() };
    REGISTRY.lock().0 = Some(Registry {
        instance: u64::from_ne_bytes(crate::ffi::random::bytes()),
        parents: RBTree::new(),
        subdevs: RBTree::new(),
        names: RBTree::new(),
        uuids: RBTree::new(),
        next_parent: 0,
        next_subdev: 0,
    });
}

/// The parent that `id` names, for whoever does not need the registry any longer.
pub(super) fn find_node(id: &ParentId<'_>) -> Result<Arc<Node>, Refusal> {
    let mut registry = REGISTRY.lock();
    Ok(registry.get()?.find_parent(id)?.node.clone())
}

/// Frees the registry. There are no parents any more.
pub(super) fn clear() {
    let registry = REGISTRY.lock().0.take();
    drop(registry);
}

/// Allocated for a name of a subdev.
pub(super) type NamePlace = RBTreeNodeReservation<Name, Arc<Subdev>>;

/// Allocated for a subdev on a work queue.
pub(super) type WqPlace = RBTreeNodeReservation<u32, ()>;

/// Reserved in the registry for a subdev on a number of work queues, so that adding it cannot fail.
pub(super) struct Reserved {
    subdev: RBTreeNodeReservation<u32, Arc<Subdev>>,
    name: NamePlace,
    uuid: RBTreeNodeReservation<Uuid, Arc<Subdev>>,
    on_parent: RBTreeNodeReservation<u32, Arc<Subdev>>,
    on_wqs: KVec<WqPlace>,
}

impl Reserved {
    /// Allocates the nodes.
    pub(super) fn new(wqs: usize) -> Result<Self> {
        let mut on_wqs = KVec::with_capacity(wqs, GFP_KERNEL)?;
        for _ in 0..wqs {
            on_wqs.push(WqPlace::new(GFP_KERNEL)?, GFP_KERNEL)?;
        }
        Ok(Self {
            subdev: RBTreeNodeReservation::new(GFP_KERNEL)?,
            name: RBTreeNodeReservation::new(GFP_KERNEL)?,
            uuid: RBTreeNodeReservation::new(GFP_KERNEL)?,
            on_parent: RBTreeNodeReservation::new(GFP_KERNEL)?,
            on_wqs,
        })
    }
}

impl Registry {
    /// The subdev that `id` names, in whatever phase of its life.
    pub(super) fn find(&self, id: Id<'_>) -> Result<&Arc<Subdev>, Refusal> {
        let found = match id {
            Id::Index(index) => self.subdevs.get(&index),
            // What cannot be a name is nobody's name, and one that is reserved is nobody's yet.
            Id::Name(text) => Name::parse(text).ok().and_then(|name| {
                let found = self.names.get(&name);
                found.filter(|subdev| subdev.settings().name == name)
            }),
            Id::Uuid(text) => {
                let uuid = Uuid::parse(text)
                    .map_err(|e| Refusal::new(EINVAL, Field::Uuid, format_args!("{e}")))?;
                self.uuids.get(&uuid)
            }
        };
        found.ok_or_else(|| Refusal::new(ENODEV, id.field(), format_args!("no such subdev")))
    }

    /// Whether a subdev has the name.
    pub(super) fn has_name(&self, name: &Name) -> bool {
        self.names.get(name).is_some()
    }

    /// Whether a subdev has the UUID.
    pub(super) fn has_uuid(&self, uuid: &Uuid) -> bool {
        self.uuids.get(uuid).is_some()
    }

    /// The parent that `id` names.
    pub(super) fn find_parent(&self, id: &ParentId<'_>) -> Result<&ParentEntry, Refusal> {
        let mut parents = self.parents.values();
        let (found, field) = match *id {
            ParentId {
                index: Some(index), ..
            } => (self.parents.get(&index), Field::ParentIndex),
            ParentId {
                name: Some(name), ..
            } => (
                parents.find(|parent| parent.node.name.as_bytes() == name),
                Field::Parent,
            ),
            ParentId {
                bus: Some(_),
                device: Some(_),
                ..
            } => (
                parents.find(|parent| id.contradiction(&parent.node).is_none()),
                Field::Device,
            ),
            ParentId { bus: Some(_), .. } => {
                return Err(Refusal::missing(
                    Field::Device,
                    format_args!("the name of a device on the bus is needed"),
                ));
            }
            ParentId {
                device: Some(_), ..
            } => {
                return Err(Refusal::missing(
                    Field::Bus,
                    format_args!("the bus of the device is needed"),
                ));
            }
            _ => return Err(self.no_parent_named()),
        };
        let found = found.ok_or_else(|| self.no_such_parent(field))?;
        if let Some(field) = id.contradiction(&found.node) {
            return Err(Refusal::new(
                EINVAL,
                field,
                format_args!(
                    "contradicts the rest: parent {} is {}, on {} {}",
                    found.node.index,
                    found.node.name,
                    found.node.description.bus,
                    found.node.device_name()?,
                ),
            ));
        }
        Ok(found)
    }

    /// The refusal of a request that names no parent.
    fn no_parent_named(&self) -> Refusal {
        if self.parents.is_empty() {
            return Refusal::new(
                ENODEV,
                Field::Nothing,
                format_args!("there is no parent: no device is bound to the driver subdev"),
            );
        }
        let names = Names(|| {
            self.parents
                .values()
                .map(|parent| parent.node.name.as_str())
        });
        Refusal::missing(
            Field::ParentIndex,
            format_args!("a parent is needed, by index or name; there is {names}"),
        )
    }

    /// The refusal of a parent that is not there.
    pub(super) fn no_such_parent(&self, field: Field) -> Refusal {
        let names = Names(|| {
            self.parents
                .values()
                .map(|parent| parent.node.name.as_str())
        });
        Refusal::new(
            ENODEV,
            field,
            format_args!("no such parent; there is {names}"),
        )
    }

    /// Refuses a subdev whose parent, work queue or lease is going.
    pub(super) fn check_stays(&self, subdev: &Subdev) -> Result<(), Refusal> {
        self.check_stays_on(subdev, &subdev.settings().wqs)
    }

    /// As [`Self::check_stays`], of one that is to use these work queues.
    pub(super) fn check_stays_on(
        &self,
        subdev: &Subdev,
        wqs: &Wqs<WqShare>,
    ) -> Result<(), Refusal> {
        let identity = subdev.identity();
        if subdev.is_forsaken() {
            let conflict = Conflict::Removing;
            return Err(Refusal::new(
                EBUSY,
                Field::Nothing,
                format_args!("{conflict}"),
            ));
        }
        let parent = self.parents.get(&identity.parent_index);
        let parent = parent.filter(|parent| !parent.removing);
        let stays = parent.is_some_and(|parent| {
            let mut wqs = wqs.as_slice().iter();
            wqs.all(|share| parent.wqs.get(&share.id).is_some_and(|wq| !wq.removing))
        });
        if stays {
            return Ok(());
        }
        Err(Refusal::new(
            ENODEV,
            Field::Parent,
            format_args!("{} is being unbound", identity.parent),
        ))
    }

    /// Reserves another name for a subdev, beside the one that it has. Nobody else has it.
    pub(super) fn reserve_name(&mut self, subdev: &Arc<Subdev>, name: Name, place: NamePlace) {
        self.names.insert(place.into_node(name, subdev.clone()));
    }

    /// Gives up one of two names of a subdev.
    pub(super) fn release_name(&mut self, name: &Name) {
        self.names.remove(name);
    }

    /// Changes the share that a subdev has of a work queue, by as much as was granted.
    pub(super) fn resize(&mut self, subdev: &Subdev, wq: u32, from: u32, to: u32) {
        let parent = self.parents.get_mut(&subdev.identity().parent_index);
        if let Some(wq) = parent.and_then(|parent| parent.wqs.get_mut(&wq)) {
            wq.share.resize(from, to);
        }
    }

    /// Adds a subdev whose index, name and UUID are its own, on a parent and work queues that are
    /// there.
    pub(super) fn insert(&mut self, subdev: &Arc<Subdev>, reserved: Reserved) {
        let (identity, settings) = (subdev.identity(), subdev.settings());
        let index = identity.index;
        let name = reserved.name.into_node(settings.name, subdev.clone());
        self.names.insert(name);
        let uuid = reserved.uuid.into_node(identity.uuid, subdev.clone());
        self.uuids.insert(uuid);
        self.subdevs
            .insert(reserved.subdev.into_node(index, subdev.clone()));
        let Some(entry) = self.parents.get_mut(&identity.parent_index) else {
            kernel::warn_on!(true);
            return;
        };
        entry
            .subdevs
            .insert(reserved.on_parent.into_node(index, subdev.clone()));
        entry.count += 1;
        for (share, node) in settings.wqs.as_slice().iter().zip(reserved.on_wqs) {
            if let Some(wq) = entry.wqs.get_mut(&share.id) {
                wq.share.take(identity.pasid_mode, share.entries);
                wq.subdevs.insert(node.into_node(index, ()));
            }
        }
    }

    /// Takes a subdev out. It stays on its work queues until [`Self::leave_wq`].
    pub(super) fn remove(&mut self, subdev: &Subdev) {
        let identity = subdev.identity();
        self.names.remove(&subdev.settings().name);
        self.uuids.remove(&identity.uuid);
        self.subdevs.remove(&identity.index);
        if let Some(entry) = self.parents.get_mut(&identity.parent_index) {
            if entry.subdevs.remove(&identity.index).is_some() {
                entry.count -= 1;
            }
        }
    }

    /// Takes out a subdev that was inserted while the lock was held: it leaves nothing behind.
    pub(super) fn withdraw(&mut self, subdev: &Subdev) {
        self.remove(subdev);
        for share in subdev.settings().wqs.as_slice() {
            self.leave_wq(subdev, share);
        }
    }

    /// Reports a work queue that was enabled or disabled since it was reported last.
    pub(super) fn tell_wq(&mut self, parent: u32, id: u32, origin: Origin) {
        let Some(parent) = self.parents.get_mut(&parent) else {
            return;
        };
        match parent.wqs.get_mut(&id) {
            Some(wq) if wq.told != wq.enabled => wq.told = wq.enabled,
            _ => return,
        }
        if let Some(wq) = parent.wqs.get(&id) {
            events::report_wq(Kind::Changed, &WqView::new(&parent.node, id, wq), origin);
        }
    }

    /// Adds a subdev to a work queue of its parent, which has room for it.
    pub(super) fn join_wq(&mut self, subdev: &Subdev, share: &WqShare, place: WqPlace) {
        let identity = subdev.identity();
        let parent = self.parents.get_mut(&identity.parent_index);
        if let Some(wq) = parent.and_then(|parent| parent.wqs.get_mut(&share.id)) {
            wq.share.take(identity.pasid_mode, share.entries);
            wq.subdevs.insert(place.into_node(identity.index, ()));
        }
    }

    /// Releases what a subdev has of a work queue.
    pub(super) fn leave_wq(&mut self, subdev: &Subdev, share: &WqShare) {
        let identity = subdev.identity();
        let Some(parent) = self.parents.get_mut(&identity.parent_index) else {
            return;
        };
        let Some(entry) = parent.wqs.get_mut(&share.id) else {
            return;
        };
        if entry.subdevs.remove(&identity.index).is_some() {
            entry.share.give_back(share.entries);
        }
    }
}

/// Calls `visit` with each subdev of a parent, or of one of its work queues, in the order of their
/// indexes, without the registry's lock.
pub(super) fn for_each(parent: u32, wq: Option<u32>, mut visit: impl FnMut(&Arc<Subdev>)) {
    let mut from = Some(0);
    while let Some(index) = from {
        let subdev = {
            let mut registry = REGISTRY.lock();
            let entry = registry
                .get()
                .ok()
                .and_then(|registry| registry.parents.get(&parent));
            let Some(entry) = entry else { return };
            match wq {
                None => entry
                    .subdevs
                    .cursor_lower_bound(&index)
                    .map(|cursor| cursor.current().1.clone()),
                Some(id) => entry
                    .wqs
                    .get(&id)
                    .and_then(|wq| wq.subdevs.cursor_lower_bound(&index))
                    .and_then(|cursor| entry.subdevs.get(cursor.current().0).cloned()),
            }
        };
        let Some(subdev) = subdev else { return };
        visit(&subdev);
        from = subdev.identity().index.checked_add(1);
    }
}
