// SPDX-License-Identifier: MIT OR Apache-2.0

//! Changing a subdev.

use crate::answer::Answer;
use crate::connection::Handle;
use crate::error::Error;
use crate::exchange;
use crate::generated::{AdminState, Command, Subdev, SubdevAttr, SubdevWqAttr};

/// Changes a subdev: all that is said, or nothing.
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `execute`"]
pub struct Set {
    handle: Handle,
    attributes: Vec<SubdevAttr>,
}

impl Set {
    pub(super) fn new(handle: Handle, id: SubdevAttr) -> Self {
        Self {
            handle,
            attributes: vec![id],
        }
    }

    fn with(mut self, attribute: SubdevAttr) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Has that name from now on, which must be unique.
    pub fn new_name(self, name: impl Into<String>) -> Self {
        self.with(SubdevAttr::NewName(name.into()))
    }

    /// Uses `entries` entries of the work queue of that number, which it uses
    /// already; may be said more than once. Needs an inactive subdev.
    pub fn wq_share(self, id: u32, entries: u32) -> Self {
        let share = vec![SubdevWqAttr::Id(id), SubdevWqAttr::Size(entries)];
        self.with(SubdevAttr::Wq(share))
    }

    /// Is handed to VFIO, or taken back.
    pub fn state(self, state: AdminState) -> Self {
        self.with(SubdevAttr::State(state))
    }

    /// Is taken back from VFIO also while a user has it open; the device is then
    /// dead to it.
    pub fn force(self) -> Self {
        self.with(SubdevAttr::Force)
    }

    /// Sends the request and returns the subdev as it is then
    /// (`SUBDEV_CMD_SUBDEV_SET`).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says which attribute the kernel did not like; then
    /// nothing was changed.
    pub async fn execute(self) -> Result<Answer<Subdev>, Error> {
        exchange::object(&self.handle, Command::SubdevSet, self.attributes).await
    }
}
