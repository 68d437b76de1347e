// SPDX-License-Identifier: GPL-2.0

//! Accepting what a tenant submits, and completing what is invalid.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    finish::Origin,
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
    framework::Meter, //
};

impl Engine {
    /// Takes a descriptor that was written to a portal, in the thread that wrote it.
    ///
    /// A descriptor that is invalid is completed here, so that it costs its tenant's own time.
    pub(in super::super) fn submit(self: &Arc<Self>, submission: &Submission) {
        self.take(submission, |opcode, epoch, reject| {
            self.reject_here(submission.wq, epoch, opcode, &reject)
        });
    }

    /// Takes a descriptor, and does not wait for the tenant: one that is invalid and has a completion
    /// record is completed by who carries out the others.
    pub(in super::super) fn queue(self: &Arc<Self>, submission: &Submission) {
        self.take(submission, |opcode, epoch, reject| match reject.to {
            RejectTo::Record(_) => self.accept(submission.wq, epoch, opcode, Err(reject)),
            // That takes nothing of the tenant, and must not keep an entry from what comes next.
            RejectTo::Swerr => self.reject_here(submission.wq, epoch, opcode, &reject),
        });
    }

    fn take(
        self: &Arc<Self>,
        submission: &Submission,
        invalid: impl FnOnce(u8, u32, Reject) -> Result<(), u8>,
    ) {
        let wq = submission.wq;
        let Some(limits) = self.front.limits(wq) else {
            // Not open, so nobody submits.
            return;
        };
        let descriptor = Descriptor::parse(&submission.raw);
        let opcode = descriptor.opcode;
        let taken = match descriptor.check(&limits) {
            Ok(work) => self.accept(wq, limits.epoch, opcode, Ok(work)),
            Err(reject) => invalid(opcode, limits.epoch, reject),
        };
        if let Err(code) = taken {
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
                opcode: Some(opcode),
                ..Swerr::default()
            });
        }
    }

    /// Whether a virtual WQ has an entry free.
    pub(in super::super) fn has_room(&self, wq: u8) -> bool {
        self.state.lock().entries(wq) < self.share(wq)
    }

    /// Accepts a descriptor that was checked in `epoch`; fails with an error of SWERR.
    fn accept(
        self: &Arc<Self>,
        wq: u8,
        epoch: u32,
        opcode: u8,
        checked: Result<Work, Reject>,
    ) -> Result<(), u8> {
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
            checked,
        };
        if !state.enqueue(item) {
            return Err(swerr::WQ_FULL);
        }
        // Before anybody can carry it out, who takes the lock for that.
        self.count(wq, Meter::submitted);
        drop(state);
        self.front.waker().note();
        self.have_run();
        Ok(())
    }

    /// As [`Self::accept`], for one that is invalid and is completed by the caller.
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

    /// Accepts a descriptor that is invalid, and completes it; fails with an error of SWERR.
    fn reject_here(&self, wq: u8, epoch: u32, opcode: u8, reject: &Reject) -> Result<(), u8> {
        let accepted = self.accept_invalid(wq, epoch)?;
        self.complete_invalid(accepted, opcode, reject);
        Ok(())
    }

    /// Completes a descriptor that is invalid, which takes as long as the tenant likes.
    fn complete_invalid(&self, accepted: Accepted, opcode: u8, reject: &Reject) {
        // Before the tenant can see the end: it may submit another at once then.
        self.state.lock().free_invalid(accepted.number);
        self.bell.entry_free();
        self.count(accepted.wq, |meter| meter.rejected(reject.status));
        if let Some(host) = self.front.host() {
            let origin = Origin {
                wq: accepted.wq,
                opcode,
                index: None,
            };
            self.report_invalid(origin, reject, &*host);
        }
        self.state.lock().end_invalid(accepted.number);
        self.changed.notify_all();
    }
}
