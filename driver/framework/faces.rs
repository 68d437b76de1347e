// SPDX-License-Identifier: GPL-2.0

//! Faces: modules that show subdevs as devices of another kind, below their parents. There is one at
//! a time, which is told of each parent that comes and goes.

use kernel::{
    prelude::*,
    str::CString,
    sync::{
        atomic::{
            AtomicFlag,
            Relaxed, //
        },
        global_lock,
        Arc, //
    },
    time::{
        delay::fsleep,
        Delta, //
    }, //
};

use super::{
    node::Node,
    registry::REGISTRY, //
};
use crate::ffi::face::{
    Ops,
    ShownParent,
    ShownType, //
};

/// The face, and the parents that it shows.
struct Faces {
    ops: Option<Ops>,
    shown: KVec<Entry>,
}

/// A parent that the face shows.
struct Entry {
    /// Its index.
    parent: u32,
    /// Taken out by who hides it, which may wait for users of its devices.
    shown: Option<ShownParent>,
}

global_lock! {
    // SAFETY: Initialised by `init`, which the module's initialisation calls before all else.
    unsafe(uninit) static FACES: Mutex<Faces> = Faces {
        ops: None,
        shown: KVec::new(),
    };
}

/// Whether the face is going; written with the lock held.
static LEAVING: AtomicFlag = AtomicFlag::new(false);

/// Makes the lock ready.
///
/// # Safety
///
/// Must be called exactly once, before anything else here.
pub(super) unsafe fn init() {
    // SAFETY: By the safety requirement.
    unsafe { FACES.init() };
}

/// Has a face show all parents from now on.
pub(crate) fn register_face(ops: Ops) -> Result {
    let mut faces = FACES.lock();
    if faces.ops.is_some() || is_face_leaving() {
        return Err(EBUSY);
    }
    faces.ops = Some(ops);
    let mut from = Some(0);
    while let Some((index, node)) = from.and_then(next) {
        faces.show(&node);
        from = index.checked_add(1);
    }
    Ok(())
}

/// The face shows nothing any more on return, and is not called. Subdevs that it has made devices for
/// are inactive then. Waits for users that have opened a device and not bound it.
pub(crate) fn unregister_face() {
    {
        let mut faces = FACES.lock();
        LEAVING.store(true, Relaxed);
        // From here on no parent is shown.
        faces.ops = None;
    }
    // The devices go with what shows them.
    loop {
        let parent = FACES.lock().shown.first().map(|entry| entry.parent);
        match parent {
            Some(parent) => hide(parent),
            None => break,
        }
    }
    let mut faces = FACES.lock();
    LEAVING.store(false, Relaxed);
    // It is empty, and nobody drops what is static: its memory would be lost with the module.
    faces.shown = KVec::new();
}

/// Whether devices go because the face does.
pub(crate) fn is_face_leaving() -> bool {
    LEAVING.load(Relaxed)
}

/// Has the face show a parent that is registered.
pub(super) fn show(node: &Node) {
    FACES.lock().show(node);
}

/// Has the face show a parent no longer, which is going: nothing is on it any more, nor can come. Or
/// waits until somebody else has. No lock is held meanwhile, so that it concerns no other parent.
pub(super) fn hide(parent: u32) {
    loop {
        let shown = {
            let mut faces = FACES.lock();
            let mut entries = faces.shown.iter_mut();
            match entries.find(|entry| entry.parent == parent) {
                Some(entry) => entry.shown.take(),
                None => return,
            }
        };
        let Some(shown) = shown else {
            fsleep(Delta::from_millis(10));
            continue;
        };
        drop(shown);
        FACES.lock().shown.retain(|entry| entry.parent != parent);
    }
}

impl Faces {
    fn show(&mut self, node: &Node) {
        let is_shown = self.shown.iter().any(|entry| entry.parent == node.index);
        if let (Some(ops), false) = (&self.ops, is_shown) {
            // What is shown has a place before it is shown: a failure is not to end devices.
            let shown = self.shown.reserve(1, GFP_KERNEL);
            let shown = shown
                .map_err(Error::from)
                .and_then(|()| try_show(ops, node));
            match shown {
                Ok(shown) => {
                    let parent = node.index;
                    let shown = Some(shown);
                    // There is room for it.
                    let _ = self.shown.push_within_capacity(Entry { parent, shown });
                }
                Err(error) => {
                    let errno = error.to_errno();
                    pr_warn!("{}: not shown by the face: {errno}\n", node.name.as_str());
                }
            }
        }
    }
}

fn try_show(ops: &Ops, node: &Node) -> Result<ShownParent> {
    let dev = node.dev.get().ok_or(ENODEV)?;
    let mut types = KVec::new();
    for kind in node.provider.types() {
        let description = match kind.missing {
            None => CString::try_from_fmt(format_args!("{}", kind.description))?,
            // Not provoked: it describes a type, and refuses nothing.
            Some(missing) => CString::try_from_fmt(format_args!(
                "{}; it needs {missing}, which {} lacks",
                kind.description, node.name
            ))?,
        };
        let shown = ShownType {
            name: CString::try_from_fmt(format_args!("{}", kind.name))?,
            title: CString::try_from_fmt(format_args!("{}", kind.title))?,
            description,
        };
        types.push(shown, GFP_KERNEL)?;
    }
    // Hidden before the device is unbound, see `ParentRegistration::unregister`.
    ops.show(node.index, &dev, &types)
}

/// The first parent from this index on that stays.
fn next(from: u32) -> Option<(u32, Arc<Node>)> {
    let mut registry = REGISTRY.lock();
    let registry = registry.get().ok()?;
    let mut parents = registry.parents.iter();
    parents
        .find(|(index, parent)| **index >= from && !parent.removing)
        .map(|(index, parent)| (*index, parent.node.clone()))
}
