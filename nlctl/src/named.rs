// SPDX-License-Identifier: MIT OR Apache-2.0

//! The numbers that have names: text forms and wire form of the enums.

/// A word that is neither one of the names nor a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{word}' is no {what}; accepted: {}", accepted.join(", "))]
#[non_exhaustive]
pub struct UnknownName {
    /// What should have been named, in the word of the spec.
    pub what: &'static str,
    /// The word.
    pub word: String,
    /// The names that there are.
    pub accepted: &'static [&'static str],
}

/// Implements text, serde and wire forms for a generated enum.
///
/// Text is the name of the spec. A number without a name is shown as the
/// number, and each number can be read, so that a tool that is older than the
/// kernel can still say everything.
macro_rules! named_number {
    ($name:ident, $what:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let number = u32::from(*self);
                match Self::NAMES.get(number as usize) {
                    Some(name) => f.pad(name),
                    None => std::fmt::Display::fmt(&number, f),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::named::UnknownName;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                (0..)
                    .zip(Self::NAMES)
                    .find_map(|(number, name)| (*name == word).then_some(number))
                    .or_else(|| word.parse().ok())
                    .map(|number: u32| Self::from(number))
                    .ok_or_else(|| crate::named::UnknownName {
                        what: $what,
                        word: word.to_string(),
                        accepted: Self::NAMES,
                    })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                word.parse().map_err(serde::de::Error::custom)
            }
        }

        impl crate::value::Value for $name {
            fn length(&self) -> usize {
                u32::from(*self).length()
            }

            fn emit(&self, buffer: &mut [u8]) {
                u32::from(*self).emit(buffer);
            }

            fn parse(bytes: &[u8]) -> Result<Self, crate::value::Malformed> {
                <u32 as crate::value::Value>::parse(bytes).map(Self::from)
            }
        }
    };
}

pub(crate) use named_number;

/// Implements text, serde and wire forms for a generated set of flags.
///
/// Text is the names of the flags that are set with commas between them, JSON a
/// list of the names. A bit without a name is shown as its number.
macro_rules! named_flags {
    ($name:ident) => {
        impl $name {
            /// The flags as bits.
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// Whether all of `flags` are set.
            pub const fn contains(self, flags: Self) -> bool {
                self.0 & flags.0 == flags.0
            }

            /// The names of the flags that are set.
            pub fn names(self) -> Vec<String> {
                (0..u32::BITS)
                    .filter(|bit| self.0 & 1 << bit != 0)
                    .map(|bit| match Self::NAMES.get(bit as usize) {
                        Some(name) => (*name).to_string(),
                        None => format!("{:#x}", 1_u32 << bit),
                    })
                    .collect()
            }
        }

        impl std::ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl From<u32> for $name {
            fn from(bits: u32) -> Self {
                Self(bits)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.names().join(","))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.names())
            }
        }

        impl crate::value::Value for $name {
            fn length(&self) -> usize {
                self.0.length()
            }

            fn emit(&self, buffer: &mut [u8]) {
                self.0.emit(buffer);
            }

            fn parse(bytes: &[u8]) -> Result<Self, crate::value::Malformed> {
                <u32 as crate::value::Value>::parse(bytes).map(Self)
            }
        }
    };
}

pub(crate) use named_flags;
