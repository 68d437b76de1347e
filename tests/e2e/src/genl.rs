// SPDX-License-Identifier: MIT OR Apache-2.0
//! Generic netlink in the raw: any bytes out, and all that comes back in.

use std::os::fd::AsFd;

use anyhow::{Context, Result, ensure};
use netlink_packet_core::{NlasIterator, parse_string, parse_u32};
use netlink_packet_generic::constants::GENL_ID_CTRL;
use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{Socket as RawSocket, SocketAddr};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nlctl::Command;

use crate::refused;
use crate::wait::SOON;

/// Length of `struct nlmsghdr`.
pub const HEADER: usize = 16;
/// Length of `struct genlmsghdr`.
pub const GENL_HEADER: usize = 4;

/// Flags of a message (srctree include/uapi/linux/netlink.h).
pub mod flag {
    /// It is a request.
    pub const REQUEST: u16 = 1;
    /// It is part of a dump.
    pub const MULTI: u16 = 2;
    /// Its success is to be acknowledged.
    pub const ACK: u16 = 4;
    /// The events that the request causes are wanted.
    pub const ECHO: u16 = 8;
    /// All objects are wanted.
    pub const DUMP: u16 = 0x300;
    /// An extended ACK follows.
    pub const ACK_TLVS: u16 = 0x200;
}

const NOOP: u16 = 1;
const ERROR: u16 = 2;
const DONE: u16 = 3;

/// A socket that asks for extended ACKs.
pub struct Socket {
    socket: RawSocket,
    sequence: u32,
}

/// What came back for a message.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The attributes of each message, without headers.
    pub objects: Vec<Vec<u8>>,
    /// The events that came with it: what happened, and the attributes.
    pub events: Vec<(Command, Vec<u8>)>,
    /// How it ended; `None` if the kernel never said.
    pub end: Option<Result<(), Refusal>>,
    /// Whether the kernel said that it lost something on the way.
    pub lost: bool,
}

/// Why the kernel refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// A positive number.
    pub errno: i32,
    /// The sentence of the extended ACK.
    pub message: Option<String>,
    /// Where the offending attribute begins, counted from the netlink header.
    pub offset: Option<usize>,
    /// The number of an attribute that is missing.
    pub missing: Option<u32>,
}

/// A message as it came.
struct Message<'a> {
    kind: u16,
    flags: u16,
    sequence: u32,
    payload: &'a [u8],
}

impl Socket {
    /// Opens one.
    pub fn new() -> Result<Self> {
        Self::of(NETLINK_GENERIC)
    }

    /// Opens one of another protocol of netlink.
    pub fn of(protocol: isize) -> Result<Self> {
        let mut socket = RawSocket::new(protocol).context("no netlink socket")?;
        socket.bind_auto()?;
        socket.set_ext_ack(true)?;
        // The request need not come back with an error.
        socket.set_cap_ack(true)?;
        Ok(Self {
            socket,
            sequence: 0,
        })
    }

    /// Joins a multicast group.
    pub fn join(&mut self, group: u32) -> Result<()> {
        Ok(self.socket.add_membership(group)?)
    }

    /// Whether there is something to be read.
    pub fn has_something(&self) -> Result<bool> {
        self.is_ready(PollTimeout::ZERO)
    }

    /// The events that came in since the last question.
    pub fn heard(&mut self) -> Result<Vec<(Command, Vec<u8>)>> {
        let mut answer = Answer::default();
        while self.has_something()? {
            let datagram = self.receive()?.context("an event was lost")?;
            for message in messages(&datagram) {
                answer.take(&message?);
            }
        }
        Ok(answer.events)
    }

    /// Sends a message of type `kind` and takes in all that comes back.
    pub fn ask(&mut self, kind: u16, flags: u16, payload: &[u8]) -> Result<Answer> {
        let asked = self.send(kind, flags, payload)?;
        let answer = self.answer(asked)?;
        // Of operations that there are: there is nothing to dump for some.
        let is_ours = kind != GENL_ID_CTRL && flags & flag::DUMP != flag::DUMP;
        if let (true, [number, ..], Some(Err(refusal))) = (is_ours, payload, &answer.end)
            && let Ok(command) = Command::try_from(*number)
            && !command.to_string().ends_with("-ntf")
        {
            refused::note_errno(command, refusal.errno);
        }
        Ok(answer)
    }

    /// Takes in all that comes back for the message with the number `asked`.
    ///
    /// The kernel says nothing to some messages. So another follows that does
    /// nothing and is acknowledged: what comes before that is for the first, as
    /// messages are handled while they are sent.
    pub fn answer(&mut self, asked: u32) -> Result<Answer> {
        let behind = self.send(NOOP, flag::REQUEST | flag::ACK, &[])?;
        let mut answer = Answer::default();
        let (mut passed, mut dumping) = (false, false);
        while !passed || (dumping && answer.end.is_none()) {
            // What was lost may be what would end this: then there is only what is there.
            if answer.lost && !self.is_ready(PollTimeout::ZERO)? {
                break;
            }
            let Some(datagram) = self.receive()? else {
                answer.lost = true;
                continue;
            };
            for message in messages(&datagram) {
                let message = message?;
                if message.sequence == behind {
                    passed = true;
                } else if message.sequence == asked {
                    dumping |= message.flags & flag::MULTI != 0;
                    answer.take(&message);
                }
            }
        }
        Ok(answer)
    }

    /// Sends a message of type `kind` and returns its number.
    pub fn send(&mut self, kind: u16, flags: u16, payload: &[u8]) -> Result<u32> {
        self.sequence += 1;
        let len = u32::try_from(HEADER + payload.len())?;
        let mut message = Vec::with_capacity(HEADER + payload.len());
        message.extend(len.to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend(flags.to_ne_bytes());
        message.extend(self.sequence.to_ne_bytes());
        message.extend(0u32.to_ne_bytes());
        message.extend(payload);
        let kernel = SocketAddr::new(0, 0);
        let sent = self.socket.send_to(&message, &kernel, 0)?;
        ensure!(sent == message.len(), "only {sent} bytes were sent");
        Ok(self.sequence)
    }

    fn is_ready(&self, limit: PollTimeout) -> Result<bool> {
        let mut waiting = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        Ok(poll(&mut waiting, limit)? > 0)
    }

    /// The next datagram; `None` when the kernel says that it lost one.
    pub fn receive(&self) -> Result<Option<Vec<u8>>> {
        let ready = self.is_ready(PollTimeout::try_from(SOON)?)?;
        ensure!(ready, "waited {SOON:?} in vain for an answer");
        match self.socket.recv_from_full() {
            Ok((datagram, _)) => Ok(Some(datagram)),
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Answer {
    fn take(&mut self, message: &Message<'_>) {
        match message.kind {
            ERROR | DONE => {
                let code = message
                    .payload
                    .first_chunk()
                    .map(|it| i32::from_ne_bytes(*it));
                // An error repeats the header of the request, see `set_cap_ack`.
                let skip = size_of::<i32>() + if message.kind == ERROR { HEADER } else { 0 };
                self.end = Some(match code {
                    Some(code) if code < 0 => Err(Refusal::read(
                        code.saturating_neg(),
                        message.flags,
                        message.payload.get(skip..).unwrap_or_default(),
                    )),
                    _ => Ok(()),
                });
            }
            _ => {
                let attributes = message.payload.get(GENL_HEADER..);
                let attributes = attributes.unwrap_or_default().to_vec();
                match message.event() {
                    Some(event) => self.events.push((event, attributes)),
                    None => self.objects.push(attributes),
                }
            }
        }
    }
}

impl Refusal {
    /// Reads an extended ACK (srctree include/uapi/linux/netlink.h, `enum nlmsgerr_attrs`).
    fn read(errno: i32, flags: u16, attributes: &[u8]) -> Self {
        const MSG: u16 = 1;
        const OFFS: u16 = 2;
        const MISS_TYPE: u16 = 5;
        let mut refusal = Self {
            errno,
            ..Self::default()
        };
        if flags & flag::ACK_TLVS != 0 {
            for attribute in NlasIterator::new(attributes).map_while(Result::ok) {
                let value = attribute.value();
                match attribute.kind() {
                    MSG => {
                        refusal.message = parse_string(value).ok();
                        refusal
                            .message
                            .as_deref()
                            .into_iter()
                            .for_each(refused::note);
                    }
                    OFFS => refusal.offset = parse_u32(value).ok().map(|it| it as usize),
                    MISS_TYPE => refusal.missing = parse_u32(value).ok(),
                    _ => {}
                }
            }
        }
        refusal
    }
}

/// The messages of a datagram.
fn messages(datagram: &[u8]) -> impl Iterator<Item = Result<Message<'_>>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let message = Message::read(rest);
        rest = match &message {
            Ok(message) => {
                let len = (HEADER + message.payload.len()).next_multiple_of(4);
                rest.get(len..).unwrap_or_default()
            }
            Err(_) => &[],
        };
        Some(message)
    })
}

impl<'a> Message<'a> {
    /// What happened, if it is an event of the family.
    fn event(&self) -> Option<Command> {
        if self.kind == GENL_ID_CTRL {
            return None;
        }
        let command = Command::try_from(*self.payload.first()?).ok()?;
        command.to_string().ends_with("-ntf").then_some(command)
    }

    fn read(bytes: &'a [u8]) -> Result<Self> {
        let word = |at: usize| {
            let word = bytes.get(at..at + 4).and_then(|it| it.try_into().ok());
            word.map(u32::from_ne_bytes).context("half a header")
        };
        let (len, kind_and_flags, sequence) = (word(0)?, word(4)?, word(8)?);
        let payload = bytes.get(HEADER..len as usize);
        Ok(Self {
            kind: kind_and_flags as u16,
            flags: (kind_and_flags >> 16) as u16,
            sequence,
            payload: payload.with_context(|| format!("a message of {len} bytes"))?,
        })
    }
}
