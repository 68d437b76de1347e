// SPDX-License-Identifier: MIT OR Apache-2.0

//! A message of the family, in the terms of `netlink-packet-generic`.

use netlink_packet_core::{DecodeError, Emitable, ParseableParametrized};
use netlink_packet_generic::{GenlFamily, GenlHeader};

use crate::attribute::{self, Attribute, parse_all};
use crate::generated::{FAMILY_NAME, FAMILY_VERSION};

/// A request or a reply: an operation and attributes of one set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message<A> {
    /// Number of the operation.
    pub command: u8,
    /// The attributes at the top level.
    pub attributes: Vec<A>,
}

impl<A> GenlFamily for Message<A> {
    fn family_name() -> &'static str {
        FAMILY_NAME
    }

    fn command(&self) -> u8 {
        self.command
    }

    fn version(&self) -> u8 {
        FAMILY_VERSION
    }
}

impl<A: Attribute> Emitable for Message<A> {
    fn buffer_len(&self) -> usize {
        attribute::length(&self.attributes)
    }

    fn emit(&self, buffer: &mut [u8]) {
        attribute::emit(&self.attributes, buffer);
    }
}

impl<A: Attribute> ParseableParametrized<[u8], GenlHeader> for Message<A> {
    fn parse_with_param(bytes: &[u8], header: GenlHeader) -> Result<Self, DecodeError> {
        Ok(Self {
            command: header.cmd,
            attributes: parse_all(bytes).map_err(|error| error.to_string())?,
        })
    }
}
