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

/// Configure a work queue: what the request gives is changed, all or
/// nothing, and the rest stays. The size and the group can be changed only
/// while no work queue of the parent is enabled, as the device is disabled
/// for it, everything else while this one is not; otherwise the request is
/// refused with EBUSY and names a subdev that is in the way. The size is at
/// least what subdevs have of it, and the sizes of all work queues are
/// together at most the capacity of the parent. The mode can only be
/// dedicated, whatever the PASID mode of the subdevs: the driver submits
/// for all of them. Refused with EOPNOTSUPP where the device has its
/// configuration for good, and where the parent has another owner, with
/// the command that changes it. The configuration lasts until the device is
/// unbound.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct WqSet(pub(crate) Request<WqAttr>);

impl WqSet {
    pub(super) fn new(handle: Handle, wq: impl Into<WqRef>) -> Self {
        let request = Request::new(handle);
        Self({
            let queue = wq.into();
            request
                .with(WqAttr::Id(queue.id))
                .on(OnParent::new(queue.parent, WqAttr::ParentIndex, WqAttr::Parent))
        })
    }

    /// Number of entries. By default the capacity of the parent is spread
    /// evenly over its work queues.
    pub fn size(self, size: u32) -> Self {
        Self(self.0.with(WqAttr::Size(size)))
    }

    /// How the work queue takes submissions.
    pub fn mode(self, mode: WqMode) -> Self {
        Self(self.0.with(WqAttr::Mode(mode)))
    }

    /// What only a work queue of an Intel Data Streaming Accelerator has.
    pub fn dsa_wq(self, dsa_wq: impl Into<DsaWqRequest>) -> Self {
        Self(self.0.with(WqAttr::DsaWq(dsa_wq.into().attributes)))
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: WqAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl WqSet {
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
    pub async fn dry_run(self) -> Result<Answer<Wq>, Error> {
        self.0.with(WqAttr::DryRun).object(Command::WqSet).await
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
    pub async fn execute(self) -> Result<Answer<Wq>, Error> {
        self.0.object(Command::WqSet).await
    }
}
