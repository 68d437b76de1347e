// SPDX-License-Identifier: MIT OR Apache-2.0

//! The grammar of the command line: OBJECT COMMAND, then `key value` pairs.
//!
//! - [`verbs`] and [`keys`] make the commands and their keys of the family's
//!   tables,
//! - [`tree`] makes clap's description of it all, with [`help`] in it,
//! - [`shortcut`] finds the one command of it that a command line needs,
//! - [`expand`] lets keys be written without dashes,
//! - [`said`] puts what was typed together to a request,
//! - [`finding`] says what is wrong with a command line.

mod expand;
mod finding;
mod help;
mod keys;
mod said;
mod shortcut;
mod tree;
mod verbs;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, Command};

use self::tree::Extent;
use crate::failure::Failure;

pub use keys::READ_ONLY;
pub use said::{Apply, Call, Invocation, Monitor, Top};
pub use tree::{Format, Sort, Source, When};
pub use verbs::{Kind, number_of};

/// A command line that was understood.
#[derive(Debug)]
pub struct CommandLine {
    pub options: Options,
    pub what: What,
}

/// What to do.
#[derive(Debug)]
pub enum What {
    /// One command.
    One(Box<Invocation>),
    /// Those in a file.
    Batch { file: PathBuf, force: bool },
    /// Nothing more: help was printed.
    Nothing,
}

/// Options that concern all commands.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub format: Format,
    pub pretty: bool,
    pub color: When,
    /// Times without the date.
    pub short_times: bool,
    pub dry_run: bool,
    /// Seconds to wait for what is to be shown.
    pub wait: Option<u64>,
}

/// The whole grammar.
pub fn command() -> Command {
    tree::root(Extent::All)
}

/// Understands a command line, including the name of the program.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<CommandLine, Failure> {
    let mut args = args.into_iter();
    let program = args.next();
    let Some(matches) = matches(tree::root, program, args.collect())? else {
        return Ok(CommandLine {
            options: Options::default(),
            what: What::Nothing,
        });
    };
    understand(&matches)
}

/// What a whole command line means.
fn understand(matches: &ArgMatches) -> Result<CommandLine, Failure> {
    let options = Options::of(matches);
    let batch = matches.get_one::<PathBuf>("batch");
    let what = match (matches.subcommand(), batch) {
        (None, None) => {
            return Err(Failure::Usage(format!(
                "an object is missing; there are {}; 'dsa-nl help' says more",
                tree::names().collect::<Vec<_>>().join(", ")
            )));
        }
        (Some(_), Some(_)) => {
            return Err(Failure::Usage(
                "--batch takes its commands from the file; leave out the one on the command line"
                    .into(),
            ));
        }
        (None, Some(file)) => What::Batch {
            file: file.clone(),
            force: matches.get_flag("force"),
        },
        (Some(_), None) => What::One(Box::new(said::invocation(matches, options)?)),
    };
    Ok(CommandLine { options, what })
}

/// Understands one line of a batch, already split into words; `None` when it asked
/// for help, which is then printed.
pub fn parse_line(words: Vec<String>, options: Options) -> Result<Option<Invocation>, Failure> {
    let words = words.into_iter().map(OsString::from).collect();
    match matches(tree::line, None, words)? {
        Some(matches) => {
            let options = Options {
                dry_run: options.dry_run || matches.get_flag("dry-run"),
                wait: matches.get_one("wait").copied().or(options.wait),
                ..options
            };
            Ok(Some(said::invocation(&matches, options)?))
        }
        None => Ok(None),
    }
}

/// What clap makes of `args`, with or without dashes before keys.
fn matches(
    root: fn(Extent) -> Command,
    program: Option<OsString>,
    args: Vec<OsString>,
) -> Result<Option<ArgMatches>, Failure> {
    if let Some(matches) = shortcut::matches(root, program.as_ref(), &args) {
        return Ok(Some(matches));
    }
    let root = root(Extent::All);
    let words = expand::expand(&root, args.iter().cloned());
    match root
        .clone()
        .try_get_matches_from(program.into_iter().chain(words))
    {
        Ok(matches) => Ok(Some(matches)),
        Err(error) => {
            let typed = args.iter().map(|arg| arg.to_string_lossy().into_owned());
            let typed: Vec<_> = typed.collect();
            finding::help_or_failure(&error, &typed, &root).map(|()| None)
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: Format::Table,
            pretty: false,
            color: When::Auto,
            short_times: false,
            dry_run: false,
            wait: None,
        }
    }
}

impl Options {
    fn of(matches: &ArgMatches) -> Self {
        let pretty = matches.get_flag("pretty");
        let format = matches.get_one("output").copied();
        Self {
            format: match matches.get_flag("json") {
                true => Format::Json,
                // Who wants it pretty wants JSON.
                false if pretty => format.unwrap_or(Format::Json),
                false => format.unwrap_or(Format::Table),
            },
            pretty,
            color: matches.get_one("color").copied().unwrap_or(When::Auto),
            short_times: matches.get_flag("tshort"),
            dry_run: matches.get_flag("dry-run"),
            wait: matches.get_one("wait").copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parse(line: &str) -> Result<Call, String> {
        let words = shlex::split(line).expect("is closed");
        let words = ["dsa-nl".to_string()].into_iter().chain(words);
        match super::parse(words.map(OsString::from)) {
            Ok(CommandLine {
                what: What::One(invocation),
                ..
            }) => match *invocation {
                Invocation::Call(call) => Ok(call),
                other => Err(format!("{other:?}")),
            },
            Ok(other) => Err(format!("{other:?}")),
            Err(failure) => Err(failure.to_string()),
        }
    }

    #[track_caller]
    fn request(line: &str) -> Value {
        Value::Object(parse(line).expect("makes sense").request)
    }

    #[track_caller]
    fn refused(line: &str) -> String {
        parse(line).expect_err("makes no sense")
    }

    #[test]
    fn clap_finds_nothing_wrong_with_the_grammar() {
        tree::root(Extent::All).debug_assert();
        tree::line(Extent::All).debug_assert();
    }

    #[test]
    fn what_the_hardware_has_is_in_the_spec() {
        use nlctl::{Attribute, DsaParentAttr};
        for (set, names) in READ_ONLY {
            assert_eq!(set, DsaParentAttr::SET.name);
            for name in names {
                assert!(DsaParentAttr::SET.find(name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn what_is_said_of_a_queue_belongs_to_it() {
        let both = json!({"wq": [{"id": 3, "size": 8}, {"id": 4, "size": 2}]});
        for line in [
            "subdev set x wq 3,4 size 8,2",
            "subdev set x size 8,2 wq 3,4",
            "subdev set x wq 3 size 8 wq 4 size 2",
            "subdev set x --wq=3,wq4 --size 8,2",
        ] {
            assert_eq!(request(line), both, "{line}");
        }
        assert_eq!(request("subdev add size 8"), json!({"wq": [{"size": 8}]}));
        assert_eq!(
            request("subdev add wq 3,4 weight 300"),
            json!({"wq": [{"id": 3, "weight": 300}, {"id": 4, "weight": 300}]})
        );
        assert_eq!(
            request("parent set dsa0 read-buffer-limit 3 group 0 engines 0x3 group 1 engines 0xc"),
            json!({"dsa-parent": {
                "read-buffer-limit": 3,
                "group": [{"id": 0, "engines": "0x3"}, {"id": 1, "engines": "0xc"}],
            }})
        );
        for (line, because) in [
            ("subdev set x wq 3", "size"),
            ("subdev set x size 3", "wq"),
            ("subdev set x wq 3,4,5 size 1,2", "one for all"),
            (
                "subdev set x wq 3 size 1 wq 4",
                "accepted: size, weight, max-rate",
            ),
            ("subdev set x size 1 wq 3 wq 4 size 1", "say 'wq N' first"),
            ("subdev set x wq 3 size 1 size 2", "once only"),
            ("parent set dsa0 engines 3", "say 'group N' first"),
            ("subdev add wq dsa0/wq1,dsa1/wq1", "'dsa0' and 'dsa1'"),
        ] {
            let said = refused(line);
            assert!(said.contains(because), "{line}: {said}");
        }
    }

    #[test]
    fn an_object_alone_is_shown() {
        let call = parse("wq").expect("makes sense");
        assert_eq!((call.verb, call.target), ("show", None));
        for verb in ["show", "list", "ls", "sh"] {
            let call = parse(&format!("subdev {verb} net0 opstate open")).expect("makes sense");
            assert_eq!((call.verb, call.target.as_deref()), ("show", Some("net0")));
        }
    }

    #[test]
    fn a_dry_run_is_one_on_a_line_of_a_batch_as_well() {
        let line = |line: &str, options| {
            let words = shlex::split(line).expect("is closed");
            match parse_line(words, options).expect("makes sense") {
                Some(Invocation::Call(call)) => call.dry_run,
                other => panic!("{other:?}"),
            }
        };
        let dry = Options {
            dry_run: true,
            ..Options::default()
        };
        assert!(line("subdev add wq 3 --dry-run", Options::default()));
        assert!(line("--dry-run subdev add wq 3", Options::default()));
        assert!(line("subdev add wq 3", dry));
        assert!(!line("subdev add wq 3", Options::default()));
    }

    #[test]
    fn keys_are_not_abbreviated() {
        assert!(refused("subdev add wq 3 n x").contains("'n'"));
        assert!(refused("subdev add --wq 3 --nam x").contains("'--nam'"));
        let call = parse("sub a wq 3").expect("objects and commands are");
        assert_eq!(call.verb, "add");
    }

    #[test]
    fn a_parent_is_named_in_every_way() {
        for (word, parent) in [
            ("dsa0", "dsa0"),
            ("0", "0"),
            ("pci/0000:6a:01.0", "pci/0000:6a:01.0"),
        ] {
            for line in [
                format!("subdev add wq {word}/wq3"),
                format!("subdev add wq 3 parent {word}"),
                format!("subdev show parent {word}"),
            ] {
                let call = parse(&line).expect("makes sense");
                let named = call.parent.map(|it| it.to_string());
                assert_eq!(named.as_deref(), Some(parent), "{line}");
            }
        }
    }

    #[test]
    fn what_is_shown_is_chosen_by_keys() {
        let call = parse("subdev show parent dsa0 wq dsa0/wq3 state active pasid-mode shared");
        let call = call.expect("makes sense");
        let request = json!({"wq": [{"id": 3}], "state": "active"});
        assert_eq!(Value::Object(call.request), request);
        assert_eq!(Value::Object(call.choice), json!({"pasid-mode": "shared"}));
    }
}
