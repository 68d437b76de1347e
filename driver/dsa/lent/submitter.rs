// SPDX-License-Identifier: GPL-2.0

//! Submission to a work queue that is lent.

use kernel::{
    prelude::*,
    sync::Arc,
    time::Delta, //
};

use super::{
    super::{
        submitter::{
            self,
            Ended,
            Make,
            Owner,
            Ticket, //
        },
        wq::Status, //
    },
    device::Wq, //
};
use crate::{
    ffi::bound::BoundDevice,
    framework::{
        Fault,
        FaultKind, //
    }, //
};

/// How long until a descriptor counts as stuck.
const STUCK: Delta = Delta::from_secs(10);

/// A work queue of a lender, for one owner.
pub(super) struct Submitter {
    wq: Arc<Wq>,
    owner: Arc<dyn Owner>,
}

impl Submitter {
    /// For what `owner` submits to `wq`.
    pub(super) fn new(wq: Arc<Wq>, owner: Arc<dyn Owner>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self { wq, owner }, GFP_KERNEL)?)
    }
}

// SAFETY: A descriptor ends when the hardware has written its completion record, which it does last;
// when the hardware has nothing of what was submitted before, see `Lent::drain`; and when the hardware
// does not work on the work queue any more, and has nothing of it then, see `Lent::is_enabled`.
unsafe impl submitter::Submitter for Submitter {
    fn device(&self) -> &BoundDevice {
        &self.wq.device.bound
    }

    fn max_transfer_shift(&self) -> u32 {
        self.wq.queue.max_transfer_shift()
    }

    fn is_lost(&self) -> bool {
        self.wq.queue.status() == Status::Lost
    }

    fn submit(&self, make: Make<'_>, bytes: u32) -> Result<Ticket> {
        let ticket = self.wq.queue.submit(make, bytes, &self.owner);
        if ticket.is_err() {
            // That may be why.
            let _ = self.wq.device.check(&self.wq);
        }
        ticket
    }

    fn poll(&self, ticket: &Ticket) -> Option<Ended> {
        self.wq.queue.take(ticket)
    }

    fn reap(&self) -> bool {
        self.wq.queue.reap()
    }

    fn look_after(&self) {
        let (wq, queue) = (&self.wq, &self.wq.queue);
        queue.reap();
        if wq.device.check(wq).is_err() {
            return;
        }
        let is_stuck = || {
            let (ticket, since) = queue.oldest(&self.owner)?;
            (since.elapsed() >= STUCK).then_some(ticket)
        };
        if is_stuck().is_none() {
            return;
        }
        let recovery = wq.lock_recovery();
        // Another one, which was waited for, may have ended it.
        let Some(stuck) = is_stuck() else { return };
        if !queue.bar(Some(&stuck)) {
            return;
        }
        // The work queue is not ours to abort: all that can be had is the proof that the hardware has
        // nothing of what does not end.
        match recovery.drain() {
            Ok(()) => {
                queue.settle(Status::Enabled);
                self.owner.fault(Fault {
                    wq: Some(queue.id().into()),
                    ..FaultKind::Timeout.into()
                });
            }
            Err(_) => queue.resume(),
        }
    }
}
