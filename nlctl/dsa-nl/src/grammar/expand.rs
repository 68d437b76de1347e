// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keys without dashes.
//!
//! For clap, the keys of a command are its long options. [`expand`] puts the
//! dashes where they were left out, and knows nothing of any one command, so
//! that a key is defined, described and checked in one place. It also lets
//! `help` stand where a key could, and long options have one dash, as in
//! iproute2.

use std::ffi::OsString;

use clap::{Arg, Command};

const HELP: &str = "help";

/// Puts dashes before the keys in `args`, which begin after the name of the
/// program.
pub fn expand(root: &Command, args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args = args.into_iter();
    let mut out = Vec::new();
    let mut command = root;
    // Words that the command demands come before its keys.
    let mut demanded = 0;
    let mut asks_for_help = false;
    while let Some(arg) = args.next() {
        let word = arg.to_string_lossy().into_owned();
        if word == "--" {
            out.push(arg);
            break;
        }
        if word.len() > 1 && word.starts_with('-') {
            let word = two_dashes(root, word);
            out.push(match word == arg.to_string_lossy() {
                true => arg,
                false => word.as_str().into(),
            });
            if wants_value(root, command, &word) {
                out.extend(args.next());
            }
        } else if word == HELP && command.has_subcommands() {
            asks_for_help = true;
            out.push(arg);
        } else if asks_for_help {
            // The names of what to help with.
            out.push(arg);
        } else if command.has_subcommands() {
            command = subcommand(command, &word).unwrap_or(command);
            demanded = command
                .get_positionals()
                .filter(|it| it.is_required_set())
                .count();
            out.push(arg);
        } else if word == HELP {
            out.push("--help".into());
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

/// The words in `args` that are neither options of `root` nor their values.
pub fn words<'a>(
    root: &Command,
    args: impl IntoIterator<Item = &'a OsString>,
) -> impl Iterator<Item = &'a str> {
    let mut args = args.into_iter();
    std::iter::from_fn(move || {
        loop {
            let word = args.next()?.to_str()?;
            if word.len() < 2 || !word.starts_with('-') {
                return Some(word);
            }
            if wants_value(root, root, &two_dashes(root, word.to_string())) {
                args.next();
            }
        }
    })
}

/// `-json` as `--json`.
fn two_dashes(root: &Command, word: String) -> String {
    let name = word.trim_start_matches('-');
    let one_dash = !word.starts_with("--") && name.len() > 1;
    match one_dash && key(root, name).is_some() {
        true => format!("--{name}"),
        false => word,
    }
}

/// The subcommand that `word` is a name of, or else the only one that it begins.
fn subcommand<'a>(command: &'a Command, word: &str) -> Option<&'a Command> {
    let all = || command.get_subcommands();
    named(all, word, |it, fits| {
        fits(it.get_name()) || it.get_all_aliases().any(fits)
    })
}

/// The one that `word` is a name of, or else the only one that it begins a name of;
/// `any` says whether one of its names fits.
pub fn named<T, I: Iterator<Item = T>>(
    all: impl Fn() -> I,
    word: &str,
    any: impl Fn(&T, &dyn Fn(&str) -> bool) -> bool,
) -> Option<T> {
    let exact = all().find(|it| any(it, &|name| name == word));
    let mut begun = all().filter(|it| any(it, &|name| name.starts_with(word)));
    exact.or_else(|| match (begun.next(), begun.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    })
}

fn key<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    command
        .get_arguments()
        .find(|it| it.get_long() == Some(word))
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
        // What the command means by it counts.
        [command, root]
            .into_iter()
            .flat_map(Command::get_arguments)
            .find(|it| it.get_short() == Some(*short))
            .is_some_and(takes_value)
    };
    shorts.iter().position(takes) == shorts.len().checked_sub(1)
}
