// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the fuzz targets reach beyond the public interface.

use crate::attribute::AttributeSet;
use crate::error::{Error, Refusal};
use crate::ext_ack::ExtAck;
use crate::monitor::{self, Event};

/// Reads why a request was refused, or a dump failed at its end.
pub fn refusal(
    errno: i32,
    flags: u16,
    done: bool,
    answer: &[u8],
    set: &'static AttributeSet,
    request: &[u8],
) -> Refusal {
    let ext_ack = if done {
        ExtAck::of_done(flags, answer)
    } else {
        ExtAck::of_error(flags, answer)
    };
    Refusal::new(errno, ext_ack, set, request)
}

/// Reads the events in a datagram.
pub fn events(family: u16, datagram: &[u8]) -> Vec<Result<Event, Error>> {
    monitor::events(family, datagram)
}
