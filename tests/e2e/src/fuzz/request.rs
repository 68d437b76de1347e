// SPDX-License-Identifier: MIT OR Apache-2.0
//! A request byte by byte, so that each of them can be wrong.

use nlctl::wire;

use crate::genl::{GENL_HEADER, HEADER, flag};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Number of the operation.
    pub command: u8,
    /// Version of the family, which the kernel does not look at.
    pub version: u8,
    /// Has to be zero.
    pub reserved: u16,
    /// Flags of the netlink header.
    pub flags: u16,
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// What follows the attributes.
    pub tail: Vec<u8>,
    /// How much of all this is sent, if not everything.
    pub cut: Option<usize>,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its number, with the flags of netlink.
    pub kind: u16,
    /// Its value.
    pub value: Vec<u8>,
    /// The length that it claims to have, if not its own.
    pub claim: Option<u16>,
}

impl Attribute {
    /// One that is as it should be.
    pub fn new(kind: u16, value: Vec<u8>) -> Self {
        Self {
            kind,
            value,
            claim: None,
        }
    }

    /// One as the library sends it.
    pub fn of(attribute: &impl nlctl::Attribute) -> Self {
        Self::new(wire::kind(attribute), wire::value(attribute))
    }

    /// Attributes as they lie in a message or a nest.
    pub fn bytes(attributes: &[Self]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for attribute in attributes {
            let len = (4 + attribute.value.len()) as u16;
            bytes.extend(attribute.claim.unwrap_or(len).to_ne_bytes());
            bytes.extend(attribute.kind.to_ne_bytes());
            bytes.extend(&attribute.value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }
}

impl Request {
    /// One that is as it should be, with nothing in it.
    pub fn new(command: u8, dump: bool) -> Self {
        Self {
            command,
            version: nlctl::FAMILY_VERSION,
            reserved: 0,
            flags: flag::REQUEST | flag::ACK | if dump { flag::DUMP } else { 0 },
            attributes: Vec::new(),
            tail: Vec::new(),
            cut: None,
        }
    }

    /// The same with these attributes.
    pub fn with(self, attributes: Vec<Attribute>) -> Self {
        Self { attributes, ..self }
    }

    /// Whether it asks for all objects.
    pub fn is_dump(&self) -> bool {
        self.flags & flag::DUMP == flag::DUMP
    }

    /// What follows the netlink header.
    pub fn payload(&self) -> Vec<u8> {
        let mut bytes = vec![self.command, self.version];
        bytes.extend(self.reserved.to_ne_bytes());
        bytes.extend(Attribute::bytes(&self.attributes));
        bytes.extend(&self.tail);
        bytes.truncate(self.cut.unwrap_or(usize::MAX));
        bytes
    }
}

/// An attribute as the kernel finds it in a message.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Where it begins, counted from the netlink header.
    pub offset: usize,
    /// Its number, with the flags of netlink.
    pub kind: u16,
    /// Its value.
    pub value: &'a [u8],
}

/// The attributes that the kernel finds in a payload, and whether bytes follow
/// that are none.
pub fn found(payload: &[u8]) -> (Vec<Found<'_>>, bool) {
    let attributes = payload.get(GENL_HEADER..).unwrap_or_default();
    found_in(attributes, HEADER + GENL_HEADER)
}

fn found_in(bytes: &[u8], offset: usize) -> (Vec<Found<'_>>, bool) {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some([len_low, len_high, kind_low, kind_high]) = bytes.get(at..at + 4) {
        let len = usize::from(u16::from_ne_bytes([*len_low, *len_high]));
        let Some(value) = bytes.get(at + 4..at + len) else {
            break;
        };
        all.push(Found {
            offset: offset + at,
            kind: u16::from_ne_bytes([*kind_low, *kind_high]),
            value,
        });
        at += len.next_multiple_of(4);
    }
    (all, at < bytes.len())
}

impl<'a> Found<'a> {
    /// The attributes that the kernel finds in a nest, and whether bytes follow
    /// that are none.
    pub fn inner(&self) -> (Vec<Found<'a>>, bool) {
        found_in(self.value, self.offset + 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_found() {
        let mut request = Request::new(5, false);
        request.attributes = vec![
            Attribute::new(5, 3u32.to_ne_bytes().to_vec()),
            Attribute::new(2, b"abc\0d".to_vec()),
            Attribute::new(16, vec![]),
        ];
        let payload = request.payload();
        let (all, more) = found(&payload);
        let got: Vec<_> = all.iter().map(|it| (it.offset, it.kind)).collect();
        assert_eq!(got, [(20, 5), (28, 2), (40, 16)]);
        assert_eq!(all[1].value, b"abc\0d");
        assert!(!more);
    }

    #[test]
    fn lies_about_length_end_the_attributes() {
        for (claim, tail) in [
            (Some(3), 0),
            (Some(0), 0),
            (Some(400), 0),
            (None, 1),
            (None, 3),
        ] {
            let mut request = Request::new(5, false);
            request.attributes = vec![Attribute {
                claim,
                ..Attribute::new(5, vec![0; 4])
            }];
            request.tail = vec![9; tail];
            assert!(found(&request.payload()).1, "{request:?}");
        }
    }
}
