// SPDX-License-Identifier: MIT OR Apache-2.0

//! The grammar as clap describes it.

mod others;

use std::path::PathBuf;

use clap::builder::{EnumValueParser, ValueParser};
use clap::{Arg, ArgAction, Command, ValueEnum, value_parser};
use nlctl::{Kind as Wire, WqRef};

use super::help;
use super::keys::{Key, Role};
use super::verbs::{Kind, Target, Verb};
use crate::words;

pub use self::others::OTHERS;

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
