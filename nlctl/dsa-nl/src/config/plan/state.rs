// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a step does to what there is, and how it is taken back.

use serde_json::Value;

use super::{FORCE, Step};
use crate::config::{Config, Entry, Object};
use crate::grammar::Kind;

/// What there is after some steps, as far as it is known without the kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct State(Config);

impl State {
    pub fn new(have: &Config) -> Self {
        Self(have.clone())
    }

    /// All objects.
    #[cfg(test)]
    pub fn config(&self) -> &Config {
        &self.0
    }

    /// The subdev of that UUID.
    pub fn subdev(&self, uuid: &str) -> Option<&Entry> {
        self.0
            .of(Kind::Subdev)
            .find(|it| it.text("uuid") == Some(uuid))
    }

    pub fn has_name(&self, name: &str) -> bool {
        self.0
            .of(Kind::Subdev)
            .any(|it| it.text("name") == Some(name))
    }

    fn find(&mut self, step: &Step) -> Option<&mut Entry> {
        self.0.entries.iter_mut().find(|it| is_target(it, step))
    }

    /// Does what `step` does.
    pub fn apply(&mut self, step: &Step) {
        match step.verb {
            "del" => self.0.entries.retain(|it| !is_target(it, step)),
            "add" => {
                let mut object = step.request.clone();
                object.insert("parent".into(), step.target.clone().into());
                object.entry("state").or_insert("active".into());
                self.0.entries.push(Entry::new(step.kind, object));
            }
            _ => {
                if let Some(entry) = self.find(step) {
                    merge(&mut entry.object, &step.request);
                    entry.object.remove(FORCE);
                    if let Some(name) = entry.object.remove("new-name") {
                        entry.object.insert("name".into(), name);
                    }
                }
            }
        }
    }

    /// The step that takes back what `step` does to this state.
    pub fn back(&self, step: &Step) -> Option<Step> {
        let mut back = step.clone();
        let target = self.0.entries.iter().find(|it| is_target(it, step));
        match step.verb {
            "add" => {
                back.verb = "del";
                let uuid = step.request.get("uuid").or(step.request.get("name"))?;
                back.target = uuid.as_str()?.to_string();
                back.request = Object::new();
            }
            "del" => {
                let was = target?;
                back.verb = "add";
                back.target = was.parent().to_string();
                back.request = was.object.clone();
                back.request.remove("parent");
            }
            _ => back.request = before(&target?.object, &step.request),
        }
        Some(back)
    }
}

fn is_target(entry: &Entry, step: &Step) -> bool {
    if entry.kind != step.kind {
        return false;
    }
    match entry.kind {
        Kind::Subdev => {
            let names = [entry.text("uuid"), entry.text("name")];
            names.contains(&Some(step.target.as_str()))
        }
        Kind::Wq => step.target == format!("{}/wq{}", entry.parent(), entry.id()),
        _ => step.target == entry.parent(),
    }
}

/// Puts what is said into `object`.
pub(super) fn merge(object: &mut Object, said: &Object) {
    for (name, value) in said {
        match (object.get_mut(name), value) {
            (Some(Value::Object(inner)), Value::Object(said)) => merge(inner, said),
            (Some(Value::Array(nests)), Value::Array(said)) => {
                for said in said.iter().filter_map(Value::as_object) {
                    let nests = nests.iter_mut().filter_map(Value::as_object_mut);
                    let mut same = nests.filter(|it| it.get("id") == said.get("id"));
                    if let Some(nest) = same.next() {
                        merge(nest, said);
                    }
                }
            }
            (_, value) => {
                object.insert(name.clone(), value.clone());
            }
        }
    }
}

/// What `object` has of the attributes that are said.
fn before(object: &Object, said: &Object) -> Object {
    let mut out = Object::new();
    for (name, value) in said {
        let own = match name.as_str() {
            "new-name" => "name",
            name => name,
        };
        let was = match (object.get(own), value) {
            (Some(Value::Object(inner)), Value::Object(said)) => {
                Some(Value::Object(before(inner, said)))
            }
            (Some(Value::Array(nests)), Value::Array(said)) => {
                let was = said.iter().filter_map(Value::as_object).filter_map(|said| {
                    let mut nests = nests.iter().filter_map(Value::as_object);
                    let nest = nests.find(|it| it.get("id") == said.get("id"))?;
                    Some(Value::Object(before(nest, said)))
                });
                Some(was.collect())
            }
            (was, _) => was.cloned(),
        };
        if let Some(was) = was {
            out.insert(name.clone(), was);
        }
    }
    out
}
