// SPDX-License-Identifier: MIT OR Apache-2.0

//! Creating a subdev.

use crate::answer::Answer;
use crate::connection::Handle;
use crate::error::Error;
use crate::exchange;
use crate::generated::{AdminState, Command, PasidMode, Subdev, SubdevAttr};

/// Creates a subdev; what is not said is left to the kernel.
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `execute`"]
pub struct Add {
    handle: Handle,
    attributes: Vec<SubdevAttr>,
}

impl Add {
    pub(super) fn new(handle: Handle) -> Self {
        Self {
            handle,
            attributes: Vec::new(),
        }
    }

    fn with(mut self, attribute: SubdevAttr) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Uses the work queue of that number; may be said more than once.
    pub fn wq(self, id: u32) -> Self {
        self.with(SubdevAttr::Wq(id))
    }

    /// Is of that type; without a work queue, the kernel chooses one.
    pub fn of_type(self, name: impl Into<String>) -> Self {
        self.with(SubdevAttr::Type(name.into()))
    }

    /// Relates like this to its work queue and to address spaces.
    pub fn pasid_mode(self, mode: PasidMode) -> Self {
        self.with(SubdevAttr::PasidMode(mode))
    }

    /// Has that name, which must be unique.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with(SubdevAttr::Name(name.into()))
    }

    /// Has that UUID, in its text form, which must be unique.
    pub fn uuid(self, uuid: impl Into<String>) -> Self {
        self.with(SubdevAttr::Uuid(uuid.into()))
    }

    /// Is carved from the parent of that name; needed when there are several.
    pub fn parent(self, name: impl Into<String>) -> Self {
        self.with(SubdevAttr::Parent(name.into()))
    }

    /// Is handed to VFIO at once, or not.
    pub fn state(self, state: AdminState) -> Self {
        self.with(SubdevAttr::State(state))
    }

    /// Has so many entries in each of its virtual work queues.
    pub fn size(self, entries: u32) -> Self {
        self.with(SubdevAttr::Size(entries))
    }

    /// Sends the request and returns the subdev with all its handles.
    ///
    /// When the future is dropped after the request was sent, the subdev is
    /// created all the same; a [`name`](Self::name) helps to find it.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says which attribute the kernel did not like; then
    /// nothing was created.
    pub async fn execute(self) -> Result<Answer<Subdev>, Error> {
        exchange::object(&self.handle, Command::SubdevNew, self.attributes).await
    }
}
