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

/// Configure a parent, which is named as for `parent-get`: what the request
/// gives is changed, all or nothing, and the rest stays. The device is
/// disabled for it, so no work queue of it may be enabled; otherwise the
/// request is refused with EBUSY and names a subdev that is in the way.
/// Refused with EOPNOTSUPP where the device has its configuration for good,
/// and where it has another `owner`, with the command that changes it.
/// The configuration lasts until the device is unbound.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct ParentSet(pub(crate) Request<ParentAttr>);

impl ParentSet {
    pub(super) fn new(handle: Handle, parent: impl Into<ParentRef>) -> Self {
        let request = Request::new(handle);
        Self(
            match parent.into() {
                ParentRef::Index(index) => request.with(ParentAttr::Index(index)),
                ParentRef::Name(name) => request.with(ParentAttr::Name(name)),
                ParentRef::Device { bus, device } => {
                    request.with(ParentAttr::Bus(bus)).with(ParentAttr::Device(device))
                }
            },
        )
    }

    /// What only an Intel Data Streaming Accelerator has.
    pub fn dsa_parent(self, dsa_parent: impl Into<DsaParentRequest>) -> Self {
        Self(self.0.with(ParentAttr::DsaParent(dsa_parent.into().attributes)))
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: ParentAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl ParentSet {
    /// Decide everything as if it were done, and who is in the way, and do
    /// nothing: no event comes of it. The reply is the object as it would be,
    /// with the generation that it was decided in. A refusal is the same as
    /// without, but for what goes wrong only in the doing.
    ///
    /// Sends the request, like [`execute`](Self::execute).
    ///
    /// # Errors
    ///
    /// As for [`execute`](Self::execute).
    pub async fn dry_run(self) -> Result<Answer<Parent>, Error> {
        self.0.with(ParentAttr::DryRun).object(Command::ParentSet).await
    }

    /// Sends the request and returns what it is answered with.
    ///
    /// When the future is dropped after the request was sent, it is
    /// carried out all the same.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says why the kernel did nothing; see [`Error`]
    /// for what else can go wrong.
    pub async fn execute(self) -> Result<Answer<Parent>, Error> {
        self.0.object(Command::ParentSet).await
    }
}
