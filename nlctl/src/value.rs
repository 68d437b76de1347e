// SPDX-License-Identifier: MIT OR Apache-2.0

//! How the values of attributes lie on the wire, one impl for each type of
//! the spec.

use std::fmt;

use netlink_packet_core::{
    DecodeError, Emitable, NLA_HEADER_SIZE, emit_u32, emit_u64, parse_u32, parse_u64,
};
use serde::{Serialize, Serializer};

use crate::attribute::{Attribute, parse_all};

/// Most bytes that the value of an attribute may have: its length is a `u16`
/// that counts the header in.
const MAX_LENGTH: usize = u16::MAX as usize - NLA_HEADER_SIZE;

/// A value that an attribute can carry.
pub trait Value {
    /// Its length on the wire in bytes, without padding.
    fn length(&self) -> usize;

    /// Writes it to `buffer`, which is [`length`](Self::length) bytes long.
    fn emit(&self, buffer: &mut [u8]);

    /// Reads it.
    ///
    /// # Errors
    ///
    /// When `bytes` are not of that type.
    fn parse(bytes: &[u8]) -> Result<Self, DecodeError>
    where
        Self: Sized;

    /// What keeps it from being sent as it is; the wire has limits that the
    /// Rust type has not.
    fn defect(&self) -> Option<Defect> {
        None
    }
}

/// Why an attribute cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// The attribute within the nest, outermost name first; empty for the
    /// value itself.
    pub path: Vec<&'static str>,
    /// What is wrong, to follow the name of the attribute.
    pub reason: String,
}

/// The first of `attributes` that cannot be sent.
pub(crate) fn defect<A: Attribute>(attributes: &[A]) -> Option<Defect> {
    attributes.iter().find_map(|attribute| {
        let mut defect = match attribute.value_len() {
            length if length > MAX_LENGTH => Some(Defect {
                path: Vec::new(),
                reason: format!("is {length} bytes long; netlink carries at most {MAX_LENGTH}"),
            }),
            _ => attribute.value().and_then(Value::defect),
        }?;
        let kind = attribute.kind() & netlink_packet_core::NLA_TYPE_MASK;
        let name = A::SET.get(kind).map_or("unknown", |info| info.name);
        defect.path.insert(0, name);
        Some(defect)
    })
}

/// `u32` of the spec.
impl Value for u32 {
    fn length(&self) -> usize {
        size_of::<Self>()
    }

    fn emit(&self, buffer: &mut [u8]) {
        // The buffer is as long as `length` says, so this cannot fail.
        let _ = emit_u32(buffer, *self);
    }

    fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        parse_u32(bytes)
    }
}

/// `uint` of the spec: four bytes when they suffice, else eight.
impl Value for u64 {
    fn length(&self) -> usize {
        match u32::try_from(*self) {
            Ok(short) => short.length(),
            Err(_) => size_of::<Self>(),
        }
    }

    fn emit(&self, buffer: &mut [u8]) {
        match u32::try_from(*self) {
            Ok(short) => short.emit(buffer),
            // The buffer is as long as `length` says, so this cannot fail.
            Err(_) => drop(emit_u64(buffer, *self)),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        match bytes.len() {
            4 => parse_u32(bytes).map(Self::from),
            _ => parse_u64(bytes),
        }
    }
}

/// `string` of the spec: closed by a NUL. What is not UTF-8 is replaced, so that
/// one bad name does not hide all the others.
impl Value for String {
    fn length(&self) -> usize {
        self.len() + 1
    }

    fn emit(&self, buffer: &mut [u8]) {
        if let Some((nul, text)) = buffer.split_last_mut() {
            text.copy_from_slice(self.as_bytes());
            *nul = 0;
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let text = bytes.strip_suffix(b"\0").unwrap_or(bytes);
        Ok(Self::from_utf8_lossy(text).into_owned())
    }

    fn defect(&self) -> Option<Defect> {
        self.contains('\0').then(|| Defect {
            path: Vec::new(),
            reason: "contains a NUL, which would end it early".into(),
        })
    }
}

/// `binary` of the spec; shown and serialized in hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Binary(
    /// The bytes, in the order of the wire.
    pub Vec<u8>,
);

impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Value for Binary {
    fn length(&self) -> usize {
        self.0.len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0);
    }

    fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self(bytes.to_vec()))
    }
}

/// `nest` of the spec.
impl<A: Attribute> Value for Vec<A> {
    fn length(&self) -> usize {
        self.as_slice().buffer_len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        Emitable::emit(&self.as_slice(), buffer);
    }

    fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        parse_all(bytes)
    }

    fn defect(&self) -> Option<Defect> {
        defect(self)
    }
}
