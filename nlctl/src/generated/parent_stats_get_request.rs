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

/// Get the statistics of one parent, named by index, by name, or by bus and
/// device; or dump those of all. Waits for nothing, and does not look at the
/// hardware.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct ParentStatsGet(pub(crate) Request<ParentStatsAttr>);

impl ParentStatsGet {
    pub(super) fn new(handle: Handle, parent: impl Into<ParentRef>) -> Self {
        let request = Request::new(handle);
        Self(
            match parent.into() {
                ParentRef::Index(index) => request.with(ParentStatsAttr::Index(index)),
                ParentRef::Name(name) => request.with(ParentStatsAttr::Name(name)),
                ParentRef::Device { bus, device } => {
                    request
                        .with(ParentStatsAttr::Bus(bus))
                        .with(ParentStatsAttr::Device(device))
                }
            },
        )
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: ParentStatsAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl ParentStatsGet {
    /// Sends the request and returns what it is answered with.
    ///
    /// When the future is dropped after the request was sent, it is
    /// carried out all the same.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says why the kernel did nothing; see [`Error`]
    /// for what else can go wrong.
    pub async fn execute(self) -> Result<Answer<ParentStats>, Error> {
        self.0.object(Command::ParentStatsGet).await
    }
}

/// Get the statistics of one parent, named by index, by name, or by bus and
/// device; or dump those of all. Waits for nothing, and does not look at the
/// hardware.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct ParentStatsDump(pub(crate) Request<ParentStatsAttr>);

impl ParentStatsDump {
    pub(super) fn new(handle: Handle) -> Self {
        let request = Request::new(handle);
        Self(request)
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: ParentStatsAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl ParentStatsDump {
    /// Sends the request when the stream is first polled.
    ///
    /// The objects are as they were at one time: a dump that a change
    /// interrupts is repeated before the first object comes out of the
    /// stream. An error ends the stream.
    pub fn execute(self) -> Objects<ParentStats> {
        self.0.objects(Command::ParentStatsGet, None)
    }

    /// Sends the request and returns all objects at once.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] when objects kept coming and going, so that
    /// there was no one time to show; see [`Error`] for what else can go
    /// wrong.
    pub async fn all(self) -> Result<Answer<Vec<ParentStats>>, Error> {
        self.0.all(Command::ParentStatsGet, None).await
    }
}
