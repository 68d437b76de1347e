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
    parent::Node,
    Field,
    Names,
    Refusal,
    Subdev,
    WorkQueue, //
};
use crate::subdev_core::{
    name::Name,
    share::Share,
    uuid::Uuid, //
};

/// A work queue of a parent.
pub(super) struct WqEntry {
    pub(super) wq: Arc<dyn WorkQueue>,
    /// Who has how much of it.
    pub(super) share: Share,
    /// Indexes of the subdevs on it.
    pub(super) subdevs: RBTree<u32, ()>,
    /// Whether the hardware has it enabled for subdevs; changed under the parent's configuration
    /// lock as well.
    pub(super) enabled: bool,
    /// It is going: no further subdev may use it.
    pub(super) removing: bool,
}

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

/// Frees the registry. There are no parents any more.
pub(super) fn clear() {
    let registry = REGISTRY.lock().0.take();
    drop(registry);
}

/// How a request names a subdev.
#[derive(Clone, Copy)]
pub(crate) enum Id<'a> {
    Index(u32),
    Name(&'a [u8]),
    Uuid(&'a [u8]),
}

impl Id<'_> {
    /// The field of the request.
    pub(super) fn field(&self) -> Field {
        match self {
            Id::Index(_) => Field::Index,
            Id::Name(_) => Field::Name,
            Id::Uuid(_) => Field::Uuid,
        }
    }
}

/// Room in the registry for a subdev on a number of work queues, so that adding it cannot fail.
pub(super) struct Room {
    subdev: RBTreeNodeReservation<u32, Arc<Subdev>>,
    name: RBTreeNodeReservation<Name, Arc<Subdev>>,
    uuid: RBTreeNodeReservation<Uuid, Arc<Subdev>>,
    on_parent: RBTreeNodeReservation<u32, Arc<Subdev>>,
    on_wqs: KVec<RBTreeNodeReservation<u32, ()>>,
}

impl Room {
    /// Allocates the room.
    pub(super) fn new(wqs: usize) -> Result<Self> {
        let mut on_wqs = KVec::with_capacity(wqs, GFP_KERNEL)?;
        for _ in 0..wqs {
            on_wqs.push(RBTreeNodeReservation::new(GFP_KERNEL)?, GFP_KERNEL)?;
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
            // What cannot be a name is nobody's name.
            Id::Name(text) => Name::parse(text)
                .ok()
                .and_then(|name| self.names.get(&name)),
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

    /// The parent named `name`, or the only one.
    pub(super) fn find_parent(&self, name: Option<&[u8]>) -> Result<&ParentEntry, Refusal> {
        let mut parents = self.parents.values();
        let Some(name) = name else {
            let first = parents.next().ok_or_else(|| {
                Refusal::new(
                    ENODEV,
                    Field::Nothing,
                    format_args!("there is no parent: no device is bound to the driver subdev"),
                )
            })?;
            let others = parents.count();
            if others > 0 {
                return Err(Refusal::missing(
                    Field::Parent,
                    format_args!("there are {} parents: say which one", others + 1),
                ));
            }
            return Ok(first);
        };
        parents
            .find(|parent| parent.node.name.as_bytes() == name)
            .ok_or_else(|| self.no_such_parent(Field::Parent))
    }

    /// The refusal of a parent that is not there.
    pub(super) fn no_such_parent(&self, field: Field) -> Refusal {
        let names = Names(|| self.parents.values().map(|parent| parent.node.name.as_str()));
        Refusal::new(
            ENODEV,
            field,
            format_args!("no such parent; there is {names}"),
        )
    }

    /// Adds a subdev whose index, name and UUID are its own, on a parent and work queues that are
    /// there.
    pub(super) fn insert(&mut self, parent: u32, subdev: &Arc<Subdev>, room: Room) {
        let identity = subdev.identity();
        let index = identity.index;
        let name = room.name.into_node(identity.name, subdev.clone());
        self.names.insert(name);
        let uuid = room.uuid.into_node(identity.uuid, subdev.clone());
        self.uuids.insert(uuid);
        self.subdevs
            .insert(room.subdev.into_node(index, subdev.clone()));
        let Some(entry) = self.parents.get_mut(&parent) else {
            kernel::warn_on!(true);
            return;
        };
        entry
            .subdevs
            .insert(room.on_parent.into_node(index, subdev.clone()));
        entry.count += 1;
        for (id, room) in identity.wqs.as_slice().iter().zip(room.on_wqs) {
            if let Some(wq) = entry.wqs.get_mut(id) {
                wq.share.take(identity.pasid_mode, identity.entries);
                wq.subdevs.insert(room.into_node(index, ()));
            }
        }
    }

    /// Takes a subdev out. It stays on its work queues until [`Self::leave_wq`].
    pub(super) fn remove(&mut self, parent: u32, subdev: &Subdev) {
        let identity = subdev.identity();
        self.names.remove(&identity.name);
        self.uuids.remove(&identity.uuid);
        self.subdevs.remove(&identity.index);
        if let Some(entry) = self.parents.get_mut(&parent) {
            if entry.subdevs.remove(&identity.index).is_some() {
                entry.count -= 1;
            }
        }
    }

    /// Releases what a subdev has of a work queue. Returns the work queue if the hardware has it
    /// enabled for nobody now, and notes that it is not: the caller disables it.
    pub(super) fn leave_wq(
        &mut self,
        parent: u32,
        subdev: &Subdev,
        id: u32,
    ) -> Option<Arc<dyn WorkQueue>> {
        let identity = subdev.identity();
        let entry = self.parents.get_mut(&parent)?.wqs.get_mut(&id)?;
        entry.subdevs.remove(&identity.index)?;
        entry.share.give_back(identity.entries);
        if entry.share.users() > 0 || !entry.enabled {
            return None;
        }
        entry.enabled = false;
        Some(entry.wq.clone())
    }
}
