// SPDX-License-Identifier: MIT OR Apache-2.0

//! The grammar as clap describes it.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{EnumValueParser, ValueParser};
use clap::{Arg, ArgAction, Command, ValueEnum, value_parser};
use nlctl::{Kind as Wire, NotifyKinds, WqRef};

use super::help;
use super::keys::{Key, Role};
use super::verbs::{Kind, Target, Verb};
use crate::complete::SCRIPTS;
use crate::words;

/// How to print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people, those that matter most
    #[default]
    Table,
    /// Columns for people, all that there are
    Wide,
    /// JSON, one document a line
    Json,
    /// YAML, one document each
    Yaml,
}

/// When to color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal
    Auto,
    /// Even into a file
    Always,
    /// Not at all
    Never,
}

impl From<When> for anstream::ColorChoice {
    fn from(when: When) -> Self {
        match when {
            When::Auto => Self::Auto,
            When::Always => Self::AlwaysAnsi,
            When::Never => Self::Never,
        }
    }
}

/// Of what tool a configuration is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// Of this one.
    #[default]
    Subdev,
    /// Of accel-config, for idxd.
    AccelConfig,
}

/// What the lists of `top` are sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Descriptors a second.
    #[default]
    Rate,
    /// Bytes a second.
    Bytes,
    /// Descriptors in flight.
    InFlight,
    /// Descriptors that failed or were rejected, a second.
    Errors,
    Name,
    Index,
}

impl Sort {
    /// The one after it, and the first after the last.
    pub fn next(self) -> Self {
        let all = Self::value_variants();
        let at = all.iter().position(|it| *it == self).unwrap_or_default();
        all.get(at + 1).copied().unwrap_or_default()
    }
}

/// How much of the grammar is made. To make all of it takes longer than most commands do.
#[derive(Debug, Clone, Copy)]
pub enum Extent {
    /// All, and what help says of it.
    All,
    /// What a command line needs that has no command.
    Options,
    /// What a command line needs that has this command, and is in order.
    Only(Named),
}

/// What stands at the beginning: an object and, if it is there, the command on it, or a
/// command that is about no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    pub object: &'static str,
    pub verb: Option<&'static str>,
}

/// What `show` may be called as well.
pub const SHOW: [&str; 2] = ["list", "ls"];

/// The commands on parents that are no matter of the family.
pub const BINDINGS: [&str; 2] = ["bind", "unbind"];

/// The name of a command that is about no object, and what makes it.
type Other = (&'static str, fn() -> Command);

/// The commands that are about no object.
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

/// Names of all objects and commands that stand at the beginning.
pub fn names() -> impl Iterator<Item = &'static str> {
    let objects = Kind::ALL.into_iter().map(Kind::name);
    objects.chain(OTHERS.iter().map(|(name, _)| *name))
}

/// What may stand on the command line.
pub fn root(extent: Extent) -> Command {
    let root = commands(extent).args(global());
    let root = match extent {
        Extent::All => about(root),
        _ => root,
    };
    root.arg(
        Arg::new("batch")
            .short('b')
            .long("batch")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("Carry out the commands in FILE, one a line; - is the standard input"),
    )
    .arg(
        flag("force")
            .requires("batch")
            .help("Go on after a command of the batch has failed"),
    )
}

/// What help says of the tool; a function of its own as well.
#[inline(never)]
fn about(root: Command) -> Command {
    root.version(env!("CARGO_PKG_VERSION"))
        .about("Manages subdevices: virtual devices carved out of hardware work queues")
        .after_help(help::ROOT)
}

/// What may stand on a line of a batch: a command without the options that concern
/// all.
pub fn line(extent: Extent) -> Command {
    commands(extent)
        .no_binary_name(true)
        .subcommand_required(true)
        .arg(dry_run())
        .arg(wait())
}

fn commands(extent: Extent) -> Command {
    let root = Command::new("dsa-nl").infer_subcommands(true);
    match extent {
        Extent::All => all(root),
        Extent::Options => root,
        Extent::Only(named) => root.subcommands(only(named)),
    }
}

/// A function of its own, as it takes many pages of the stack.
#[inline(never)]
fn all(root: Command) -> Command {
    root.max_term_width(80)
        .subcommand_value_name("OBJECT")
        .subcommand_help_heading("Objects and commands")
        .subcommands(Kind::ALL.map(object))
        .subcommands(OTHERS.map(|(_, make)| make()))
}

/// One command, and the object that it is on.
fn only(named: Named) -> Option<Command> {
    let mut kinds = Kind::ALL.into_iter();
    let Some(kind) = kinds.find(|kind| kind.name() == named.object) else {
        let mut others = OTHERS.iter();
        let other = others.find(|(name, _)| *name == named.object);
        return other.map(|(_, make)| make());
    };
    let object = Command::new(kind.name()).infer_subcommands(true);
    let Some(name) = named.verb else {
        return Some(object);
    };
    Some(object.subcommand(match BINDINGS.contains(&name) {
        true => binding(name),
        false => verb(&Verb::find(kind, name)?),
    }))
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn dry_run() -> Arg {
    flag("dry-run")
        .global(true)
        .help("Say what would come of it, and do nothing")
}

fn wait() -> Arg {
    Arg::new("wait")
        .long("wait")
        .value_name("SECS")
        .value_parser(value_parser!(u64))
        .global(true)
        .help(
            "Of 'show': wait until there is what it shows; after SECS, exit with status 3. \
             Of 'apply': wait for another that is at work",
        )
}

fn global() -> [Arg; 7] {
    [
        flag("json")
            .short('j')
            .global(true)
            .conflicts_with("output")
            .help("Print JSON, with the names of the family's spec"),
        flag("pretty")
            .short('p')
            .global(true)
            .help("Print JSON on many lines"),
        Arg::new("output")
            .short('o')
            .long("output")
            .value_name("FORMAT")
            .value_parser(EnumValueParser::<Format>::new())
            .hide_possible_values(true)
            .global(true)
            .help("How to print: table, wide, json or yaml"),
        Arg::new("color")
            .long("color")
            .value_name("WHEN")
            .value_parser(EnumValueParser::<When>::new())
            .hide_possible_values(true)
            .global(true)
            .help("When to color: auto, always or never"),
        flag("tshort")
            .short('t')
            .global(true)
            .help("Print times of events without the date"),
        dry_run(),
        wait(),
    ]
}

/// A kind of object and the commands on it; alone, it is shown.
fn object(kind: Kind) -> Command {
    let name = kind.name();
    let verbs = Verb::all(kind);
    let examples: Vec<_> = verbs
        .iter()
        .flat_map(|verb| help::examples(name, verb.name).first())
        .map(|line| format!("  {line}\n"))
        .collect();
    let command = Command::new(name)
        .about(kind.about())
        .infer_subcommands(true)
        .subcommand_help_heading("Commands")
        .after_help(format!(
            "Without a command, 'dsa-nl {name}' shows all.\n\nExamples:\n{}",
            examples.concat()
        ))
        .subcommands(verbs.iter().map(|it| explained(it, verb(it))));
    match kind {
        Kind::Parent => command.subcommands(BINDINGS.map(binding)),
        _ => command,
    }
}

/// Which driver has a device is no matter of the family.
fn binding(name: &'static str) -> Command {
    let command = Command::new(name).next_help_heading("Keys").arg(
        Arg::new("target")
            .value_name("pci/DEVICE")
            .required(true)
            .help_heading("Arguments")
            .help("Bus and device: pci/0000:6a:01.0"),
    );
    match name {
        "bind" => command
            .about("Give a PCI device to the module, now and after every start of the system")
            .after_help(help::BIND),
        _ => command
            .about("Take a PCI device from the module, and let its own driver have it")
            .after_help(help::UNBIND)
            .arg(flag("force").help("Although subdevs are on it, which are deleted")),
    }
}

/// What a command on an object takes.
fn verb(verb: &Verb) -> Command {
    let mut command = Command::new(verb.name);
    if verb.name == "show" {
        command = command.visible_aliases(SHOW);
    }
    if verb.target != Target::None {
        let target = Arg::new(TARGET).required(verb.target == Target::Required);
        command = command.arg(match verb.kind {
            Kind::Wq if verb.target == Target::Required => target.value_parser(wq),
            _ => target,
        });
    }
    command.args(verb.keys.iter().map(key))
}

/// The same, and what help says of it.
fn explained(verb: &Verb, mut command: Command) -> Command {
    command = command
        .about(help::about(verb))
        .override_usage(help::usage(verb));
    let examples = help::examples(verb.kind.name(), verb.name);
    if !examples.is_empty() {
        let lines = examples.iter().map(|line| format!("  {line}\n"));
        command = command.after_help(format!("Examples:\n{}", lines.collect::<String>()));
    }
    if verb.target != Target::None {
        // The catalogue is one of a parent.
        let (handle, about) = match verb.kind {
            Kind::Type => (Kind::Parent.handle(), Kind::Parent.handle_help()),
            Kind::Wq if verb.shows() => (
                "[DEV/]wqN|DEV",
                "N, wqN or DEV/wqN; DEV for all of a parent",
            ),
            kind => (kind.handle(), kind.handle_help()),
        };
        command = command.mut_arg(TARGET, |target| {
            let target = target.value_name(handle).help(about);
            target.help_heading("Arguments")
        });
    }
    for key in &verb.keys {
        let (short, long) = help::of_key(key);
        command = command.mut_arg(&key.name, |arg| {
            let arg = arg.help(short).long_help(long).help_heading("Keys");
            match key.info.kind {
                Wire::Flag => arg,
                _ => arg.value_name(key.value_name()),
            }
        });
    }
    command
}

fn wq(word: &str) -> Result<String, String> {
    match word.parse::<WqRef>() {
        Ok(_) => Ok(word.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// What names the object of a command.
const TARGET: &str = "target";

fn key(key: &Key) -> Arg {
    let arg = Arg::new(key.name.clone()).long(key.name.clone());
    if key.info.kind == Wire::Flag {
        return arg.action(ArgAction::SetTrue);
    }
    let arg = arg
        .value_parser(parser(key))
        .allow_hyphen_values(matches!(key.role, Role::Parent) || key.info.kind == Wire::String);
    let arg = match key.is_list() {
        true => arg.value_delimiter(','),
        false => arg,
    };
    match key.may_repeat() {
        true => arg.action(ArgAction::Append),
        false => arg,
    }
}

/// Takes the words that are values of a key, as text.
fn parser(key: &Key) -> ValueParser {
    let info = key.info;
    let checked = move |word: &str| match words::parse(info, word) {
        Ok(_) => Ok(word.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match key.role {
        Role::Parent => ValueParser::string(),
        Role::Numbers if key.names_wqs() => ValueParser::new(wq),
        Role::Numbers => match super::number_of(info) {
            Some(number) => ValueParser::new(move |word: &str| match words::parse(number, word) {
                Ok(_) => Ok(word.to_string()),
                Err(error) => Err(error.to_string()),
            }),
            None => ValueParser::string(),
        },
        _ => ValueParser::new(checked),
    }
}

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
