// SPDX-License-Identifier: GPL-2.0

//! UUIDs of subdevs, in the form of RFC 9562.

use core::fmt;

#[cfg(test)]
mod tests;

/// Length of the text form in bytes, as `uuid-len` of the family says.
pub const TEXT_LEN: usize = 36;

/// A UUID that is not nil, in the order of its text.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// Reads the text form: 8-4-4-4-12 hexadecimal digits of either case.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        if text.len() != TEXT_LEN {
            return Err(Error::Form);
        }
        let mut digits = text.iter().enumerate().filter_map(|(at, &byte)| {
            if is_dash(at) {
                (byte != b'-').then_some(Err(Error::Form))
            } else {
                Some(digit(byte).ok_or(Error::Form))
            }
        });
        let mut bytes = [0; 16];
        for byte in &mut bytes {
            let high = digits.next().ok_or(Error::Form)??;
            let low = digits.next().ok_or(Error::Form)??;
            *byte = high << 4 | low;
        }
        if bytes == [0; 16] {
            return Err(Error::Nil);
        }
        Ok(Self(bytes))
    }

    /// Makes a UUID of version 4 of 16 random bytes.
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
        *version = *version & 0x0f | 0x40;
        *variant = *variant & 0x3f | 0x80;
        Self(bytes)
    }

    /// The text form in lower case, without a closing NUL.
    pub fn to_text(self) -> [u8; TEXT_LEN] {
        let mut text = [b'-'; TEXT_LEN];
        let nibbles = self.0.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        let places = text.iter_mut().enumerate().filter(|(at, _)| !is_dash(*at));
        for ((_, place), nibble) in places.zip(nibbles) {
            *place = match nibble {
                0..=9 => b'0' + nibble,
                // A nibble is at most 15.
                _ => b'a' + (nibble - 10),
            };
        }
        text
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text is ASCII, so that the default is never taken.
        f.pad(core::str::from_utf8(&self.to_text()).unwrap_or_default())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether the text form has a dash at this place.
fn is_dash(at: usize) -> bool {
    matches!(at, 8 | 13 | 18 | 23)
}

/// The value of a hexadecimal digit.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Why a text is no UUID; displays as what would be accepted.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Error {
    /// The text is not of the form.
    Form,
    /// The UUID is the nil one, which by RFC 9562 stands for none.
    Nil,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Form => "a UUID is 8-4-4-4-12 hexadecimal digits",
            Error::Nil => "a UUID other than the nil one is needed",
        })
    }
}
