// SPDX-License-Identifier: MIT OR Apache-2.0

//! The stream of events.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use genetlink::message::RawGenlMessage;
use netlink_packet_core::{NetlinkBuffer, NetlinkMessage, NetlinkPayload};
use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{AsyncSocket, AsyncSocketExt, TokioSocket};
use nix::errno::Errno;

use crate::connection::Handle;
use crate::error::Error;
use crate::generated::{Command, FAMILY_NAME, GROUP_MONITOR, Notification, Subdev, SubdevAttr};
use crate::message::Message;

/// Something that happened, or that may have been missed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "almost every event is the large one"
)]
pub enum Event {
    /// What the kernel said.
    Notification(Notification),
    /// Events were lost because they were not read as fast as they came; this
    /// is what there is now.
    ///
    /// Events that follow may be older than this. Applied in their order they
    /// still lead to the current state; their `generation` tells which are
    /// old.
    #[non_exhaustive]
    Resync {
        /// All subdevs.
        subdevs: Vec<Subdev>,
    },
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

/// A subscription.
struct Subscription<S> {
    handle: Handle,
    family: u16,
    /// A member of the group, and nothing else.
    socket: S,
    /// Read and not yet handed out.
    pending: VecDeque<Result<Event, Error>>,
    /// Set when the socket has failed.
    dead: bool,
}

pub(crate) async fn subscribe(handle: &Handle) -> Result<Monitor, Error> {
    let family = handle
        .genetlink
        .resolve_family::<Message<SubdevAttr>>()
        .await?;
    let group = *family.multicast_groups.get(GROUP_MONITOR).ok_or_else(|| {
        Error::Malformed(format!(
            "the family '{FAMILY_NAME}' of this kernel has no group '{GROUP_MONITOR}'"
        ))
    })?;
    let mut socket = TokioSocket::new(NETLINK_GENERIC)?;
    // An unbound socket cannot be a member: bind first.
    socket.socket_mut().bind_auto()?;
    socket.socket_mut().add_membership(group)?;
    Ok(Monitor(stream(handle.clone(), family.id, socket).boxed()))
}

/// The events that come in on `socket`.
fn stream<S: AsyncSocket>(
    handle: Handle,
    family: u16,
    socket: S,
) -> impl Stream<Item = Result<Event, Error>> {
    let subscription = Subscription {
        handle,
        family,
        socket,
        pending: VecDeque::new(),
        dead: false,
    };
    stream::unfold(subscription, |mut subscription| async move {
        let event = subscription.next().await?;
        Some((event, subscription))
    })
}

impl<S: AsyncSocket> Subscription<S> {
    async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            if self.dead {
                return None;
            }
            match self.socket.recv_from_full().await {
                Ok((datagram, sender)) if sender.port_number() == 0 => {
                    self.pending.extend(events(self.family, &datagram));
                }
                // Only the kernel, which has port 0, is to be believed.
                Ok(_) => (),
                Err(error) if error.raw_os_error() == Some(Errno::ENOBUFS as i32) => {
                    return Some(self.resync().await);
                }
                Err(error) => {
                    self.dead = true;
                    return Some(Err(error.into()));
                }
            }
        }
    }

    async fn resync(&self) -> Result<Event, Error> {
        let subdevs = self.handle.subdev().dump().execute().try_collect().await?;
        Ok(Event::Resync { subdevs })
    }
}

/// The events in a datagram.
pub(crate) fn events(family: u16, datagram: &[u8]) -> Vec<Result<Event, Error>> {
    let mut events = Vec::new();
    let mut rest = datagram;
    while !rest.is_empty() {
        let length = match NetlinkBuffer::new_checked(rest) {
            Ok(buffer) => buffer.length() as usize,
            Err(error) => {
                events.push(Err(error.into()));
                break;
            }
        };
        let (message, _) = rest.split_at(length);
        events.extend(event(family, message).transpose());
        let next = length.next_multiple_of(4);
        rest = rest.get(next..).unwrap_or_default();
    }
    events
}

/// The event in a message; `None` when it is not of the family.
fn event(family: u16, message: &[u8]) -> Result<Option<Event>, Error> {
    let message = NetlinkMessage::<RawGenlMessage>::deserialize(message)?;
    let NetlinkPayload::InnerMessage(message) = message.payload else {
        return Ok(None);
    };
    if message.family_id != family {
        return Ok(None);
    }
    let number = message.header.cmd;
    let known = match Command::try_from(number) {
        Ok(command) => Notification::parse(command, &message.payload)?,
        Err(_) => None,
    };
    Ok(Some(match known {
        Some(notification) => Event::Notification(notification),
        None => Event::Unknown { command: number },
    }))
}

#[cfg(test)]
mod tests;
