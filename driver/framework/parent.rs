// SPDX-License-Identifier: GPL-2.0

//! Parents: devices that subdevs are carved from, from their registration to their removal.

use kernel::{
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNodeReservation, //
    },
    sync::{
        atomic::{
            AtomicFlag,
            Full, //
        },
        Arc,
        UniqueArc, //
    },
    time::Delta, //
};

use super::{
    count::Count,
    events::{
        self,
        Cause,
        Kind,
        Origin, //
    },
    faces,
    node::{
        Config,
        Node, //
    },
    notifier::Notifier,
    provider::{
        Parent,
        WorkQueue, //
    },
    queue::QUEUE,
    registry::{
        for_each,
        ParentEntry,
        REGISTRY, //
    },
    stats::Stats,
    view::{
        WqEntry,
        WqView, //
    }, //
};
use crate::{
    ffi::bound::BoundDevice,
    subdev_core::name::Name, //
};

/// How long to wait at a time: a wait without an end is reported as a hung task.
const TURN: Delta = Delta::from_secs(1);

/// The registration of a parent.
pub(crate) struct ParentRegistration {
    node: Arc<Node>,
    notifier: Arc<Notifier>,
    unregistered: AtomicFlag,
}

/// Registers a device with its work queues as a parent.
pub(crate) fn register_parent(
    dev: BoundDevice,
    provider: Arc<dyn Parent>,
    wqs: KVec<Arc<dyn WorkQueue>>,
) -> Result<ParentRegistration> {
    let prefix = provider.description().prefix;
    let presence = Count::new()?;
    let stats = Stats::new()?;
    let mut entries = RBTree::new();
    for wq in wqs {
        entries.insert(WqEntry::node(wq)?);
    }
    let state = provider.state();
    // Index and name are known under the lock only, where nothing may fail any more.
    let node = UniqueArc::<Node>::new_uninit(GFP_KERNEL)?;
    let notifier = UniqueArc::<Notifier>::new_uninit(GFP_KERNEL)?;
    let place = RBTreeNodeReservation::new(GFP_KERNEL)?;

    let mut guard = REGISTRY.lock();
    let registry = guard.get()?;
    let index = registry.next_parent;
    // Names count per prefix; with one provider that is the lowest number that is free.
    let taken = |name: &Name| registry.parents.values().any(|p| p.node.name == *name);
    let name = (0..=index)
        .filter_map(|n| Name::format(format_args!("{prefix}{n}")))
        .find(|name| !taken(name))
        .ok_or(EINVAL)?;
    registry.next_parent = index.checked_add(1).ok_or(EOVERFLOW)?;
    let Ok(node) = node.pin_init_with(Node::new(index, name, dev, provider, presence, stats));
    let node: Arc<Node> = node.into();
    let Ok(notifier) = notifier.pin_init_with(Notifier::new(index));
    let notifier: Arc<Notifier> = notifier.into();
    let entry = ParentEntry {
        node: node.clone(),
        wqs: entries,
        subdevs: RBTree::new(),
        count: 0,
        removing: false,
    };
    let view = entry.view(state);
    registry.parents.insert(place.into_node(index, entry));
    events::report_parent(Kind::Created, &view, Cause::Plug.into());
    drop(guard);
    faces::show(&node);
    Ok(ParentRegistration {
        node,
        notifier,
        unregistered: AtomicFlag::new(false),
    })
}

impl ParentRegistration {
    /// For the provider to report a loss of the hardware with.
    pub(crate) fn notifier(&self) -> Arc<Notifier> {
        self.notifier.clone()
    }

    /// Removes the parent with everything on it, and waits until all VFIO users have let go.
    ///
    /// All subdevs are dead at once and their users asked to release; then the hardware is
    /// quiesced; then everybody is waited for at the same time.
    pub(crate) fn unregister(&self) {
        if self.unregistered.xchg(true, Full) {
            return;
        }
        let node = &self.node;
        if let Ok(registry) = REGISTRY.lock().get() {
            if let Some(entry) = registry.parents.get_mut(&node.index) {
                entry.removing = true;
            }
        }
        doom_all(node.index, None);
        {
            let mut config = node.config.lock();
            config.quiesce(&*node.provider);
            retire_all(node.index, None, &mut config);
        }
        // That may take as long as a VFIO user likes.
        while !node.presence.wait_until_zero(TURN) {}
        faces::hide(node.index);
        let state = node.provider.state();
        let removed = {
            let mut registry = REGISTRY.lock();
            let removed = registry
                .get()
                .ok()
                .and_then(|registry| registry.parents.remove(&node.index));
            if let Some(entry) = &removed {
                let view = entry.view(state);
                events::report_parent(Kind::Deleted, &view, Origin::removal());
            }
            removed
        };
        drop(removed);
        // A loss that was reported before may still be looking for subdevs.
        QUEUE.flush();
    }

    /// There is one more work queue.
    pub(crate) fn add_wq(&self, wq: Arc<dyn WorkQueue>) -> Result {
        let id = wq.id();
        let node = WqEntry::node(wq)?;
        let mut registry = REGISTRY.lock();
        let parents = &mut registry.get()?.parents;
        let parent = parents.get_mut(&self.node.index).ok_or(ENODEV)?;
        let replaced = parent.wqs.insert(node);
        if let Some(old) = replaced {
            // An id is used once at a time: the old one stays.
            parent.wqs.insert(old);
            return Err(EEXIST);
        }
        if let Some(wq) = parent.wqs.get(&id) {
            let view = WqView::new(&parent.node, id, wq);
            events::report_wq(Kind::Created, &view, Cause::Plug.into());
        }
        Ok(())
    }

    /// A work queue goes, and with it the subdevs on it: on return the hardware has nothing of them
    /// any more. Their users are asked to release, and not waited for.
    pub(crate) fn remove_wq(&self, id: u32) -> Result {
        let node = &self.node;
        {
            let mut registry = REGISTRY.lock();
            let parents = &mut registry.get()?.parents;
            let parent = parents.get_mut(&node.index).ok_or(ENODEV)?;
            parent.wqs.get_mut(&id).ok_or(ENOENT)?.removing = true;
        }
        doom_all(node.index, Some(id));
        loop {
            let mut config = node.config.lock();
            retire_all(node.index, Some(id), &mut config);
            let mut registry = REGISTRY.lock();
            let parents = &mut registry.get()?.parents;
            let parent = parents.get_mut(&node.index).ok_or(ENODEV)?;
            let wq = parent.wqs.get(&id);
            if let Some(wq) = wq.filter(|wq| wq.subdevs.is_empty()) {
                let view = WqView::new(&parent.node, id, wq);
                events::report_wq(Kind::Deleted, &view, Origin::removal());
                parent.wqs.remove(&id);
                return Ok(());
            }
            if wq.is_none() {
                return Ok(());
            }
            // One is being created or changed, and whoever does so will see that the work queue is
            // going.
            drop(registry);
            drop(config);
            kernel::time::delay::fsleep(kernel::time::Delta::from_millis(10));
        }
    }
}

impl Drop for ParentRegistration {
    fn drop(&mut self) {
        // Done already where the driver was unbound; not so where its probe failed.
        self.unregister();
    }
}

/// The first phase of a removal: the subdevs of a parent, or of one of its work queues, are dead, and
/// their users asked to release. Does not wait.
fn doom_all(parent: u32, wq: Option<u32>) {
    for_each(parent, wq, |subdev| {
        // One that is being created or changed is removed by whoever does so, which sees that the
        // parent or the work queue is going; one that is being removed is so already.
        let _ = subdev.begin_removal(true);
        subdev.doom();
    });
}

/// The second phase: takes those that are dead off the hardware and out of the registry.
fn retire_all(parent: u32, wq: Option<u32>, config: &mut Config) {
    for_each(parent, wq, |subdev| {
        if subdev.is_removing() {
            subdev.retire(config, Origin::removal());
            subdev.let_go();
        }
    });
}
