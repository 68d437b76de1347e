// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the kernel says in a datagram.

use genetlink::message::RawGenlMessage;
use netlink_packet_core::{NetlinkBuffer, NetlinkMessage, NetlinkPayload, NlaBuffer, NlasIterator};
use netlink_packet_generic::constants::{
    CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_CMD_DELFAMILY, CTRL_CMD_NEWFAMILY,
    GENL_ID_CTRL,
};

use super::Event;
use crate::attribute::Attribute as _;
use crate::error::{Error, Refusal};
use crate::ext_ack::ExtAck;
use crate::generated::{Command, FAMILY_NAME, Notification, NotifyFilterAttr};
use crate::value::Value;

/// Number of the generation in each set of attributes of the family.
const GENERATION: u16 = 1;

/// The errno, zero or negative, and the extended ACK with which a request ended, if
/// that is what a datagram says.
pub(super) fn end(datagram: &[u8]) -> Option<(i32, ExtAck)> {
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
pub(super) fn filter_refused(code: i32, ext_ack: ExtAck, attributes: &[u8]) -> Error {
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
pub(super) enum Said {
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
pub(super) fn messages(datagram: &[u8]) -> impl Iterator<Item = Result<Said, Error>> {
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
