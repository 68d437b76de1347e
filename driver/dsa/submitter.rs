// SPDX-License-Identifier: GPL-2.0

//! What takes descriptors for the hardware, whoever owns its work queue.

use kernel::prelude::*;

use crate::{
    dsa_core::desc::{
        Completion,
        DESC_LEN, //
    },
    ffi::bound::BoundDevice,
    framework::Fault, //
};

/// Makes a descriptor of the address of its completion record and the interrupt handle.
pub(super) type Make<'a> = &'a dyn Fn(u64, u16) -> [u8; DESC_LEN];

/// Whose descriptors a submitter submits.
pub(super) trait Owner: Send + Sync {
    /// Something went wrong in the hardware with what it has submitted.
    fn fault(&self, fault: Fault);

    /// A descriptor ended that it has submitted, of so many bytes. Called once for each, with locks
    /// of the work queue held; does not wait.
    fn ended(&self, bytes: u32);
}

/// A descriptor that was submitted, to be polled with the submitter that took it until it has ended.
#[must_use]
pub(super) struct Ticket(usize);

impl Ticket {
    /// Stands for the completion record `at` of the submitter.
    pub(super) fn new(at: usize) -> Self {
        Self(at)
    }

    /// The completion record.
    pub(super) fn at(&self) -> usize {
        self.0
    }
}

/// What became of a descriptor.
#[derive(Clone, Copy)]
pub(super) enum Ended {
    /// The hardware completed it.
    Done(Completion),
    /// The hardware does not have it any more, and has not completed it.
    Lost,
}

/// Submits descriptors to a work queue of the hardware.
///
/// # Safety
///
/// Once [`Submitter::poll`] has told how a descriptor has ended, the hardware does not access memory
/// for it any more. It never does for one whose submission failed.
pub(super) unsafe trait Submitter: Send + Sync {
    /// The device that does the DMA.
    fn device(&self) -> &BoundDevice;

    /// Largest transfer of one descriptor as a power of two.
    fn max_transfer_shift(&self) -> u32;

    /// Whether nothing is completed any more.
    fn is_lost(&self) -> bool;

    /// Submits a descriptor, of whose end its owner is told with `bytes`. May wait, bounded.
    fn submit(&self, make: Make<'_>, bytes: u32) -> Result<Ticket>;

    /// How a descriptor has ended, and gives up its ticket; nothing as long as the hardware has it.
    /// Its owner is told of the end.
    fn poll(&self, ticket: &Ticket) -> Option<Ended>;

    /// Looks for what has ended, and tells its owners; no interrupt needs to have told of it. Returns
    /// whether something has.
    fn reap(&self) -> bool;

    /// Looks after what was submitted long ago and whose end nobody has told of. May wait, bounded:
    /// what is stuck ends with this.
    fn look_after(&self);
}
