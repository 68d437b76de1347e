// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sentences with which the module refuses, printed for whoever checks that tests provoke each.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use nix::errno::Errno;
use nlctl::Command;

/// How a line begins that holds such a sentence; `cargo xtask test` looks for it.
const MARK: &str = "  refused: ";

/// How a line begins that holds an operation and an errno.
const ERRNO: &str = "  refused with: ";

/// Prints an operation and the errno that it was refused with, unless they were printed.
pub fn note_errno(command: Command, errno: i32) {
    static SEEN: LazyLock<Mutex<HashSet<(u8, i32)>>> = LazyLock::new(Mutex::default);
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.insert((command.into(), errno)) {
        println!("{ERRNO}{command} {:?}", Errno::from_raw(errno));
    }
}

/// How a line begins that holds an operation and a sentence of which only the module knows the errno.
const OPERATION: &str = "  refused by: ";

/// Prints what `dsa-nl` said to a command, and the operation that the command is, if it is one.
pub fn note_of(command: &str, sentence: &str) {
    note(sentence);
    let mut words = command
        .split_whitespace()
        .skip(1)
        .filter(|word| !word.starts_with('-'));
    let operation = match (words.next(), words.next()) {
        (Some(object @ ("parent" | "wq" | "type" | "subdev")), Some(verb)) => match verb {
            "show" => format!("{object}-get"),
            "stats" => format!("{object}-stats-get"),
            "add" => format!("{object}-new"),
            "set" | "del" | "reset" | "drain" => format!("{object}-{verb}"),
            _ => return,
        },
        (Some("monitor"), _) => "notify-filter-set".to_owned(),
        _ => return,
    };
    println!("{OPERATION}{operation} {}", sentence.escape_debug());
}

/// Prints a sentence, unless one was that differs in numbers only: a fuzzer provokes thousands.
pub fn note(sentence: &str) {
    static SEEN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
    let shape: String = sentence
        .chars()
        .filter(|c| !c.is_ascii_digit() && !c.is_control())
        .collect();
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.insert(shape) {
        println!("{MARK}{}", sentence.escape_debug());
    }
}
