// SPDX-License-Identifier: GPL-2.0

//! The registry: all parents and subdevs, and the one lock around their configuration.

use kernel::{
    prelude::*,
    sync::{
        global_lock,
        Arc, //
    }, //
};

use super::{
    attach::Attachment,
    events,
    parent::Parent,
    Field,
    Names,
    Refusal,
    Subdev, //
};
use crate::{
    ffi::workqueue::OwnedQueue,
    subdev_core::{
        name::Name,
        uuid::Uuid, //
    },
};

/// A subdev in the registry.
pub(super) struct Entry {
    pub(super) subdev: Arc<Subdev>,
    /// Index of the parent.
    pub(super) parent: u32,
    /// Present while the subdev is active.
    pub(super) attachment: Option<Arc<Attachment>>,
}

/// All there is.
pub(super) struct Registry {
    pub(super) parents: KVec<Parent>,
    pub(super) subdevs: KVec<Entry>,
    pub(super) next_parent: u32,
    pub(super) next_subdev: u32,
    /// Runs what waits for VFIO users; present while the module is up.
    pub(super) queue: Option<OwnedQueue>,
}

global_lock! {
    // SAFETY: Initialised by `start`, which the module's initialisation calls before all else.
    pub(super) unsafe(uninit) static REGISTRY: Mutex<Registry> = Registry {
        parents: KVec::new(),
        subdevs: KVec::new(),
        next_parent: 0,
        next_subdev: 0,
        queue: None,
    };
}

/// Makes the framework ready.
///
/// # Safety
///
/// Must be called exactly once, before anything else of the framework.
pub(crate) unsafe fn start() -> Result {
    // SAFETY: By the safety requirement.
    unsafe {
        events::init();
        REGISTRY.init();
    }
    REGISTRY.lock().queue = Some(OwnedQueue::new(c"subdev_detach")?);
    Ok(())
}

/// Waits for what is under way and gives everything back. There are no parents any more.
pub(crate) fn stop() {
    let mut registry = REGISTRY.lock();
    let queue = registry.queue.take();
    registry.parents = KVec::new();
    registry.subdevs = KVec::new();
    drop(registry);
    drop(queue);
}

/// How a request names a subdev.
#[derive(Clone, Copy)]
pub(crate) enum Id<'a> {
    Index(u32),
    Name(&'a [u8]),
    Uuid(&'a [u8]),
}

impl Registry {
    /// The position of the subdev that `id` names.
    pub(super) fn find(&self, id: Id<'_>) -> Result<usize, Refusal> {
        let (found, field) = match id {
            Id::Index(index) => (
                self.position(|subdev| subdev.identity().index == index),
                Field::Index,
            ),
            Id::Name(name) => (
                self.position(|subdev| subdev.identity().name.as_bytes() == name),
                Field::Name,
            ),
            Id::Uuid(text) => {
                let uuid = Uuid::parse(text)
                    .map_err(|e| Refusal::new(EINVAL, Field::Uuid, format_args!("{e}")))?;
                (
                    self.position(|subdev| subdev.identity().uuid == uuid),
                    Field::Uuid,
                )
            }
        };
        found.ok_or_else(|| Refusal::new(ENODEV, field, format_args!("no such subdev")))
    }

    fn position(&self, matches: impl Fn(&Subdev) -> bool) -> Option<usize> {
        self.subdevs.iter().position(|entry| matches(&entry.subdev))
    }

    /// Whether a subdev has the name.
    pub(super) fn has_name(&self, name: &Name) -> bool {
        self.position(|subdev| subdev.identity().name == *name)
            .is_some()
    }

    /// Whether a subdev has the UUID.
    pub(super) fn has_uuid(&self, uuid: &Uuid) -> bool {
        self.position(|subdev| subdev.identity().uuid == *uuid)
            .is_some()
    }

    /// The position of the parent named `name`, or of the only one.
    pub(super) fn find_parent(&self, name: Option<&[u8]>) -> Result<usize, Refusal> {
        let Some(name) = name else {
            return match self.parents.len() {
                0 => Err(Refusal::new(
                    ENODEV,
                    Field::Nothing,
                    format_args!("there is no parent: no device is bound to the driver subdev"),
                )),
                1 => Ok(0),
                n => Err(Refusal::missing(
                    Field::Parent,
                    format_args!("there are {n} parents: say which one"),
                )),
            };
        };
        self.parents
            .iter()
            .position(|parent| parent.name.as_bytes() == name)
            .ok_or_else(|| self.no_such_parent(Field::Parent))
    }

    /// The refusal of a parent that is not there.
    pub(super) fn no_such_parent(&self, field: Field) -> Refusal {
        let names = Names(|| self.parents.iter().map(|parent| parent.name.as_str()));
        Refusal::new(
            ENODEV,
            field,
            format_args!("no such parent; there is {names}"),
        )
    }
}
