// SPDX-License-Identifier: MIT OR Apache-2.0

//! How the values of attributes lie on the wire, one impl for each type of
//! the spec.

use std::fmt;

use netlink_packet_core::{DecodeError, NLA_HEADER_SIZE};
use serde::{Serialize, Serializer};

use crate::attribute::{self, Attribute, parse_all};

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
    fn parse(bytes: &[u8]) -> Result<Self, Malformed>
    where
        Self: Sized;

    /// What keeps it from being sent as it is; the wire has limits that the
    /// Rust type has not.
    fn defect(&self) -> Option<Defect> {
        None
    }
}

/// What the kernel sent is not what the spec says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

impl Malformed {
    /// A message without an attribute that it has to have.
    pub(crate) fn missing(attribute: &str) -> Self {
        Self(format!("attribute '{attribute}' is missing"))
    }

    /// Of a value with that many bytes.
    fn length(length: usize, expected: &str) -> Self {
        Self(format!("is {length} bytes long; expected {expected}"))
    }

    pub(crate) fn from_decode(error: DecodeError) -> Self {
        Self(error.to_string())
    }

    /// In the attribute of that name.
    pub(crate) fn within(self, attribute: &str) -> Self {
        Self(format!("attribute '{attribute}': {}", self.0))
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
        let mut defect = match attribute::value_length(attribute) {
            length if length > MAX_LENGTH => Some(Defect {
                path: Vec::new(),
                reason: format!("is {length} bytes long; netlink carries at most {MAX_LENGTH}"),
            }),
            _ => attribute.value().and_then(Value::defect),
        }?;
        let info = A::SET.get(attribute.number());
        let name = info.map_or("unknown", |info| info.name);
        defect.path.insert(0, name);
        Some(defect)
    })
}

/// Numbers of the spec that have a fixed length.
macro_rules! fixed {
    ($name:ty, $expected:literal) => {
        impl Value for $name {
            fn length(&self) -> usize {
                size_of::<Self>()
            }

            fn emit(&self, buffer: &mut [u8]) {
                buffer.copy_from_slice(&self.to_ne_bytes());
            }

            fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
                let number = bytes.try_into().map(Self::from_ne_bytes);
                number.map_err(|_| Malformed::length(bytes.len(), $expected))
            }
        }
    };
}

fixed!(u8, "1");
fixed!(u16, "2");
fixed!(u32, "4");

/// `u64` of the spec: always eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct U64(
    /// The number.
    pub u64,
);

impl Value for U64 {
    fn length(&self) -> usize {
        size_of::<u64>()
    }

    fn emit(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0.to_ne_bytes());
    }

    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let number = bytes.try_into().map(u64::from_ne_bytes);
        number
            .map(Self)
            .map_err(|_| Malformed::length(bytes.len(), "8"))
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
            Err(_) => U64(*self).emit(buffer),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        match bytes.len() {
            4 => u32::parse(bytes).map(Self::from),
            8 => U64::parse(bytes).map(|it| it.0),
            length => Err(Malformed::length(length, "4 or 8")),
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

    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let text = bytes.strip_suffix(b"\0").unwrap_or(bytes);
        // Nearly all is UTF-8, and then looked at once.
        Ok(match str::from_utf8(text) {
            Ok(text) => text.to_owned(),
            Err(_) => Self::from_utf8_lossy(text).into_owned(),
        })
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

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Binary {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Binary {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes.to_vec())
    }
}

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

    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Ok(Self(bytes.to_vec()))
    }
}

/// `nest` of the spec.
impl<A: Attribute> Value for Vec<A> {
    fn length(&self) -> usize {
        attribute::length(self)
    }

    fn emit(&self, buffer: &mut [u8]) {
        attribute::emit(self, buffer);
    }

    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        parse_all(bytes)
    }

    fn defect(&self) -> Option<Defect> {
        defect(self)
    }
}
