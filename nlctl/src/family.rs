// SPDX-License-Identifier: MIT OR Apache-2.0

//! Requests about the family as a whole.

use crate::connection::Handle;
use crate::generated::Family;
use crate::request::Get;

/// Requests about the family as a whole.
#[derive(Debug, Clone)]
pub struct FamilyHandle(Handle);

impl FamilyHandle {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }

    /// Gets the module's version, the instance and generation of its state,
    /// how much there is, and the limits (`SUBDEV_CMD_FAMILY_GET`).
    pub fn get(&self) -> Get<Family> {
        Get::new(self.0.clone(), Vec::new())
    }
}
