// SPDX-License-Identifier: GPL-2.0

//! Names of parents, types and subdevs.

use core::fmt::{
    self,
    Write, //
};

#[cfg(test)]
mod tests;

/// Longest name in bytes, as `name-max-len` of the family says.
pub const NAME_MAX: usize = 31;

/// A name: 1 to [`NAME_MAX`] letters, digits, `.`, `_` and `-`.
///
/// It starts with neither `.` nor `-`, and is not all digits, so that no name reads as an index.
/// Nor can it read as a UUID, whose text is longer than [`NAME_MAX`].
///
/// # Invariants
///
/// The first `len` bytes of `bytes` are a name as above, the others are zero.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    bytes: [u8; NAME_MAX],
    len: usize,
}

impl Name {
    /// Takes `text` as a name.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let first = *text.first().ok_or(Error::Empty)?;
        let mut bytes = [0; NAME_MAX];
        bytes
            .get_mut(..text.len())
            .ok_or(Error::TooLong)?
            .copy_from_slice(text);

        let accepted = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        if !text.iter().all(accepted) {
            return Err(Error::Character);
        }
        if matches!(first, b'.' | b'-') {
            return Err(Error::Start);
        }
        if text.iter().all(u8::is_ascii_digit) {
            return Err(Error::Number);
        }
        // INVARIANT: All conditions were checked above.
        Ok(Self {
            bytes,
            len: text.len(),
        })
    }

    /// Makes a name of formatted text; `None` when the text is no name.
    pub fn format(args: fmt::Arguments<'_>) -> Option<Self> {
        let mut text = Text {
            bytes: [0; NAME_MAX],
            len: 0,
        };
        text.write_fmt(args).ok()?;
        Self::parse(text.bytes.get(..text.len)?).ok()
    }

    /// The name as bytes, without a closing NUL.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        // By the invariant the bytes are ASCII, so that the default is never taken.
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Text under construction, refused when it outgrows a name.
struct Text {
    bytes: [u8; NAME_MAX],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len.checked_add(text.len()).ok_or(fmt::Error)?;
        self.bytes
            .get_mut(self.len..end)
            .ok_or(fmt::Error)?
            .copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Why a text is no name; displays as what would be accepted.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Error {
    /// There is no character.
    Empty,
    /// There are more than [`NAME_MAX`] bytes.
    TooLong,
    /// A character is none of those a name may have.
    Character,
    /// The first character is `.` or `-`.
    Start,
    /// There are only digits.
    Number,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Empty => "a name has at least one character",
            Error::TooLong => "a name has at most 31 characters",
            Error::Character => "a name has only letters, digits, '.', '_' and '-'",
            Error::Start => "a name starts with a letter, a digit or '_'",
            Error::Number => "a name has more than digits, which would be an index",
        })
    }
}
