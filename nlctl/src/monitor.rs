// SPDX-License-Identifier: MIT OR Apache-2.0

//! The stream of events.
//!
//! The kernel drops events that a socket has no room for, and goes on dropping
//! until the socket was read empty, which it reports once and ahead of what is
//! still queued. So what was lost is made up for in this order: read the socket
//! empty, then ask for the state, then go on with the events that are newer
//! than it. The same is done when the generations show a gap, and when the
//! module was loaded anew. With a filter in the kernel gaps mean nothing: what
//! was kept back has a generation as well.

mod said;
mod subscription;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::BoxStream;
use futures::{Stream, StreamExt};

use self::subscription::Subscription;
use crate::connection::Handle;
use crate::error::Error;
use crate::filter::Filter;
use crate::generated::Notification;
use crate::socket::NetlinkSocket;
use crate::state::State;
use crate::watch::Watch;

#[cfg(any(test, fuzzing))]
pub(crate) use self::said::events;
#[cfg(test)]
pub(crate) use self::subscription::EventSocket;

/// Room for events that were not read yet, in bytes: about a thousand events.
const BUFFER: usize = 1 << 20;

/// Something that happened, or that may have been missed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and nearly all are notifications"
)]
pub enum Event {
    /// What the kernel said.
    Notification(Notification),
    /// Events were lost; this is what there is now.
    ///
    /// Notifications that follow are of later generations.
    Resync(State),
    /// The module was unloaded: there are no objects any more.
    Gone,
    /// The module was loaded again; this is what there is now.
    ///
    /// Notifications that follow are of later generations.
    Back(State),
    /// A notification that this version of the library does not know.
    #[non_exhaustive]
    Unknown {
        /// Its number.
        command: u8,
    },
}

/// The stream of events, from [`Handle::monitor`].
///
/// It borrows nothing: it can be kept in a struct, moved to a task and polled
/// without pinning. Dropping the future that waits for the next event loses
/// none. Equivalent to `dsa-nl monitor`.
///
/// An error does not end the stream, unless the socket or the connection is
/// broken. When events were lost and the state cannot be had, each attempt is
/// an error, and the stream goes on trying.
#[must_use = "events come only while the stream is polled"]
pub struct Monitor(BoxStream<'static, Result<Event, Error>>);

impl Stream for Monitor {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").finish_non_exhaustive()
    }
}

/// Subscribes to events, with options; from [`Handle::subscribe`].
#[derive(Debug, Clone)]
#[must_use = "`monitor` or `watch` subscribes"]
pub struct Subscribe {
    handle: Handle,
    buffer: usize,
}

impl Subscribe {
    pub(crate) fn new(handle: Handle) -> Self {
        Self {
            handle,
            buffer: BUFFER,
        }
    }

    /// The room for events that were not read yet, in bytes; a mebibyte unless
    /// said. The kernel takes about a kilobyte for an event. Without privileges
    /// the limit of the system applies (`net.core.rmem_max`).
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.buffer = bytes;
        self
    }

    /// Subscribes to events from now on; see [`Handle::monitor`].
    ///
    /// # Errors
    ///
    /// When the family is absent or the system gives no socket.
    pub async fn monitor(self) -> Result<Monitor, Error> {
        self.begin(None).await
    }

    /// As [`monitor`](Self::monitor), with only those notifications that pass the
    /// filter, which is set in the kernel: others wake nobody and take no room.
    ///
    /// Gaps in their generations are no losses. What is lost is made up for all
    /// the same, with the state of everything. What the filter names is looked up
    /// once: when it has another name then, it is still that; when it is gone,
    /// nothing more is told. When the module is loaded anew, it is looked up again,
    /// and until it is there each attempt is an error.
    ///
    /// # Errors
    ///
    /// When the family is absent, the kernel refuses the filter, or the system
    /// gives no socket.
    pub async fn monitor_filtered(self, filter: Filter) -> Result<Monitor, Error> {
        self.begin(Some(filter)).await
    }

    async fn begin(self, filter: Option<Filter>) -> Result<Monitor, Error> {
        let subscription = Subscription::<NetlinkSocket>::new(self, filter).await?;
        Ok(Monitor(subscription.stream().boxed()))
    }

    /// Subscribes to the state and what changes it; see [`Handle::watch`].
    ///
    /// # Errors
    ///
    /// When the family is absent or the system gives no socket.
    pub async fn watch(self) -> Result<Watch, Error> {
        let subscription = Subscription::<NetlinkSocket>::new(self, None).await?;
        Ok(Watch::new(subscription.of_all().stream()))
    }
}
