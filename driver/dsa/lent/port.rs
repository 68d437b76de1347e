// SPDX-License-Identifier: GPL-2.0

//! How descriptors get to a work queue that is lent, and their completion records back.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::super::{
    port,
    slots::Slots,
    submitter::Make, //
};
use crate::{
    dsa_core::desc::{
        Completion,
        DESC_LEN, //
    },
    ffi::provider::Lent, //
};

/// What the lender has, until the work queue goes.
pub(super) struct Port(Option<Arc<Lent>>);

impl Port {
    pub(super) fn new(lent: Lent) -> Result<Self> {
        Ok(Self(Some(Arc::new(lent, GFP_KERNEL)?)))
    }

    /// The lender's, if it is lent still.
    pub(super) fn lent(&self) -> Option<Arc<Lent>> {
        self.0.clone()
    }

    /// Whether the hardware works on it.
    pub(super) fn is_enabled(&self) -> bool {
        self.0.as_ref().is_some_and(|lent| lent.is_enabled())
    }

    /// The lender is not called any more.
    pub(super) fn leave(&mut self) -> Option<Arc<Lent>> {
        self.0.take()
    }
}

impl port::Port for Port {
    fn submit(&mut self, at: usize, make: Make<'_>) -> Result<[u8; DESC_LEN]> {
        let lent = self.0.as_ref().ok_or(ENODEV)?;
        // The owner of the device knows the interrupt handle.
        let descriptor = make(lent.address(at)?, 0);
        lent.submit(at, &descriptor)?;
        Ok(descriptor)
    }

    fn reap(&self, slots: &mut Slots) -> bool {
        let Some(lent) = &self.0 else {
            return false;
        };
        slots.reap(|at| Some(Completion::from_bytes(&lent.read(at)?)))
    }
}
