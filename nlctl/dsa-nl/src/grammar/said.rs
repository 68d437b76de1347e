// SPDX-License-Identifier: MIT OR Apache-2.0

//! What was typed, put together to a request.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use nlctl::{
    Attribute, AttributeSet, Kind as Wire, NotifyKinds, OperationInfo, ParentRef, SubdevAttr, WqRef,
};
use serde_json::{Map, Value, json};

use super::Options;
use super::keys::{Key, Role};
use super::tree::{Sort, Source};
use super::verbs::{Kind, Target, Verb, number_of};
use crate::complete::SCRIPTS;
use crate::failure::Failure;
use crate::words;

/// A command to carry out.
#[derive(Debug)]
pub enum Invocation {
    /// An operation of the family.
    Call(Call),
    Monitor(Monitor),
    Top(Top),
    /// Print the schema of the tool's JSON.
    Schema,
    /// Say in words what messages are in a file.
    Decode(PathBuf),
    /// Say what could follow these words.
    Complete(Vec<String>),
    /// Print what has a shell ask for it.
    Completion(&'static str),
    /// Write the manual pages to a folder.
    Man(PathBuf),
    /// Give a device to the module.
    Bind(String),
    /// Take it from the module.
    Unbind {
        parent: String,
        force: bool,
    },
    /// Print what there is as a configuration.
    Export,
    /// Show the steps to what a file says.
    Diff(Apply),
    /// Carry them out.
    Apply(Apply),
}

/// Which file to apply, and how.
#[derive(Debug)]
pub struct Apply {
    pub file: PathBuf,
    pub source: Source,
    /// Apply each file of a folder by itself.
    pub each: bool,
    /// Delete the subdevs that the file does not have.
    pub prune: bool,
    /// Take subdevs from users who have them open, and restart others.
    pub force: bool,
    /// Leave out what is of parents that are not there.
    pub skip_absent: bool,
    /// Leave out what cannot be.
    pub skip_unknown: bool,
    /// Seconds to wait for another that applies.
    pub wait: u64,
}

/// A request, as it was typed.
#[derive(Debug)]
pub struct Call {
    pub kind: Kind,
    pub verb: &'static str,
    /// The object that it is about.
    pub target: Option<String>,
    /// The parent that it is about, or that its object is on.
    pub parent: Option<ParentRef>,
    /// Attributes of the request.
    pub request: Map<String, Value>,
    /// What has to be of the objects that are shown.
    pub choice: Map<String, Value>,
    pub dry_run: bool,
    /// Seconds to wait for what is to be shown.
    pub wait: Option<u64>,
}

impl Call {
    /// A request with nothing said.
    pub fn new(kind: Kind, verb: &'static str) -> Self {
        Self {
            kind,
            verb,
            target: None,
            parent: None,
            request: Map::new(),
            choice: Map::new(),
            dry_run: false,
            wait: None,
        }
    }

    /// The set of the objects that it tells of.
    pub fn set(&self) -> &'static AttributeSet {
        let kind = self.kind.name();
        let name = match self.verb {
            "stats" => format!("{kind}-stats-get"),
            _ => format!("{kind}-get"),
        };
        OperationInfo::find(&name).map_or(SubdevAttr::SET, |it| it.set)
    }
}

/// Which events to print, and for how long.
#[derive(Debug, Default)]
pub struct Monitor {
    pub parent: Vec<String>,
    pub subdev: Vec<String>,
    pub kind: Vec<NotifyKinds>,
    pub count: Option<u64>,
    pub timeout: Option<u64>,
}

/// How to show what goes on.
#[derive(Debug)]
pub struct Top {
    pub interval: Duration,
    pub sort: Sort,
    /// Pictures to print.
    pub count: Option<u64>,
    /// Print text.
    pub plain: bool,
}

/// What `matches` asks for.
pub fn invocation(matches: &ArgMatches, options: Options) -> Result<Invocation, Failure> {
    let Some((name, matches)) = matches.subcommand() else {
        return Err(Failure::Usage("an object is missing".into()));
    };
    if let ("parent", Some((verb @ ("bind" | "unbind"), inner))) = (name, matches.subcommand()) {
        return binding(verb, inner, options);
    }
    if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == name) {
        return Ok(Invocation::Call(call(kind, matches, options)?));
    }
    if options.dry_run && name != "apply" {
        return Err(no_dry_run(name));
    }
    Ok(match name {
        "schema" => Invocation::Schema,
        "decode" => {
            let file = matches.get_one::<PathBuf>("file").cloned();
            Invocation::Decode(file.unwrap_or_else(|| "-".into()))
        }
        "complete" => {
            let words = matches.get_many::<String>("words").into_iter().flatten();
            Invocation::Complete(words.cloned().collect())
        }
        "completion" => {
            let shell = matches.get_one::<String>("shell");
            let mut scripts = SCRIPTS.iter();
            let script = scripts.find(|(name, _)| shell.is_some_and(|it| it == name));
            Invocation::Completion(script.map_or("", |(_, script)| script))
        }
        "man" => {
            let folder = matches.get_one::<PathBuf>("folder").cloned();
            Invocation::Man(folder.unwrap_or_else(|| ".".into()))
        }
        "top" => Invocation::Top(top(matches)),
        "export" => Invocation::Export,
        "diff" => Invocation::Diff(apply(matches, options)),
        "apply" => Invocation::Apply(apply(matches, options)),
        _ => Invocation::Monitor(monitor(matches)),
    })
}

fn binding(verb: &str, matches: &ArgMatches, options: Options) -> Result<Invocation, Failure> {
    if options.dry_run {
        return Err(no_dry_run(&format!("parent {verb}")));
    }
    let parent = matches.get_one::<String>("target").cloned();
    let parent = parent.unwrap_or_default();
    Ok(match verb {
        "bind" => Invocation::Bind(parent),
        _ => Invocation::Unbind {
            parent,
            force: matches.get_flag("force"),
        },
    })
}

fn no_dry_run(what: &str) -> Failure {
    Failure::Usage(format!(
        "'{what}' has no dry run; 'add', 'set' and 'apply' have"
    ))
}

fn apply(matches: &ArgMatches, options: Options) -> Apply {
    let file = matches.get_one::<PathBuf>("file").cloned();
    Apply {
        file: file.unwrap_or_else(|| "-".into()),
        source: matches.get_one("format").copied().unwrap_or_default(),
        each: matches!(matches.try_get_one("each"), Ok(Some(true))),
        prune: matches.get_flag("prune"),
        force: matches.get_flag("force"),
        skip_absent: matches.get_flag("skip-absent"),
        skip_unknown: matches.get_flag("skip-unknown"),
        wait: options.wait.unwrap_or_default(),
    }
}

fn monitor(matches: &ArgMatches) -> Monitor {
    let words = |name| matches.get_many::<String>(name).into_iter().flatten();
    Monitor {
        parent: words("parent").cloned().collect(),
        subdev: words("subdev").cloned().collect(),
        kind: matches
            .get_many::<NotifyKinds>("kind")
            .into_iter()
            .flatten()
            .copied()
            .collect(),
        count: matches.get_one("count").copied(),
        timeout: matches.get_one("timeout").copied(),
    }
}

fn top(matches: &ArgMatches) -> Top {
    let interval = matches.get_one("interval").copied();
    let count = matches.get_one("count").copied();
    Top {
        interval: interval.unwrap_or(Duration::from_secs(1)),
        sort: matches.get_one("sort").copied().unwrap_or_default(),
        count,
        plain: count.is_some() || matches.get_flag("plain"),
    }
}

fn call(kind: Kind, matches: &ArgMatches, options: Options) -> Result<Call, Failure> {
    let (name, matches) = match matches.subcommand() {
        Some((name, matches)) => (name, Some(matches)),
        None => ("show", None),
    };
    let verb = Verb::find(kind, name);
    let verb = verb.ok_or_else(|| Failure::Usage(format!("unexpected '{name}'")))?;
    let what = format!("{} {}", kind.name(), verb.name);
    if options.dry_run && !verb.can_run_dry() {
        return Err(no_dry_run(&what));
    }
    let wait = options.wait;
    if wait.is_some() && verb.name != "show" {
        return Err(Failure::Usage(format!(
            "'{what}' does not wait; 'show' does"
        )));
    }
    let mut call = Call {
        dry_run: options.dry_run,
        wait,
        ..Call::new(kind, verb.name)
    };
    if let Some(matches) = matches {
        if verb.target != Target::None {
            call.target = matches.get_one::<String>("target").cloned();
        }
        take(&verb, matches, &mut call)?;
    }
    Ok(call)
}

/// Takes over what the keys of `verb` say.
fn take(verb: &Verb, matches: &ArgMatches, call: &mut Call) -> Result<(), Failure> {
    let mut parents = Vec::new();
    for key in &verb.keys {
        if key.info.kind == Wire::Flag {
            if matches.get_flag(&key.name) {
                put(&mut call.request, &key.path, Value::Bool(true));
            }
            continue;
        }
        match key.role {
            Role::Parent => parents.extend(words(matches, &key.name).map(ParentRef::from)),
            Role::Numbers => {
                let nests = nests(verb, key, matches, &mut parents)?;
                if !nests.is_empty() {
                    put(&mut call.request, &key.path, nests.into());
                }
            }
            Role::Of(_) => {}
            Role::Plain | Role::Chooses => {
                for word in words(matches, &key.name) {
                    let value = value(key, word)?;
                    match key.role {
                        Role::Plain if key.info.many => {
                            put(&mut call.request, &key.path, json!([value]));
                        }
                        Role::Plain => put(&mut call.request, &key.path, value),
                        _ => put(&mut call.choice, &key.path, value),
                    }
                }
            }
        }
    }
    call.parent = common(parents)?;
    Ok(())
}

fn words<'a>(matches: &'a ArgMatches, name: &str) -> impl Iterator<Item = &'a str> {
    let words = matches.get_many::<String>(name).into_iter().flatten();
    words.map(String::as_str)
}

fn value(key: &Key, word: &str) -> Result<Value, Failure> {
    words::parse(key.info, word).map_err(|error| Failure::Usage(format!("{}: {error}", key.name)))
}

/// Puts a value where `path` says, into the nests that it is in.
fn put(object: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => {
            object.insert((*name).to_string(), value);
        }
        [nest, rest @ ..] => {
            let nest = object.entry(*nest).or_insert_with(|| json!({}));
            if let Value::Object(nest) = nest {
                put(nest, rest, value);
            }
        }
    }
}

/// The values of a key that is there several times, each time with its place on the
/// command line.
fn occurrences<'a>(matches: &'a ArgMatches, name: &str) -> Vec<(usize, Vec<&'a str>)> {
    let mut places = matches.indices_of(name).into_iter().flatten();
    let groups = matches
        .get_occurrences::<String>(name)
        .into_iter()
        .flatten();
    groups
        .map(|group| {
            let group: Vec<_> = group.map(String::as_str).collect();
            let mut own = places.by_ref().take(group.len());
            let first = own.next().unwrap_or_default();
            own.for_each(drop);
            (first, group)
        })
        .collect()
}

/// What is said by the key `numbers` and those that belong to it.
fn nests(
    verb: &Verb,
    numbers: &Key,
    matches: &ArgMatches,
    parents: &mut Vec<ParentRef>,
) -> Result<Vec<Value>, Failure> {
    let id = number_of(numbers.info).map_or("id", |it| it.name);
    let said = occurrences(matches, &numbers.name);
    // What is said without a number is of the only one, or of the one that the
    // kernel takes.
    let alone = said.len() < 2;
    let mut nests: Vec<(usize, Vec<Map<String, Value>>)> = Vec::new();
    for (place, words) in &said {
        let mut group = Vec::new();
        for word in words {
            let mut nest = Map::new();
            nest.insert(id.into(), number(numbers, word, parents)?);
            group.push(nest);
        }
        nests.push((*place, group));
    }
    let own = |key: &&Key| key.role == Role::Of(numbers.name.clone());
    for key in verb.keys.iter().filter(own) {
        for (place, words) in occurrences(matches, &key.name) {
            let name = &numbers.name;
            if said.is_empty() && verb.target == Target::Required {
                return Err(Failure::Usage(format!(
                    "'{}' belongs to a {name}; say '{name} N' first",
                    key.name
                )));
            }
            if nests.is_empty() {
                nests.push((0, vec![Map::new()]));
            }
            let of = match alone {
                true => nests.first_mut(),
                false => nests.iter_mut().rev().find(|(at, _)| *at < place),
            };
            let Some((_, group)) = of else {
                return Err(Failure::Usage(format!(
                    "'{}' belongs to a {name}; say '{name} N' first",
                    key.name
                )));
            };
            let count = group.len();
            if words.len() != 1 && words.len() != count {
                return Err(Failure::Usage(format!(
                    "{} has {} numbers and {name} has {count}; one {} for each is needed, or \
                     one for all",
                    key.name,
                    words.len(),
                    key.name
                )));
            }
            let each = words.iter().cycle();
            for (nest, word) in group.iter_mut().zip(each) {
                let twice = nest.insert(key.info.name.into(), value(key, word)?);
                if twice.is_some() {
                    return Err(Failure::Usage(format!(
                        "{} may be given once only for a {name}",
                        key.name
                    )));
                }
            }
        }
    }
    let nests: Vec<_> = nests.into_iter().flat_map(|(_, group)| group).collect();
    if verb.target == Target::Required && nests.iter().any(|nest| nest.len() < 2) {
        let keys = verb.keys.iter().filter(own).map(|key| key.name.as_str());
        return Err(Failure::Usage(format!(
            "nothing is said of a {}; accepted: {}",
            numbers.name,
            keys.collect::<Vec<_>>().join(", ")
        )));
    }
    Ok(nests.into_iter().map(Value::Object).collect())
}

/// The number of one of several nests; of a work queue, the parent may be named with
/// it.
fn number(key: &Key, word: &str, parents: &mut Vec<ParentRef>) -> Result<Value, Failure> {
    if key.names_wqs() {
        let queue = word.parse::<WqRef>();
        let queue = queue.map_err(|error| Failure::Usage(error.to_string()))?;
        parents.extend(queue.parent);
        return Ok(queue.id.into());
    }
    let info = number_of(key.info).unwrap_or(key.info);
    let number = words::parse(info, word);
    number.map_err(|error| Failure::Usage(format!("{}: {error}", key.name)))
}

/// The one parent that is named, if any is.
fn common(parents: Vec<ParentRef>) -> Result<Option<ParentRef>, Failure> {
    let mut parents = parents.into_iter();
    let Some(first) = parents.next() else {
        return Ok(None);
    };
    match parents.find(|other| *other != first) {
        Some(other) => Err(Failure::Usage(format!(
            "a subdev uses one parent, but both '{first}' and '{other}' are named"
        ))),
        None => Ok(Some(first)),
    }
}
