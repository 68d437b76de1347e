// SPDX-License-Identifier: MIT OR Apache-2.0

//! The commands that are about no object.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::EnumValueParser;
use clap::{Arg, ArgAction, Command, value_parser};
use nlctl::NotifyKinds;

use super::{Sort, Source, flag};
use crate::complete::SCRIPTS;
use crate::grammar::help;

/// The name of a command that is about no object, and what makes it.
type Other = (&'static str, fn() -> Command);

/// All of them.
pub const OTHERS: [Other; 10] = [
    ("monitor", monitor),
    ("top", top),
    ("export", export),
    ("diff", || apply("diff")),
    ("apply", || apply("apply")),
    ("decode", decode),
    ("schema", schema),
    ("completion", completion),
    ("man", man),
    ("complete", complete),
];

fn monitor() -> Command {
    let list = |name: &'static str, value: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .value_delimiter(',')
            .action(ArgAction::Append)
            .allow_hyphen_values(true)
    };
    let number = |name: &'static str, value: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .value_parser(value_parser!(u64))
    };
    Command::new("monitor")
        .about("Print what happens, one event a line, until interrupted")
        .override_usage(help::MONITOR_USAGE)
        .after_help(help::MONITOR)
        .next_help_heading("Keys")
        .arg(
            list("parent", "DEV[,...]")
                .help("Only of these parents, their work queues and their subdevs"),
        )
        .arg(list("subdev", "SUBDEV[,...]").help("Only of these subdevs"))
        .arg(list("kind", "KIND[,...]").value_parser(kinds).help(
            "Only of these kinds: subdev-create, or all of a kind of object (subdev) \
                     or of what happens (create, delete, change, fault)",
        ))
        .arg(number("count", "N").help("Stop after N events"))
        .arg(
            number("timeout", "SECS")
                .help("Stop after SECS seconds; with fewer than N events, exit with status 3"),
        )
}

fn top() -> Command {
    Command::new("top")
        .about("Show what goes on, on the whole of a terminal: rates, what is in flight, events")
        .override_usage(help::TOP_USAGE)
        .after_help(help::TOP)
        .next_help_heading("Keys")
        .arg(
            Arg::new("interval")
                .long("interval")
                .value_name("SECS")
                .value_parser(interval)
                .help("Ask for statistics every SECS seconds, as 0.5; every second, if left out"),
        )
        .arg(
            Arg::new("sort")
                .long("sort")
                .value_name("rate|bytes|in-flight|errors|name|index")
                .value_parser(EnumValueParser::<Sort>::new())
                .hide_possible_values(true)
                .help("What the lists are sorted by; by rate, if left out"),
        )
        .arg(
            Arg::new("count")
                .long("count")
                .value_name("N")
                .value_parser(value_parser!(u64))
                .help("Print N times as text, one interval after the other; needs no terminal"),
        )
        .arg(
            flag("plain")
                .short('b')
                .help("Print text until interrupted; needs no terminal"),
        )
}

/// A time in seconds, of which there may be parts.
fn interval(word: &str) -> Result<Duration, String> {
    let seconds = word.parse().ok().filter(|it| (0.1..=3600.0).contains(it));
    match seconds {
        Some(seconds) => Ok(Duration::from_secs_f64(seconds)),
        None => Err(format!("'{word}' is no interval; accepted: 0.1 to 3600")),
    }
}

/// Kinds of notification: one by its name, or all of an object or of what happens.
fn kinds(word: &str) -> Result<NotifyKinds, String> {
    let names = NotifyKinds::NAMES.iter().zip(0..u32::BITS);
    let meant = names.filter(|(name, _)| {
        let parts = name.split_once('-');
        **name == word || parts.is_some_and(|(object, what)| object == word || what == word)
    });
    let bits = meant.fold(0, |bits, (_, bit)| bits | 1 << bit);
    match bits {
        0 => Err(format!(
            "'{word}' is no kind; accepted: {}",
            NotifyKinds::NAMES.join(", ")
        )),
        bits => Ok(bits.into()),
    }
}

fn export() -> Command {
    Command::new("export")
        .about("Print what there is, as a configuration for 'apply'")
        .after_help(help::EXPORT)
}

fn apply(name: &'static str) -> Command {
    let (about, examples) = match name {
        "diff" => (
            "Show the steps to what a configuration says; exit with status 3 if there are any",
            help::DIFF,
        ),
        _ => (
            "Make what there is what a configuration says: all of it, or nothing",
            help::APPLY,
        ),
    };
    let each = (name == "apply").then(|| {
        flag("each").conflicts_with("prune").help(
            "Of a folder, apply each file by itself: one that is refused keeps none of the others",
        )
    });
    Command::new(name)
        .about(about)
        .after_help(examples)
        .args(each)
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .required(true)
                .help("YAML or JSON, or a folder of files; - is the standard input"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(EnumValueParser::<Source>::new())
                .hide_possible_values(true)
                .help("Of what tool FILE is: subdev, or accel-config (save-config)"),
        )
        .arg(flag("prune").help("Delete the subdevs that FILE does not have"))
        .arg(flag("force").help(
            "Although subdevs are open, which are taken from their users, or active and not in \
             FILE; says which are open",
        ))
        .arg(flag("skip-absent").help("Leave out what FILE says of parents that are not there"))
        .arg(
            flag("skip-unknown")
                .help("Of accel-config: leave out what has no place here, and say so"),
        )
}

fn decode() -> Command {
    Command::new("decode")
        .about("Say in words what messages of the family 'strace -xx' or a hex dump has")
        .after_help(help::DECODE)
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Text; the standard input, if left out"),
        )
}

fn schema() -> Command {
    Command::new("schema").about("Print the JSON schema of all JSON that the tool prints")
}

fn completion() -> Command {
    Command::new("completion")
        .about("Print the completion of a shell")
        .after_help(help::COMPLETION)
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .value_parser(SCRIPTS.map(|(shell, _)| shell))
                .required(true)
                .help("bash, zsh or fish")
                .hide_possible_values(true),
        )
}

/// What packages need, and nobody else.
fn man() -> Command {
    Command::new("man")
        .about("Write the manual pages to a folder")
        .hide(true)
        .arg(
            Arg::new("folder")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .required(true),
        )
}

/// What shells need.
fn complete() -> Command {
    Command::new("complete")
        .about("Say what could follow some words")
        .hide(true)
        .arg(Arg::new("words").num_args(0..).last(true))
}
