// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program on a terminal of its own, which is read as a user reads it.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::unistd::Pid;
use pty_process::blocking::{Command, Pts, Pty, open};
use vt100::Parser;

use crate::wait::{self, SOON};

/// Lines and columns of a terminal.
pub type Size = (u16, u16);

/// A program on a terminal. Dropping it kills the program.
pub struct Terminal {
    child: Child,
    pty: Arc<Pty>,
    /// Kept open, as a shell has it.
    pts: Pts,
    screen: Arc<Mutex<Parser>>,
    /// The modes before.
    modes: Termios,
}

impl Terminal {
    /// Runs a program with the words of `line` on a terminal of that size.
    pub fn run(program: &str, line: &str, size: Size) -> Result<Self> {
        let (pty, pts) = open().context("there is no terminal")?;
        let pty = Arc::new(pty);
        pty.resize(pty_process::Size::new(size.0, size.1))?;
        let modes = tcgetattr(&pts)?;
        let (rows, columns) = counts(size)?;
        let screen = Arc::new(Mutex::new(Parser::new(rows, columns, 0)));
        let (from, to) = (Arc::clone(&pty), Arc::clone(&screen));
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It fails when nobody has the terminal open any more.
            while let Ok(length @ 1..) = (&*from).read(&mut bytes) {
                lock(&to).process(&bytes[..length]);
            }
        });
        let child = Command::new(program)
            .args(line.split_whitespace())
            .env("TERM", "xterm")
            .spawn_borrowed(&pts)
            .with_context(|| format!("cannot run {program}"))?;
        Ok(Self {
            child,
            pty,
            pts,
            screen,
            modes,
        })
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        lock(&self.screen).screen().contents()
    }

    /// Waits until what is on the screen is as `probe` says.
    pub fn until(&self, what: &str, probe: impl Fn(&str) -> bool) -> Result<String> {
        let shown = wait::until(SOON, what, || {
            let text = self.text();
            Ok(probe(&text).then_some(text))
        });
        shown.with_context(|| format!("on the screen is\n{}", self.text()))
    }

    /// Presses keys.
    pub fn press(&self, keys: &str) -> Result<()> {
        Ok((&*self.pty).write_all(keys.as_bytes())?)
    }

    /// Has another size from now on.
    pub fn resize(&self, size: Size) -> Result<()> {
        let (rows, columns) = counts(size)?;
        lock(&self.screen).screen_mut().set_size(rows, columns);
        Ok(self.pty.resize(pty_process::Size::new(size.0, size.1))?)
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(Pid::from_raw(self.child.id().try_into()?), signal)?)
    }

    /// Waits for the end of the program, and demands that the terminal is as it was before.
    pub fn ended(&mut self) -> Result<ExitStatus> {
        let child = &mut self.child;
        let status = wait::until(SOON, "the end of the program", || Ok(child.try_wait()?));
        let status = status.with_context(|| format!("on the screen is\n{}", self.text()))?;
        ensure!(
            tcgetattr(&self.pts)? == self.modes,
            "the terminal has other modes than before"
        );
        // What the program wrote last may not have been read yet.
        wait::until_true(SOON, "the screen to be given back", || {
            let parser = lock(&self.screen);
            let screen = parser.screen();
            Ok(!screen.alternate_screen() && !screen.hide_cursor())
        })?;
        Ok(status)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lock(screen: &Mutex<Parser>) -> MutexGuard<'_, Parser> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn counts((rows, columns): Size) -> Result<(NonZeroU16, NonZeroU16)> {
    let rows = NonZeroU16::new(rows).context("no rows")?;
    Ok((rows, NonZeroU16::new(columns).context("no columns")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_read_and_typed_to() {
        let mut cat = Terminal::run("cat", "", (5, 20)).expect("cat is there");
        cat.press("hello\r").expect("takes keys");
        // The terminal echoes it as well.
        let twice = |text: &str| text == "hello\nhello";
        cat.until("hello, twice", twice).expect("cat answers");
        cat.press("\u{4}").expect("takes keys");
        assert!(cat.ended().expect("ends").success());
    }

    #[test]
    fn modes_that_are_left_changed_are_noticed() {
        let mut stty = Terminal::run("stty", "raw", (5, 20)).expect("stty is there");
        let error = stty.ended().expect_err("has other modes").to_string();
        assert!(error.contains("other modes"), "{error}");
    }
}
