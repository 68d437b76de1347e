// SPDX-License-Identifier: GPL-2.0

//! A sentence of bounded length.

use core::fmt;

#[cfg(test)]
mod tests;

/// Most bytes of a sentence: what an extended ACK carries.
pub const MAX_LEN: usize = 79;

/// What a sentence that was cut ends with.
const ELLIPSIS: &str = "…";

/// A sentence; what is longer is cut behind a word.
#[derive(Copy, Clone)]
pub struct Sentence {
    bytes: [u8; MAX_LEN],
    len: usize,
    cut: bool,
}

impl Sentence {
    /// What `text` says, as far as there is room for it.
    pub fn new(text: fmt::Arguments<'_>) -> Self {
        let mut out = Self {
            bytes: [0; MAX_LEN],
            len: 0,
            cut: false,
        };
        // What does not fit is cut, so this cannot fail.
        let _ = fmt::write(&mut out, text);
        out
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..self.len).unwrap_or_default();
        // Only whole characters are added and taken away.
        core::str::from_utf8(text).unwrap_or_default()
    }

    /// Adds a character if there is room for it.
    fn push(&mut self, c: char) -> Option<()> {
        let mut utf8 = [0; 4];
        let utf8 = c.encode_utf8(&mut utf8).as_bytes();
        let room = self.bytes.get_mut(self.len..self.len + utf8.len())?;
        room.copy_from_slice(utf8);
        self.len += utf8.len();
        Some(())
    }

    /// Ends behind the last word after which there is room for the ellipsis, or within a word where
    /// there is only one.
    fn cut(&mut self) {
        let room = MAX_LEN - ELLIPSIS.len();
        let text = self.as_str();
        let fits = |(at, _): &(usize, char)| *at <= room;
        let word = text
            .char_indices()
            .take_while(fits)
            .filter(|(_, c)| *c == ' ');
        let end = word.last().or(text.char_indices().take_while(fits).last());
        let kept = text.get(..end.map_or(0, |(at, _)| at)).unwrap_or_default();
        self.len = kept.trim_end_matches([' ', ',', ';', ':']).len();
        self.cut = true;
        for c in ELLIPSIS.chars() {
            let _ = self.push(c);
        }
    }
}

impl fmt::Write for Sentence {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        for c in s.chars() {
            if self.cut {
                break;
            }
            if self.push(c).is_none() {
                self.cut();
            }
        }
        Ok(())
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
