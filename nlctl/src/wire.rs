// SPDX-License-Identifier: MIT OR Apache-2.0

//! Attributes as bytes, for programs that make messages of their own.

use crate::attribute::{self, Attribute};
use crate::value::{Malformed, Value};

/// The attributes as they lie in a message, one after the other.
pub fn emit<A: Attribute>(attributes: &[A]) -> Vec<u8> {
    let mut bytes = vec![0; attribute::length(attributes)];
    attribute::emit(attributes, &mut bytes);
    bytes
}

/// Reads attributes that lie one after the other.
///
/// # Errors
///
/// When one ends after the end of `bytes`, or has a value that is not of its type.
pub fn parse<A: Attribute>(bytes: &[u8]) -> Result<Vec<A>, Malformed> {
    attribute::parse_all(bytes)
}

/// The number of an attribute with the flags of netlink, as in its header.
pub fn kind<A: Attribute>(attribute: &A) -> u16 {
    attribute::kind(attribute)
}

/// The value of an attribute; empty for a flag.
pub fn value<A: Attribute>(attribute: &A) -> Vec<u8> {
    let mut bytes = vec![0; attribute::value_length(attribute)];
    if let Some(value) = attribute.value() {
        value.emit(&mut bytes);
    }
    bytes
}

/// The length of a value.
pub fn length(value: &dyn Value) -> usize {
    value.length()
}
