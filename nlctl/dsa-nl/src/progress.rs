// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is seen of work that takes long, on a terminal and nowhere else.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::grammar::Call;
use crate::terminal;

/// Things to do from which on it takes long enough.
const MANY: u64 = 8;

/// How often what turns does.
const TURN: Duration = Duration::from_millis(100);

/// Whether somebody sees it, where a line can be written over.
fn is_seen() -> bool {
    io::stderr().is_terminal() && !terminal::is_dumb()
}

/// A bar for that many things, which grows by one when one is done.
pub fn steps(count: usize) -> ProgressBar {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    if count < MANY || !is_seen() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(count);
    // Every console has these characters.
    match ProgressStyle::with_template("[{wide_bar}] {pos}/{len}") {
        Ok(style) => bar.with_style(style.progress_chars("##-")),
        Err(_) => bar,
    }
}

/// What turns while the kernel makes many subdevs. It makes all of them in one request,
/// of which nothing is told until all are there, so that a bar could only guess.
pub fn request(call: &Call) -> ProgressBar {
    let count = made(call);
    if count < MANY || !is_seen() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message(format!("creating {count} subdevs"));
    // As elsewhere, if this form should be none.
    let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
    if let Ok(style) = style {
        bar.set_style(style.tick_chars("|/-\\ "));
    }
    bar.enable_steady_tick(TURN);
    bar
}

/// How many subdevs a request makes.
fn made(call: &Call) -> u64 {
    let count = call.request.get("count").and_then(Value::as_u64);
    match call.verb {
        "add" if !call.dry_run => count.unwrap_or(1),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::Kind;

    #[test]
    fn only_what_makes_many_takes_long() {
        let mut call = Call::new(Kind::Subdev, "add");
        assert_eq!(made(&call), 1);
        call.request.insert("count".into(), 256.into());
        assert_eq!(made(&call), 256);
        call.dry_run = true;
        assert_eq!(made(&call), 0);
        assert_eq!(made(&Call::new(Kind::Subdev, "show")), 0);
    }
}
