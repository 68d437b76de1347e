// SPDX-License-Identifier: GPL-2.0

//! Ending what was accepted: by waiting for it, or by dropping it.

use kernel::{
    sync::Arc,
    time::Delta, //
};

use super::Engine;
use crate::{
    ffi::task,
    framework::{
        wait_for,
        Meter, //
    }, //
};

/// How often a thread that waits for a cap looks whether it is being killed.
const LOOK: Delta = Delta::from_millis(100);

/// How often whoever waits for the hardware looks after it.
const LOOK_AFTER: Delta = Delta::from_millis(500);

/// Whether a mask of virtual WQs has one.
fn has(mask: u8, wq: u8) -> bool {
    mask.checked_shr(u32::from(wq)).unwrap_or(0) & 1 != 0
}

impl Engine {
    /// Accepts nothing any more that was checked in an epoch of its WQ before these, the first of
    /// which is that of WQ 0.
    pub(in super::super) fn set_epochs(&self, epochs: impl IntoIterator<Item = u32>) {
        let mut state = self.state.lock();
        for (wq, epoch) in (0..).zip(epochs) {
            state.set_epoch(wq, epoch);
        }
    }

    /// Waits until everything that the virtual WQs of `mask` have accepted so far has ended. It is
    /// discarded if the thread is killed, as a cap may make the wait long.
    pub(in super::super) fn drain(&self, mask: u8) {
        let next = self.state.lock().next();
        while !self.ends_within(next, mask, LOOK) {
            if task::is_being_killed() {
                return self.abort(mask);
            }
        }
    }

    /// Discards what the virtual WQs of `mask` have accepted so far. On return the hardware is done
    /// with what it had of it, and so is who completes invalid descriptors.
    pub(in super::super) fn abort(&self, mask: u8) {
        let next = self.drop_accepted(mask);
        let mut state = self.state.lock();
        while state.has(next, |wq| has(mask, wq)) {
            self.changed.wait(&mut state);
        }
    }

    /// As [`Self::drain`], for `limit` at most. Returns false if not all of it has ended by then.
    pub(in super::super) fn drain_within(&self, mask: u8, limit: Delta) -> bool {
        let next = self.state.lock().next();
        self.ends_within(next, mask, limit)
    }

    /// As [`Self::abort`], but waits for `limit` at most. Returns false if not all of it has ended by
    /// then.
    pub(in super::super) fn abort_within(&self, mask: u8, limit: Delta) -> bool {
        let next = self.drop_accepted(mask);
        self.ends_within(next, mask, limit)
    }

    /// Drops what the virtual WQs of `mask` have accepted so far. Returns the number of what is accepted
    /// next; what comes before that and has not ended yet is in flight.
    fn drop_accepted(&self, mask: u8) -> u64 {
        let next = {
            let mut state = self.state.lock();
            state.drop_accepted(|wq| has(mask, wq), |wq| self.count(wq, Meter::aborted));
            state.next()
        };
        self.bell.entry_free();
        self.changed.notify_all();
        self.front.waker().wake();
        next
    }

    /// Whether everything of the virtual WQs of `mask` with a number below `next` ends within `limit`.
    fn ends_within(&self, next: u64, mask: u8, limit: Delta) -> bool {
        let ended = wait_for(&self.state, &self.changed, limit, |state| {
            (!state.has(next, |wq| has(mask, wq))).then_some(())
        });
        ended.is_some()
    }

    /// The hardware was lost: what was accepted so far fails, and does not wait for a turn or a cap.
    /// Does not wait.
    pub(in super::super) fn fail_accepted(&self) {
        self.state.lock().fail_accepted();
        self.front.waker().wake();
    }

    /// Discards everything, and neither accepts nor submits any more. Does not wait.
    pub(in super::super) fn kill(&self) {
        let aborted = |wq| self.count(wq, Meter::aborted);
        self.state.lock().kill(aborted);
        self.changed.notify_all();
        self.front.waker().wake();
    }

    /// After [`Self::kill`]: on return the hardware has nothing, nothing is mapped for it, and neither
    /// will be.
    ///
    /// Waits for the hardware only, which is bounded; access to the memory of a tenant may take as
    /// long as the tenant likes, and is not waited for.
    pub(in super::super) fn quiesce(self: &Arc<Self>) {
        while !self.front.flights().wait_until_zero(LOOK_AFTER) {
            // The thread may wait for its tenant.
            for queue in self.queues.iter() {
                queue.submitter.look_after();
            }
        }
        // Before the device is unbound; what is pinned stays so until its tenant's memory can be
        // accessed.
        self.ranges.lock().kill();
        self.kick();
    }
}
