// SPDX-License-Identifier: MIT OR Apache-2.0

//! Resetting and draining a subdev.

use crate::answer::Answer;
use crate::connection::Handle;
use crate::error::Error;
use crate::exchange;
use crate::generated::{Command, Subdev, SubdevAttr};

/// Resets the virtual device of a subdev.
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `execute`"]
pub struct Reset {
    handle: Handle,
    id: SubdevAttr,
}

impl Reset {
    pub(super) fn new(handle: Handle, id: SubdevAttr) -> Self {
        Self { handle, id }
    }

    /// Sends the request and returns the subdev after the reset
    /// (`SUBDEV_CMD_SUBDEV_RESET`).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such subdev, or its VFIO user keeps
    /// the reset from ending, which it does later then.
    pub async fn execute(self) -> Result<Answer<Subdev>, Error> {
        exchange::object(&self.handle, Command::SubdevReset, vec![self.id]).await
    }
}

/// Waits for the work that the VFIO user of a subdev has submitted.
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `execute`"]
pub struct Drain {
    handle: Handle,
    id: SubdevAttr,
}

impl Drain {
    pub(super) fn new(handle: Handle, id: SubdevAttr) -> Self {
        Self { handle, id }
    }

    /// Sends the request and returns the subdev once its work is complete
    /// (`SUBDEV_CMD_SUBDEV_DRAIN`).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such subdev, or its work does not
    /// end in time.
    pub async fn execute(self) -> Result<Answer<Subdev>, Error> {
        exchange::object(&self.handle, Command::SubdevDrain, vec![self.id]).await
    }
}
