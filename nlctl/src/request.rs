// SPDX-License-Identifier: MIT OR Apache-2.0

//! Getting one object, and getting all.

use futures::{Stream, StreamExt, TryStreamExt, stream};

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
    pub async fn execute(mut self) -> Result<O, Error> {
        if let Some(parent) = self.parent {
            self.attributes.extend(parent.needed(&self.handle).await?);
        }
        exchange::once(&self.handle, O::GET, self.attributes)
            .await?
            .map(O::from)
            .ok_or_else(|| Error::Malformed(format!("{} was answered without an object", O::GET)))
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
    pub fn execute(mut self) -> impl Stream<Item = Result<O, Error>> + Send + Unpin {
        stream::once(async move {
            if let Some(parent) = self.parent {
                self.attributes.extend(parent.named(&self.handle).await?);
            }
            let objects = exchange::dump(&self.handle, O::GET, self.attributes).await?;
            Ok::<_, Error>(stream::iter(objects).map(|attributes| Ok(O::from(attributes))))
        })
        .try_flatten()
        .boxed()
    }
}
