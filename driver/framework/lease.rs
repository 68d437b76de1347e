// SPDX-License-Identifier: GPL-2.0

//! Leases: subdevs that go with something else, which is a socket. What happens when one ends is in
//! `expiry`.

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
    workqueue::Work, //
};

use super::queue::QUEUE;

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

    /// From now on it has ended. The registry is locked.
    pub(super) fn mark_ended(&self) {
        self.ended.store(true, Relaxed);
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
}
