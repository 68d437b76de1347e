// SPDX-License-Identifier: MIT OR Apache-2.0

//! What notifications tell of faults, whatever went wrong.

use crate::generated::{Fault, Notification};

impl Notification {
    /// What went wrong, if it is about that.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::ParentFault(it) => it.fault.as_ref(),
            Self::SubdevFault(it) => it.fault.as_ref(),
            _ => None,
        }
    }
}
