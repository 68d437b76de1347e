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

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::stream::BoxStream;
use futures::{Stream, StreamExt, stream};
use genetlink::message::RawGenlMessage;
use netlink_packet_core::{
    Emitable, NLM_F_ACK, NLM_F_REQUEST, NetlinkBuffer, NetlinkMessage, NetlinkPayload, NlaBuffer,
    NlasIterator,
};
use netlink_packet_generic::GenlMessage;
use netlink_packet_generic::constants::{
    CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_CMD_DELFAMILY, CTRL_CMD_NEWFAMILY,
    GENL_ID_CTRL,
};
use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr};
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};

use crate::attribute::Attribute as _;
use crate::connection::Handle;
use crate::error::{Error, Refusal};
use crate::exchange::check_sendable;
use crate::ext_ack::ExtAck;
use crate::family::look_up;
use crate::filter::Filter;
use crate::generated::{Command, FAMILY_NAME, GROUP_MONITOR, Notification, NotifyFilterAttr};
use crate::message::Message;
use crate::namespace::Namespace;
use crate::socket::NetlinkSocket;
use crate::state::State;
use crate::value::Value;
use crate::watch::Watch;

/// Room for events that were not read yet, in bytes: about a thousand events.
const BUFFER: usize = 1 << 20;

/// The pause after the state could not be had, and how often it is doubled
/// when it still cannot.
const PAUSE: Duration = Duration::from_millis(100);
const MOST_DOUBLINGS: u32 = 5;

/// How often the family is looked up when its group is gone before it could be
/// joined.
const JOIN_ATTEMPTS: u32 = 3;

/// How often a filter is set when the answer gets lost.
const FILTER_ATTEMPTS: u32 = 3;

/// Number of that request.
const FILTER_SEQUENCE: u32 = 1;

/// Number of the multicast group "notify" of the family that announces families
/// (srctree net/netlink/genetlink.c, genl_validate_assign_mc_groups).
const CONTROLLER_NOTIFY: u32 = GENL_ID_CTRL as u32;

/// Number of the generation in each set of attributes of the family.
const GENERATION: u16 = 1;

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
        let mut subscription = Subscription::<NetlinkSocket>::new(self, None).await?;
        subscription.due = Some(Due::Resync);
        subscription.watches = true;
        Ok(Watch::new(subscription.stream()))
    }
}

/// A socket that events come in on.
pub(crate) trait EventSocket: AsyncSocket {
    /// Opens one with so much room that is in the group of the controller.
    fn open(namespace: &Namespace, buffer: usize) -> io::Result<Self>;

    /// Has events of a group come in.
    fn join(&self, group: u32) -> io::Result<()>;
}

impl EventSocket for NetlinkSocket {
    fn open(namespace: &Namespace, buffer: usize) -> io::Result<Self> {
        let mut socket = namespace.open(|| Self::new(NETLINK_GENERIC))?;
        // An unbound socket cannot be a member: bind first.
        socket.socket_mut().bind_auto()?;
        // Only the privileged may exceed the limit of the system. With less
        // room, more is lost and made up for.
        // A filter may be refused.
        socket.socket_mut().set_ext_ack(true)?;
        socket.socket_mut().set_cap_ack(true)?;
        let fd = socket.socket_ref().as_fd();
        setsockopt(&fd, sockopt::RcvBufForce, &buffer)
            .or_else(|_| setsockopt(&fd, sockopt::RcvBuf, &buffer))?;
        socket.join(CONTROLLER_NOTIFY)?;
        Ok(socket)
    }

    fn join(&self, group: u32) -> io::Result<()> {
        self.socket_ref().add_membership(group)
    }
}

/// Why the state has to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Events were lost, or the state is wanted to begin with.
    Resync,
    /// The module is there again.
    Back,
}

/// A subscription.
struct Subscription<S> {
    handle: Handle,
    /// A member of the groups, and nothing else.
    socket: S,
    /// What the kernel sends, if not all.
    filter: Option<Filter>,
    /// The family that has the filter of the socket; names in it may have another
    /// meaning by now.
    filtering: Option<u16>,
    /// Read while the answer to the filter was waited for.
    unread: VecDeque<Vec<u8>>,
    /// The number of the family; `None` while it is gone.
    family: Option<u16>,
    /// The generation of what was handed out last.
    generation: Option<u64>,
    due: Option<Due>,
    /// Whether the state of everything is wanted.
    watches: bool,
    /// How many times in a row the state could not be had.
    failures: u32,
    /// Read and not yet handed out.
    pending: VecDeque<Result<Event, Error>>,
    /// Set when the socket or the connection has failed.
    dead: bool,
}

impl<S: EventSocket> Subscription<S> {
    async fn new(options: Subscribe, filter: Option<Filter>) -> Result<Self, Error> {
        // Before the family is looked up, so that no change of it is missed.
        let socket = S::open(&options.handle.namespace, options.buffer)?;
        let mut subscription = Self {
            handle: options.handle,
            socket,
            filter,
            filtering: None,
            unread: VecDeque::new(),
            family: None,
            generation: None,
            due: None,
            watches: false,
            failures: 0,
            pending: VecDeque::new(),
            dead: false,
        };
        subscription.family = Some(subscription.join().await?);
        Ok(subscription)
    }

    /// Looks the family up, has its events come in, and returns its number.
    async fn join(&mut self) -> Result<u16, Error> {
        let (mut attempts, mut unanswered) = (0, 0);
        loop {
            let (number, group) = self.look_up().await?;
            // Before the first event comes in.
            if !self.restrict(number).await? {
                unanswered += 1;
                if unanswered == FILTER_ATTEMPTS {
                    let command = Command::NotifyFilterSet;
                    return Err(Error::Lost { command });
                }
                // The kernel drops all, and does not say so again, until the socket
                // was read empty. What was lost may be that the module went.
                self.empty().await?;
                continue;
            }
            match self.socket.join(group) {
                Ok(()) => return Ok(number),
                // The module went away in between.
                Err(_) if attempts < JOIN_ATTEMPTS => attempts += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Has the kernel send only what passes the filter, if there is one. Returns false
    /// when the answer may have been lost.
    async fn restrict(&mut self, family: u16) -> Result<bool, Error> {
        let Some(filter) = self.filter.clone() else {
            return Ok(true);
        };
        if self.filtering == Some(family) {
            return Ok(true);
        }
        let attributes = filter.attributes(&self.handle).await?;
        check_sendable(&attributes)?;
        let message = Message {
            command: Command::NotifyFilterSet.into(),
            attributes,
        };
        // Refusals refer to the request by offset.
        let mut attributes = vec![0; message.buffer_len()];
        message.emit(&mut attributes);
        let mut message = GenlMessage::from_payload(message);
        message.set_resolved_family_id(family);
        let mut message = NetlinkMessage::from(message);
        message.header.flags = NLM_F_REQUEST | NLM_F_ACK;
        message.header.sequence_number = FILTER_SEQUENCE;
        message.finalize();
        let mut request = vec![0; message.buffer_len()];
        message.serialize(&mut request);
        let kernel = SocketAddr::new(0, 0);
        self.socket.send_to(&request, &kernel).await?;
        match self.answer().await? {
            None => Ok(false),
            Some((0.., _)) => {
                self.filtering = Some(family);
                Ok(true)
            }
            // The kernel gives errors as negative errno.
            Some((code, ext_ack)) => Err(filter_refused(code, ext_ack, &attributes)),
        }
    }

    /// The end of the answer to the only request that this socket makes; `None` when
    /// the kernel could not deliver something, which may have been that. What else
    /// comes in is kept.
    async fn answer(&mut self) -> Result<Option<(i32, ExtAck)>, Error> {
        loop {
            let datagram = match self.socket.recv_from_full().await {
                Ok((datagram, sender)) if sender.port_number() == 0 => datagram,
                Ok(_) => continue,
                Err(error) if is_overrun(&error) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            match end(&datagram) {
                Some(end) => return Ok(Some(end)),
                None => self.unread.push_back(datagram),
            }
        }
    }

    /// The number of the family and that of its group.
    async fn look_up(&self) -> Result<(u16, u32), Error> {
        let family = look_up(&self.handle);
        let command = Command::FamilyGet;
        let family = self.handle.unless_lost(command, family).await??;
        match family.monitor {
            Some(group) => Ok((family.number, group)),
            None => Err(Error::Malformed(format!(
                "the family '{FAMILY_NAME}' of this kernel has no group '{GROUP_MONITOR}'"
            ))),
        }
    }

    fn stream(self) -> impl Stream<Item = Result<Event, Error>> {
        stream::unfold(self, |mut subscription| async move {
            let event = subscription.next().await?;
            Some((event, subscription))
        })
    }

    async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            if self.dead {
                return None;
            }
            if let Some(due) = self.due {
                self.make_up(due).await;
                continue;
            }
            if let Some(datagram) = self.unread.pop_front() {
                self.take(&datagram);
                continue;
            }
            match self.socket.recv_from_full().await {
                Ok((datagram, sender)) if sender.port_number() == 0 => self.take(&datagram),
                // Only the kernel, which has port 0, is to be believed.
                Ok(_) => (),
                Err(error) if is_overrun(&error) => self.due = Some(Due::Resync),
                Err(error) => self.die(error.into()),
            }
        }
    }

    /// Ends with an error.
    fn die(&mut self, error: Error) {
        self.pending.push_back(Err(error));
        self.dead = true;
    }

    /// Asks for the state, after which no event is missed.
    async fn make_up(&mut self, due: Due) {
        if let Some(doublings) = self.failures.checked_sub(1) {
            tokio::time::sleep(PAUSE * (1 << doublings.min(MOST_DOUBLINGS))).await;
        }
        if let Err(error) = self.empty().await {
            return self.die(error.into());
        }
        match self.fetch(due).await {
            Ok((family, state)) => {
                self.due = None;
                self.failures = 0;
                self.generation = state.generation;
                let before = self.family.replace(family);
                let same = before == Some(family) && due == Due::Resync;
                if before.is_some() && !same {
                    self.pending.push_back(Ok(Event::Gone));
                }
                self.pending.push_back(Ok(match same {
                    true => Event::Resync(state),
                    false => Event::Back(state),
                }));
            }
            // Its return is announced, by what was not read yet if it is back.
            Err(Error::FamilyAbsent) => self.leave(),
            Err(error @ Error::Closed) => self.die(error),
            Err(error) => {
                self.failures += 1;
                self.pending.push_back(Err(error));
            }
        }
    }

    async fn fetch(&mut self, due: Due) -> Result<(u16, State), Error> {
        if due == Due::Back {
            // The filter went with the module.
            self.filtering = None;
        }
        let family = self.join().await?;
        Ok((family, State::get(&self.handle).await?))
    }

    /// Reads all that is there and throws it away.
    async fn empty(&mut self) -> io::Result<()> {
        self.unread.clear();
        let empty = poll_fn(|cx| {
            loop {
                match self.socket.poll_recv_from_full(cx) {
                    Poll::Ready(Err(error)) if !is_overrun(&error) => {
                        return Poll::Ready(Err(error));
                    }
                    Poll::Ready(_) => (),
                    Poll::Pending => return Poll::Ready(Ok(())),
                }
            }
        });
        // The runtime would else say "nothing there" now and then, to be fair
        // to other tasks.
        tokio::task::unconstrained(empty).await
    }

    /// Takes note that the family is gone.
    fn leave(&mut self) {
        self.due = None;
        self.failures = 0;
        self.generation = None;
        self.filtering = None;
        if self.family.take().is_some() {
            self.pending.push_back(Ok(Event::Gone));
        }
    }

    /// Takes in what came on the socket.
    fn take(&mut self, datagram: &[u8]) {
        for message in messages(datagram) {
            match message {
                Ok(Said::Family { number, there }) => match (self.family, there) {
                    (Some(family), false) if family == number => self.leave(),
                    (Some(family), true) if family == number => (),
                    (_, true) => self.due = Some(Due::Back),
                    (_, false) => (),
                },
                Ok(Said::Event {
                    family,
                    generation,
                    event,
                }) if self.family == Some(family) => self.take_event(generation, event),
                Ok(Said::Event { .. }) => (),
                Err(error) => {
                    self.pending.push_back(Err(error));
                    // What it said is missing, and with a filter nothing else shows it.
                    self.due = Some(Due::Resync);
                }
            }
            if self.due.is_some() {
                // What follows is older than what will be asked for.
                return;
            }
        }
    }

    fn take_event(&mut self, generation: Option<u64>, event: Result<Event, Error>) {
        match (generation, self.generation) {
            (Some(now), Some(last)) if now <= last => return,
            // A gap is a loss.
            (Some(now), Some(last)) if now - last > 1 && self.filter.is_none() => {
                self.due = Some(Due::Resync);
                return;
            }
            (Some(_), _) => self.generation = generation,
            (None, _) => (),
        }
        let whole = match &event {
            // Its work queues and its catalogue come with it, and are not told.
            Ok(Event::Notification(Notification::ParentCreate(_))) => self.watches,
            Ok(_) => false,
            // What it said is missing.
            Err(_) => true,
        };
        if whole {
            self.due = Some(Due::Resync);
        }
        self.pending.push_back(event);
    }
}

fn is_overrun(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ENOBUFS as i32)
}

/// The errno, zero or negative, and the extended ACK with which a request ended, if
/// that is what a datagram says.
fn end(datagram: &[u8]) -> Option<(i32, ExtAck)> {
    let message = NetlinkMessage::<RawGenlMessage>::deserialize(datagram).ok()?;
    match message.payload {
        NetlinkPayload::Error(error) => Some((
            error.raw_code(),
            ExtAck::of_error(message.header.flags, &error.header),
        )),
        _ => None,
    }
}

/// The refusal of a filter with these attributes.
fn filter_refused(code: i32, ext_ack: ExtAck, attributes: &[u8]) -> Error {
    let set = NotifyFilterAttr::SET;
    let refusal = Refusal::new(code.saturating_neg(), ext_ack, set, attributes);
    if refusal.is_of_unknown_family() {
        Error::FamilyAbsent
    } else if refusal.is_of_unknown_operation() {
        let command = Command::NotifyFilterSet;
        Error::NotSupported { command }
    } else {
        refusal.into()
    }
}

/// What the kernel says in a message of a multicast group.
#[expect(
    clippy::large_enum_variant,
    reason = "almost every event is the large one"
)]
enum Said {
    /// Our family, by the name, is there or gone.
    Family { number: u16, there: bool },
    /// Something happened in the family of that number.
    Event {
        family: u16,
        generation: Option<u64>,
        event: Result<Event, Error>,
    },
}

/// The messages of a datagram, up to the first whose length is wrong.
fn messages(datagram: &[u8]) -> impl Iterator<Item = Result<Said, Error>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let length = match NetlinkBuffer::new_checked(rest) {
                Ok(buffer) => buffer.length() as usize,
                Err(error) => {
                    rest = &[];
                    return Some(Err(Error::from_decode(error)));
                }
            };
            let (message, _) = rest.split_at(length);
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            if let Some(said) = said(message).transpose() {
                return Some(said);
            }
        }
        None
    })
}

/// What a message says; `None` when it concerns nobody here.
fn said(message: &[u8]) -> Result<Option<Said>, Error> {
    let message = NetlinkMessage::<RawGenlMessage>::deserialize(message);
    let message = message.map_err(Error::from_decode)?;
    let NetlinkPayload::InnerMessage(message) = message.payload else {
        return Ok(None);
    };
    let number = message.header.cmd;
    if message.family_id == GENL_ID_CTRL {
        return Ok(match number {
            CTRL_CMD_NEWFAMILY => our_family(&message.payload, true),
            CTRL_CMD_DELFAMILY => our_family(&message.payload, false),
            _ => None,
        });
    }
    // A sequence number says nothing: an event has that of the request, if who made
    // the request wants an echo.
    if number == u8::from(Command::NotifyFilterSet) {
        // The answer to the request for the filter.
        return Ok(None);
    }
    Ok(Some(Said::Event {
        family: message.family_id,
        generation: attribute(&message.payload, GENERATION)
            .and_then(|it| u64::parse(it.value()).ok()),
        event: event(number, &message.payload),
    }))
}

/// What the controller says, if it is about our family.
fn our_family(attributes: &[u8], there: bool) -> Option<Said> {
    let name = String::parse(attribute(attributes, CTRL_ATTR_FAMILY_NAME)?.value()).ok()?;
    let number = attribute(attributes, CTRL_ATTR_FAMILY_ID)?;
    let number = u16::from_ne_bytes(*number.value().first_chunk()?);
    (name == FAMILY_NAME).then_some(Said::Family { number, there })
}

/// The attribute number `kind`, if it is there.
fn attribute(attributes: &[u8], kind: u16) -> Option<NlaBuffer<&[u8]>> {
    let mut attributes = NlasIterator::new(attributes).map_while(Result::ok);
    attributes.find(|it| it.kind() == kind)
}

fn event(command: u8, attributes: &[u8]) -> Result<Event, Error> {
    let known = match Command::try_from(command) {
        Ok(command) => Notification::parse(command, attributes)?,
        Err(_) => None,
    };
    Ok(match known {
        Some(notification) => Event::Notification(notification),
        None => Event::Unknown { command },
    })
}

/// The events of a family in a datagram.
#[cfg(any(test, fuzzing))]
pub(crate) fn events(family: u16, datagram: &[u8]) -> Vec<Result<Event, Error>> {
    let event = |said| match said {
        Ok(Said::Event {
            family: its, event, ..
        }) => (its == family).then_some(event),
        Ok(Said::Family { .. }) => None,
        Err(error) => Some(Err(error)),
    };
    messages(datagram).filter_map(event).collect()
}

#[cfg(test)]
mod tests;
