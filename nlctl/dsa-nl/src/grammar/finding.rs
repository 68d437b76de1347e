// SPDX-License-Identifier: MIT OR Apache-2.0

//! What clap finds wrong with a command line, in the words of the tool.

use std::error::Error as _;
use std::io::Write;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::failure::Failure;

/// Prints help or the version, if that is what `error` is, or makes a failure
/// of it.
///
/// `typed` are the words as they were typed: keys are shown as they were, with
/// dashes or without.
pub fn help_or_failure(
    error: &clap::Error,
    typed: &[String],
    root: &Command,
) -> Result<(), Failure> {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let mut stdout = anstream::stdout();
        write!(stdout, "{}", error.render().ansi())?;
        return Ok(stdout.flush()?);
    }
    Err(Failure::Grammar {
        text: Finding { error, typed, root }.text(),
        usage: match error.get(ContextKind::Usage) {
            Some(usage) => format!("\n{usage}\n\nFor more information, try 'help'.\n"),
            None => String::new(),
        },
    })
}

/// An error of clap and the words that it is about.
struct Finding<'a> {
    error: &'a clap::Error,
    typed: &'a [String],
    root: &'a Command,
}

impl Finding<'_> {
    fn text(&self) -> String {
        let arg = || self.first(ContextKind::InvalidArg);
        let value = self.first(ContextKind::InvalidValue);
        match self.error.kind() {
            ErrorKind::UnknownArgument => self.unknown(&arg(), ContextKind::SuggestedArg),
            ErrorKind::InvalidSubcommand => {
                let word = self.first(ContextKind::InvalidSubcommand);
                let text = self.unknown(&word, ContextKind::SuggestedSubcommand);
                match text.ends_with('?') {
                    true => text,
                    false => format!("{text}; accepted: {}", self.commands()),
                }
            }
            ErrorKind::MissingSubcommand => {
                let commands = self.all(ContextKind::ValidSubcommand).join(", ");
                format!("a command is missing; there are {commands}")
            }
            ErrorKind::MissingRequiredArgument => {
                let missing = self.all(ContextKind::InvalidArg).join(" and ");
                format!("{missing} must be given")
            }
            ErrorKind::InvalidValue if value.is_empty() => format!("{} needs a value", arg()),
            ErrorKind::InvalidValue => {
                let accepted = self.all(ContextKind::ValidValue).join(", ");
                format!("{}: '{value}' is unknown; accepted: {accepted}", arg())
            }
            ErrorKind::ValueValidation => match self.error.source() {
                Some(reason) => format!("{}: {reason}", arg()),
                None => format!("{}: '{value}' is invalid", arg()),
            },
            ErrorKind::ArgumentConflict => {
                let prior = self.all(ContextKind::PriorArg).join(" and ");
                match prior {
                    prior if prior.is_empty() || prior == arg() => {
                        format!("{} may be given once only", arg())
                    }
                    prior => format!("{} and {prior} exclude each other", arg()),
                }
            }
            ErrorKind::TooManyValues => format!("{}: '{value}' is one value too many", arg()),
            ErrorKind::InvalidUtf8 => "a word is not UTF-8".into(),
            kind => match arg() {
                arg if arg.is_empty() => kind.to_string(),
                arg => format!("{arg}: {kind}"),
            },
        }
    }

    /// Names of the commands that there are where the unknown one stands.
    fn commands(&self) -> String {
        let mut at = self.root;
        for word in self.typed {
            let mut inner = at.get_subcommands();
            at = inner.find(|it| it.get_name() == word).unwrap_or(at);
        }
        let names = at.get_subcommands().map(Command::get_name);
        names.collect::<Vec<_>>().join(", ")
    }

    fn unknown(&self, word: &str, suggested: ContextKind) -> String {
        let suggested = self.all(suggested).join("' or '");
        match suggested.is_empty() {
            true => format!("unexpected '{word}'"),
            false => format!("unexpected '{word}'; is '{suggested}' meant?"),
        }
    }

    fn first(&self, kind: ContextKind) -> String {
        self.all(kind).into_iter().next().unwrap_or_default()
    }

    /// The names or values that clap says about `kind`.
    fn all(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::String(one)) => vec![self.as_typed(one)],
            Some(ContextValue::Strings(all)) => all.iter().map(|it| self.as_typed(it)).collect(),
            _ => Vec::new(),
        }
    }

    /// A name without clap's decoration: `wq` of `--wq <WQ>` if it was typed
    /// like that, and `SUBDEV` of `<SUBDEV>`.
    fn as_typed(&self, name: &str) -> String {
        let Some(key) = name.strip_prefix("--") else {
            return name.trim_matches(['<', '>']).to_string();
        };
        let key = key.split([' ', '=']).next().unwrap_or(key);
        let mut typed = self.typed.iter();
        match typed.any(|word| word.as_str() == key) {
            true => key.to_string(),
            false => format!("--{key}"),
        }
    }
}
