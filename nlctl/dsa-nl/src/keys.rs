// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keys without dashes.
//!
//! The grammar is that of iproute2: OBJECT COMMAND, then `key value` pairs.
//! For clap, the keys of a command are its long options. [`expand`] puts the
//! dashes where they were left out, and knows nothing of any one command, so
//! that a key is defined, described and checked in one place.

use std::ffi::OsString;

use clap::{Arg, Command};

/// Puts dashes before the keys in `args`, which begin after the name of the
/// program.
pub fn expand(root: &Command, args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args = args.into_iter();
    let mut out = Vec::new();
    let mut command = root;
    // Words that the command demands come before its keys.
    let mut demanded = 0;
    while let Some(arg) = args.next() {
        let word = arg.to_string_lossy().into_owned();
        if word == "--" {
            out.push(arg);
            break;
        }
        if word.len() > 1 && word.starts_with('-') {
            out.push(arg);
            if wants_value(root, command, &word) {
                out.extend(args.next());
            }
        } else if command.has_subcommands() {
            command = subcommand(command, &word).unwrap_or(command);
            demanded = command
                .get_positionals()
                .filter(|it| it.is_required_set())
                .count();
            out.push(arg);
        } else if demanded > 0 {
            demanded -= 1;
            out.push(arg);
        } else if let Some(key) = key(command, &word) {
            out.push(format!("--{word}").into());
            if takes_value(key) {
                out.extend(args.next());
            }
        } else if command.get_positionals().next().is_some() {
            out.push(arg);
        } else {
            // No key of this command: clap knows how to say so.
            out.push(format!("--{word}").into());
        }
    }
    out.extend(args);
    out
}

/// The item that `word` is the name of, or else the only one that it begins.
fn unique<'a, T>(
    items: impl Iterator<Item = T>,
    name: impl Fn(&T) -> Option<&'a str>,
    word: &str,
) -> Option<T> {
    let mut candidates: Vec<T> = items
        .filter(|item| name(item).is_some_and(|name| name.starts_with(word)))
        .collect();
    match candidates.iter().position(|item| name(item) == Some(word)) {
        Some(exact) => Some(candidates.swap_remove(exact)),
        None if candidates.len() == 1 => candidates.pop(),
        None => None,
    }
}

fn subcommand<'a>(command: &'a Command, word: &str) -> Option<&'a Command> {
    unique(command.get_subcommands(), |it| Some(it.get_name()), word)
}

fn key<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    unique(command.get_arguments(), |it| it.get_long(), word)
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

/// Whether the option in `word`, dashes included, takes the next word.
fn wants_value(root: &Command, command: &Command, word: &str) -> bool {
    if let Some(long) = word.strip_prefix("--") {
        return [command, root]
            .into_iter()
            .find_map(|it| key(it, long))
            .is_some_and(takes_value);
    }
    // Short options may be joined; the first that takes a value takes the rest
    // of the word, or the next word when there is no rest.
    let shorts: Vec<char> = word.chars().skip(1).collect();
    let takes = |short: &char| {
        [command, root]
            .into_iter()
            .flat_map(Command::get_arguments)
            .any(|it| it.get_short() == Some(*short) && takes_value(it))
    };
    shorts.iter().position(takes) == shorts.len().checked_sub(1)
}
