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

/// Get one type, or dump the catalogue of one parent or of all.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct TypeGet(pub(crate) Request<TypeAttr>);

impl TypeGet {
    pub(super) fn new(handle: Handle, name: impl Into<String>) -> Self {
        let request = Request::new(handle)
            .on(OnParent::new(None, TypeAttr::ParentIndex, TypeAttr::Parent));
        Self(request.with(TypeAttr::Name(name.into())))
    }

    /// The parent. Without, the only one is meant, and is asked for first.
    pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
        Self(
            self
                .0
                .on(
                    OnParent::new(
                        Some(parent.into()),
                        TypeAttr::ParentIndex,
                        TypeAttr::Parent,
                    ),
                ),
        )
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: TypeAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl TypeGet {
    /// Sends the request and returns what it is answered with.
    ///
    /// When the future is dropped after the request was sent, it is
    /// carried out all the same.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says why the kernel did nothing; see [`Error`]
    /// for what else can go wrong.
    pub async fn execute(self) -> Result<Answer<Type>, Error> {
        self.0.object(Command::TypeGet).await
    }
}

/// Get one type, or dump the catalogue of one parent or of all.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct TypeDump(pub(crate) Request<TypeAttr>);

impl TypeDump {
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
                        TypeAttr::ParentIndex,
                        TypeAttr::Parent,
                    ),
                ),
        )
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: TypeAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl TypeDump {
    /// Sends the request when the stream is first polled.
    ///
    /// The objects are as they were at one time: a dump that a change
    /// interrupts is repeated before the first object comes out of the
    /// stream. An error ends the stream.
    pub fn execute(self) -> Objects<Type> {
        self.0.objects(Command::TypeGet, None)
    }

    /// Sends the request and returns all objects at once.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] when objects kept coming and going, so that
    /// there was no one time to show; see [`Error`] for what else can go
    /// wrong.
    pub async fn all(self) -> Result<Answer<Vec<Type>>, Error> {
        self.0.all(Command::TypeGet, None).await
    }
}
