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
}

/// A descriptor that was submitted, to be waited for with the submitter that took it.
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
/// Once [`Submitter::wait`] has returned, the hardware does not access memory for the descriptor any
/// more. It never does for one whose submission failed.
pub(super) unsafe trait Submitter: Send + Sync {
    /// The device that does the DMA.
    fn device(&self) -> &BoundDevice;

    /// Largest transfer of one descriptor as a power of two.
    fn max_transfer_shift(&self) -> u32;

    /// Whether nothing is completed any more.
    fn is_lost(&self) -> bool;

    /// Submits a descriptor. May wait, bounded.
    fn submit(&self, make: Make<'_>) -> Result<Ticket>;

    /// Waits until the hardware is done with a descriptor. Bounded in time.
    fn wait(&self, ticket: Ticket) -> Ended;
}
