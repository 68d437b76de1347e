// SPDX-License-Identifier: MIT OR Apache-2.0

//! What programs get: one shape for one object, for many and for events.
//!
//! A document is an object with an array of objects under the name of their kind,
//! also for one. Within an object, a list is there though nothing is in it, and
//! registers of 64 bits are text, as programs would round them.

use nlctl::{AttributeInfo, AttributeSet, OPERATIONS};
use serde_json::{Map, Value, json};

use crate::words::is_register;

/// A document with objects of that set.
pub fn objects(set: &AttributeSet, values: &[Value]) -> Value {
    let values: Vec<_> = values.iter().map(|value| object(set, value)).collect();
    json!({ set.name: values })
}

/// An object in the form in which programs get it.
pub fn object(set: &AttributeSet, value: &Value) -> Value {
    let Value::Object(known) = value else {
        return value.clone();
    };
    let always = lists(set);
    let mut out = Map::new();
    for info in set.attributes {
        let value = match known.get(info.name) {
            Some(value) => self::value(info, value),
            None if always.contains(&info.name) => json!([]),
            None => continue,
        };
        out.insert(info.name.to_string(), value);
    }
    // What this version does not know comes last.
    for (name, value) in known {
        if set.find(name).is_none() {
            out.insert(name.clone(), value.clone());
        }
    }
    Value::Object(out)
}

/// Whether programs may get another value than the one that there is.
pub fn is_changed(info: &AttributeInfo) -> bool {
    info.nested.is_some() || is_register(info)
}

/// The value that programs get.
pub fn value(info: &AttributeInfo, value: &Value) -> Value {
    match (value, info.nested) {
        (Value::Array(values), Some(nested)) => {
            values.iter().map(|value| object(nested, value)).collect()
        }
        (value, Some(nested)) => object(nested, value),
        (value, None) => match value.as_u64() {
            Some(number) if is_register(info) => format!("{number:#x}").into(),
            _ => value.clone(),
        },
    }
}

/// The lists that every object of the set has, or a nest of it.
pub fn lists(set: &AttributeSet) -> Vec<&'static str> {
    let get = format!("{}-get", set.name);
    let replies = OPERATIONS.iter().find(|it| it.name == get);
    let replies = replies.or_else(|| OPERATIONS.iter().find(|it| it.set.name == set.name));
    let many = set.attributes.iter().filter(|it| it.many);
    let many = many.map(|it| it.name);
    match replies {
        Some(operation) => many.filter(|name| operation.reply.contains(name)).collect(),
        // A nest has all that its set has.
        None => many.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::examples;
    use nlctl::{Attribute, DsaParentAttr, ParentAttr, SubdevAttr, WqAttr};

    #[test]
    fn empty_lists_are_there() {
        let mut wq = examples::wq(3);
        wq.subdev.clear();
        let value = serde_json::to_value(&wq).expect("is JSON");
        let shown = object(WqAttr::SET, &value);
        assert_eq!(shown["subdev"], json!([]));
        assert_eq!(
            lists(SubdevAttr::SET),
            ["wq"],
            "'created' is of a reply to 'add'"
        );
        assert_eq!(lists(DsaParentAttr::SET), ["group"]);
    }

    #[test]
    fn registers_are_text_and_counts_are_numbers() {
        let value =
            json!({"generation": u64::MAX, "dsa-parent": {"group": [{"id": 0, "engines": 15}]}});
        let shown = object(ParentAttr::SET, &value);
        assert_eq!(shown["generation"], json!(u64::MAX));
        assert_eq!(shown["dsa-parent"]["group"][0]["engines"], "0xf");
    }
}
