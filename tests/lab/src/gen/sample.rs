// SPDX-License-Identifier: MIT OR Apache-2.0

//! Sample messages: what the kernel's `cli.py` is given for an operation.

use super::spec::{Attribute, AttributeSet, Family, Operation, Wire};

/// Requests whose attributes do not all go together, or whose values mean more than
/// their types tell.
const REQUESTS: &[(&str, &str)] = &[
    (
        "parent-set",
        r#"{"index": 0, "dsa-parent": {"group": [{"id": 0, "engines": 3}]}}"#,
    ),
    (
        "wq-set",
        r#"{"parent-index": 0, "id": 3, "size": 16, "dsa-wq": {"priority": 9}}"#,
    ),
    (
        "subdev-set",
        r#"{"index": 0, "new-name": "net1", "wq": [{"id": 3, "size": 4}], "state": "active"}"#,
    ),
    (
        "subdev-new",
        r#"{"parent-index": 0, "wq": [{"id": 3, "size": 2}], "pasid-mode": "shared", "name": "net0"}"#,
    ),
    ("type-get", r#"{"parent-index": 0, "name": "1swq"}"#),
    (
        "notify-filter-set",
        r#"{"subdev": ["net0", "net1"], "kinds": ["subdev-change", "subdev-fault"]}"#,
    ),
];

/// Ways to name an object of which one is enough; the first is taken.
const HANDLES: &[&[&str]] = &[
    &["index", "name", "uuid", "bus", "device"],
    &["parent-index", "parent"],
];

/// A request for one object as JSON.
pub fn request(family: &Family, operation: &Operation) -> Option<String> {
    let asked = &operation.once.as_ref()?.request.attributes;
    if let Some((_, sample)) = REQUESTS.iter().find(|(name, _)| *name == operation.name) {
        return Some((*sample).to_string());
    }
    let set = family.set_of(operation).ok()?;
    let spare = |name: &String| {
        HANDLES.iter().any(|handles| {
            let mut given = handles.iter().filter(|it| asked.iter().any(|a| a == **it));
            handles.contains(&name.as_str()) && given.next() != Some(&name.as_str())
        })
    };
    let said = asked.iter().filter(|name| !spare(name));
    let said = said.filter_map(|name| set.get(name));
    Some(object(family, said))
}

fn object<'a>(family: &Family, attributes: impl Iterator<Item = &'a Attribute>) -> String {
    let pairs = attributes.map(|it| format!("\"{}\": {}", it.name, value(family, it)));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
}

/// A value that an attribute could have.
fn value(family: &Family, attribute: &Attribute) -> String {
    let one = match (&attribute.names, attribute.wire) {
        (Some(names), _) => {
            let mut named = family.enums().chain(family.flags());
            let entry = named
                .find(|it| it.name == *names)
                .and_then(|it| it.entries.first());
            let name = entry.map_or("", |it| it.name());
            match family.flags().any(|it| it.name == *names) {
                true => format!("[\"{name}\"]"),
                false => format!("\"{name}\""),
            }
        }
        (None, Wire::U8 | Wire::U16 | Wire::U32 | Wire::U64 | Wire::Uint) => {
            match family.least(attribute) {
                Some(least) => least.to_string(),
                None => "0".into(),
            }
        }
        (None, Wire::String) => format!("\"{}0\"", attribute.name),
        (None, Wire::Binary) => "\"00ff\"".into(),
        // cli.py takes any value for a flag.
        (None, Wire::Flag) => "true".into(),
        (None, Wire::Nest) => match family.set(attribute.nested()) {
            Ok(AttributeSet { attributes, .. }) => object(family, attributes.iter()),
            Err(_) => "{}".into(),
        },
    };
    match attribute.multi_attr {
        true => format!("[{one}]"),
        false => one,
    }
}
