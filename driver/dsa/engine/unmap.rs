// SPDX-License-Identifier: GPL-2.0

//! Waiting for memory that a tenant takes away.
//!
//! VFIO's type1 driver calls for a range in which pages are pinned, and looks again when the call
//! has returned. If it finds pages pinned in the same range after its eleventh call in a row, that is
//! a `BUG_ON` (`vfio_dma_do_unmap` in `srctree/drivers/vfio/vfio_iommu_type1.c`). So a call returns
//! when nothing is pinned, and waits for that as long as it takes, with one exception.
//!
//! The exception is a deadlock that waiting would be part of. Pinning, unpinning and access to memory
//! need type1's `iommu->lock`, which the caller has dropped. But a second thread of the tenant that
//! unmaps may hold it: `vfio_notify_dma_unmap` takes `device_list_lock`, which the first one holds until
//! this call returns, before it drops `iommu->lock`. So where nothing goes on for long, and the hardware
//! has nothing, the wait has an end, and VFIO calls again.
//!
//! Few such calls are enough. A caller queues for `iommu->lock` to look again, behind all who queue for it
//! already; a mutex goes to its waiters in the order in which they came, and one that is running may
//! overtake the first of them only once (`MUTEX_FLAG_HANDOFF` in `srctree/kernel/locking/mutex.c`). What is
//! pinned in the range and not in use is unpinned by as many work items as there are ranges, so that
//! all of them are queued. The engine's thread may have a call of its own in progress, and a few more
//! to make until it has taken note of what has landed. If the first calls for a range were not enough all
//! the same, the next ones wait without end: two threads of one tenant then wait for each other, as they
//! do with any driver that unpins when it is called, and it is not the host that ends.
//!
//! If the thread sleeps for another reason, a page that the tenant serves itself or a lock of the
//! tenant's address space, it holds `iommu->lock`, and the caller waits for that before it calls
//! again.

use kernel::{
    sync::Arc,
    time::{
        delay::fsleep,
        Delta, //
    }, //
};

use super::{
    super::span::Span,
    Engine, //
};

/// How often, and at what intervals, nothing has to have gone on.
const LOOKS: u32 = 500;
const INTERVAL: Delta = Delta::from_millis(1);

/// The first looks come sooner, as what is pinned and not in use goes at once.
const SOON: (u32, Delta) = (20, Delta::from_micros(50));

/// How many calls in a row for the same range may return early, of the ten that VFIO bears.
const EARLY: usize = 8;

impl Engine {
    /// The calling thread is taking a range of memory away: on return nothing in it is pinned, but
    /// for the exception above, nor will be until that thread is back in userspace.
    pub(in super::super) fn unmap(self: &Arc<Self>, span: Span) {
        let calls = self.unmaps.begin(span);
        self.kick();
        // What had gone on at the last look, and how many looks ago that was.
        let mut seen = 0;
        let mut looks = 0u32;
        let mut naps = 0u32;
        loop {
            let progress = {
                let ranges = self.ranges.lock();
                if !ranges.pins(&span) {
                    return;
                }
                ranges.progress()
            };
            if progress != seen || !self.front.flights().is_zero() {
                seen = progress;
                looks = 0;
            } else {
                looks = looks.saturating_add(1);
            }
            if looks > LOOKS && calls <= EARLY {
                return;
            }
            // A signal does not cut this short, as it does the waits of a `CondVar` that have an
            // end.
            let (first, soon) = SOON;
            fsleep(if naps < first { soon } else { INTERVAL });
            naps = naps.saturating_add(1);
        }
    }
}
