// SPDX-License-Identifier: GPL-2.0

//! Configuring parents and work queues: checked as a whole, refused where somebody is in the way,
//! then made, and reported.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    create::check_usable,
    events::{
        self,
        Kind,
        Origin, //
    },
    node::Node,
    provider::{
        Needs,
        WorkQueue,
        WqChange,
        WqMode, //
    },
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
    request::ParentId,
    vendor::{
        Attributes,
        VendorNest, //
    },
    view::{
        ParentView,
        WqEntry,
        WqView, //
    }, //
};
use crate::subdev_core::state::AdminState;

/// A request to configure a work queue. What is absent stays.
pub(crate) struct SetWq<'a> {
    pub(crate) parent: ParentId<'a>,
    pub(crate) id: Option<u32>,
    /// Entries.
    pub(crate) size: Option<u32>,
    pub(crate) mode: Option<WqMode>,
    pub(crate) vendor: Option<VendorNest<'a>>,
    /// Everything is checked, and nothing done.
    pub(crate) dry_run: bool,
}

/// Configures a work queue. `reply` gets it as it is then, or would be for a dry run, and the generation
/// that shows it.
pub(crate) fn set_wq(
    set: &SetWq<'_>,
    origin: Origin,
    reply: impl FnOnce(&WqView<'_>, u64),
) -> Result<(), Refusal> {
    let (node, id) = {
        let mut registry = REGISTRY.lock();
        let parent = registry.get()?.find_parent(&set.parent)?;
        let missing = || Refusal::missing(Field::Wq(None), format_args!("a work queue is needed"));
        let id = set.id.ok_or_else(missing)?;
        parent.wqs.get(&id).ok_or_else(|| parent.no_such_wq(id))?;
        (parent.node.clone(), id)
    };
    let change = WqChange {
        size: set.size,
        mode: set.mode,
        vendor: node.own(set.vendor)?,
    };
    let mut config = node.config.lock();
    check_configurable(&node)?;
    let wq = find_wq(&node, id)?;
    let needs = wq.plan(&change)?;
    check_free(&node, Some(id), needs, set.size)?;
    let changes = !set.dry_run && !matches!(needs, Needs::Nothing);
    if changes {
        config.configure_wq(&*wq, &change)?;
    }
    let mut registry = REGISTRY.lock();
    let parents = &mut registry.get()?.parents;
    let parent = parents.get_mut(&node.index).ok_or(ENODEV)?;
    let entry = parent.wqs.get_mut(&id).ok_or(ENODEV)?;
    // Nobody has taken any of it since `check_free`, which needs the configuration lock.
    let resized = entry.share.set_size(entry.wq.describe().size);
    kernel::warn_on!(!resized);
    let view = WqView::new(&parent.node, id, entry);
    if set.dry_run {
        reply(&view.after(&change), events::generation());
        return Ok(());
    }
    let generation = if changes {
        events::report_wq(Kind::Changed, &view, origin)
    } else {
        events::generation()
    };
    reply(&view, generation);
    Ok(())
}

/// Configures a parent; what is absent stays, and with `dry_run` everything is checked and nothing
/// done. `reply` gets it as it is then, for a dry run the change after which it is to be shown, and
/// the generation that shows it.
pub(crate) fn set_parent(
    parent: &ParentId<'_>,
    vendor: Option<VendorNest<'_>>,
    dry_run: bool,
    origin: Origin,
    reply: impl FnOnce(&ParentView, Option<&dyn Attributes>, u64),
) -> Result<(), Refusal> {
    let node = find_node(parent)?;
    let vendor = node.own(vendor)?;
    let mut config = node.config.lock();
    check_configurable(&node)?;
    let mut changes = false;
    if let Some(change) = vendor {
        let needs = node.provider.plan(change)?;
        check_free(&node, None, needs, None)?;
        changes = !dry_run && !matches!(needs, Needs::Nothing);
        if changes {
            config.configure_parent(&*node.provider, change)?;
        }
    }
    let state = node.provider.state();
    let (view, generation) = {
        let mut registry = REGISTRY.lock();
        let parent = registry.get()?.parents.get(&node.index).ok_or(ENODEV)?;
        let view = parent.view(state);
        let generation = if changes {
            events::report_parent(Kind::Changed, &view, origin)
        } else {
            events::generation()
        };
        (view, generation)
    };
    // Nobody else configures it, so that what was planned still is as it was.
    reply(&view, vendor.filter(|_| dry_run), generation);
    Ok(())
}

/// Refuses a parent that cannot be configured.
fn check_configurable(node: &Node) -> Result<(), Refusal> {
    if !node.description.configurable {
        return Err(Refusal::new(
            EOPNOTSUPP,
            Field::Parent,
            format_args!("the configuration of {} is fixed", node.name),
        ));
    }
    check_usable(node)
}

/// The work queue, unless it has gone meanwhile.
fn find_wq(node: &Node, id: u32) -> Result<Arc<dyn WorkQueue>, Refusal> {
    let mut registry = REGISTRY.lock();
    let parent = find_entry(registry.get()?, node)?;
    let entry = parent.wqs.get(&id).filter(|entry| !entry.removing);
    let entry = entry.ok_or_else(|| parent.no_such_wq(id))?;
    Ok(entry.wq.clone())
}

/// The parent, unless it is going.
fn find_entry<'a>(registry: &'a Registry, node: &Node) -> Result<&'a ParentEntry, Refusal> {
    let parent = registry.parents.get(&node.index);
    parent.filter(|parent| !parent.removing).ok_or_else(|| {
        Refusal::new(
            ENODEV,
            Field::Parent,
            format_args!("{} is being unbound", node.name),
        )
    })
}

/// Refuses a change that somebody is in the way of: of the work queue `id`, to `size` entries, if it
/// is one of a work queue. The caller has the configuration lock, so nobody comes into the way later.
fn check_free(
    node: &Node,
    id: Option<u32>,
    needs: Needs,
    size: Option<u32>,
) -> Result<(), Refusal> {
    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    let parent = find_entry(registry, node)?;
    let (field, all) = match needs {
        Needs::Nothing => return Ok(()),
        Needs::Wq(field) => (field, false),
        Needs::Parent(field) => (field, true),
    };
    let mut wqs = parent.wqs.iter();
    // One that did not come back after a halt is not enabled, and has its subdevs all the same.
    let in_use =
        wqs.find(|(wq, entry)| (entry.enabled || entry.active > 0) && (all || id == Some(**wq)));
    if let Some((wq, entry)) = in_use {
        return Err(in_the_way(registry, *wq, entry, field));
    }
    let entry = id.and_then(|id| parent.wqs.get(&id));
    let used = entry.map_or(0, |entry| entry.share.used());
    if size.is_some_and(|size| size < used) {
        return Err(Refusal::new(
            EBUSY,
            Field::Size,
            format_args!("subdevs have {used} of the entries; the size is at least that"),
        ));
    }
    Ok(())
}

/// The refusal of a change that a work queue which is enabled is in the way of.
fn in_the_way(registry: &Registry, id: u32, entry: &WqEntry, field: Field) -> Refusal {
    let subdevs = || {
        let indexes = entry.subdevs.keys();
        indexes.filter_map(|index| registry.subdevs.get(index))
    };
    let active = subdevs().find(|subdev| subdev.snapshot().state == AdminState::Active);
    match active.or_else(|| subdevs().next()) {
        Some(subdev) => Refusal::new(
            EBUSY,
            field,
            format_args!(
                "subdev {} uses wq {id}; deactivate or delete it",
                subdev.settings().name
            ),
        ),
        // Not provoked: one is enabled for a subdev.
        None => Refusal::new(EBUSY, field, format_args!("wq {id} is enabled")),
    }
}
