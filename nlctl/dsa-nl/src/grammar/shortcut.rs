// SPDX-License-Identifier: MIT OR Apache-2.0

//! The way of a command line that is in order: of the grammar, only the one command is
//! made that it has.
//!
//! Whatever is not as it should be, help and abbreviations of several commands included,
//! is left to the whole grammar, which finds the words for it.

use std::ffi::OsString;

use clap::{ArgMatches, Command};

use super::expand;
use super::tree::{BINDINGS, Extent, Named, SHOW, names};
use super::verbs::{Kind, Verb};

/// What clap makes of `args`, if they are in order.
pub fn matches(
    root: fn(Extent) -> Command,
    program: Option<&OsString>,
    args: &[OsString],
) -> Option<ArgMatches> {
    let extent = match named(&root(Extent::Options), args)? {
        Some(named) => Extent::Only(named),
        None => Extent::Options,
    };
    let root = root(extent);
    let words = expand::expand(&root, args.iter().cloned());
    let args = program.cloned().into_iter().chain(words);
    root.try_get_matches_from(args).ok()
}

/// What stands at the beginning, if anything does; `None` when that is no name, or
/// begins several.
fn named(root: &Command, args: &[OsString]) -> Option<Option<Named>> {
    let mut words = expand::words(root, args);
    let Some(word) = words.next() else {
        return Some(None);
    };
    let object = expand::named(names, word, |name, fits| fits(name))?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == object);
    let verb = match (kind, words.next()) {
        (Some(kind), Some(word)) => Some(verb(kind, word)?),
        _ => None,
    };
    Some(Some(Named { object, verb }))
}

fn verb(kind: Kind, word: &str) -> Option<&'static str> {
    let own = BINDINGS.iter().filter(move |_| kind == Kind::Parent);
    let all = || Verb::names(kind).chain(own.clone().copied());
    expand::named(all, word, |name, fits| {
        fits(name) || *name == "show" && SHOW.into_iter().any(fits)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{tree, understand};
    use super::*;

    fn line(line: &str) -> Vec<OsString> {
        let words = shlex::split(line).expect("is closed");
        words.into_iter().map(OsString::from).collect()
    }

    fn found(words: &str) -> Option<Option<Named>> {
        named(&tree::root(Extent::Options), &line(words))
    }

    #[test]
    fn the_command_is_found_wherever_options_stand() {
        let add = Named {
            object: "subdev",
            verb: Some("add"),
        };
        for words in [
            "subdev add wq 3",
            "sub a",
            "-o wide --wait 3 subdev -json add",
            "-jp subdev --color=never add help",
        ] {
            assert_eq!(found(words), Some(Some(add)), "{words}");
        }
        let alone = |object| Some(Some(Named { object, verb: None }));
        assert_eq!(found("-j wq"), alone("wq"));
        assert_eq!(found("monitor kind subdev"), alone("monitor"));
        assert_eq!(found("-b FILE -force"), Some(None));
        for words in ["co bash", "nothing", "subdev s", "subdev nothing", "help"] {
            assert_eq!(found(words), None, "{words}");
        }
    }

    /// The same is made of a command line as by the whole grammar.
    #[test]
    fn nothing_is_understood_in_another_way() {
        for words in [
            "subdev",
            "-j subdev -o table",
            "subdev show net0 opstate open wq 3",
            "sub ls net0 -pretty",
            "subdev add wq 3,4 size 8,2 name x --dry-run",
            "subdev add wq 3 frobnicate 4",
            "subdev add help",
            "subdev set",
            "wq set dsa0/wq3 size 32",
            "parent bind pci/0000:6a:01.0",
            "parent unb pci/0000:6a:01.0 force",
            "parent set dsa0 group 0,1 engines 0x3,0xc",
            "type dsa0",
            "type show dsa0",
            "monitor kind subdev,fault count 3",
            "top sort bytes plain",
            "apply FILE --prune --each",
            "apply FILE prune format accel-config",
            "diff FILE --each",
            "decode",
            "completion bash",
            "complete -- subdev ''",
            "-b FILE --force",
            "-b FILE subdev show",
            "--force subdev show",
            "--version",
            "-j -o yaml subdev",
            "",
        ] {
            let program = OsString::from("dsa-nl");
            let args = line(words);
            let whole = tree::root(Extent::All);
            let said = expand::expand(&whole, args.clone());
            let said = [program.clone()].into_iter().chain(said);
            let expected = whole.try_get_matches_from(said).ok();
            let found = matches(tree::root, Some(&program), &args);
            // What is in order for clap may still mean nothing.
            let meaning = |it: &ArgMatches| format!("{:?}", understand(it));
            let [found, expected] = [found, expected].map(|it| it.as_ref().map(meaning));
            assert_eq!(found, expected, "{words}");
        }
    }
}
