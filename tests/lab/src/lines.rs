// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a machine says, line by line, to whoever waits for it.

use std::io::{self, Write};
use std::sync::mpsc::Sender;

/// Takes the lines, without their ends.
pub type Said = Sender<String>;

/// Cuts one stream into lines; the last one may lack its end.
pub struct Lines {
    said: Said,
    unfinished: Vec<u8>,
}

impl Lines {
    /// The lines go to `said`.
    pub fn new(said: Said) -> Self {
        Self {
            said,
            unfinished: Vec::new(),
        }
    }

    fn say(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).into_owned();
        // Who does not listen any more has given up on the machine.
        let _ = self.said.send(line);
    }
}

impl Write for Lines {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let mut rest = text;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            self.unfinished.extend_from_slice(line);
            let line = std::mem::take(&mut self.unfinished);
            self.say(&line);
            rest = after.get(1..).unwrap_or_default();
        }
        self.unfinished.extend_from_slice(rest);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.unfinished.is_empty() {
            self.say(&self.unfinished);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn lines_are_whole_however_they_come() -> io::Result<()> {
        for size in 1..12 {
            let (said, heard) = mpsc::channel();
            let mut lines = Lines::new(said);
            for piece in b"one\n\ntwo\nthree".chunks(size) {
                lines.write_all(piece)?;
            }
            drop(lines);
            let heard: Vec<String> = heard.iter().collect();
            assert_eq!(heard, ["one", "", "two", "three"], "in pieces of {size}");
        }
        Ok(())
    }
}
