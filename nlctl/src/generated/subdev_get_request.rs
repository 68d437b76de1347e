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

/// Get one subdev by index, name or UUID, or dump all. A dump shows those
/// to which everything in the request applies; of a `wq` the number does,
/// and one of several is enough.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct SubdevGet(pub(crate) Request<SubdevAttr>);

impl SubdevGet {
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

impl SubdevGet {
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
        self.0.object(Command::SubdevGet).await
    }
}

/// Get one subdev by index, name or UUID, or dump all. A dump shows those
/// to which everything in the request applies; of a `wq` the number does,
/// and one of several is enough.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct SubdevDump(pub(crate) Request<SubdevAttr>);

impl SubdevDump {
    pub(super) fn new(handle: Handle) -> Self {
        let request = Request::new(handle);
        Self(request)
    }

    /// A work queue that the subdev uses. None in a request with a type is
    /// the same as one without attributes.
    ///
    /// May be said more than once.
    pub fn wq(self, wq: impl Into<SubdevWqRequest>) -> Self {
        Self(self.0.and(SubdevAttr::Wq(wq.into().attributes)))
    }

    /// Name of the type.
    pub fn of_type(self, of_type: impl Into<String>) -> Self {
        Self(self.0.with(SubdevAttr::Type(of_type.into())))
    }

    /// Admin state. Default is "active", but "inactive" for one with the face
    /// "mdev", which no request activates.
    pub fn state(self, state: AdminState) -> Self {
        Self(self.0.with(SubdevAttr::State(state)))
    }

    /// Operational state.
    pub fn opstate(self, opstate: Opstate) -> Self {
        Self(self.0.with(SubdevAttr::Opstate(opstate)))
    }

    /// Only what is on that parent.
    pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
        Self(
            self
                .0
                .on(
                    OnParent::new(
                        Some(parent.into()),
                        SubdevAttr::ParentIndex,
                        SubdevAttr::Parent,
                    ),
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

impl SubdevDump {
    /// Sends the request when the stream is first polled.
    ///
    /// The objects are as they were at one time: a dump that a change
    /// interrupts is repeated before the first object comes out of the
    /// stream. An error ends the stream.
    pub fn execute(self) -> Objects<Subdev> {
        self.0.objects(Command::SubdevGet, Some(|state| state.subdevs))
    }

    /// Sends the request and returns all objects at once.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] when objects kept coming and going, so that
    /// there was no one time to show; see [`Error`] for what else can go
    /// wrong.
    pub async fn all(self) -> Result<Answer<Vec<Subdev>>, Error> {
        self.0.all(Command::SubdevGet, Some(|state| state.subdevs)).await
    }
}
