// SPDX-License-Identifier: MIT OR Apache-2.0

//! A subscription: the socket, the filter in the kernel, and what is made up for.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::os::fd::AsFd;
use std::task::Poll;
use std::time::Duration;

use futures::{Stream, stream};
use netlink_packet_core::{Emitable, NLM_F_ACK, NLM_F_REQUEST, NetlinkMessage};
use netlink_packet_generic::GenlMessage;
use netlink_packet_generic::constants::GENL_ID_CTRL;
use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr};
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};

use super::said::{Said, end, filter_refused, messages};
use super::{Event, Subscribe};
use crate::connection::Handle;
use crate::error::Error;
use crate::exchange::check_sendable;
use crate::ext_ack::ExtAck;
use crate::family::look_up;
use crate::filter::Filter;
use crate::generated::{Command, FAMILY_NAME, GROUP_MONITOR, Notification};
use crate::message::Message;
use crate::namespace::Namespace;
use crate::socket::NetlinkSocket;
use crate::state::State;

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
        // A filter may be refused.
        socket.socket_mut().set_ext_ack(true)?;
        socket.socket_mut().set_cap_ack(true)?;
        // Only the privileged may exceed the limit of the system. With less
        // room, more is lost and made up for.
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
pub(super) struct Subscription<S> {
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
    pub(super) async fn new(options: Subscribe, filter: Option<Filter>) -> Result<Self, Error> {
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

    /// The same for who wants the state of everything, to begin with as well.
    pub(super) fn of_all(mut self) -> Self {
        self.due = Some(Due::Resync);
        self.watches = true;
        self
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

    pub(super) fn stream(self) -> impl Stream<Item = Result<Event, Error>> {
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
