// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is said of an object and is not so.

use serde_json::Value;

use crate::config::form::same;
use crate::config::{Entry, Object};

/// The nests of an entry that have this name.
pub fn nests<'a>(entry: &'a Entry, name: &str) -> impl Iterator<Item = &'a Object> {
    let all = entry.object.get(name).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(Value::as_object)
}

/// What is said of an object in `want` and is not so in `have`; nests with numbers
/// keep these.
pub fn changes(have: &Object, want: &Object) -> Object {
    let mut out = Object::new();
    for (name, wanted) in want {
        let change = match (have.get(name), wanted) {
            (Some(Value::Object(have)), Value::Object(wanted)) => {
                let inner = changes(have, wanted);
                (!inner.is_empty()).then_some(Value::Object(inner))
            }
            (have, Value::Array(wanted)) if wanted.iter().any(Value::is_object) => {
                let have = have
                    .and_then(Value::as_array)
                    .map_or(&[][..], Vec::as_slice);
                let changed = wanted.iter().filter_map(|wanted| numbered(have, wanted));
                let changed: Vec<_> = changed.collect();
                (!changed.is_empty()).then_some(Value::Array(changed))
            }
            (Some(have), wanted) if same(have, wanted) => None,
            (_, wanted) => Some(wanted.clone()),
        };
        if let Some(change) = change {
            out.insert(name.clone(), change);
        }
    }
    out
}

/// What changes of one of several nests.
fn numbered(have: &[Value], wanted: &Value) -> Option<Value> {
    let wanted = wanted.as_object()?;
    let same_id = |it: &&Value| wanted.get("id").is_none() || it.get("id") == wanted.get("id");
    let none = Object::new();
    let have = have.iter().find(same_id).and_then(Value::as_object);
    let mut inner = changes(have.unwrap_or(&none), wanted);
    inner.remove("id");
    if inner.is_empty() {
        return None;
    }
    let id = have.and_then(|it| it.get("id")).or(wanted.get("id"));
    if let Some(id) = id {
        inner.shift_insert(0, "id".into(), id.clone());
    }
    Some(Value::Object(inner))
}

/// An object; an empty one of anything else.
pub fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}
