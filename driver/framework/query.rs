// SPDX-License-Identifier: GPL-2.0

//! Looking at what there is. The views borrow from the registry, under its lock.

use kernel::prelude::*;

use super::{
    parent::Parent,
    registry::{
        Id,
        Registry,
        REGISTRY, //
    },
    Description,
    Field,
    ParentState,
    Refusal,
    Snapshot,
    Subdev,
    Type,
    Vendor,
    WqDescription, //
};
use crate::subdev_core::share::{
    PasidMode,
    Share, //
};

/// A parent as it is now.
pub(crate) struct ParentView<'a> {
    parent: &'a Parent,
    pub(crate) subdevs: u32,
}

impl ParentView<'_> {
    pub(crate) fn index(&self) -> u32 {
        self.parent.index
    }

    pub(crate) fn name(&self) -> &str {
        self.parent.name.as_str()
    }

    /// Name of the device on its bus.
    pub(crate) fn device(&self) -> &str {
        let name = self.parent.dev.get().name();
        name.to_str().unwrap_or_default()
    }

    pub(crate) fn description(&self) -> &Description {
        &self.parent.description
    }

    pub(crate) fn state(&self) -> ParentState {
        self.parent.provider.state()
    }

    pub(crate) fn vendor(&self) -> Vendor {
        self.parent.provider.vendor()
    }
}

/// A work queue as it is now.
pub(crate) struct WqView<'a> {
    registry: &'a Registry,
    parent: &'a Parent,
    share: &'a Share,
    pub(crate) id: u32,
    pub(crate) description: WqDescription,
}

impl WqView<'_> {
    pub(crate) fn parent(&self) -> &str {
        self.parent.name.as_str()
    }

    /// PASID mode of the subdevs on it, if there are any.
    pub(crate) fn pasid_mode(&self) -> Option<PasidMode> {
        self.share.mode()
    }

    /// Entries that further subdevs could have.
    pub(crate) fn available(&self) -> u32 {
        self.share.available()
    }

    /// Indexes of the subdevs on it.
    pub(crate) fn subdevs(&self) -> impl Iterator<Item = u32> + '_ {
        self.registry
            .subdevs
            .iter()
            .filter(|entry| entry.parent == self.parent.index)
            .map(|entry| entry.subdev.identity())
            .filter(|identity| identity.wqs.as_slice().contains(&self.id))
            .map(|identity| identity.index)
    }
}

/// An entry of a catalogue as it is now.
pub(crate) struct TypeView<'a> {
    parent: &'a Parent,
    pub(crate) kind: &'a Type,
}

impl TypeView<'_> {
    pub(crate) fn parent(&self) -> &str {
        self.parent.name.as_str()
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
        let counts = self.parent.shares.iter().map(of);
        counts.fold(0, |sum: u32, n| sum.saturating_add(n))
    }
}

fn view_parent<'a>(registry: &'a Registry, parent: &'a Parent) -> ParentView<'a> {
    let on_it = |entry: &&super::registry::Entry| entry.parent == parent.index;
    let subdevs = registry.subdevs.iter().filter(on_it).count();
    ParentView {
        parent,
        // There are never more than the 32-bit indexes.
        subdevs: u32::try_from(subdevs).unwrap_or(u32::MAX),
    }
}

/// Shows the parent with the index, the name, or the only one there is.
pub(crate) fn parent(
    index: Option<u32>,
    name: Option<&[u8]>,
    show: impl FnOnce(&ParentView<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let registry = REGISTRY.lock();
    let at = match index {
        Some(index) => registry
            .parents
            .iter()
            .position(|p| p.index == index)
            .ok_or_else(|| registry.no_such_parent(Field::Index))?,
        None => registry.find_parent(name).map_err(|refusal| {
            // Here the parent itself is what is asked for.
            match refusal.field() {
                Field::Parent => refusal.about(Field::Name),
                _ => refusal,
            }
        })?,
    };
    let parent = registry.parents.get(at).ok_or(ENODEV)?;
    show(&view_parent(&registry, parent))
}

/// Shows each parent until `show` returns false; `from` and the number that is passed to `show`
/// tell where to go on.
pub(crate) fn parents(
    from: u64,
    mut show: impl FnMut(u64, &ParentView<'_>) -> Result<bool>,
) -> Result {
    let registry = REGISTRY.lock();
    for parent in registry.parents.iter() {
        let key = u64::from(parent.index);
        if key >= from && !show(key, &view_parent(&registry, parent))? {
            break;
        }
    }
    Ok(())
}

/// Shows work queues: of one parent or all, one or all.
///
/// A key is the parent's index and the id of the work queue.
pub(crate) fn wqs(
    parent: Option<&[u8]>,
    from: u64,
    mut show: impl FnMut(u64, &WqView<'_>) -> Result<bool>,
) -> Result<(), Refusal> {
    let registry = REGISTRY.lock();
    let only = only(&registry, parent)?;
    for parent in registry
        .parents
        .iter()
        .filter(|p| only.is_none_or(|i| i == p.index))
    {
        for (id, share) in (0u32..).zip(parent.shares.iter()) {
            let key = (u64::from(parent.index) << 32) | u64::from(id);
            if key < from {
                continue;
            }
            let view = WqView {
                registry: &registry,
                parent,
                share,
                id,
                description: parent.provider.wq(id).ok_or(EIO)?,
            };
            if !show(key, &view)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Shows the work queue `id` of the parent named `parent`, or of the only one.
pub(crate) fn wq(
    parent: Option<&[u8]>,
    id: Option<u32>,
    show: impl FnOnce(&WqView<'_>) -> Result,
) -> Result<(), Refusal> {
    let registry = REGISTRY.lock();
    let parent = registry
        .parents
        .get(registry.find_parent(parent)?)
        .ok_or(ENODEV)?;
    let id = id
        .ok_or_else(|| Refusal::missing(Field::Wq(None), format_args!("a work queue is needed")))?;
    let share = parent.shares.get(id as usize);
    let share = share.ok_or_else(|| parent.no_such_wq(id))?;
    show(&WqView {
        registry: &registry,
        parent,
        share,
        id,
        description: parent.provider.wq(id).ok_or(EIO)?,
    })?;
    Ok(())
}

/// Shows types: of one parent or all.
///
/// A key is the parent's index and the place in its catalogue.
pub(crate) fn types(
    parent: Option<&[u8]>,
    from: u64,
    mut show: impl FnMut(u64, &TypeView<'_>) -> Result<bool>,
) -> Result<(), Refusal> {
    let registry = REGISTRY.lock();
    let only = only(&registry, parent)?;
    for parent in registry
        .parents
        .iter()
        .filter(|p| only.is_none_or(|i| i == p.index))
    {
        for (place, kind) in (0u64..).zip(parent.provider.types().iter()) {
            let key = (u64::from(parent.index) << 32) | place;
            if key >= from && !show(key, &TypeView { parent, kind })? {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Shows the type `name` of the parent named `parent`, or of the only one.
pub(crate) fn type_named(
    parent: Option<&[u8]>,
    name: Option<&[u8]>,
    show: impl FnOnce(&TypeView<'_>) -> Result,
) -> Result<(), Refusal> {
    let registry = REGISTRY.lock();
    let parent = registry
        .parents
        .get(registry.find_parent(parent)?)
        .ok_or(ENODEV)?;
    let name = name.ok_or_else(|| {
        Refusal::missing(Field::Type, format_args!("the name of a type is needed"))
    })?;
    let kind = parent.find_type(name)?;
    show(&TypeView { parent, kind })?;
    Ok(())
}

/// Shows the subdev that `id` names.
pub(crate) fn subdev(
    id: Id<'_>,
    show: impl FnOnce(&Snapshot<'_>) -> Result,
) -> Result<(), Refusal> {
    let registry = REGISTRY.lock();
    let at = registry.find(id)?;
    let subdev = &registry.subdevs.get(at).ok_or(ENODEV)?.subdev;
    show(&subdev.snapshot())?;
    Ok(())
}

/// Shows subdevs: of one parent or all. A key is the index.
pub(crate) fn subdevs(
    parent: Option<&[u8]>,
    from: u64,
    mut show: impl FnMut(u64, &Subdev) -> Result<bool>,
) -> Result<(), Refusal> {
    let registry = REGISTRY.lock();
    let only = only(&registry, parent)?;
    for entry in registry
        .subdevs
        .iter()
        .filter(|e| only.is_none_or(|i| i == e.parent))
    {
        let key = u64::from(entry.subdev.identity().index);
        if key >= from && !show(key, &entry.subdev)? {
            break;
        }
    }
    Ok(())
}

/// Index of the one parent that is asked for, if one is.
fn only(registry: &Registry, parent: Option<&[u8]>) -> Result<Option<u32>, Refusal> {
    let Some(name) = parent else {
        return Ok(None);
    };
    let at = registry.find_parent(Some(name))?;
    Ok(registry.parents.get(at).map(|p| p.index))
}
