// SPDX-License-Identifier: GPL-2.0

//! Parents: devices that subdevs are carved from, from their registration to their removal.

use kernel::{
    impl_has_work,
    new_mutex,
    new_work,
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNode, //
    },
    sync::{
        atomic::{
            AtomicFlag,
            Full, //
        },
        Arc,
        Mutex, //
    },
    workqueue::{
        Work,
        WorkItem, //
    }, //
};

use super::{
    events,
    presence::Presence,
    registry::{
        ParentEntry,
        WqEntry,
        REGISTRY, //
    },
    Cause,
    Description,
    Field,
    Kind,
    Names,
    Origin,
    Parent,
    ParentView,
    Refusal,
    Subdev,
    Type,
    WorkQueue,
    WqView,
    QUEUE, //
};
use crate::{
    ffi::bound::BoundDevice,
    subdev_core::{
        name::Name,
        share::{
            PasidMode,
            Share, //
        }, //
    },
};

/// A parent, as everything on it knows it.
#[pin_data]
pub(super) struct Node {
    pub(super) index: u32,
    pub(super) name: Name,
    pub(super) description: Description,
    pub(super) provider: Arc<dyn Parent>,
    pub(super) dev: BoundDevice,
    pub(super) presence: Arc<Presence>,
    /// The configuration lock: held while the hardware is configured, which may be waited for.
    #[pin]
    pub(super) config: Mutex<Config>,
}

/// Who has it borrowed mutably holds the configuration lock of a parent.
pub(super) struct Config(());

impl Config {
    /// Makes a work queue ready for subdevs in `mode`.
    pub(super) fn enable(&mut self, wq: &dyn WorkQueue, mode: PasidMode) -> Result<(), Refusal> {
        wq.enable(mode)
    }

    /// Takes a work queue out of use.
    pub(super) fn disable(&mut self, wq: &dyn WorkQueue) {
        wq.disable();
    }

    /// Stops what the hardware has of the functions on a parent.
    fn quiesce(&mut self, parent: &dyn Parent) {
        parent.quiesce();
    }
}

impl Node {
    /// The type with this name.
    pub(super) fn find_type(&self, name: &[u8]) -> Result<&Type, Refusal> {
        let mut types = self.provider.types().iter();
        types
            .find(|kind| kind.name.as_bytes() == name)
            .ok_or_else(|| {
                Refusal::new(
                    EINVAL,
                    Field::Type,
                    format_args!(
                        "{} has no such type; it has {}",
                        self.name,
                        Names(|| self.provider.types().iter().map(|kind| kind.name))
                    ),
                )
            })
    }
}

impl ParentEntry {
    /// Number of work queues.
    pub(super) fn wq_count(&self) -> u32 {
        u32::try_from(self.wqs.keys().count()).unwrap_or(u32::MAX)
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
    let description = provider.description();
    let presence = Presence::new()?;
    let mut entries = RBTree::new();
    for wq in wqs {
        entries.insert(entry(wq)?);
    }
    // Index and name are known under the lock only, where nothing may fail any more.
    let (index, name) = {
        let mut registry = REGISTRY.lock();
        let registry = registry.get()?;
        let index = registry.next_parent;
        registry.next_parent = index.checked_add(1).ok_or(EOVERFLOW)?;
        // Names count per prefix; with one provider that is the lowest number that is free.
        let taken = |name: &Name| registry.parents.values().any(|p| p.node.name == *name);
        let name = (0..=index)
            .filter_map(|n| Name::format(format_args!("{}{n}", description.prefix)))
            .find(|name| !taken(name))
            .ok_or(EINVAL)?;
        (index, name)
    };
    let notifier = Notifier::new(index)?;
    let node = Arc::pin_init(
        pin_init!(Node {
            index,
            name,
            description,
            provider,
            dev,
            presence,
            config <- new_mutex!(Config(()), "Node::config"),
        }),
        GFP_KERNEL,
    )?;
    let entry = RBTreeNode::new(
        index,
        ParentEntry {
            node: node.clone(),
            wqs: entries,
            subdevs: RBTree::new(),
            count: 0,
            removing: false,
        },
        GFP_KERNEL,
    )?;
    let state = node.provider.state();
    {
        let mut registry = REGISTRY.lock();
        let registry = registry.get()?;
        if registry.parents.values().any(|p| p.node.name == node.name) {
            // Another device was registered between the two.
            return Err(EAGAIN);
        }
        registry.parents.insert(entry);
        if let Some(entry) = registry.parents.get(&index) {
            let view = ParentView::of(entry, state);
            events::report_parent(Kind::Created, &view, Cause::Plug.into());
        }
    }
    Ok(ParentRegistration {
        node,
        notifier,
        unregistered: AtomicFlag::new(false),
    })
}

/// A work queue that no subdev uses.
fn entry(wq: Arc<dyn WorkQueue>) -> Result<RBTreeNode<u32, WqEntry>> {
    let id = wq.id();
    let size = wq.describe().size;
    let entry = WqEntry {
        wq,
        share: Share::new(size),
        subdevs: RBTree::new(),
        enabled: false,
        told: false,
        removing: false,
    };
    RBTreeNode::new(id, entry, GFP_KERNEL)
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
        for_each(node.index, None, |subdev| {
            // One that is being created is removed by its creator, which sees `removing`; one that
            // is being removed is so already.
            let _ = subdev.begin_removal(true);
            subdev.doom();
        });
        {
            let mut config = node.config.lock();
            config.quiesce(&*node.provider);
            for_each(node.index, None, |subdev| {
                if subdev.is_dead() {
                    subdev.retire(&mut config, Origin::removal());
                    subdev.let_go();
                }
            });
        }
        node.presence.wait_until_zero();
        let state = node.provider.state();
        let removed = {
            let mut registry = REGISTRY.lock();
            let removed = registry
                .get()
                .ok()
                .and_then(|registry| registry.parents.remove(&node.index));
            if let Some(entry) = &removed {
                let view = ParentView::of(entry, state);
                events::report_parent(Kind::Deleted, &view, Origin::removal());
            }
            removed
        };
        drop(removed);
        // A loss that was reported before may still be looking for subdevs.
        QUEUE.flush();
    }
}

#[cfg_attr(not(CONFIG_KUNIT = "y"), expect(dead_code))]
impl ParentRegistration {
    /// There is one more work queue.
    pub(crate) fn add_wq(&self, wq: Arc<dyn WorkQueue>) -> Result {
        let id = wq.id();
        let node = entry(wq)?;
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
            let view = WqView::new(parent, id, wq);
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
        for_each(node.index, Some(id), |subdev| {
            let _ = subdev.begin_removal(true);
            subdev.doom();
        });
        loop {
            let mut config = node.config.lock();
            for_each(node.index, Some(id), |subdev| {
                if subdev.is_dead() {
                    subdev.retire(&mut config, Origin::removal());
                    subdev.let_go();
                }
            });
            let mut registry = REGISTRY.lock();
            let parents = &mut registry.get()?.parents;
            let parent = parents.get_mut(&node.index).ok_or(ENODEV)?;
            let wq = parent.wqs.get(&id);
            if let Some(wq) = wq.filter(|wq| wq.subdevs.is_empty()) {
                let view = WqView::new(parent, id, wq);
                events::report_wq(Kind::Deleted, &view, Origin::removal());
                parent.wqs.remove(&id);
                return Ok(());
            }
            if wq.is_none() {
                return Ok(());
            }
            // One is being created, and its creator will see that the work queue is going.
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

/// Through which a provider reports that its hardware is lost.
#[pin_data]
pub(crate) struct Notifier {
    /// The parent.
    index: u32,
    #[pin]
    work: Work<Notifier>,
}

impl_has_work! {
    impl HasWork<Self> for Notifier { self.work }
}

impl Notifier {
    fn new(index: u32) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                index,
                work <- new_work!("Notifier::work"),
            }),
            GFP_KERNEL,
        )
    }

    /// The parent does nothing any more: all functions on it halt, soon. Does not wait.
    pub(crate) fn lost(self: &Arc<Self>) {
        if let Some(queue) = QUEUE.get() {
            // Refused only if it is queued already, and it has not looked yet then.
            let _ = queue.enqueue(self.clone());
        }
    }
}

impl Notifier {
    /// Reports the parent, and its work queues that were enabled.
    fn tell(&self) {
        let provider = {
            let mut registry = REGISTRY.lock();
            let parents = registry.get().ok().map(|registry| &registry.parents);
            parents
                .and_then(|parents| parents.get(&self.index))
                .map(|parent| parent.node.provider.clone())
        };
        let Some(provider) = provider else { return };
        let state = provider.state();
        let mut registry = REGISTRY.lock();
        let Ok(registry) = registry.get() else { return };
        let Some(parent) = registry.parents.get(&self.index) else {
            return;
        };
        let view = ParentView::of(parent, state);
        events::report_parent(Kind::Changed, &view, Cause::Fault.into());
        for (&id, wq) in parent.wqs.iter().filter(|(_, wq)| wq.told) {
            let view = WqView::new(parent, id, wq);
            events::report_wq(Kind::Changed, &view, Cause::Fault.into());
        }
    }
}

impl WorkItem for Notifier {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.tell();
        for_each(this.index, None, |subdev| subdev.lose());
    }
}
