// SPDX-License-Identifier: MIT OR Apache-2.0

//! The schema of the JSON that the tool prints, from the family's tables.
//!
//! `dsa-nl schema` prints it, and `schema.json` next to the crate is the same.

use nlctl::{Accepts, AttributeInfo, AttributeSet, Kind, NotifyKinds, OPERATIONS};
use serde_json::{Map, Value, json};

use super::document;
use crate::config::form;
use crate::grammar;
use crate::words::is_register;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Events that are no notifications of the family.
const OTHER_EVENTS: [&str; 5] = ["ready", "resync", "gone", "back", "unknown"];

/// The whole schema.
pub fn schema() -> Value {
    let mut sets: Vec<&'static AttributeSet> = Vec::new();
    for operation in OPERATIONS {
        collect(&mut sets, operation.set);
    }
    let mut definitions = Map::new();
    for set in &sets {
        definitions.insert(set.name.to_string(), object(set));
    }
    let mut documents = Vec::new();
    let shown = OPERATIONS.iter().filter(|it| it.dump.is_some());
    for operation in shown {
        let name = operation.set.name;
        documents.push(json!({
            "type": "object",
            "properties": { name: list_of(name) },
            "required": [name],
            "additionalProperties": false,
        }));
    }
    documents.push(event());
    documents.push(steps());
    documents.push(configuration(&mut definitions));
    json!({
        "$schema": DRAFT,
        "title": "dsa-nl",
        "description": "What dsa-nl prints with --json: objects under the name of their kind, \
                        or an event. Attributes may be added; those that are described stay.",
        "oneOf": documents,
        "$defs": definitions,
    })
}

fn collect(sets: &mut Vec<&'static AttributeSet>, set: &'static AttributeSet) {
    if sets.iter().any(|it| it.name == set.name) {
        return;
    }
    sets.push(set);
    for info in set.attributes {
        if let Some(nested) = info.nested {
            collect(sets, nested);
        }
    }
}

fn list_of(name: &str) -> Value {
    json!({"type": "array", "items": {"$ref": format!("#/$defs/{name}")}})
}

/// What `diff` and `apply` print.
fn steps() -> Value {
    json!({
        "type": "object",
        "properties": {"step": {"type": "array", "items": {
            "type": "object",
            "properties": {
                "object": {"enum": ["parent", "wq", "subdev"]},
                "command": {"enum": ["add", "set", "del"]},
                "target": {"type": "string"},
                "request": {"type": "object"},
            },
            "required": ["object", "command", "target", "request"],
            "additionalProperties": false,
        }}},
        "required": ["step"],
        "additionalProperties": false,
    })
}

/// What `export` prints.
fn configuration(definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let kinds = [
        grammar::Kind::Parent,
        grammar::Kind::Wq,
        grammar::Kind::Subdev,
    ];
    for kind in kinds {
        let Some(set) = form::operation(kind).map(|it| it.set) else {
            continue;
        };
        let mut own = Map::new();
        for name in form::names(kind) {
            if let Some((_, info)) = set.find(name) {
                own.insert(name.to_string(), attribute(info));
            }
        }
        let name = format!("configuration-{}", kind.name());
        properties.insert(kind.name().to_string(), list_of(&name));
        let object = json!({"type": "object", "properties": own, "additionalProperties": false});
        definitions.insert(name, object);
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": kinds.map(grammar::Kind::name),
        "additionalProperties": false,
    })
}

/// A line of `monitor`.
fn event() -> Value {
    let names = NotifyKinds::NAMES.iter().chain(&OTHER_EVENTS);
    let mut properties = json!({
        "time": {"type": "string", "description": "RFC 3339, or the time alone"},
        "event": {"enum": names.collect::<Vec<_>>()},
        "command": {"type": "integer", "description": "Number of an unknown notification"},
    });
    for kind in ["parent", "wq", "subdev"] {
        properties[kind] = list_of(kind);
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": ["time", "event"],
        "additionalProperties": false,
    })
}

/// The attributes of a set. That more may come is why others are allowed.
fn object(set: &AttributeSet) -> Value {
    let mut properties = Map::new();
    for info in set.attributes {
        properties.insert(info.name.to_string(), attribute(info));
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": document::lists(set),
    })
}

fn attribute(info: &AttributeInfo) -> Value {
    let mut one = value(info);
    if info.many {
        one = json!({"type": "array", "items": one});
    }
    let doc: Vec<_> = info.doc.split_whitespace().collect();
    one["description"] = doc.join(" ").into();
    one
}

fn value(info: &AttributeInfo) -> Value {
    if let Some(names) = info.flags {
        // A bit that has no name is its number.
        let name = json!({"anyOf": [{"enum": names}, {"type": "string", "pattern": "^[0-9]+$"}]});
        return json!({"type": "array", "items": name});
    }
    match (info.kind, info.accepts) {
        (_, Accepts::Names(names)) => {
            json!({"anyOf": [{"enum": names}, {"type": "string", "pattern": "^[0-9]+$"}]})
        }
        (Kind::Nest, _) => {
            let nested = info.nested.map_or("", |it| it.name);
            json!({"$ref": format!("#/$defs/{nested}")})
        }
        (Kind::Flag, _) => json!({"type": "boolean"}),
        (Kind::String, _) => json!({"type": "string"}),
        (Kind::Binary, _) => json!({"type": "string", "pattern": "^([0-9a-f]{2})*$"}),
        _ if is_register(info) => json!({"type": "string", "pattern": "^0x[0-9a-f]+$"}),
        _ => json!({"type": "integer", "minimum": 0}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_SCHEMA=1 cargo test -p dsa-nl schema` writes it anew.
    #[test]
    fn the_published_schema_is_what_the_tables_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.json");
        let text = format!("{:#}\n", schema());
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, &text).expect("can be written");
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert!(published == text, "schema.json is stale: UPDATE_SCHEMA=1");
    }

    fn value(object: &impl serde::Serialize) -> Value {
        serde_json::to_value(object).expect("is JSON")
    }

    #[test]
    fn it_is_a_schema_and_takes_what_is_shown() {
        use crate::output::{Page, examples};
        use nlctl::{Attribute, ParentAttr, SubdevAttr, WqAttr};
        let validator = jsonschema::validator_for(&schema()).expect("is a schema");
        for page in [
            Page::One(SubdevAttr::SET, value(&examples::subdev(1))),
            Page::List(WqAttr::SET, Box::new(vec![examples::wq(1)])),
            Page::One(ParentAttr::SET, value(&examples::parent())),
            Page::List(ParentAttr::SET, Box::new(Vec::<nlctl::Parent>::new())),
        ] {
            let document = page.document().expect("is JSON");
            let errors: Vec<_> = validator.iter_errors(&document).collect();
            assert!(errors.is_empty(), "{document}: {errors:?}");
        }
        for wrong in [
            json!({"index": 0}),
            json!({"subdev": {"index": 0}}),
            json!({"wq": [{"id": 0}]}),
            json!({"subdev": [{"wq": [], "state": "asleep"}]}),
        ] {
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
    }
}
