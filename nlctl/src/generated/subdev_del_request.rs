// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use std::time::Duration;
#[allow(clippy::wildcard_imports, unused_imports)]
use super::*;
#[allow(unused_imports)]
use crate::{
    Answer, Binary, Error, Id, ParentRef, WqRef, connection::Handle, parent::OnParent,
    request::{Objects, Request},
    value::U64,
};

/// Delete a subdev, named by index, name or UUID. Refused with EBUSY
/// while a VFIO user has it open, unless forced. The reply is the subdev
/// as it was last, with the generation of its deletion.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct SubdevDel(pub(crate) Request<SubdevAttr>);

impl SubdevDel {
    pub(super) fn new(handle: Handle, subdev: impl Into<Id>) -> Self {
        let request = Request::new(handle);
        Self(
            request
                .with(
                    match subdev.into() {
                        Id::Index(index) => SubdevAttr::Index(index),
                        Id::Name(name) => SubdevAttr::Name(name),
                        Id::Uuid(uuid) => SubdevAttr::Uuid(uuid),
                    },
                ),
        )
    }

    /// In a request to delete or to deactivate: although a VFIO user has the
    /// device open. The device is dead to that user then.
    pub fn force(self) -> Self {
        Self(self.0.with(SubdevAttr::Force))
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: SubdevAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl SubdevDel {
    /// Sends the request and returns what it is answered with.
    ///
    /// When the future is dropped after the request was sent, it is
    /// carried out all the same.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says why the kernel did nothing; see [`Error`]
    /// for what else can go wrong.
    pub async fn execute(self) -> Result<Answer<Subdev>, Error> {
        self.0.object(Command::SubdevDel).await
    }
}
