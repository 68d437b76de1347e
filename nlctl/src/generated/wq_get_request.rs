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

/// Get one work queue, or dump those of one parent or of all.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct WqGet(pub(crate) Request<WqAttr>);

impl WqGet {
    pub(super) fn new(handle: Handle, wq: impl Into<WqRef>) -> Self {
        let request = Request::new(handle);
        Self({
            let queue = wq.into();
            request
                .with(WqAttr::Id(queue.id))
                .on(OnParent::new(queue.parent, WqAttr::ParentIndex, WqAttr::Parent))
        })
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

impl WqGet {
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
        self.0.object(Command::WqGet).await
    }
}

/// Get one work queue, or dump those of one parent or of all.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct WqDump(pub(crate) Request<WqAttr>);

impl WqDump {
    pub(super) fn new(handle: Handle) -> Self {
        let request = Request::new(handle);
        Self(request)
    }

    /// Only what is on that parent.
    pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
        Self(
            self
                .0
                .on(
                    OnParent::new(
                        Some(parent.into()),
                        WqAttr::ParentIndex,
                        WqAttr::Parent,
                    ),
                ),
        )
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

impl WqDump {
    /// Sends the request when the stream is first polled.
    ///
    /// The objects are as they were at one time: a dump that a change
    /// interrupts is repeated before the first object comes out of the
    /// stream. An error ends the stream.
    pub fn execute(self) -> Objects<Wq> {
        self.0.objects(Command::WqGet, None)
    }

    /// Sends the request and returns all objects at once.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] when objects kept coming and going, so that
    /// there was no one time to show; see [`Error`] for what else can go
    /// wrong.
    pub async fn all(self) -> Result<Answer<Vec<Wq>>, Error> {
        self.0.all(Command::WqGet, None).await
    }
}
