// SPDX-License-Identifier: GPL-2.0

//! What a provider reports of its hardware: faults, and that it does nothing any more.

use kernel::{
    impl_has_work,
    new_mutex,
    new_work,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
    time::{
        Instant,
        Monotonic, //
    },
    workqueue::{
        Work,
        WorkItem, //
    }, //
};

use super::{
    events::{
        self,
        Cause,
        Kind, //
    },
    fault::{
        Culprit,
        Fault,
        FaultKind,
        Limit, //
    },
    provider::ParentState,
    queue::QUEUE,
    recovery::recover,
    registry::{
        for_each,
        REGISTRY, //
    }, //
};

/// Through which a provider reports what goes wrong with its hardware.
#[pin_data]
pub(crate) struct Notifier {
    /// The parent.
    index: u32,
    since: Instant<Monotonic>,
    /// How many faults of the parent may still be told.
    #[pin]
    faults: Mutex<Limit>,
    #[pin]
    work: Work<Notifier>,
}

impl_has_work! {
    impl HasWork<Self> for Notifier { self.work }
}

impl Notifier {
    pub(super) fn new(index: u32) -> impl PinInit<Self> {
        pin_init!(Self {
            index,
            since: Instant::now(),
            faults <- new_mutex!(Limit::new(), "Notifier::faults"),
            work <- new_work!("Notifier::work"),
        })
    }

    /// The parent does nothing any more: all functions on it halt, soon. Does not wait.
    pub(crate) fn lost(self: &Arc<Self>) {
        if let Some(queue) = QUEUE.get() {
            // Refused only if it is queued already, and it has not looked yet then.
            let _ = queue.enqueue(self.clone());
        }
    }

    /// Something went wrong in the hardware, which goes on. Whoever is alone on the work queue is
    /// told of; else the parent is.
    pub(crate) fn fault(&self, fault: Fault) {
        let provider = {
            let mut registry = REGISTRY.lock();
            let parents = registry.get().ok().map(|registry| &registry.parents);
            let Some(parent) = parents.and_then(|parents| parents.get(&self.index)) else {
                return;
            };
            let alone = fault.wq.and_then(|id| parent.sole_subdev(id));
            if let Some(subdev) = alone.cloned() {
                drop(registry);
                subdev.fault(fault, Culprit::Hardware);
                return;
            }
            parent.node.provider.clone()
        };
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(0);
        let admitted = self.faults.lock().admit(now, fault);
        let Some(fault) = admitted else { return };
        let state = provider.state();
        let mut registry = REGISTRY.lock();
        let parents = registry.get().ok().map(|registry| &registry.parents);
        if let Some(parent) = parents.and_then(|parents| parents.get(&self.index)) {
            let view = parent.view(state);
            events::report_parent(Kind::Fault(fault), &view, Cause::Fault.into());
        }
    }

    /// Reports the parent, and its work queues that were enabled. Returns what it is told to be;
    /// nothing if it works, as it was brought back since.
    fn tell(&self) -> Option<ParentState> {
        let provider = {
            let mut registry = REGISTRY.lock();
            let parents = registry.get().ok().map(|registry| &registry.parents);
            parents
                .and_then(|parents| parents.get(&self.index))
                .map(|parent| parent.node.provider.clone())
        };
        let state = provider?.state();
        let kind = match state {
            ParentState::Halted => FaultKind::Halt,
            ParentState::Lost => FaultKind::Loss,
            ParentState::Enabled | ParentState::Disabled => return None,
        };
        let mut registry = REGISTRY.lock();
        let parent = registry.get().ok()?.parents.get(&self.index)?;
        let view = parent.view(state);
        events::report_parent(Kind::Fault(kind.into()), &view, Cause::Fault.into());
        parent.tell(state, Cause::Fault);
        Some(state)
    }
}

impl WorkItem for Notifier {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let Some(told) = this.tell() else { return };
        for_each(this.index, None, |subdev| subdev.lose());
        if told == ParentState::Halted {
            recover(this.index);
        }
    }
}
