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
//! Eleven calls are enough. A call returns early only while the engine's thread is queued for
//! `iommu->lock`, and its caller queues behind it to look again. A mutex goes to its waiters in the
//! order in which they came; a thread that is running may overtake the first of them, but then the
//! next unlock hands it over (`MUTEX_FLAG_HANDOFF` in `srctree/kernel/locking/mutex.c`). So for each
//! early return the engine's thread has had the lock once by the next look, or by the one after. It
//! needs it at most three times: to end the pinning that is in progress, after which nothing more is
//! pinned because memory is being unmapped, and to unpin two buffers.
//!
//! If the thread sleeps for another reason, a page that the tenant serves itself or a lock of the
//! tenant's address space, it holds `iommu->lock`, and the caller waits for that before it calls
//! again.

use kernel::time::{
    delay::fsleep,
    Delta, //
};

use super::{
    super::span::Span,
    Engine, //
};
use crate::ffi::task;

/// How often, and at what intervals, the engine's thread has to be seen asleep in the same call.
const LOOKS: u32 = 500;
const INTERVAL: Delta = Delta::from_millis(1);

impl Engine {
    /// The calling thread is taking a range of memory away: on return nothing in it is pinned, but
    /// for the exception above, nor will be until that thread is back in userspace.
    pub(in super::super) fn unmap(&self, span: Span) {
        self.unmaps.begin(span);
        // What waits for its turn gives up, so that it is not waited for here.
        self.nudge();
        // The call to pin or unpin that was seen last, and how often it was seen asleep.
        let mut seen = 0;
        let mut looks = 0;
        let mut state = self.state.lock();
        while state.pins(&span) {
            match &state.call {
                Some(call) if task::is_blocked(&call.task) => {
                    if call.number != seen {
                        seen = call.number;
                        looks = 0;
                    }
                    looks += 1;
                    if looks > LOOKS {
                        return;
                    }
                }
                // Ended by `land`, which notifies.
                None if state.flying => {
                    self.changed.wait(&mut state);
                    continue;
                }
                _ => (),
            }
            drop(state);
            // A signal does not cut this short, as it does the waits of a `CondVar` that have an
            // end.
            fsleep(INTERVAL);
            state = self.state.lock();
        }
    }
}
