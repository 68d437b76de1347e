// SPDX-License-Identifier: GPL-2.0

//! Leases: subdevs that go with something else, which is a socket.

use kernel::{
    impl_has_work,
    new_work,
    prelude::*,
    sync::{
        atomic::{
            AtomicFlag,
            Relaxed, //
        },
        Arc, //
    },
    workqueue::{
        Work,
        WorkItem, //
    }, //
};

use super::{
    events::Cause,
    node::Node,
    queue::QUEUE,
    registry::REGISTRY,
    subdev::Subdev, //
};

/// What subdevs go with. When it ends, they are deleted, whoever has them open.
#[pin_data]
pub(crate) struct Lease {
    port: u32,
    /// Set with the registry locked: whoever changes a subdev meanwhile sees it before the end of
    /// that, and removes the subdev.
    ended: AtomicFlag,
    #[pin]
    work: Work<Lease>,
}

impl_has_work! {
    impl HasWork<Self> for Lease { self.work }
}

impl Lease {
    /// A lease that is shown as `port`.
    pub(crate) fn new(port: u32) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                port,
                ended: AtomicFlag::new(false),
                work <- new_work!("Lease::work"),
            }),
            GFP_KERNEL,
        )
    }

    /// By what it is shown.
    pub(crate) fn port(&self) -> u32 {
        self.port
    }

    /// Whether what goes with it is being deleted. The registry is locked.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    /// The lease is over: its subdevs are deleted, soon. Neither waits nor allocates. No subdev is
    /// created with the lease any more.
    pub(crate) fn end(self: Arc<Self>) {
        if let Some(queue) = QUEUE.get() {
            // Refused only if it is queued already.
            let _ = queue.enqueue(self);
        }
    }

    /// Calls `visit` with each subdev that has the lease, and its parent, without the registry's lock.
    fn for_each(self: &Arc<Self>, mut visit: impl FnMut(&Node, &Arc<Subdev>)) {
        let mut from = Some(0);
        while let Some((node, subdev)) = from.and_then(|from| self.next(from)) {
            visit(&node, &subdev);
            from = subdev.identity().index.checked_add(1);
        }
    }

    /// The first subdev that has the lease, from the index `from` on.
    fn next(self: &Arc<Self>, from: u32) -> Option<(Arc<Node>, Arc<Subdev>)> {
        let mut registry = REGISTRY.lock();
        let registry = registry.get().ok()?;
        let mut from = Some(from);
        while let Some(cursor) = from.and_then(|from| registry.subdevs.cursor_lower_bound(&from)) {
            let (index, subdev) = cursor.current();
            let identity = subdev.identity();
            let mine = |lease: &Arc<Self>| Arc::ptr_eq(lease, self);
            if identity.lease.as_ref().is_some_and(mine) {
                let parent = registry.parents.get(&identity.parent_index)?;
                return Some((parent.node.clone(), subdev.clone()));
            }
            from = index.checked_add(1);
        }
        None
    }
}

impl WorkItem for Lease {
    type Pointer = Arc<Self>;

    /// In two phases, as a parent is removed: first all are dead, then there is waiting.
    fn run(this: Arc<Self>) {
        {
            let _registry = REGISTRY.lock();
            this.ended.store(true, Relaxed);
        }
        this.for_each(|_, subdev| {
            // One that is being changed is removed by whoever does so, which sees that the lease has
            // ended; one that is being removed is so already.
            let _ = subdev.begin_removal(true);
            subdev.doom();
        });
        this.for_each(|node, subdev| {
            if subdev.is_removing() {
                subdev.retire(&mut node.config.lock(), Cause::Lease.into());
                subdev.let_go();
            }
        });
    }
}
