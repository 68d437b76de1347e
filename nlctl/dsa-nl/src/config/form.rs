// SPDX-License-Identifier: MIT OR Apache-2.0

//! The form that objects have in a configuration.
//!
//! It is that of what is shown, as far as it can be set, so that an attribute that
//! the spec gains can be in a file as well. A parent is named by its place, as
//! `pci/0000:6a:01.0`, which stays the same over a reboot.

use nlctl::{AttributeSet, OperationInfo};
use serde_json::{Value, json};

use super::Object;
use crate::grammar::{Kind, READ_ONLY};

/// Attributes of requests that are not of the object.
const OF_REQUESTS: [&str; 7] = [
    "dry-run",
    "force",
    "count",
    "lease",
    "new-name",
    "parent-index",
    // That of a subdev follows from its PASID mode.
    "type",
];

/// What an object that does not show an attribute has: all that a file can say of
/// it is in the form of what there is, so that taking it back can be said, too.
const UNSHOWN: [(&str, &str, &str); 5] = [
    ("wq", "max-rate", "0"),
    ("dsa-subdev", "max-transfer-size", "0"),
    ("dsa-subdev", "max-batch-size", "0"),
    ("dsa-subdev", "op-config", "\"00\""),
    ("dsa-subdev", "portal", "\"polled\""),
];

/// The operation that has what can be set of an object.
pub fn operation(kind: Kind) -> Option<&'static OperationInfo> {
    let verb = match kind {
        Kind::Subdev => "new",
        _ => "set",
    };
    OperationInfo::find(&format!("{}-{verb}", kind.name()))
}

/// Names of the attributes that an object of a file can have.
pub fn names(kind: Kind) -> Vec<&'static str> {
    let request = operation(kind)
        .and_then(|it| it.request)
        .unwrap_or_default();
    let own = request.iter().copied();
    let mut names: Vec<_> = own.filter(|name| !OF_REQUESTS.contains(name)).collect();
    if kind == Kind::Parent {
        // Named by its place, or by its name.
        names.retain(|name| *name != "index");
    }
    if kind == Kind::Subdev {
        names.push("type");
    }
    names
}

/// Whether an attribute of a set can be set.
pub fn can_be_set(set: &AttributeSet, name: &str) -> bool {
    let read_only = READ_ONLY.iter().find(|(of, _)| *of == set.name);
    !read_only.is_some_and(|(_, names)| names.contains(&name))
}

/// An object as it is shown, in the form of a configuration; `place` is that of its
/// parent.
pub fn of_shown(kind: Kind, shown: &Value, place: &str, is_dsa: bool) -> Object {
    let mut out = Object::new();
    out.insert("parent".into(), place.into());
    let Some(set) = operation(kind).map(|it| it.set) else {
        return out;
    };
    for name in names(kind) {
        let named = ["name", "bus", "device"].contains(&name);
        if name == "parent" || name == "type" || (kind == Kind::Parent && named) {
            continue;
        }
        if let Some(value) = shown.get(name) {
            let nested = set.find(name).and_then(|(_, info)| info.nested);
            out.insert(name.into(), settable(nested, value));
        }
    }
    if kind == Kind::Subdev {
        if is_dsa && !out.contains_key("dsa-subdev") {
            out.insert("dsa-subdev".into(), json!({}));
        }
        for (nest, name, value) in UNSHOWN {
            let value: Value = serde_json::from_str(value).unwrap_or_default();
            let nests: Vec<&mut Value> = match out.get_mut(nest) {
                Some(Value::Array(all)) => all.iter_mut().collect(),
                Some(one) => vec![one],
                None => Vec::new(),
            };
            for nest in nests.into_iter().filter_map(Value::as_object_mut) {
                nest.entry(name).or_insert_with(|| value.clone());
            }
        }
    }
    out
}

fn settable(set: Option<&AttributeSet>, value: &Value) -> Value {
    match (set, value) {
        (Some(_), Value::Array(values)) => {
            values.iter().map(|value| settable(set, value)).collect()
        }
        (Some(set), Value::Object(object)) => {
            let pairs = object.iter().filter(|(name, _)| can_be_set(set, name));
            let pairs = pairs.map(|(name, value)| {
                let nested = set.find(name).and_then(|(_, info)| info.nested);
                (name.clone(), settable(nested, value))
            });
            Value::Object(pairs.collect())
        }
        (_, value) => value.clone(),
    }
}

/// Whether two values of an attribute are the same; zeroes at the end of a mask may
/// be left out.
pub fn same(one: &Value, other: &Value) -> bool {
    if let (Some(one), Some(other)) = (one.as_str(), other.as_str()) {
        let hex = |text: &str| text.bytes().all(|it| it.is_ascii_hexdigit());
        let longer = one.len().max(other.len());
        if hex(one) && hex(other) && longer > 0 && longer == 64 {
            return one.trim_end_matches('0') == other.trim_end_matches('0');
        }
    }
    one == other
}
