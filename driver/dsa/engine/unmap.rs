// SPDX-License-Identifier: GPL-2.0

//! Waiting for memory that a tenant takes away.
//!
//! VFIO's type1 driver calls for a range in which pages are pinned, and looks again when the call
//! has returned. If it finds pages pinned in the same range after its eleventh call in a row, that is
//! a `BUG_ON` (`vfio_dma_do_unmap` in `srctree/drivers/vfio/vfio_iommu_type1.c`). So a call returns
//! when nothing is pinned, and waits for that as long as it takes, with one exception.
//!
//! The exception is a deadlock that waiting would be part of. Pinning and unpinning need type1's
//! `iommu->lock`, which the caller has dropped. But a second thread of the tenant that unmaps may
//! hold it: `vfio_notify_dma_unmap` takes `device_list_lock`, which the first one holds until this
//! call returns, before it drops `iommu->lock`. So while the engine's thread sleeps inside a call to
//! pin or unpin, the wait has an end, and VFIO calls again.
//!
//! A call returns early only while the engine's thread is queued for `iommu->lock`, and its caller
//! queues behind it to look again. A mutex goes to its waiters in the order in which they came; a thread
//! that is running may overtake the first of them, but then the next unlock hands it over
//! (`MUTEX_FLAG_HANDOFF` in `srctree/kernel/locking/mutex.c`). So each early return lets the engine's
//! thread do one more call, of which it needs one for each range that is pinned there, and one or two
//! that are in progress. There may be more ranges than VFIO calls for, so only the first calls for a
//! range return early. After that two threads of one tenant that unmap at the same time wait for each
//! other, as they do with any driver that unpins when it is called; it is not the host that ends.
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
use crate::ffi::task;

/// How often, and at what intervals, the engine's thread has to be seen asleep in the same call.
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
        // The call that was seen last, and how often it was seen asleep.
        let mut seen = 0;
        let mut looks = 0u32;
        let mut naps = 0u32;
        loop {
            {
                let ranges = self.ranges.lock();
                if !ranges.pins(&span) {
                    return;
                }
                if let Some(call) = &ranges.call {
                    if task::is_blocked(&call.task) {
                        if call.number != seen {
                            seen = call.number;
                            looks = 0;
                        }
                        looks = looks.saturating_add(1);
                    }
                }
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
