// SPDX-License-Identifier: GPL-2.0

//! Looking at what there is. What is shown borrows from the registry, under its lock; the hardware
//! is looked at before that.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    events,
    parent::Node,
    registry::{
        Id,
        ParentEntry,
        ParentId,
        Registry,
        WqEntry,
        REGISTRY, //
    },
    Description,
    Field,
    Parent,
    ParentState,
    Refusal,
    Snapshot,
    Subdev,
    Type,
    WorkQueue,
    WqDescription, //
};
use crate::subdev_core::{
    share::{
        PasidMode,
        Share, //
    },
    state::NotRemoved, //
};

/// All there is, in numbers.
pub(crate) struct Overview {
    /// The generation that the numbers are of.
    pub(crate) generation: u64,
    /// Tells this load of the module from others.
    pub(crate) instance: u64,
    pub(crate) parents: u32,
    pub(crate) wqs: u32,
    pub(crate) subdevs: u32,
}

/// Counts all there is.
pub(crate) fn overview() -> Result<Overview> {
    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    let mut overview = Overview {
        // Nothing comes or goes while the registry is locked.
        generation: events::generation(),
        instance: registry.instance,
        parents: 0,
        wqs: 0,
        subdevs: 0,
    };
    for parent in registry.parents.values() {
        overview.parents += 1;
        overview.wqs += parent.wq_count();
        overview.subdevs += parent.count;
    }
    Ok(overview)
}

/// A parent as it is now.
pub(crate) struct ParentView {
    node: Arc<Node>,
    pub(crate) state: ParentState,
    pub(crate) wqs: u32,
    pub(crate) subdevs: u32,
}

impl ParentView {
    /// Looks at a parent, and at its hardware.
    fn new(node: Arc<Node>) -> Result<Self> {
        let state = node.provider.state();
        let mut registry = REGISTRY.lock();
        let entry = registry.get()?.parents.get(&node.index);
        Ok(entry.map_or_else(
            || Self {
                node: node.clone(),
                state,
                wqs: 0,
                subdevs: 0,
            },
            |entry| Self::of(entry, state),
        ))
    }

    /// A parent whose hardware is in `state`.
    pub(super) fn of(entry: &ParentEntry, state: ParentState) -> Self {
        Self {
            node: entry.node.clone(),
            state,
            wqs: entry.wq_count(),
            subdevs: entry.count,
        }
    }

    pub(crate) fn index(&self) -> u32 {
        self.node.index
    }

    pub(crate) fn name(&self) -> &str {
        self.node.name.as_str()
    }

    /// Name of the device on its bus.
    pub(crate) fn device(&self) -> Result<&str> {
        let name = self.node.dev.device().name();
        name.to_str().map_err(|_| EINVAL)
    }

    pub(crate) fn description(&self) -> &Description {
        &self.node.description
    }

    pub(crate) fn provider(&self) -> &dyn Parent {
        &*self.node.provider
    }
}

/// A work queue as it is now.
pub(crate) struct WqView<'a> {
    parent: &'a ParentEntry,
    entry: &'a WqEntry,
    pub(crate) id: u32,
    pub(crate) description: WqDescription,
}

impl<'a> WqView<'a> {
    pub(super) fn new(parent: &'a ParentEntry, id: u32, entry: &'a WqEntry) -> Self {
        Self {
            parent,
            entry,
            id,
            description: entry.wq.describe(),
        }
    }

    pub(crate) fn parent_index(&self) -> u32 {
        self.parent.node.index
    }

    pub(crate) fn parent(&self) -> &str {
        self.parent.node.name.as_str()
    }

    pub(crate) fn vendor(&self) -> &'static str {
        self.parent.node.description.vendor
    }

    pub(crate) fn work_queue(&self) -> &dyn WorkQueue {
        &*self.entry.wq
    }

    /// PASID mode of the subdevs on it, if there are any.
    pub(crate) fn pasid_mode(&self) -> Option<PasidMode> {
        self.entry.share.mode()
    }

    /// Entries that further subdevs could have.
    pub(crate) fn available(&self) -> u32 {
        self.entry.share.available()
    }

    /// Number of subdevs on it.
    pub(crate) fn count(&self) -> u32 {
        self.entry.share.users()
    }

    /// Indexes of the subdevs on it, in order.
    pub(crate) fn subdevs(&self) -> impl Iterator<Item = u32> + '_ {
        self.entry.subdevs.keys().copied()
    }
}

/// An entry of a catalogue as it is now.
pub(crate) struct TypeView<'a> {
    parent: &'a ParentEntry,
    pub(crate) kind: &'a Type,
}

impl TypeView<'_> {
    pub(crate) fn parent_index(&self) -> u32 {
        self.parent.node.index
    }

    pub(crate) fn parent(&self) -> &str {
        self.parent.node.name.as_str()
    }

    /// Subdevs of this type that could be created now.
    pub(crate) fn available_instances(&self) -> u32 {
        self.count(|share| share.instances(self.kind.pasid_mode))
    }

    /// Subdevs of this type that there could be at most.
    pub(crate) fn max_instances(&self) -> u32 {
        self.count(|share| share.max_instances(self.kind.pasid_mode))
    }

    fn count(&self, of: impl Fn(&Share) -> u32) -> u32 {
        if self.kind.missing.is_some() {
            return 0;
        }
        let counts = self.parent.wqs.values().map(|wq| of(&wq.share));
        counts.fold(0, |sum: u32, n| sum.saturating_add(n))
    }
}

/// Shows the parent that `id` names.
pub(crate) fn parent(
    id: &ParentId<'_>,
    show: impl FnOnce(&ParentView) -> Result,
) -> Result<(), Refusal> {
    let node = {
        let mut registry = REGISTRY.lock();
        registry.get()?.find_parent(id)?.node.clone()
    };
    show(&ParentView::new(node)?)?;
    Ok(())
}

/// Shows each parent until `show` returns false; `from` and the number that is passed to `show`
/// tell where to go on.
pub(crate) fn parents(
    mut from: u64,
    mut show: impl FnMut(u64, &ParentView) -> Result<bool>,
) -> Result {
    while let Ok(index) = u32::try_from(from) {
        let node = {
            let mut registry = REGISTRY.lock();
            let parents = &registry.get()?.parents;
            let next = parents.cursor_lower_bound(&index);
            next.map(|cursor| cursor.current().1.node.clone())
        };
        let Some(node) = node else { break };
        let key = u64::from(node.index);
        if !show(key, &ParentView::new(node)?)? {
            break;
        }
        from = key + 1;
    }
    Ok(())
}

/// Calls `show` with each parent, or the one that is asked for, that has something from `from` on,
/// and with where to begin in it, until `show` returns false.
///
/// A key is the parent's index and the number of something on it.
fn on_parents(
    registry: &Registry,
    only: &ParentId<'_>,
    from: u64,
    mut show: impl FnMut(&ParentEntry, u64, u32) -> Result<bool>,
) -> Result<(), Refusal> {
    let only = match only.is_absent() {
        true => None,
        false => Some(registry.find_parent(only)?.node.index),
    };
    // CAST: The two halves of a key.
    let (first, within) = ((from >> 32) as u32, from as u32);
    for (&index, parent) in registry.parents.iter() {
        if index < first || only.is_some_and(|only| only != index) {
            continue;
        }
        let begin = if index == first { within } else { 0 };
        if !show(parent, u64::from(index) << 32, begin)? {
            break;
        }
    }
    Ok(())
}

/// Shows work queues: of one parent or all.
pub(crate) fn wqs(
    parent: &ParentId<'_>,
    from: u64,
    mut show: impl FnMut(u64, &WqView<'_>) -> Result<bool>,
) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    on_parents(registry, parent, from, |parent, base, begin| {
        for (&id, wq) in parent.wqs.iter().filter(|(id, _)| **id >= begin) {
            if !show(base | u64::from(id), &WqView::new(parent, id, wq))? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// Shows the work queue `id` of the parent `parent`.
pub(crate) fn wq(
    parent: &ParentId<'_>,
    id: Option<u32>,
    show: impl FnOnce(&WqView<'_>) -> Result,
) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let parent = registry.get()?.find_parent(parent)?;
    let id = id
        .ok_or_else(|| Refusal::missing(Field::Wq(None), format_args!("a work queue is needed")))?;
    let wq = parent.wqs.get(&id).ok_or_else(|| parent.no_such_wq(id))?;
    show(&WqView::new(parent, id, wq))?;
    Ok(())
}

/// Shows types: of one parent or all. The number in a key is the place in the catalogue.
pub(crate) fn types(
    parent: &ParentId<'_>,
    from: u64,
    mut show: impl FnMut(u64, &TypeView<'_>) -> Result<bool>,
) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    on_parents(registry, parent, from, |parent, base, begin| {
        let types = (0u32..).zip(parent.node.provider.types());
        for (place, kind) in types.filter(|(place, _)| *place >= begin) {
            if !show(base | u64::from(place), &TypeView { parent, kind })? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// Shows the type `name` of the parent `parent`.
pub(crate) fn type_named(
    parent: &ParentId<'_>,
    name: Option<&[u8]>,
    show: impl FnOnce(&TypeView<'_>) -> Result,
) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let parent = registry.get()?.find_parent(parent)?;
    let name = name.ok_or_else(|| {
        Refusal::missing(Field::Type, format_args!("the name of a type is needed"))
    })?;
    let kind = parent.node.find_type(name)?;
    show(&TypeView { parent, kind })?;
    Ok(())
}

/// Shows the subdev that `id` names.
pub(crate) fn subdev(
    id: Id<'_>,
    show: impl FnOnce(&Snapshot<'_>) -> Result,
) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let subdev = registry.get()?.find(id)?;
    subdev.check_present().map_err(|why| {
        let text = match why {
            NotRemoved::Creating => "the subdev is being created; try again",
            _ => "the subdev is being deleted",
        };
        Refusal::new(EBUSY, id.field(), format_args!("{text}"))
    })?;
    show(&subdev.snapshot())?;
    Ok(())
}

/// Shows subdevs: of one parent or all. A key is the index.
pub(crate) fn subdevs(
    parent: &ParentId<'_>,
    from: u64,
    mut show: impl FnMut(u64, &Subdev) -> Result<bool>,
) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    let list = match parent.is_absent() {
        true => &registry.subdevs,
        false => &registry.find_parent(parent)?.subdevs,
    };
    let mut from = u32::try_from(from).ok();
    while let Some(cursor) = from.and_then(|from| list.cursor_lower_bound(&from)) {
        let (&index, subdev) = cursor.current();
        if subdev.check_present().is_ok() && !show(u64::from(index), subdev)? {
            break;
        }
        from = index.checked_add(1);
    }
    Ok(())
}
