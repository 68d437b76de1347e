// SPDX-License-Identifier: MIT OR Apache-2.0

//! What could come next on a command line, for the shells.
//!
//! Keys are words here, which no completion of clap's knows, so the shells ask the tool:
//! `dsa-nl complete WORD...`, the last word being the one that is begun. What it prints
//! follows from the grammar, and from what there is in the kernel.

use clap::{Arg, ArgAction, Command};
use nlctl::Handle;
use serde_json::Value;

use crate::ask;
use crate::failure::Failure;
use crate::grammar::{Call, Kind};

/// What has the shells ask, by the name of the shell.
pub const SCRIPTS: [(&str, &str); 3] = [("bash", BASH), ("zsh", ZSH), ("fish", FISH)];

const BASH: &str = r#"_dsa_nl() {
    local IFS=$'\n' line=${COMP_LINE:0:COMP_POINT} last=${COMP_WORDS[COMP_CWORD]} done=
    local -a words
    IFS=$' \t\n' read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    COMPREPLY=($(dsa-nl complete -- "${words[@]:1}" 2>/dev/null))
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == @files ]]; then
        COMPREPLY=()
        compopt -o default
        return
    fi
    # For bash, a word ends at ':' and '=' as well: what is before them is there.
    case $last in
        [:=]) done=${words[-1]} ;;
        *) [[ ${words[-1]} == *"$last" ]] && done=${words[-1]%"$last"} ;;
    esac
    COMPREPLY=("${COMPREPLY[@]#"$done"}")
}
complete -F _dsa_nl dsa-nl
"#;

const ZSH: &str = r#"#compdef dsa-nl
local -a found
found=("${(@f)$(dsa-nl complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
if [[ $found == @files ]]; then
    _files
else
    compadd -a found
fi
"#;

const FISH: &str = r#"function __dsa_nl
    set -l words (commandline -opc) (commandline -ct)
    for word in (dsa-nl complete -- $words[2..-1] 2>/dev/null)
        if test $word = @files
            __fish_complete_path (commandline -ct)
        else
            echo $word
        end
    end
end
complete -c dsa-nl -f -a '(__dsa_nl)'
"#;

/// What a shell is told where a file is to be named.
const FILES: &str = "@files";

/// What can stand in a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// These words.
    Words(Vec<String>),
    /// The name of a file.
    File,
    /// What names an object of that kind, and these words.
    Named(Kind, Vec<String>),
}

/// The words that can follow `words`, of which the last is begun.
pub async fn candidates(
    handle: &Handle,
    root: &Command,
    words: &[String],
) -> Result<Vec<String>, Failure> {
    let (begun, before) = words
        .split_last()
        .map_or(("", &[][..]), |(last, rest)| (last.as_str(), rest));
    // A value may stand in the word of its option.
    let mut before = before.to_vec();
    let (option, begun) = match begun.split_once('=') {
        Some((option, value)) if option.starts_with('-') => {
            before.push(option.into());
            (format!("{option}="), value)
        }
        _ => (String::new(), begun),
    };
    let mut all = match next(root, &before, begun) {
        Next::File => return Ok(vec![FILES.into()]),
        Next::Words(words) => words,
        Next::Named(kind, mut words) => {
            // Without the module there are none.
            words.extend(names(handle, kind).await.unwrap_or_default());
            words
        }
    };
    // In a list, the last item is begun.
    let (done, item) = match begun.rsplit_once(',') {
        Some((done, item)) => (format!("{option}{done},"), item),
        None => (option, begun),
    };
    all.retain(|word| word.starts_with(item));
    Ok(all
        .into_iter()
        .map(|word| format!("{done}{word}"))
        .collect())
}

/// What can follow the words `before`.
fn next(root: &Command, before: &[String], begun: &str) -> Next {
    let mut command = root;
    let mut targets = 0;
    let mut said: Vec<&str> = Vec::new();
    let mut words = before.iter();
    while let Some(word) = words.next() {
        let is_option = word.starts_with('-');
        let (name, has_value) = match word.split_once('=') {
            Some((name, _)) if is_option => (name, true),
            _ => (word.as_str(), false),
        };
        let name = name.trim_start_matches('-');
        let own = match is_option || !command.has_subcommands() {
            true => argument(command, name).or_else(|| argument(root, name).filter(|_| is_option)),
            false => None,
        };
        if let Some(arg) = own {
            said.push(arg.get_id().as_str());
            if !has_value && arg.get_action().takes_values() && words.next().is_none() {
                return values(command, arg);
            }
        } else if let Some(inner) = command.find_subcommand(word) {
            command = inner;
        } else {
            targets += 1;
        }
    }
    if command.has_subcommands() && !begun.starts_with('-') {
        let names = command.get_subcommands().filter(|it| !it.is_hide_set());
        let names = names.map(Command::get_name);
        return Next::Words(names.map(ToString::to_string).collect());
    }
    if begun.starts_with('-') {
        // Some are of the beginning of the line only.
        let is_root = command.get_name() == root.get_name();
        let of_all = root.get_arguments();
        let of_all = of_all.filter(|it| is_root || it.is_global_set());
        let own = command.get_arguments().filter(|_| !is_root);
        let options = of_all.chain(own).filter_map(Arg::get_long);
        return Next::Words(options.map(|it| format!("--{it}")).collect());
    }
    let keys = command.get_arguments().filter(|arg| {
        let again = matches!(arg.get_action(), ArgAction::Append);
        again || !said.contains(&arg.get_id().as_str())
    });
    let keys = keys
        .filter_map(Arg::get_long)
        .map(ToString::to_string)
        .collect();
    let target = command.get_positionals().next().filter(|_| targets == 0);
    match target {
        Some(target) => match values(command, target) {
            Next::Named(kind, _) => Next::Named(kind, keys),
            other => other,
        },
        None => Next::Words(keys),
    }
}

fn argument<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    let short = |arg: &&Arg| arg.get_short().is_some_and(|it| name == it.to_string());
    let mut all = command.get_arguments();
    all.find(|arg| arg.get_long() == Some(name) || short(arg))
}

/// What a value of an argument can be.
fn values(command: &Command, arg: &Arg) -> Next {
    let value = arg.get_value_names().and_then(|it| it.first());
    let value = value
        .map_or("", |it| it.as_str())
        .trim_end_matches("[,...]");
    let kind = match value {
        "FILE" => return Next::File,
        "DEV" | "pci/DEVICE" => Some(Kind::Parent),
        "SUBDEV" => Some(Kind::Subdev),
        "TYPE" => Some(Kind::Type),
        _ if value.starts_with("[DEV/]") => Some(Kind::Wq),
        _ => None,
    };
    if let Some(kind) = kind {
        return Next::Named(kind, Vec::new());
    }
    let possible = arg.get_possible_values();
    let possible: Vec<_> = possible
        .iter()
        .map(|it| it.get_name().to_string())
        .collect();
    if !possible.is_empty() {
        return Next::Words(possible);
    }
    let kinds = command.get_name() == "monitor" && arg.get_id() == "kind";
    Next::Words(match kinds {
        true => nlctl::NotifyKinds::NAMES
            .iter()
            .map(ToString::to_string)
            .collect(),
        false => {
            let words = value.split('|').filter(|_| value.contains('|'));
            words.map(ToString::to_string).collect()
        }
    })
}

/// The names of the objects that there are.
async fn names(handle: &Handle, kind: Kind) -> Result<Vec<String>, Failure> {
    let told = ask::ask(handle, &Call::new(kind, "show")).await?;
    let text = |object: &Value, name: &str| {
        let value = object.get(name).and_then(Value::as_str);
        value.unwrap_or_default().to_string()
    };
    let objects = told.objects.values()?;
    let mut names: Vec<_> = objects
        .iter()
        .map(|object| match kind {
            Kind::Wq => {
                let id = object.get("id").and_then(Value::as_u64).unwrap_or_default();
                format!("{}/wq{id}", text(object, "parent"))
            }
            _ => text(object, "name"),
        })
        .collect();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar;

    fn after(line: &str) -> Next {
        let mut words: Vec<_> = line.split(' ').map(ToString::to_string).collect();
        let begun = words.pop().expect("has a word");
        next(&grammar::command(), &words, &begun)
    }

    #[track_caller]
    fn has(line: &str, words: &[&str]) {
        let (Next::Words(found) | Next::Named(_, found)) = after(line) else {
            panic!("{line}: a file");
        };
        for word in words {
            assert!(
                found.iter().any(|it| it == word),
                "{line}: no {word} in {found:?}"
            );
        }
    }

    #[test]
    fn what_can_follow_is_what_the_grammar_says() {
        has("", &["parent", "subdev", "monitor", "apply"]);
        has("-j subdev ", &["show", "add", "set", "del"]);
        has("subdev add ", &["wq", "pasid-mode", "name"]);
        has(
            "subdev add wq 3 pasid-mode ",
            &["none", "dedicated", "shared"],
        );
        has("subdev show --", &["--json", "--wait", "--opstate"]);
        has("-o ", &["table", "wide", "json", "yaml"]);
        has("monitor kind ", &["subdev-create"]);
        assert!(
            matches!(after("subdev show "), Next::Named(Kind::Subdev, keys) if keys.contains(&"state".into()))
        );
        assert!(matches!(after("subdev add wq "), Next::Named(Kind::Wq, _)));
        assert!(matches!(
            after("subdev add parent "),
            Next::Named(Kind::Parent, _)
        ));
        assert_eq!(after("apply "), Next::File);
        let Next::Words(keys) = after("subdev add name x ") else {
            panic!("no keys")
        };
        assert!(!keys.contains(&"name".into()), "is said already: {keys:?}");
    }

    #[test]
    fn each_word_is_offered_once_and_where_it_can_stand() {
        for line in ["--", "apply --", "subdev add --", "top --", ""] {
            let Next::Words(mut words) = after(line) else {
                panic!("{line}: no words");
            };
            let count = words.len();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), count, "{line}: {words:?}");
            let has = |word: &str| words.iter().any(|it| it == word);
            assert_eq!(has("--batch"), line == "--", "{line}");
            assert!(!has("complete"), "{line}: is for shells");
        }
    }

    #[test]
    fn each_shell_has_a_script() {
        for (shell, script) in SCRIPTS {
            assert!(script.contains("dsa-nl complete"), "{shell}");
        }
    }
}
