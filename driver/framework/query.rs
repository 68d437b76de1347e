// SPDX-License-Identifier: GPL-2.0

//! Looking at what there is. What is shown borrows from the registry, under its lock; the hardware
//! is looked at before that.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    create::check_usable,
    events,
    identity::Snapshot,
    node::Node,
    provider::Type,
    refusal::{
        Field,
        Refusal, //
    },
    registry::{
        find_node,
        ParentEntry,
        Registry,
        REGISTRY, //
    },
    request::{
        Id,
        ParentId, //
    },
    subdev::Subdev,
    view::{
        ParentStats,
        ParentView,
        WqView, //
    }, //
};
use crate::subdev_core::share::Share;

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

/// Looks at a parent, and at its hardware.
fn look(node: Arc<Node>) -> Result<ParentView> {
    let state = node.provider.state();
    let mut registry = REGISTRY.lock();
    let entry = registry.get()?.parents.get(&node.index);
    Ok(entry.map_or_else(
        || ParentView {
            node: node.clone(),
            state,
            wqs: 0,
            subdevs: 0,
        },
        |entry| entry.view(state),
    ))
}

/// An entry of a catalogue as it is now.
pub(crate) struct TypeView<'a> {
    parent: &'a ParentEntry,
    /// Whether the parent does any work.
    usable: bool,
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
        if !self.usable {
            return 0;
        }
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
        let wqs = self.parent.wqs.values();
        let usable = wqs.filter(|wq| !wq.removing && wq.wq.check().is_ok());
        let counts = usable.map(|wq| of(&wq.share));
        counts.fold(0, |sum: u32, n| sum.saturating_add(n))
    }
}

/// Shows the parent that `id` names.
pub(crate) fn parent(
    id: &ParentId<'_>,
    show: impl FnOnce(&ParentView) -> Result,
) -> Result<(), Refusal> {
    let node = find_node(id)?;
    show(&look(node)?)?;
    Ok(())
}

/// Shows each parent until `show` returns false; `from` and the number that is passed to `show`
/// tell where to go on.
pub(crate) fn parents(from: u64, mut show: impl FnMut(u64, &ParentView) -> Result<bool>) -> Result {
    nodes(from, |key, node| show(key, &look(node)?))
}

/// Shows the statistics of the parent that `id` names, without a look at its hardware.
pub(crate) fn parent_stats(
    id: &ParentId<'_>,
    show: impl FnOnce(&ParentStats) -> Result,
) -> Result<(), Refusal> {
    let node = find_node(id)?;
    show(&ParentStats(node))?;
    Ok(())
}

/// As [`parents`], of the statistics.
pub(crate) fn parents_stats(
    from: u64,
    mut show: impl FnMut(u64, &ParentStats) -> Result<bool>,
) -> Result {
    nodes(from, |key, node| show(key, &ParentStats(node)))
}

/// Passes each parent from `from` on to `show`, with its key and without the registry's lock, until
/// it returns false.
fn nodes(mut from: u64, mut show: impl FnMut(u64, Arc<Node>) -> Result<bool>) -> Result {
    while let Ok(index) = u32::try_from(from) {
        let node = {
            let mut registry = REGISTRY.lock();
            let parents = &registry.get()?.parents;
            let next = parents.cursor_lower_bound(&index);
            next.map(|cursor| cursor.current().1.node.clone())
        };
        let Some(node) = node else { break };
        let key = u64::from(node.index);
        if !show(key, node)? {
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
            if !show(base | u64::from(id), &WqView::new(&parent.node, id, wq))? {
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
    show(&WqView::new(&parent.node, id, wq))?;
    Ok(())
}

/// Shows types: of one parent or all. The number in a key is the place in the catalogue.
pub(crate) fn types(
    parent: &ParentId<'_>,
    from: u64,
    mut show: impl FnMut(u64, &TypeView<'_>) -> Result<bool>,
) -> Result<(), Refusal> {
    // The hardware is looked at before the registry is locked.
    let mut unusable = KVec::new();
    nodes(0, |_, node| {
        if check_usable(&node).is_err() {
            unusable.push(node.index, GFP_KERNEL)?;
        }
        Ok(true)
    })?;
    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    on_parents(registry, parent, from, |parent, base, begin| {
        let types = (0u32..).zip(parent.node.provider.types());
        let usable = !unusable.contains(&parent.node.index);
        for (place, kind) in types.filter(|(place, _)| *place >= begin) {
            let view = TypeView {
                parent,
                usable,
                kind,
            };
            if !show(base | u64::from(place), &view)? {
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
    let node = find_node(parent)?;
    let usable = check_usable(&node).is_ok();
    let mut registry = REGISTRY.lock();
    let parent = registry.get()?.find_parent(parent)?;
    let name = name.ok_or_else(|| {
        Refusal::missing(Field::Type, format_args!("the name of a type is needed"))
    })?;
    let kind = parent.node.find_type(name)?;
    show(&TypeView {
        parent,
        usable,
        kind,
    })?;
    Ok(())
}

/// How many subdevs of the type at `place` in the catalogue of a parent could be created now.
pub(crate) fn available(parent: u32, place: usize) -> u32 {
    let id = ParentId {
        index: Some(parent),
        ..ParentId::default()
    };
    let usable = find_node(&id).is_ok_and(|node| check_usable(&node).is_ok());
    let mut registry = REGISTRY.lock();
    let parent = registry.get().ok().and_then(|it| it.parents.get(&parent));
    let Some(parent) = parent.filter(|parent| !parent.removing) else {
        return 0;
    };
    let kind = parent.node.provider.types().get(place);
    kind.map_or(0, |kind| {
        let view = TypeView {
            parent,
            usable,
            kind,
        };
        view.available_instances()
    })
}

/// The name of the type at `place` in the catalogue of a parent.
pub(crate) fn type_at(parent: u32, place: usize) -> Option<&'static str> {
    let mut registry = REGISTRY.lock();
    let parent = registry.get().ok()?.parents.get(&parent)?;
    Some(parent.node.provider.types().get(place)?.name)
}

/// Shows the subdev that `id` names.
pub(crate) fn subdev(
    id: Id<'_>,
    show: impl FnOnce(&Snapshot<'_>) -> Result,
) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let subdev = registry.get()?.find(id)?;
    subdev
        .check_shown()
        .map_err(|conflict| Refusal::new(EBUSY, id.field(), format_args!("{conflict}")))?;
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
        if subdev.check_shown().is_ok() && !show(u64::from(index), subdev)? {
            break;
        }
        from = index.checked_add(1);
    }
    Ok(())
}
