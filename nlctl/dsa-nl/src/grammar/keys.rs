// SPDX-License-Identifier: MIT OR Apache-2.0

//! The keys of a command, from the attributes of its request.
//!
//! An attribute is a key of its name. What is in a vendor's nest is a key as well,
//! without the name of the nest unless it would be there twice. A nest of which
//! there may be several is a key that takes numbers, `wq 3,4`, and what is in it
//! are keys that belong to the numbers before them: `wq 3,4 size 8,2`.

use nlctl::{Accepts, AttributeInfo, AttributeSet, Kind as Wire, OperationInfo};

use super::verbs::{DRY_RUN, number_of};

/// The two attributes by which a request names the parent of its object.
const PARENT: &str = "parent";
const PARENT_INDEX: &str = "parent-index";

/// What a request may hold as well and the kernel refuses: what the hardware has.
/// The tables of the family do not tell.
pub const READ_ONLY: [(&str, &[&str]); 1] = [(
    "dsa-parent",
    &[
        "version",
        "max-transfer-size",
        "max-batch-size",
        "opcap",
        "group-count",
        "engine-count",
        "wq-capacity",
        "read-buffer-count",
    ],
)];

/// A key.
#[derive(Debug, Clone)]
pub struct Key {
    /// As it is typed.
    pub name: String,
    /// Names of the nests that the attribute is in, outermost first, and its own.
    pub path: Vec<&'static str>,
    /// The attribute.
    pub info: &'static AttributeInfo,
    pub role: Role,
}

/// What a key does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Gives an attribute.
    Plain,
    /// Names a parent.
    Parent,
    /// Gives the numbers of nests of which there may be several.
    Numbers,
    /// Gives an attribute in those of the key of this name.
    Of(String),
    /// Chooses what is shown; the kernel does not know it.
    Chooses,
}

impl Key {
    fn new(path: &[&'static str], info: &'static AttributeInfo, role: Role) -> Self {
        Self {
            name: match info.name.strip_prefix("new-") {
                Some(name) if path.is_empty() => name.to_string(),
                _ => info.name.to_string(),
            },
            path: path.iter().copied().chain([info.name]).collect(),
            info,
            role,
        }
    }

    /// Whether it takes several values with commas between them.
    pub fn is_list(&self) -> bool {
        matches!(self.role, Role::Numbers | Role::Of(_))
    }

    /// Whether it may be there several times, each with what belongs to it.
    pub fn may_repeat(&self) -> bool {
        self.is_list()
    }

    /// Whether its numbers are those of work queues, which may be named with
    /// their parent.
    pub fn names_wqs(&self) -> bool {
        self.role == Role::Numbers && self.info.name == "wq"
    }

    /// What stands for a value of it in help.
    pub fn value_name(&self) -> String {
        let one = match self.role {
            Role::Parent => "DEV".into(),
            Role::Numbers if self.names_wqs() => "[DEV/]N".into(),
            Role::Numbers => "N".into(),
            _ => value_name(self.info),
        };
        match self.is_list() {
            true => format!("{one}[,...]"),
            false => one,
        }
    }
}

fn value_name(info: &AttributeInfo) -> String {
    match info.accepts {
        Accepts::Names(names) => return names.join("|"),
        Accepts::Range {
            min: None | Some(0),
            max: Some(1),
        } => return "0|1".into(),
        Accepts::Range {
            min: Some(min),
            max: Some(max),
        } => return format!("{min}..{max}"),
        _ => {}
    }
    match info.kind {
        Wire::Binary => "HEX".into(),
        Wire::String => info.name.trim_start_matches("new-").to_uppercase(),
        _ if info.hex => "MASK".into(),
        _ => "N".into(),
    }
}

/// The keys for the attributes `said` of a request.
pub fn of_request(set: &'static AttributeSet, said: &[&'static str]) -> Vec<Key> {
    let mut out = Vec::new();
    for name in said {
        let Some((_, info)) = set.find(name) else {
            continue;
        };
        match info.name {
            // The tool's own option, and what `parent` stands for as well.
            DRY_RUN | PARENT_INDEX => {}
            PARENT => out.push(Key::new(&[], info, Role::Parent)),
            _ => add(&mut out, &[], info),
        }
    }
    out
}

fn add(out: &mut Vec<Key>, path: &[&'static str], info: &'static AttributeInfo) {
    let Some(nested) = info.nested else {
        out.push(unlike(out, Key::new(path, info, Role::Plain)));
        return;
    };
    let inner: Vec<_> = path.iter().copied().chain([info.name]).collect();
    let numbers = number_of(info);
    if numbers.is_some() {
        out.push(unlike(out, Key::new(path, info, Role::Numbers)));
    }
    let read_only = READ_ONLY.iter().find(|(set, _)| *set == nested.name);
    for attribute in nested.attributes {
        let hidden = read_only.is_some_and(|(_, names)| names.contains(&attribute.name))
            || numbers.is_some_and(|number| number.name == attribute.name);
        match (hidden, numbers) {
            (true, _) => {}
            (false, Some(_)) => {
                let role = Role::Of(info.name.to_string());
                out.push(unlike(out, Key::new(&inner, attribute, role)));
            }
            (false, None) => add(out, &inner, attribute),
        }
    }
}

/// `key`, with the name of its nest before its own where another has its name.
fn unlike(others: &[Key], mut key: Key) -> Key {
    if others.iter().any(|it| it.name == key.name) {
        key.name = key.path.join("-");
    }
    key
}

/// The keys that choose what is shown: those that the kernel knows, and every
/// attribute with a choice of names.
pub fn filters(operation: &OperationInfo, said: &[&'static str]) -> Vec<Key> {
    let keys = of_request(operation.set, said).into_iter();
    // Of a work queue the number is looked at, and nothing else.
    let mut out: Vec<_> = keys.filter(|it| !matches!(it.role, Role::Of(_))).collect();
    for name in operation.reply {
        let Some((_, info)) = operation.set.find(name) else {
            continue;
        };
        let chooses = matches!(info.accepts, Accepts::Names(_));
        if chooses && out.iter().all(|it| it.info.name != info.name) {
            out.push(Key::new(&[], info, Role::Chooses));
        }
    }
    out
}
