// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the library knows of attributes beyond their numbers.
//!
//! The generated code fills these types in; messages, errors and the tool read
//! them, so that none of them knows a name or a number of its own.

use std::fmt;

use netlink_packet_core::{NLA_F_NESTED, NLA_HEADER_SIZE, NlasIterator};
use serde::Serialize;

use crate::generated::{Command, OPERATIONS};
use crate::value::{Binary, Malformed, Value};

/// Bytes of an attribute with its header, if it is a short one.
const USUAL: usize = 12;

/// One attribute of a set, as an enum over the set.
pub trait Attribute: Clone + fmt::Debug + Send + Sync + 'static {
    /// The set that it belongs to.
    const SET: &'static AttributeSet;

    /// Its number, without the flags of netlink.
    fn number(&self) -> u16;

    /// Its value; `None` for a flag, which has none.
    fn value(&self) -> Option<&dyn Value>;

    /// Reads the value of the attribute of that number.
    ///
    /// # Errors
    ///
    /// When `value` is not of the type that the attribute has.
    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed>;
}

/// What comes before the length and the value of an attribute on the wire: its
/// number and the flags of netlink.
pub(crate) fn kind<A: Attribute>(attribute: &A) -> u16 {
    let number = attribute.number();
    match A::SET.get(number) {
        Some(info) if info.nested.is_some() => number | NLA_F_NESTED,
        _ => number,
    }
}

/// Length of the value of an attribute.
pub(crate) fn value_length<A: Attribute>(attribute: &A) -> usize {
    attribute.value().map_or(0, Value::length)
}

/// Length of attributes that lie one after the other.
pub(crate) fn length<A: Attribute>(attributes: &[A]) -> usize {
    let lengths = attributes.iter().map(value_length);
    lengths
        .map(|it| (NLA_HEADER_SIZE + it).next_multiple_of(4))
        .sum()
}

/// Writes attributes one after the other to `buffer`, which is [`length`] bytes
/// long. Of one that is too long for its header, [`crate::value::defect`] tells.
pub(crate) fn emit<A: Attribute>(attributes: &[A], mut buffer: &mut [u8]) {
    for attribute in attributes {
        let end = NLA_HEADER_SIZE + value_length(attribute);
        let (whole, rest) = buffer.split_at_mut(end.next_multiple_of(4));
        buffer = rest;
        let (unpadded, padding) = whole.split_at_mut(end);
        let (header, value) = unpadded.split_at_mut(NLA_HEADER_SIZE);
        let (length, number) = header.split_at_mut(2);
        length.copy_from_slice(&(end as u16).to_ne_bytes());
        number.copy_from_slice(&kind(attribute).to_ne_bytes());
        if let Some(it) = attribute.value() {
            it.emit(value);
        }
        padding.fill(0);
    }
}

/// Reads attributes that lie one after the other.
pub(crate) fn parse_all<A: Attribute>(bytes: &[u8]) -> Result<Vec<A>, Malformed> {
    let parse = |number, value: &[u8]| {
        A::parse(number, value).map_err(|error| match A::SET.get(number) {
            Some(info) => error.within(info.name),
            None => error,
        })
    };
    // Most have a number or a short text, so that there is room for all at once.
    let mut attributes = Vec::with_capacity(bytes.len() / USUAL + 1);
    for attribute in NlasIterator::new(bytes) {
        let attribute = attribute.map_err(Malformed::from_decode)?;
        attributes.push(parse(attribute.kind(), attribute.value())?);
    }
    Ok(attributes)
}

/// `attributes` and one more.
pub(crate) fn add<A: Attribute>(mut attributes: Vec<A>, attribute: A) -> Vec<A> {
    attributes.push(attribute);
    attributes
}

/// `attributes` with one of which there is one at most.
pub(crate) fn replace<A: Attribute>(mut attributes: Vec<A>, attribute: A) -> Vec<A> {
    attributes.retain(|it| it.number() != attribute.number());
    add(attributes, attribute)
}

/// A set of attributes.
#[derive(Debug, PartialEq, Eq)]
pub struct AttributeSet {
    /// Its name in the spec.
    pub name: &'static str,
    /// Its attributes; the first has number 1.
    pub attributes: &'static [AttributeInfo],
}

impl AttributeSet {
    /// The attribute of number `kind`, if the set has one.
    pub fn get(&self, kind: u16) -> Option<&'static AttributeInfo> {
        self.attributes.get(usize::from(kind).checked_sub(1)?)
    }

    /// The attribute of that name, and its number.
    pub fn find(&self, name: &str) -> Option<(u16, &'static AttributeInfo)> {
        (1..)
            .zip(self.attributes)
            .find(|(_, attribute)| attribute.name == name)
    }
}

/// What the spec says of an attribute.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttributeInfo {
    /// Its name.
    pub name: &'static str,
    /// How its value lies on the wire.
    pub kind: Kind,
    /// What it says.
    pub doc: &'static str,
    /// Whether it may occur more than once in a message.
    pub many: bool,
    /// What the kernel accepts as its value.
    pub accepts: Accepts,
    /// The names of its bits, of one that is a set of flags.
    pub flags: Option<&'static [&'static str]>,
    /// Whether to show it in hexadecimal digits.
    pub hex: bool,
    /// The set of the attributes inside it.
    pub nested: Option<&'static AttributeSet>,
}

impl AttributeInfo {
    pub(crate) const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            name,
            kind,
            doc,
            many: false,
            accepts: Accepts::Any,
            flags: None,
            hex: false,
            nested: None,
        }
    }

    pub(crate) const fn accepts(mut self, accepts: Accepts) -> Self {
        self.accepts = accepts;
        self
    }

    pub(crate) const fn many(mut self) -> Self {
        self.many = true;
        self
    }

    pub(crate) const fn flags(mut self, names: &'static [&'static str]) -> Self {
        self.flags = Some(names);
        self
    }

    pub(crate) const fn hex(mut self) -> Self {
        self.hex = true;
        self
    }

    pub(crate) const fn nested(mut self, set: &'static AttributeSet) -> Self {
        self.nested = Some(set);
        self
    }
}

/// How the value of an attribute lies on the wire, by the name of the spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A byte.
    U8,
    /// Two bytes.
    U16,
    /// Four bytes.
    U32,
    /// Eight bytes.
    U64,
    /// Four or eight bytes.
    Uint,
    /// Text closed by a NUL.
    String,
    /// Bytes.
    Binary,
    /// No bytes: it is there or not.
    Flag,
    /// Attributes of another set.
    Nest,
}

/// What is accepted as the value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accepts {
    /// Whatever its type can carry.
    Any,
    /// Numbers within limits; both belong to the range.
    Range {
        /// The smallest.
        min: Option<u64>,
        /// The largest.
        max: Option<u64>,
    },
    /// Text or bytes of a length within limits, in bytes without a closing
    /// NUL; both belong to the range.
    Length {
        /// The shortest.
        min: Option<u64>,
        /// The longest.
        max: Option<u64>,
    },
    /// These names, which stand for the numbers from 0 on.
    Names(&'static [&'static str]),
}

impl fmt::Display for Accepts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Any => f.write_str("any value"),
            Self::Names(names) => f.write_str(&names.join(", ")),
            Self::Range { min, max } => limits(f, min, max, ""),
            Self::Length { min, max } => limits(f, min, max, " bytes"),
        }
    }
}

fn limits(
    f: &mut fmt::Formatter<'_>,
    min: Option<u64>,
    max: Option<u64>,
    unit: &str,
) -> fmt::Result {
    match (min, max) {
        (Some(min), Some(max)) if min == max => write!(f, "exactly {min}{unit}"),
        (Some(min), Some(max)) => write!(f, "{min} to {max}{unit}"),
        (Some(min), None) => write!(f, "at least {min}{unit}"),
        (None, Some(max)) => write!(f, "at most {max}{unit}"),
        (None, None) => f.write_str("any value"),
    }
}

/// What the spec says of an operation or a notification.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationInfo {
    /// Its name in the spec.
    pub name: &'static str,
    /// Its number.
    pub command: Command,
    /// What it does, or tells.
    pub doc: &'static str,
    /// The set of its attributes.
    pub set: &'static AttributeSet,
    /// Attributes of a request about one object, if there is one.
    pub request: Option<&'static [&'static str]>,
    /// Attributes of a request about all objects, if there is one.
    pub dump: Option<&'static [&'static str]>,
    /// Attributes of the reply, or of the notification.
    pub reply: &'static [&'static str],
}

impl OperationInfo {
    /// What the spec says of the operation of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|it| it.name == name)
    }
}

/// An attribute that this version of the library does not know, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnknownAttribute {
    /// Its number, without the flags of netlink.
    pub kind: u16,
    /// Its value.
    pub value: Binary,
}

impl UnknownAttribute {
    pub(crate) fn new(kind: u16, value: &[u8]) -> Self {
        Self {
            kind,
            value: Binary(value.to_vec()),
        }
    }
}
