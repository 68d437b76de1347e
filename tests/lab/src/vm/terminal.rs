// SPDX-License-Identifier: MIT OR Apache-2.0

//! The user's terminal, which becomes the guest's for an interactive shell.

use std::io::stdin;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// What the guest is told of the terminal.
pub struct Terminal {
    /// Lines on it.
    pub rows: u16,
    /// Characters in a line.
    pub columns: u16,
    /// Its kind, as in `$TERM`.
    pub name: String,
}

impl Terminal {
    /// Asks the terminal on standard input; the usual one where there is none.
    pub fn ask(name: &str) -> Self {
        let (rows, columns) = tcgetwinsize(stdin())
            .map(|size| (size.ws_row, size.ws_col))
            .ok()
            .filter(|(rows, columns)| *rows > 0 && *columns > 0)
            .unwrap_or((24, 80));
        Self {
            rows,
            columns,
            name: name.to_owned(),
        }
    }
}

/// The terminal's modes, put back when this is dropped: QEMU changes them, and
/// may be ended before it can put them back.
pub struct Modes(Option<Termios>);

impl Modes {
    /// Remembers the modes of standard input, if it is a terminal.
    pub fn keep() -> Self {
        Self(tcgetattr(stdin()).ok())
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        if let Some(modes) = &self.0 {
            // A terminal that is gone needs nothing.
            let _ = tcsetattr(stdin(), OptionalActions::Now, modes);
        }
    }
}
