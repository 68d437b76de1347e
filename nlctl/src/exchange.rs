// SPDX-License-Identifier: MIT OR Apache-2.0

//! One request and all that comes back for it.
//!
//! Everything that can go wrong between a request and its answer is handled
//! here: refusals with their extended ACK, dumps that fail at their end, dumps
//! that a change interrupted, and answers that the kernel could not deliver.

use std::time::Duration;

use futures::StreamExt;
use genetlink::GenetlinkError;
use netlink_packet_core::{
    Emitable, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_generic::GenlMessage;
use tokio::time::{Instant, timeout};

use crate::answer::{Answer, Warning};
use crate::attribute::Attribute;
use crate::connection::Handle;
use crate::error::{Error, Refusal};
use crate::ext_ack::ExtAck;
use crate::family::{self, is_registered};
use crate::generated::Command;
use crate::message::Message;
use crate::object::Object;
use crate::value::{self, Malformed};

/// How long a dump is repeated that changes interrupt, before giving up.
pub(crate) const DUMP_LIMIT: Duration = Duration::from_secs(30);

/// The first pause before it is repeated, and the longest; each is twice as
/// long as the one before.
const DUMP_PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));

/// How long a dump waits for the one before it. One that begins too early is refused, and repeated.
const TURN: Duration = Duration::from_millis(100);

/// What is made of the attributes of a message.
type Read<A, T> = fn(Vec<A>) -> Result<T, Malformed>;

/// All that came back for a request that was carried out.
struct Replies<T> {
    /// What was made of each message, at once: those of thousands of objects take more memory.
    objects: Vec<T>,
    warning: Option<Warning>,
    /// Whether a change made the dump inconsistent.
    interrupted: bool,
}

/// Sends a request that is answered with an object.
pub(crate) async fn object<O: Object>(
    handle: &Handle,
    command: Command,
    attributes: Vec<O::Attribute>,
) -> Result<Answer<O>, Error> {
    let replies = send(handle, command, attributes, 0, O::read).await?;
    let warning = replies.warning;
    match replies.objects.into_iter().next_back() {
        Some(object) => Ok(Answer { object, warning }),
        None => Err(Error::Malformed(format!(
            "{command} was answered without an object"
        ))),
    }
}

/// Sends a request that is answered with an acknowledgement alone.
pub(crate) async fn acknowledged<A: Attribute>(
    handle: &Handle,
    command: Command,
    attributes: Vec<A>,
) -> Result<Answer<()>, Error> {
    let replies = send(handle, command, attributes, 0, |_| Ok(())).await?;
    Ok(Answer {
        object: (),
        warning: replies.warning,
    })
}

/// Which objects a dump is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All, in a state that they had at the same time.
    Together,
    /// Each that is there during the whole dump, as it is at some time.
    Each,
}

/// Gets all objects of a kind; each is as it was at some time during the dump.
pub(crate) async fn each<O: Object>(handle: &Handle, command: Command) -> Result<Vec<O>, Error> {
    let all = dump(handle, command, Vec::new(), Wanted::Each, DUMP_LIMIT).await?;
    Ok(all.object)
}

/// Gets all objects, trying for so long.
pub(crate) async fn dump<O: Object>(
    handle: &Handle,
    command: Command,
    attributes: Vec<O::Attribute>,
    wanted: Wanted,
    limit: Duration,
) -> Result<Answer<Vec<O>>, Error> {
    let start = Instant::now();
    let (mut pause, longest) = DUMP_PAUSE;
    loop {
        let replies = {
            // Who has the turn may not be polled for a while.
            let _turn = timeout(TURN, handle.dumping.lock()).await;
            send(handle, command, attributes.clone(), NLM_F_DUMP, O::read).await
        };
        let error = match replies {
            Ok(replies) if replies.interrupted && wanted == Wanted::Together => {
                Error::Interrupted { command, limit }
            }
            Ok(replies) => {
                return Ok(Answer {
                    object: replies.objects,
                    warning: replies.warning,
                });
            }
            // A dump changes nothing, so it may be repeated.
            Err(error @ Error::Lost { .. }) => error,
            // Somebody gave a dump up, and it is not at its end yet.
            Err(Error::Refused(refusal)) if refusal.is_of_busy_socket() => refusal.into(),
            Err(error) => return Err(error),
        };
        if start.elapsed() >= limit {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

/// Refuses attributes that netlink cannot carry.
pub(crate) fn check_sendable<A: Attribute>(attributes: &[A]) -> Result<(), Error> {
    match value::defect(attributes) {
        Some(defect) => Err(Error::Unsendable {
            attribute: defect.path.join("."),
            reason: defect.reason,
        }),
        None => Ok(()),
    }
}

async fn send<A: Attribute, T>(
    handle: &Handle,
    command: Command,
    attributes: Vec<A>,
    flags: u16,
    read: Read<A, T>,
) -> Result<Replies<T>, Error> {
    check_sendable(&attributes)?;
    let answer = transact(handle, command, attributes, flags, read);
    match handle.unless_lost(command, answer).await? {
        Err(Error::Refused(refusal)) if refusal.is_of_unknown_operation() => {
            Err(Error::NotSupported { command })
        }
        other => other,
    }
}

/// Sends the request to the family by the number that it has now.
///
/// The number is remembered, and changes when the module is loaded anew. A
/// request to a number that is gone was not carried out, so it may be repeated.
/// To look the family up has the kernel load its module, which is right for who
/// wants something done; who looks at all there is, maybe once a second, does not
/// want back what somebody has just unloaded.
async fn transact<A: Attribute, T>(
    handle: &Handle,
    command: Command,
    attributes: Vec<A>,
    flags: u16,
    read: Read<A, T>,
) -> Result<Replies<T>, Error> {
    let message = Message {
        command: command.into(),
        attributes,
    };
    match transfer(handle, message.clone(), flags, read).await {
        Err(Error::Refused(refusal)) if refusal.is_of_unknown_family() => (),
        other => return other,
    }
    family::forget(handle);
    if flags & NLM_F_DUMP == NLM_F_DUMP && !is_registered(handle).await? {
        return Err(Error::FamilyAbsent);
    }
    match transfer(handle, message, flags, read).await {
        Err(Error::Refused(refusal)) if refusal.is_of_unknown_family() => Err(Error::FamilyAbsent),
        other => other,
    }
}

async fn transfer<A: Attribute, T>(
    handle: &Handle,
    message: Message<A>,
    flags: u16,
    read: Read<A, T>,
) -> Result<Replies<T>, Error> {
    // Refusals refer to the request by offset.
    let mut request = vec![0; message.buffer_len()];
    message.emit(&mut request);

    let mut message = GenlMessage::from_payload(message);
    message.set_resolved_family_id(family::number(handle).await?);
    let mut message = NetlinkMessage::from(message);
    message.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;

    let mut genetlink = handle.genetlink.clone();
    let replies = genetlink.send_request(message);
    let mut replies = replies.map_err(Error::from_genetlink)?;
    let mut all = Replies {
        objects: Vec::new(),
        warning: None,
        interrupted: false,
    };
    let mut malformed = None;
    while let Some(reply) = replies.next().await {
        let reply = reply.map_err(Error::from_decode)?;
        let (header, payload) = reply.into_parts();
        all.interrupted |= header.flags & NLM_F_DUMP_INTR != 0;
        let (code, ext_ack) = match payload {
            NetlinkPayload::InnerMessage(message) => {
                match read(message.payload.attributes) {
                    Ok(object) => all.objects.push(object),
                    // A refusal at the end says more.
                    Err(error) => malformed = malformed.or(Some(error)),
                }
                continue;
            }
            NetlinkPayload::Error(error) => (
                error.raw_code(),
                ExtAck::of_error(header.flags, &error.header),
            ),
            NetlinkPayload::Done(done) => {
                (done.code, ExtAck::of_done(header.flags, &done.extended_ack))
            }
            _ => continue,
        };
        // The kernel gives errors as negative errno.
        return match (code, malformed) {
            (0.., Some(error)) => Err(error.into()),
            (0.., None) => {
                all.warning = Warning::new(ext_ack, A::SET, &request);
                Ok(all)
            }
            (code, _) => Err(Refusal::new(code.saturating_neg(), ext_ack, A::SET, &request).into()),
        };
    }
    Err(Error::Closed)
}

impl Error {
    /// What the kernel says to the question for the family.
    pub(crate) fn of_controller(error: std::io::Error) -> Self {
        match error.raw_os_error() == Some(nix::errno::Errno::ENOENT as i32) {
            true => Self::FamilyAbsent,
            false => Self::Socket(error),
        }
    }

    /// What went wrong below.
    pub(crate) fn from_genetlink(error: GenetlinkError) -> Self {
        match error {
            GenetlinkError::NetlinkError(error) => Self::of_controller(error),
            GenetlinkError::ProtocolError(_) | GenetlinkError::NoMessageReceived => Self::Closed,
            GenetlinkError::DecodeError(error) => Self::Malformed(error.to_string()),
            error @ GenetlinkError::AttributeNotFound(_) => Self::Malformed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
