// SPDX-License-Identifier: MIT OR Apache-2.0

//! Deleting a subdev.

use crate::answer::Answer;
use crate::connection::Handle;
use crate::error::Error;
use crate::exchange;
use crate::generated::{Command, Subdev, SubdevAttr};

/// Deletes a subdev.
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `execute`"]
pub struct Del {
    handle: Handle,
    attributes: Vec<SubdevAttr>,
}

impl Del {
    pub(super) fn new(handle: Handle, id: SubdevAttr) -> Self {
        Self {
            handle,
            attributes: vec![id],
        }
    }

    /// Also while a VFIO user has it open; the device is then dead to it.
    pub fn force(mut self) -> Self {
        self.attributes.push(SubdevAttr::Force);
        self
    }

    /// Sends the request and returns the subdev as it was last
    /// (`SUBDEV_CMD_SUBDEV_DEL`).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such subdev, or it is in use and
    /// [`force`](Self::force) was not said.
    pub async fn execute(self) -> Result<Answer<Subdev>, Error> {
        exchange::object(&self.handle, Command::SubdevDel, self.attributes).await
    }
}
