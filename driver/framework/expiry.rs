// SPDX-License-Identifier: GPL-2.0

//! The end of a lease: what has it is deleted.

use kernel::{
    sync::Arc,
    workqueue::WorkItem, //
};

use super::{
    events::Cause,
    lease::Lease,
    node::Node,
    registry::REGISTRY,
    subdev::Subdev, //
};

impl WorkItem for Lease {
    type Pointer = Arc<Self>;

    /// In two phases, as a parent is removed: first all are dead, then there is waiting.
    fn run(this: Arc<Self>) {
        {
            let _registry = REGISTRY.lock();
            this.mark_ended();
        }
        for_each(&this, |_, subdev| {
            // One that is being changed is removed by whoever does so, which sees that the lease has
            // ended; one that is being removed is so already.
            let _ = subdev.begin_removal(true);
            subdev.doom();
        });
        for_each(&this, |node, subdev| {
            if subdev.is_removing() {
                subdev.retire(&mut node.config.lock(), Cause::Lease.into());
                subdev.let_go();
            }
        });
    }
}

/// Calls `visit` with each subdev that has the lease, and its parent, without the registry's lock.
fn for_each(lease: &Arc<Lease>, mut visit: impl FnMut(&Node, &Arc<Subdev>)) {
    let mut from = Some(0);
    while let Some((node, subdev)) = from.and_then(|from| next(lease, from)) {
        visit(&node, &subdev);
        from = subdev.identity().index.checked_add(1);
    }
}

/// The first subdev that has the lease, from the index `from` on.
fn next(lease: &Arc<Lease>, from: u32) -> Option<(Arc<Node>, Arc<Subdev>)> {
    let mut registry = REGISTRY.lock();
    let registry = registry.get().ok()?;
    let mut from = Some(from);
    while let Some(cursor) = from.and_then(|from| registry.subdevs.cursor_lower_bound(&from)) {
        let (index, subdev) = cursor.current();
        let identity = subdev.identity();
        let mine = |other: &Arc<Lease>| Arc::ptr_eq(other, lease);
        if identity.lease.as_ref().is_some_and(mine) {
            let parent = registry.parents.get(&identity.parent_index)?;
            return Some((parent.node.clone(), subdev.clone()));
        }
        from = index.checked_add(1);
    }
    None
}
