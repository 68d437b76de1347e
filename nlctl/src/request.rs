// SPDX-License-Identifier: MIT OR Apache-2.0

//! Getting one object, and getting all.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec;

use futures::future::BoxFuture;
use futures::{FutureExt, Stream};
use tokio::time::timeout;

use crate::answer::{Answer, Warning};
use crate::connection::Handle;
use crate::error::Error;
use crate::exchange::{self, DUMP_LIMIT};
use crate::generated::Command;
use crate::object::Object;
use crate::parent::OnParent;
use crate::state::State;

/// Gets one object.
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `execute`"]
pub struct Get<O: Object> {
    handle: Handle,
    attributes: Vec<O::Attribute>,
    /// Of an object that is on a parent.
    parent: Option<OnParent<O::Attribute>>,
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
    /// Of objects that can be put together from changes: all in a state.
    in_state: Option<fn(State) -> Vec<O>>,
}

impl<O: Object> Dump<O> {
    pub(crate) fn new(handle: Handle) -> Self {
        Self {
            handle,
            attributes: Vec::new(),
            parent: None,
            in_state: None,
        }
    }

    /// With all of `in_state` when there is no quiet moment.
    pub(crate) fn reconciled(self, in_state: fn(State) -> Vec<O>) -> Self {
        Self {
            in_state: Some(in_state),
            ..self
        }
    }

    pub(crate) fn on(self, parent: OnParent<O::Attribute>) -> Self {
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
            stage: Stage::Asked(self.all().boxed()),
            warning: None,
        }
    }

    /// Sends the request and returns all objects at once.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] when objects kept coming and going for half a
    /// minute, so that there was no one time to show; all subdevs can be put
    /// together all the same. See [`Error`] for what else can go wrong.
    pub async fn all(mut self) -> Result<Answer<Vec<O>>, Error> {
        if let Some(parent) = self.parent {
            self.attributes.extend(parent.named(&self.handle).await?);
        }
        // A state has all objects, and not those that the kernel would choose.
        let in_state = self.in_state.filter(|_| self.attributes.is_empty());
        let limit = match in_state {
            Some(_) => PATIENCE,
            None => DUMP_LIMIT,
        };
        let together = exchange::Wanted::Together;
        let answer = exchange::dump(&self.handle, O::GET, self.attributes, together, limit).await;
        match (answer, in_state) {
            (Err(Error::Interrupted { .. }), Some(in_state)) => Ok(Answer {
                object: in_state(settled(&self.handle, O::GET).await?),
                warning: None,
            }),
            (answer, _) => Ok(answer?.map(|objects| objects.into_iter().map(O::from).collect())),
        }
    }
}

/// How long a dump is repeated before its objects are put together from changes.
const PATIENCE: Duration = Duration::from_secs(1);

/// The state at one time, from dumps and what changed meanwhile, for the dump
/// `command`.
async fn settled(handle: &Handle, command: Command) -> Result<State, Error> {
    let settled = async { State::settled(handle, handle.watch().await?).await };
    let interrupted = |_| Error::Interrupted {
        command,
        limit: DUMP_LIMIT,
    };
    timeout(DUMP_LIMIT, settled).await.map_err(interrupted)?
}

/// The objects of a dump, one after the other.
#[must_use = "the request is sent when the stream is polled"]
pub struct Objects<O> {
    stage: Stage<O>,
    warning: Option<Warning>,
}

enum Stage<O> {
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
            self.stage = match &mut self.stage {
                Stage::Answered(objects) => return Poll::Ready(objects.next().map(Ok)),
                Stage::Asked(answer) => match ready!(answer.poll_unpin(cx)) {
                    Ok(answer) => {
                        self.warning = answer.warning;
                        Stage::Answered(answer.object.into_iter())
                    }
                    Err(error) => {
                        self.stage = Stage::Answered(Vec::new().into_iter());
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
