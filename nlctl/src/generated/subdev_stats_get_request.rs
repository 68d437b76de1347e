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

/// Get the statistics of one subdev, named by index, name or UUID, or dump
/// those of all to which everything in the request applies.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct SubdevStatsGet(pub(crate) Request<SubdevStatsAttr>);

impl SubdevStatsGet {
    pub(super) fn new(handle: Handle, subdev: impl Into<Id>) -> Self {
        let request = Request::new(handle);
        Self(
            request
                .with(
                    match subdev.into() {
                        Id::Index(index) => SubdevStatsAttr::Index(index),
                        Id::Name(name) => SubdevStatsAttr::Name(name),
                        Id::Uuid(uuid) => SubdevStatsAttr::Uuid(uuid),
                    },
                ),
        )
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: SubdevStatsAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl SubdevStatsGet {
    /// Sends the request and returns what it is answered with.
    ///
    /// When the future is dropped after the request was sent, it is
    /// carried out all the same.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says why the kernel did nothing; see [`Error`]
    /// for what else can go wrong.
    pub async fn execute(self) -> Result<Answer<SubdevStats>, Error> {
        self.0.object(Command::SubdevStatsGet).await
    }
}

/// Get the statistics of one subdev, named by index, name or UUID, or dump
/// those of all to which everything in the request applies.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct SubdevStatsDump(pub(crate) Request<SubdevStatsAttr>);

impl SubdevStatsDump {
    pub(super) fn new(handle: Handle) -> Self {
        let request = Request::new(handle);
        Self(request)
    }

    /// In a request for a dump, the number of a work queue; of several, one
    /// is enough.
    ///
    /// May be said more than once.
    pub fn wq(self, wq: impl Into<SubdevWqRequest>) -> Self {
        Self(self.0.and(SubdevStatsAttr::Wq(wq.into().attributes)))
    }

    /// Only what is on that parent.
    pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
        Self(
            self
                .0
                .on(
                    OnParent::new(
                        Some(parent.into()),
                        SubdevStatsAttr::ParentIndex,
                        SubdevStatsAttr::Parent,
                    ),
                ),
        )
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: SubdevStatsAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl SubdevStatsDump {
    /// Sends the request when the stream is first polled.
    ///
    /// The objects are as they were at one time: a dump that a change
    /// interrupts is repeated before the first object comes out of the
    /// stream. An error ends the stream.
    pub fn execute(self) -> Objects<SubdevStats> {
        self.0.objects(Command::SubdevStatsGet, None)
    }

    /// Sends the request and returns all objects at once.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] when objects kept coming and going, so that
    /// there was no one time to show; see [`Error`] for what else can go
    /// wrong.
    pub async fn all(self) -> Result<Answer<Vec<SubdevStats>>, Error> {
        self.0.all(Command::SubdevStatsGet, None).await
    }
}
