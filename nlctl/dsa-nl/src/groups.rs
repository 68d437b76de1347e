// SPDX-License-Identifier: MIT OR Apache-2.0

//! The groups of `parent set`: each key belongs to the group that is named
//! before it, as in `group 0 engines 0x3 group 1 engines 0xc`.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use nlctl::DsaGroupRequest;

const GROUP: &str = "group";
/// The keys that belong to a group, what they take, and what they say.
const KEYS: [(&str, &str, &str); 4] = [
    ("engines", "MASK", "Engines of the group, as a mask"),
    (
        "read-buffers-reserved",
        "N",
        "Read buffers for the group alone",
    ),
    (
        "read-buffers-allowed",
        "N",
        "Most read buffers of the group",
    ),
    (
        "use-read-buffer-limit",
        "0|1",
        "Whether read-buffer-limit holds for the group",
    ),
];

/// What is said of each group, in the order of the command line.
#[derive(Debug, Default)]
pub struct Groups(pub Vec<DsaGroupRequest>);

/// A number, or a mask with `0x` before it.
fn number(word: &str) -> Result<u64, String> {
    let parsed = match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => word.parse(),
    };
    parsed.map_err(|_| "a number is needed, as 3 or 0x3".to_owned())
}

impl Args for Groups {
    fn augment_args(command: Command) -> Command {
        let arg = |name: &'static str, value: &'static str, help: &'static str| {
            Arg::new(name)
                .long(name)
                .value_name(value)
                .help(help)
                .action(ArgAction::Append)
                .value_parser(number)
        };
        let group = arg(GROUP, "N", "A group to configure; its keys follow");
        KEYS.into_iter()
            .map(|(name, value, help)| arg(name, value, help))
            .fold(command.arg(group), Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Groups {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut groups = Vec::new();
        for (at, id) in values(matches, GROUP) {
            groups.push((at, DsaGroupRequest::new().id(short(GROUP, id)?)));
        }
        for (name, ..) in KEYS {
            for (at, value) in values(matches, name) {
                let before = groups.iter_mut().rev().find(|(group, _)| *group < at);
                let Some((_, group)) = before else {
                    return Err(invalid(format!(
                        "'{name}' belongs to a group; say 'group N' first"
                    )));
                };
                let said = std::mem::take(group);
                *group = match name {
                    "engines" => said.engines(value),
                    "read-buffers-reserved" => said.read_buffers_reserved(short(name, value)?),
                    "read-buffers-allowed" => said.read_buffers_allowed(short(name, value)?),
                    _ => said.use_read_buffer_limit(short(name, value)?),
                };
            }
        }
        Ok(Self(groups.into_iter().map(|(_, group)| group).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The values of a key, each with its place on the command line.
fn values(matches: &ArgMatches, name: &str) -> Vec<(usize, u64)> {
    let places = matches.indices_of(name).into_iter().flatten();
    let values = matches.get_many::<u64>(name).into_iter().flatten();
    places.zip(values.copied()).collect()
}

/// A number that has to fit into the attribute.
fn short(name: &str, value: u64) -> Result<u32, clap::Error> {
    u32::try_from(value).map_err(|_| invalid(format!("'{name}' is too large: {value}")))
}

fn invalid(text: String) -> clap::Error {
    clap::Error::raw(ErrorKind::ValueValidation, text)
}
