// SPDX-License-Identifier: MIT OR Apache-2.0

//! What help says: usage and words from the family's tables, and examples.

use nlctl::Kind as Wire;

use super::keys::{Key, Role};
use super::verbs::{Target, Verb};

/// Columns that a line of usage may have.
const WIDTH: usize = 78;

pub const ROOT: &str = "\
Examples:
  dsa-nl subdev
  dsa-nl subdev add wq 3 pasid-mode shared name net0
  dsa-nl -j subdev show net0
  dsa-nl subdev set net0 state inactive
  dsa-nl subdev del net0
  dsa-nl monitor
  dsa-nl top

Keys such as 'wq 3' may be written as options as well ('--wq 3'); objects and
commands may be abbreviated. 'dsa-nl OBJECT COMMAND help' explains a command.

Exit status: 0 done, 1 the command line is invalid, 2 refused by the kernel,
3 what was waited for did not come in time, or 'diff' found something.";

pub const MONITOR_USAGE: &str = "\
dsa-nl monitor [parent DEV[,...]] [subdev SUBDEV[,...]] [kind KIND[,...]]
         [count N] [timeout SECS]";

pub const MONITOR: &str = "\
Examples:
  dsa-nl monitor
  dsa-nl monitor parent dsa0 kind subdev,fault
  dsa-nl -j monitor subdev net0 count 1 timeout 10";

pub const TOP_USAGE: &str = "\
dsa-nl top [interval SECS] [sort rate|bytes|in-flight|errors|name|index]
         [count N] [plain]";

pub const TOP: &str = "\
Examples:
  dsa-nl top
  dsa-nl top interval 0.5 sort bytes
  dsa-nl top count 2 interval 5 > now.txt

'?' says what keys do, 'q' quits. What is on the screen is kept up to date by
events; only statistics are asked for. In text, rates are there from the second
time on. Times are UTC.";

pub const BIND: &str = "\
Examples:
  dsa-nl parent bind pci/0000:6a:01.0";

pub const UNBIND: &str = "\
Examples:
  dsa-nl parent unbind pci/0000:6a:01.0";

pub const DECODE: &str = "\
Examples:
  strace -xx -s 9999 -e trace=%network,read,write PROGRAM 2>&1 | dsa-nl decode
  hexdump -C message | dsa-nl decode";

pub const COMPLETION: &str = "\
Examples:
  source <(dsa-nl completion bash)
  dsa-nl completion zsh > _dsa-nl
  dsa-nl completion fish > ~/.config/fish/completions/dsa-nl.fish";

pub const EXPORT: &str = "\
Examples:
  dsa-nl export > subdevs.yaml
  dsa-nl -jp export > subdevs.json

Parents are named by their places, as pci/0000:6a:01.0. It is YAML unless -j or
-o says otherwise.";

pub const DIFF: &str = "\
Examples:
  dsa-nl diff subdevs.yaml
  dsa-nl export | dsa-nl diff -";

pub const APPLY: &str = "\
Examples:
  dsa-nl apply subdevs.yaml
  dsa-nl --dry-run apply subdevs.yaml --prune
  dsa-nl apply --force subdevs.yaml
  dsa-nl apply --format accel-config dsa.conf --skip-unknown

A subdev is the one of that UUID, or, without one, of that name. What FILE
does not say stays as it is. A subdev that is open is in the way, unless with
--force: then it is made anew, and its user loses it. When a step is refused,
those before it are taken back, but for what was taken from users.";

/// Examples of a command.
pub fn examples(object: &str, verb: &str) -> &'static [&'static str] {
    match (object, verb) {
        ("parent", "show") => &[
            "dsa-nl parent show",
            "dsa-nl parent show pci/0000:6a:01.0",
            "dsa-nl --wait 10 parent show dsa0 state enabled",
        ],
        ("parent", "set") => &[
            "dsa-nl parent set dsa0 group 0 engines 0x3 group 1 engines 0xc",
            "dsa-nl parent set dsa0 group 0,1 engines 0x3,0xc",
        ],
        ("parent", "stats") => &["dsa-nl parent stats dsa0"],
        ("wq", "show") => &[
            "dsa-nl wq show dsa0/wq3",
            "dsa-nl wq show dsa0 state enabled",
        ],
        ("wq", "set") => &["dsa-nl wq set dsa0/wq3 size 32 priority 10"],
        ("wq", "stats") => &["dsa-nl wq stats dsa0/wq3"],
        ("type", "show") => &["dsa-nl type show dsa0"],
        ("subdev", "show") => &[
            "dsa-nl subdev show",
            "dsa-nl subdev show net0",
            "dsa-nl subdev show parent dsa0 wq 3 opstate open",
            "dsa-nl --wait 5 subdev show net0 opstate enabled",
        ],
        ("subdev", "add") => &[
            "dsa-nl subdev add wq 3 pasid-mode shared name net0",
            "dsa-nl subdev add wq dsa1/wq0 uuid 123e4567-e89b-12d3-a456-426614174000",
            "dsa-nl subdev add type 1swq count 8 name vm --dry-run",
            "dsa-nl subdev add wq 3,4 size 8,2 weight 300",
        ],
        ("subdev", "set") => &[
            "dsa-nl subdev set net0 state inactive",
            "dsa-nl subdev set net0 name net1 wq 3 size 4 state active",
        ],
        ("subdev", "del") => &["dsa-nl subdev del net0", "dsa-nl subdev del net0 force"],
        ("subdev", "reset") => &["dsa-nl subdev reset net0"],
        ("subdev", "drain") => &["dsa-nl subdev drain net0"],
        ("subdev", "stats") => &["dsa-nl subdev stats", "dsa-nl subdev stats net0"],
        _ => &[],
    }
}

/// What a command does, in a line or more.
pub fn about(verb: &Verb) -> String {
    let kind = verb.kind.name();
    match verb.name {
        "show" => format!("Show one {kind}, or those that keys choose, or all"),
        "stats" => format!("Show the statistics of one {kind}, or of those that keys choose"),
        _ => first_sentence(verb.operation.doc),
    }
}

/// The first sentence of a doc, on one line.
fn first_sentence(doc: &str) -> String {
    let doc = plain(doc);
    let end = doc.find(". ").unwrap_or(doc.len());
    let sentence = doc.get(..end).unwrap_or(&doc);
    sentence.trim_end_matches('.').to_string()
}

/// A doc on one line, without the marks of Markdown.
fn plain(doc: &str) -> String {
    let words: Vec<_> = doc.split_whitespace().collect();
    words.join(" ").replace('`', "'")
}

/// What a key says, in short and in full.
pub fn of_key(key: &Key) -> (String, String) {
    match (&key.role, key.names_wqs()) {
        (Role::Parent, _) => {
            let text = "The parent: index, name, or bus and device; the only one, if left out";
            (text.into(), text.into())
        }
        (_, true) => {
            let text = "Work queues: N, wqN or DEV/wqN";
            let long = "Work queues: N, wqN or DEV/wqN. What is said after it is of these; one \
                        value is for all of them, or there is one for each.";
            (text.into(), long.into())
        }
        _ => (first_sentence(key.info.doc), plain(key.info.doc)),
    }
}

/// How a command is written, on lines of its own.
pub fn usage(verb: &Verb) -> String {
    let mut words = vec![match verb.target {
        Target::None => String::new(),
        Target::Optional if verb.kind.name() == "type" => "[DEV]".into(),
        Target::Optional if verb.kind.name() == "wq" => "[[DEV/]wqN | DEV]".into(),
        Target::Optional => format!("[{}]", verb.kind.handle()),
        Target::Required => verb.kind.handle().into(),
    }];
    words.retain(|word| !word.is_empty());
    for key in &verb.keys {
        let word = match key.info.kind {
            Wire::Flag => key.name.clone(),
            _ => format!("{} {}", key.name, key.value_name()),
        };
        words.push(format!("[{word}]"));
    }
    if verb.can_run_dry() {
        words.push("[--dry-run]".into());
    }
    let mut lines = vec![format!("dsa-nl {} {}", verb.kind.name(), verb.name)];
    for word in words {
        let line = lines.last().map_or(0, String::len);
        match lines.last_mut() {
            Some(last) if line + 1 + word.len() <= WIDTH => {
                last.push(' ');
                last.push_str(&word);
            }
            _ => lines.push(format!("         {word}")),
        }
    }
    lines.join("\n")
}
