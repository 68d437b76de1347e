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

/// Wait until a subdev, named by index, name or UUID, has completed all
/// work that its VFIO user had submitted before. What is submitted
/// meanwhile is neither held off nor waited for. Done at once for a subdev
/// that nobody has open. Refused with ETIMEDOUT when work does not end
/// within two seconds; it goes on. The reply is the subdev after that.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct SubdevDrain(pub(crate) Request<SubdevAttr>);

impl SubdevDrain {
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

impl SubdevDrain {
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
        self.0.object(Command::SubdevDrain).await
    }
}
