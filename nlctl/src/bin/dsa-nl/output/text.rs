// SPDX-License-Identifier: MIT OR Apache-2.0

//! The values of an object as text.

use nlctl::AttributeSet;
use serde_json::Value;

/// The attributes of an object as names and values; those in a nest have the
/// name of the nest and a dot before theirs, and of several nests the values are
/// together.
///
/// With `set`, numbers that are best read in hexadecimal digits are.
pub fn pairs(set: Option<&AttributeSet>, object: &Value) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        let info = set.and_then(|set| set.attributes.iter().find(|it| it.name == name));
        match value {
            Value::Object(_) => {
                let inner = pairs(info.and_then(|it| it.nested), value);
                out.extend(
                    inner
                        .into_iter()
                        .map(|(key, value)| (format!("{name}.{key}"), value)),
                );
            }
            Value::Array(nests) if nests.iter().any(Value::is_object) => {
                let inner = nests
                    .iter()
                    .flat_map(|nest| pairs(info.and_then(|it| it.nested), nest));
                out.extend(together(
                    inner.map(|(key, value)| (format!("{name}.{key}"), value)),
                ));
            }
            _ => {
                let hex = info.is_some_and(|it| it.hex);
                out.push((name.clone(), text(value, hex)));
            }
        }
    }
    out
}

/// The pairs with the values of the same name in one, with commas between them.
fn together(pairs: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        match out.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => *values = format!("{values},{value}"),
            None => out.push((name, value)),
        }
    }
    out
}

/// One value.
pub fn text(value: &Value, hex: bool) -> String {
    match (value, value.as_u64()) {
        (_, Some(number)) if hex => format!("{number:#x}"),
        (Value::String(string), _) => string.clone(),
        (Value::Array(values), _) => {
            let texts: Vec<String> = values.iter().map(|value| text(value, hex)).collect();
            texts.join(",")
        }
        (other, _) => other.to_string(),
    }
}
