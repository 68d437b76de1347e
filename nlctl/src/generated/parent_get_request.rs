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

/// Get one parent by index, by name, or by bus and device; or dump all.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct ParentGet(pub(crate) Request<ParentAttr>);

impl ParentGet {
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

impl ParentGet {
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
        self.0.object(Command::ParentGet).await
    }
}

/// Get one parent by index, by name, or by bus and device; or dump all.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct ParentDump(pub(crate) Request<ParentAttr>);

impl ParentDump {
    pub(super) fn new(handle: Handle) -> Self {
        let request = Request::new(handle);
        Self(request)
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

impl ParentDump {
    /// Sends the request when the stream is first polled.
    ///
    /// The objects are as they were at one time: a dump that a change
    /// interrupts is repeated before the first object comes out of the
    /// stream. An error ends the stream.
    pub fn execute(self) -> Objects<Parent> {
        self.0.objects(Command::ParentGet, None)
    }

    /// Sends the request and returns all objects at once.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] when objects kept coming and going, so that
    /// there was no one time to show; see [`Error`] for what else can go
    /// wrong.
    pub async fn all(self) -> Result<Answer<Vec<Parent>>, Error> {
        self.0.all(Command::ParentGet, None).await
    }
}
