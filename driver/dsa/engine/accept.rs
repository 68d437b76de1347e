// SPDX-License-Identifier: GPL-2.0

//! Accepting what a tenant submits, and completing what is invalid.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    state::{
        Accepted,
        Item, //
    },
    Engine, //
};
use crate::{
    dsa_core::{
        desc::{
            Descriptor,
            Reject,
            RejectTo,
            Work, //
        },
        regs::swerr,
        virt::{
            Submission,
            Swerr, //
        }, //
    },
    ffi::workqueue,
    framework::Meter, //
};

/// A descriptor that is invalid, and was accepted: to be completed.
#[must_use]
pub(in super::super) struct Invalid {
    accepted: Accepted,
    opcode: u8,
    reject: Reject,
}

impl Engine {
    /// Takes a descriptor that was written to a portal, in the thread that wrote it.
    ///
    /// A descriptor that is invalid is completed here, so that it costs its tenant's own time.
    pub(in super::super) fn submit(self: &Arc<Self>, submission: &Submission) {
        if let Some(invalid) = self.take(submission) {
            self.complete_invalid(invalid);
        }
    }

    /// Takes a descriptor, and does not wait for the tenant. One that is invalid is returned, and is
    /// in flight until it is completed.
    pub(in super::super) fn take(self: &Arc<Self>, submission: &Submission) -> Option<Invalid> {
        let wq = submission.wq;
        // Not open, so nobody submits.
        let limits = self.front.limits(wq)?;
        let descriptor = Descriptor::parse(&submission.raw);
        let refuse = |code| {
            self.count(wq, |meter| match code {
                swerr::WQ_FULL => meter.wq_full(),
                _ => {
                    meter.submitted();
                    meter.rejected(code);
                }
            });
            self.front.software_error(Swerr {
                code,
                wq: Some(wq),
                opcode: Some(descriptor.opcode),
                ..Swerr::default()
            });
        };
        match descriptor.check(&limits) {
            Ok(work) => match self.accept(wq, limits.epoch, descriptor.opcode, work) {
                Ok(()) => {
                    if let Some(queue) = workqueue::engines() {
                        // Refused only if it is queued already, and then it will see the
                        // descriptor.
                        let _ = queue.enqueue(self.clone());
                    }
                }
                Err(code) => refuse(code),
            },
            Err(reject) => match self.accept_invalid(wq, limits.epoch) {
                Ok(accepted) => {
                    return Some(Invalid {
                        accepted,
                        opcode: descriptor.opcode,
                        reject,
                    });
                }
                Err(code) => refuse(code),
            },
        }
        None
    }

    /// Whether a virtual WQ has an entry free.
    pub(in super::super) fn has_room(&self, wq: u8) -> bool {
        self.state.lock().entries(wq) < self.share(wq)
    }

    /// Accepts a valid descriptor that was checked in `epoch`; fails with an error of SWERR.
    fn accept(&self, wq: u8, epoch: u32, opcode: u8, work: Work) -> Result<(), u8> {
        let mut state = self.state.lock();
        // Checked again, under the lock that whoever quiesces takes: what quiesces since the check
        // waits for nothing that comes after it.
        if !state.accepts(wq, epoch) {
            return Err(swerr::WQ_NOT_ENABLED);
        }
        if state.entries(wq) >= self.share(wq) {
            return Err(swerr::WQ_FULL);
        }
        let item = Item {
            accepted: state.number(wq),
            opcode,
            work,
        };
        // Before anybody can carry it out, who takes the lock for that.
        if state.enqueue(item) {
            self.count(wq, Meter::submitted);
            Ok(())
        } else {
            Err(swerr::WQ_FULL)
        }
    }

    /// As [`Self::accept`], for one that is invalid.
    fn accept_invalid(&self, wq: u8, epoch: u32) -> Result<Accepted, u8> {
        let mut state = self.state.lock();
        if !state.accepts(wq, epoch) {
            return Err(swerr::WQ_NOT_ENABLED);
        }
        if state.entries(wq) >= self.share(wq) {
            return Err(swerr::WQ_FULL);
        }
        let accepted = state.number(wq);
        if state.begin_invalid(accepted) {
            self.count(wq, Meter::submitted);
            Ok(accepted)
        } else {
            Err(swerr::WQ_FULL)
        }
    }

    /// Completes a descriptor that is invalid, which takes as long as the tenant likes.
    pub(in super::super) fn complete_invalid(&self, invalid: Invalid) {
        let Invalid {
            accepted,
            opcode,
            reject,
        } = invalid;
        // Before the tenant can see the end: it may submit another at once then.
        self.state.lock().free_invalid(accepted.number);
        self.bell.entry_free();
        self.count(accepted.wq, |meter| meter.rejected(reject.status));
        if let Some(host) = self.front.host() {
            match reject.to {
                RejectTo::Record(addr) => {
                    let record = reject.completion();
                    self.write_record(accepted.wq, opcode, host.memory(), addr, &record);
                }
                RejectTo::Swerr => self.front.software_error(Swerr {
                    code: reject.status,
                    wq: Some(accepted.wq),
                    opcode: Some(opcode),
                    invalid_flags: reject.invalid_flags,
                    ..Swerr::default()
                }),
            }
            self.interrupt(accepted.wq, reject.interrupt);
        }
        self.state.lock().end_invalid(accepted.number);
        self.changed.notify_all();
    }
}
