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

/// The face, and the parents that it shows, by index.
struct Faces {
    ops: Option<Ops>,
    shown: KVec<(u32, ShownParent)>,
}

global_lock! {
    // SAFETY: Initialised by `init`, which the module's initialisation calls before all else.
    unsafe(uninit) static FACES: Mutex<Faces> = Faces {
        ops: None,
        shown: KVec::new(),
    };
}

/// Whether the face is going.
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
    if faces.ops.is_some() {
        return Err(EBUSY);
    }
    LEAVING.store(false, Relaxed);
    faces.ops = Some(ops);
    let mut from = Some(0);
    while let Some((index, node)) = from.and_then(next) {
        faces.show(&node);
        from = index.checked_add(1);
    }
    Ok(())
}

/// The face shows nothing any more on return, and is not called. Subdevs that it has made devices for
/// are inactive then.
pub(crate) fn unregister_face() {
    let mut faces = FACES.lock();
    LEAVING.store(true, Relaxed);
    // The devices go with what shows them.
    faces.shown.clear();
    faces.ops = None;
}

/// Whether devices go because the face does.
pub(crate) fn is_face_leaving() -> bool {
    LEAVING.load(Relaxed)
}

/// Has the face show a parent that is registered.
pub(super) fn show(node: &Node) {
    FACES.lock().show(node);
}

/// Has the face show a parent no longer, which is going: nothing is on it any more, nor can come.
pub(super) fn hide(parent: u32) {
    FACES.lock().shown.retain(|(index, _)| *index != parent);
}

impl Faces {
    fn show(&mut self, node: &Node) {
        let is_shown = self.shown.iter().any(|(index, _)| *index == node.index);
        if let (Some(ops), false) = (&self.ops, is_shown) {
            let shown = try_show(ops, node);
            let shown = shown.and_then(|it| Ok(self.shown.push((node.index, it), GFP_KERNEL)?));
            if let Err(error) = shown {
                let errno = error.to_errno();
                pr_warn!("{}: not shown by the face: {errno}\n", node.name.as_str());
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
