// SPDX-License-Identifier: GPL-2.0

//! How descriptors get to a hardware work queue, and their completion records back.

use kernel::prelude::*;

use super::{
    slots::Slots,
    submitter::Make, //
};
use crate::dsa_core::desc::DESC_LEN;

/// What is below a [`Wq`](super::wq::Wq): where its descriptors are stored, and where the hardware
/// writes their completion records. It is called with the lock of the work queue held, so one call at a
/// time.
pub(super) trait Port: Send + Unpin {
    /// Submits a descriptor with the completion record `at`, which is free, and returns it.
    fn submit(&mut self, at: usize, make: Make<'_>) -> Result<[u8; DESC_LEN]>;

    /// Takes note in `slots` of what has ended. Returns whether something has.
    fn reap(&self, slots: &mut Slots) -> bool;
}
