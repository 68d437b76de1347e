// SPDX-License-Identifier: MIT OR Apache-2.0

//! What there is, as a configuration.

use std::collections::BTreeMap;

use nlctl::Handle;
use serde_json::{Map, Value, json};

use super::form::{names, of_shown};
use super::plan::Conflict;
use super::{Config, Entry};
use crate::ask;
use crate::failure::Failure;
use crate::grammar::{Call, Kind};
use crate::output::document;

/// States of operation of a subdev that nobody has open.
const UNUSED: [&str; 2] = ["detached", "attached"];

/// What the kernel has.
#[derive(Debug, Default)]
pub struct Have {
    pub config: Config,
    /// UUIDs of the subdevs that a VFIO user has open, and what they are called.
    pub open: BTreeMap<String, String>,
    /// Places of parents by all that names them.
    places: BTreeMap<String, String>,
}

/// Asks for all of it.
pub async fn have(handle: &Handle) -> Result<Have, Failure> {
    let mut have = Have::default();
    let mut dsas = Vec::new();
    for parent in all(handle, Kind::Parent).await? {
        let text = |name: &str| parent.get(name).and_then(Value::as_str).unwrap_or_default();
        let place = format!("{}/{}", text("bus"), text("device"));
        let index = parent.get("index").map(Value::to_string);
        for name in [place.clone(), text("name").to_string()]
            .into_iter()
            .chain(index)
        {
            have.places.insert(name, place.clone());
        }
        if parent.get("dsa-parent").is_some() {
            dsas.push(place.clone());
        }
        have.add(Kind::Parent, &parent, &place, true);
    }
    for kind in [Kind::Wq, Kind::Subdev] {
        for object in all(handle, kind).await? {
            let index = object.get("parent-index").map(Value::to_string);
            let place = index.and_then(|index| have.places.get(&index)).cloned();
            // Its parent came in between.
            let Some(place) = place else { continue };
            let is_dsa = dsas.contains(&place);
            have.add(kind, &object, &place, is_dsa);
        }
    }
    Ok(have)
}

async fn all(handle: &Handle, kind: Kind) -> Result<Vec<Value>, Failure> {
    let call = Call::new(kind, "show");
    let objects = ask::ask(handle, &call).await?.objects.values()?;
    let set = call.set();
    Ok(objects.iter().map(|it| document::object(set, it)).collect())
}

impl Have {
    fn add(&mut self, kind: Kind, shown: &Value, place: &str, is_dsa: bool) {
        let entry = Entry::new(kind, of_shown(kind, shown, place, is_dsa));
        let text = |name: &str| shown.get(name).and_then(Value::as_str).unwrap_or_default();
        if kind == Kind::Subdev && !UNUSED.contains(&text("opstate")) {
            let called = format!("{}, which is {}", entry.called(), text("opstate"));
            self.open.insert(text("uuid").to_string(), called);
        }
        self.config.entries.push(entry);
    }

    /// Names the parents of `want` by their places. Those that are not there are
    /// refused, or left out with all that is on them.
    pub fn place(&self, mut want: Config, skip_absent: bool) -> Result<Config, Conflict> {
        let mut out = Vec::new();
        for mut entry in want.entries.drain(..) {
            let named = entry.parent().to_string();
            match self.places.get(&named) {
                Some(place) => {
                    entry.object.insert("parent".into(), place.clone().into());
                    out.push(entry);
                }
                None if skip_absent => {}
                None => {
                    let mut there: Vec<_> = self.places.values().cloned().collect();
                    there.dedup();
                    return Err(Conflict {
                        file: entry.file.take(),
                        line: entry.line,
                        text: match there.is_empty() {
                            true => format!("there is no parent {named}, nor any other"),
                            false => format!(
                                "there is no parent {named}; there are {}",
                                there.join(", ")
                            ),
                        },
                    });
                }
            }
        }
        Ok(Config { entries: out })
    }

    /// The document that `apply` takes, and that changes nothing.
    pub fn document(&self) -> Value {
        let mut out = Map::new();
        for kind in [Kind::Parent, Kind::Wq, Kind::Subdev] {
            let objects = self.config.of(kind).map(|entry| {
                let mut object = Map::new();
                for name in ["name", "uuid", "parent"].into_iter().chain(names(kind)) {
                    if let Some(value) = entry.object.get(name) {
                        object.insert(name.to_string(), value.clone());
                    }
                }
                if kind == Kind::Parent {
                    let (bus, device) = entry.parent().split_once('/').unwrap_or_default();
                    object.remove("parent");
                    object.shift_insert(0, "bus".into(), bus.into());
                    object.shift_insert(1, "device".into(), device.into());
                }
                Value::Object(object)
            });
            let objects: Vec<_> = objects.collect();
            out.insert(kind.name().into(), json!(objects));
        }
        Value::Object(out)
    }
}
