// SPDX-License-Identifier: GPL-2.0

//! What goes wrong with a subdev or a parent, and how much of it is told.

use crate::subdev_core::bucket::Bucket;

/// How many faults of an object are told at once, and how often one more after that: its VFIO user
/// can cause them at will.
const BURST: u32 = 8;
const INTERVAL_MS: u64 = 1000;

/// What went wrong; the numbers are the spec's `fault-kind`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(crate) enum FaultKind {
    /// What no completion record can tell of.
    SoftwareError = 0,
    /// Work did not end, and was discarded.
    Timeout = 1,
    /// The device stopped.
    Halt = 2,
    /// The device does nothing any more, for good.
    Loss = 3,
}

/// Something that went wrong, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// The vendor's code of the error.
    pub(crate) code: Option<u8>,
    /// Number of the work queue on its parent.
    pub(crate) wq: Option<u32>,
    /// The vendor's code of the operation.
    pub(crate) operation: Option<u8>,
    /// Address that could not be accessed, as the VFIO user knows it.
    pub(crate) address: Option<u64>,
    /// At least so many faults before are not told.
    pub(crate) missed: u32,
}

impl From<FaultKind> for Fault {
    /// A fault of which nothing else is known.
    fn from(kind: FaultKind) -> Self {
        Self {
            kind,
            code: None,
            wq: None,
            operation: None,
            address: None,
            missed: 0,
        }
    }
}

/// Who did what went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Culprit {
    /// The VFIO user.
    User,
    /// The hardware, as far as the VFIO user can know.
    Hardware,
}

/// Limits how many faults of an object are told.
pub(super) struct Limit {
    bucket: Bucket,
    /// Faults that were not told since the last one that was.
    missed: u32,
}

impl Limit {
    /// Nothing was told yet.
    pub(super) const fn new() -> Self {
        Self {
            bucket: Bucket::new(BURST, INTERVAL_MS),
            missed: 0,
        }
    }

    /// The fault as it is to be told, with how many were not; nothing if it is not.
    pub(super) fn admit(&mut self, now_ms: u64, fault: Fault) -> Option<Fault> {
        self.missed = self.missed.saturating_add(fault.missed);
        if self.bucket.take(now_ms).is_err() {
            self.missed = self.missed.saturating_add(1);
            return None;
        }
        Some(Fault {
            missed: core::mem::take(&mut self.missed),
            ..fault
        })
    }
}
