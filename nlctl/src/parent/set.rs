// SPDX-License-Identifier: MIT OR Apache-2.0

//! Configuring a parent.

use crate::answer::Answer;
use crate::connection::Handle;
use crate::error::Error;
use crate::exchange;
use crate::generated::{Command, DsaGroup, DsaGroupAttr, DsaParentAttr, Parent, ParentAttr};

/// Configures a parent; what is not said stays.
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `execute`"]
pub struct ParentSet {
    handle: Handle,
    attributes: Vec<ParentAttr>,
    /// What is in the nest `dsa-parent`.
    dsa_parent: Vec<DsaParentAttr>,
}

impl ParentSet {
    pub(super) fn new(handle: Handle, attributes: Vec<ParentAttr>) -> Self {
        Self {
            handle,
            attributes,
            dsa_parent: Vec::new(),
        }
    }

    /// Lets a group for which the limit holds use at most so many read buffers;
    /// 0 is no limit.
    pub fn read_buffer_limit(mut self, buffers: u32) -> Self {
        self.dsa_parent
            .push(DsaParentAttr::ReadBufferLimit(buffers));
        self
    }

    /// Configures the group that it names by its `id`; what is `None` stays. May
    /// be said more than once.
    pub fn group(mut self, group: &DsaGroup) -> Self {
        let mut attributes = Vec::new();
        attributes.extend(group.id.map(DsaGroupAttr::Id));
        attributes.extend(group.engines.map(DsaGroupAttr::Engines));
        attributes.extend(
            group
                .read_buffers_reserved
                .map(DsaGroupAttr::ReadBuffersReserved),
        );
        attributes.extend(
            group
                .read_buffers_allowed
                .map(DsaGroupAttr::ReadBuffersAllowed),
        );
        attributes.extend(
            group
                .use_read_buffer_limit
                .map(DsaGroupAttr::UseReadBufferLimit),
        );
        self.dsa_parent.push(DsaParentAttr::Group(attributes));
        self
    }

    /// Sends the request and returns the parent as it is then
    /// (`SUBDEV_CMD_PARENT_SET`).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says which attribute the kernel did not like, or which
    /// subdev is in the way; then nothing was changed.
    pub async fn execute(mut self) -> Result<Answer<Parent>, Error> {
        if !self.dsa_parent.is_empty() {
            self.attributes.push(ParentAttr::DsaParent(self.dsa_parent));
        }
        exchange::object(&self.handle, Command::ParentSet, self.attributes).await
    }
}
