// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the builders of requests have in common.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec;

use futures::future::BoxFuture;
use futures::{FutureExt, Stream};
use tokio::time::timeout;

use crate::answer::{Answer, Warning};
use crate::attribute::{self, Attribute};
use crate::connection::Handle;
use crate::error::Error;
use crate::exchange::{self, DUMP_LIMIT};
use crate::generated::Command;
use crate::object::Object;
use crate::parent::OnParent;
use crate::state::State;

/// A request before it is sent. The generated builders are made of it.
#[derive(Debug, Clone)]
pub(crate) struct Request<A: Attribute> {
    handle: Handle,
    pub(crate) attributes: Vec<A>,
    /// Of a request about something on a parent.
    parent: Option<OnParent<A>>,
    limit: Option<Duration>,
}

/// What a state has of a kind of object.
type InState<O> = Option<fn(State) -> Vec<O>>;

impl<A: Attribute> Request<A> {
    pub(crate) fn new(handle: Handle) -> Self {
        Self {
            handle,
            attributes: Vec::new(),
            parent: None,
            limit: None,
        }
    }

    /// With an attribute that there is one of at most.
    pub(crate) fn with(self, attribute: A) -> Self {
        Self {
            attributes: attribute::replace(self.attributes, attribute),
            ..self
        }
    }

    /// With one more of an attribute that there may be many of.
    pub(crate) fn and(self, attribute: A) -> Self {
        Self {
            attributes: attribute::add(self.attributes, attribute),
            ..self
        }
    }

    pub(crate) fn on(self, parent: OnParent<A>) -> Self {
        Self {
            parent: Some(parent),
            ..self
        }
    }

    pub(crate) fn within(self, limit: Duration) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    /// Sends it and waits for the object that it is answered with.
    pub(crate) async fn object<O: Object<Attribute = A>>(
        self,
        command: Command,
    ) -> Result<Answer<O>, Error> {
        let limit = self.limit;
        let answer = async move {
            let (handle, attributes) = self.about_one().await?;
            exchange::object(&handle, command, attributes).await
        };
        within(command, limit, Box::pin(answer)).await
    }

    /// Sends it and waits for the acknowledgement.
    #[allow(
        dead_code,
        reason = "for operations without a reply, of which there may be none"
    )]
    pub(crate) async fn acknowledged(self, command: Command) -> Result<Answer<()>, Error> {
        let limit = self.limit;
        let answer = async move {
            let (handle, attributes) = self.about_one().await?;
            exchange::acknowledged(&handle, command, attributes).await
        };
        within(command, limit, Box::pin(answer)).await
    }

    /// With the parent that it needs.
    async fn about_one(mut self) -> Result<(Handle, Vec<A>), Error> {
        if let Some(parent) = self.parent {
            self.attributes.extend(parent.needed(&self.handle).await?);
        }
        Ok((self.handle, self.attributes))
    }

    /// The objects of a dump, which is begun when they are first asked for.
    pub(crate) fn objects<O: Object<Attribute = A>>(
        self,
        command: Command,
        in_state: InState<O>,
    ) -> Objects<O> {
        Objects {
            stage: Stage::Asked(self.all(command, in_state).boxed()),
            warning: None,
        }
    }

    /// All objects of a dump at once; put together by `in_state` when there is no
    /// quiet moment.
    pub(crate) async fn all<O: Object<Attribute = A>>(
        mut self,
        command: Command,
        in_state: InState<O>,
    ) -> Result<Answer<Vec<O>>, Error> {
        let limit = self.limit;
        let answer = async move {
            if let Some(parent) = self.parent {
                self.attributes.extend(parent.named(&self.handle).await?);
            }
            all(&self.handle, command, self.attributes, in_state).await
        };
        within(command, limit, Box::pin(answer)).await
    }
}

/// Waits no longer than that for an answer, which is on the heap: what waits for it in turn,
/// and may wait for others instead, has it within itself otherwise, many times over.
async fn within<T>(
    command: Command,
    limit: Option<Duration>,
    answer: Pin<Box<impl Future<Output = Result<T, Error>>>>,
) -> Result<T, Error> {
    let Some(limit) = limit else {
        return answer.await;
    };
    let late = |_| Error::TimedOut { command, limit };
    timeout(limit, answer).await.map_err(late)?
}

async fn all<O: Object>(
    handle: &Handle,
    command: Command,
    attributes: Vec<O::Attribute>,
    in_state: InState<O>,
) -> Result<Answer<Vec<O>>, Error> {
    // A state has all objects, and not those that the kernel would choose.
    let in_state = in_state.filter(|_| attributes.is_empty());
    let limit = match in_state {
        Some(_) => PATIENCE,
        None => DUMP_LIMIT,
    };
    let together = exchange::Wanted::Together;
    match (
        exchange::dump(handle, command, attributes, together, limit).await,
        in_state,
    ) {
        (Err(Error::Interrupted { .. }), Some(in_state)) => Ok(Answer {
            object: in_state(Box::pin(settled(handle, command)).await?),
            warning: None,
        }),
        (answer, _) => answer,
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
