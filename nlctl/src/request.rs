// SPDX-License-Identifier: MIT OR Apache-2.0

//! Getting one object, and getting all.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures::future::BoxFuture;
use futures::{FutureExt, Stream};

use crate::answer::{Answer, Warning};
use crate::connection::Handle;
use crate::error::Error;
use crate::exchange;
use crate::id::ParentRef;
use crate::object::Object;
use crate::parent::OnParent;

/// Gets one object.
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `execute`"]
pub struct Get<O: Object> {
    handle: Handle,
    attributes: Vec<O::Attribute>,
    /// Of an object that is on a parent.
    pub(crate) parent: Option<OnParent<O::Attribute>>,
}

impl<O: Object> Get<O> {
    pub(crate) fn new(handle: Handle, attributes: Vec<O::Attribute>) -> Self {
        Self {
            handle,
            attributes,
            parent: None,
        }
    }

    pub(crate) fn on(self, parent: OnParent<O::Attribute>) -> Self {
        Self {
            parent: Some(parent),
            ..self
        }
    }

    /// Sends the request.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such object; see [`Error`] for what
    /// else can go wrong.
    pub async fn execute(mut self) -> Result<Answer<O>, Error> {
        if let Some(parent) = self.parent {
            self.attributes.extend(parent.needed(&self.handle).await?);
        }
        exchange::object(&self.handle, O::GET, self.attributes).await
    }
}

/// Gets all objects of a kind.
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `execute`"]
pub struct Dump<O: Object> {
    handle: Handle,
    pub(crate) attributes: Vec<O::Attribute>,
    /// Of objects that are on a parent.
    parent: Option<OnParent<O::Attribute>>,
}

impl<O: Object> Dump<O> {
    pub(crate) fn new(handle: Handle) -> Self {
        Self {
            handle,
            attributes: Vec::new(),
            parent: None,
        }
    }

    pub(crate) fn on(self, mut parent: OnParent<O::Attribute>, named: ParentRef) -> Self {
        parent.named = Some(named);
        Self {
            parent: Some(parent),
            ..self
        }
    }

    /// Sends the request when the stream is first polled.
    ///
    /// The objects are as they were at one time: a dump that a change
    /// interrupts is repeated before the first object comes out of the stream.
    /// An error ends the stream.
    pub fn execute(self) -> Objects<O> {
        Objects {
            state: State::Asked(self.all().boxed()),
            warning: None,
        }
    }

    /// Sends the request and returns all objects at once.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] when objects kept coming and going for half a
    /// minute, so that there was no one time to show; see [`Error`] for what
    /// else can go wrong.
    pub async fn all(mut self) -> Result<Answer<Vec<O>>, Error> {
        if let Some(parent) = self.parent {
            self.attributes.extend(parent.named(&self.handle).await?);
        }
        let together = exchange::Wanted::Together;
        let answer = exchange::dump(&self.handle, O::GET, self.attributes, together).await?;
        Ok(answer.map(|objects| objects.into_iter().map(O::from).collect()))
    }
}

/// The objects of a dump, one after the other.
#[must_use = "the request is sent when the stream is polled"]
pub struct Objects<O> {
    state: State<O>,
    warning: Option<Warning>,
}

enum State<O> {
    Asked(BoxFuture<'static, Result<Answer<Vec<O>>, Error>>),
    Answered(vec::IntoIter<O>),
}

impl<O> Objects<O> {
    /// What the kernel warns of; known once the first object, or the end, has
    /// come out of the stream.
    pub fn warning(&self) -> Option<&Warning> {
        self.warning.as_ref()
    }
}

/// The objects are never pinned.
impl<O> Unpin for Objects<O> {}

impl<O> Stream for Objects<O> {
    type Item = Result<O, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            self.state = match &mut self.state {
                State::Answered(objects) => return Poll::Ready(objects.next().map(Ok)),
                State::Asked(answer) => match ready!(answer.poll_unpin(cx)) {
                    Ok(answer) => {
                        self.warning = answer.warning;
                        State::Answered(answer.object.into_iter())
                    }
                    Err(error) => {
                        self.state = State::Answered(Vec::new().into_iter());
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            };
        }
    }
}

impl<O> fmt::Debug for Objects<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").finish_non_exhaustive()
    }
}
