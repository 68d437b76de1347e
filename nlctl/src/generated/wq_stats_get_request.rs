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

/// Get the statistics of one work queue, or dump those of one parent or of
/// all.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct WqStatsGet(pub(crate) Request<WqStatsAttr>);

impl WqStatsGet {
    pub(super) fn new(handle: Handle, wq: impl Into<WqRef>) -> Self {
        let request = Request::new(handle);
        Self({
            let queue = wq.into();
            request
                .with(WqStatsAttr::Id(queue.id))
                .on(
                    OnParent::new(
                        queue.parent,
                        WqStatsAttr::ParentIndex,
                        WqStatsAttr::Parent,
                    ),
                )
        })
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: WqStatsAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl WqStatsGet {
    /// Sends the request and returns what it is answered with.
    ///
    /// When the future is dropped after the request was sent, it is
    /// carried out all the same.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says why the kernel did nothing; see [`Error`]
    /// for what else can go wrong.
    pub async fn execute(self) -> Result<Answer<WqStats>, Error> {
        self.0.object(Command::WqStatsGet).await
    }
}

/// Get the statistics of one work queue, or dump those of one parent or of
/// all.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct WqStatsDump(pub(crate) Request<WqStatsAttr>);

impl WqStatsDump {
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
                        WqStatsAttr::ParentIndex,
                        WqStatsAttr::Parent,
                    ),
                ),
        )
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: WqStatsAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl WqStatsDump {
    /// Sends the request when the stream is first polled.
    ///
    /// The objects are as they were at one time: a dump that a change
    /// interrupts is repeated before the first object comes out of the
    /// stream. An error ends the stream.
    pub fn execute(self) -> Objects<WqStats> {
        self.0.objects(Command::WqStatsGet, None)
    }

    /// Sends the request and returns all objects at once.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] when objects kept coming and going, so that
    /// there was no one time to show; see [`Error`] for what else can go
    /// wrong.
    pub async fn all(self) -> Result<Answer<Vec<WqStats>>, Error> {
        self.0.all(Command::WqStatsGet, None).await
    }
}
