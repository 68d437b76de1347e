// SPDX-License-Identifier: MIT OR Apache-2.0
//! The published schema of what `dsa-nl -j` prints, and whether something is so.
//!
//! Knows the words of JSON Schema that this schema has, but for patterns. That it is a
//! schema for others, too, is tested where it is made.

use std::sync::LazyLock;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Map, Value};

const SCHEMA: &str = include_str!("../../../nlctl/dsa-nl/schema.json");

static ROOT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap_or_default());

/// Demands that a document is what the schema says.
pub fn check(document: &Value) -> Result<()> {
    is(&ROOT, document).with_context(|| format!("{document} is not what the schema says"))
}

fn is(schema: &Value, value: &Value) -> Result<()> {
    let schema = schema.as_object().context("the schema is no object")?;
    for (word, says) in schema {
        match word.as_str() {
            "$schema" | "$defs" | "title" | "description" | "pattern" => {}
            "$ref" => {
                let pointer = says.as_str().and_then(|it| it.strip_prefix('#'));
                let target = pointer.and_then(|it| ROOT.pointer(it));
                is(
                    target.with_context(|| format!("{says} is not there"))?,
                    value,
                )?;
            }
            "oneOf" | "anyOf" => one_of(word, says, value)?,
            "type" => ensure!(is_type(says, value), "{value} is no {says}"),
            "enum" => {
                let names = says.as_array().context("no list")?;
                ensure!(names.contains(value), "{value} is none of {says}");
            }
            "minimum" => ensure!(value.is_u64(), "{value} is less than {says}"),
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    is(says, item).with_context(|| format!("item {at}"))?;
                }
            }
            "required" => {
                for name in says.as_array().into_iter().flatten() {
                    let name = name.as_str().context("no name")?;
                    ensure!(value.get(name).is_some(), "{name} is missing");
                }
            }
            "properties" => {
                for (name, says) in says.as_object().context("no object")? {
                    if let Some(value) = value.get(name) {
                        is(says, value).with_context(|| name.clone())?;
                    }
                }
            }
            "additionalProperties" => no_others(schema, value)?,
            unknown => bail!("the schema has a word that is not known here: {unknown}"),
        }
    }
    Ok(())
}

fn one_of(word: &str, says: &Value, value: &Value) -> Result<()> {
    let mut errors = Vec::new();
    let all = says.as_array().context("no list")?;
    for says in all {
        errors.extend(is(says, value).err().map(|error| format!("{error:#}")));
    }
    let fit = all.len() - errors.len();
    match (word, fit) {
        ("oneOf", 1) | ("anyOf", 1..) => Ok(()),
        ("oneOf", 2..) => Err(anyhow!("it is {fit} things at once")),
        _ => Err(anyhow!("it is none of these: {}", errors.join("; "))),
    }
}

fn is_type(says: &Value, value: &Value) -> bool {
    match says.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_u64() || value.is_i64(),
        _ => false,
    }
}

fn no_others(schema: &Map<String, Value>, value: &Value) -> Result<()> {
    let known = schema.get("properties").and_then(Value::as_object);
    for (name, _) in value.as_object().into_iter().flatten() {
        let is_known = known.is_some_and(|it| it.contains_key(name));
        ensure!(is_known, "{name} is not described");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_objects_under_their_kind() {
        assert!(check(&json!({"subdev": []})).is_ok());
        let wq = json!({"id": 3, "state": "enabled", "subdev": [0]});
        assert!(check(&json!({"wq": [wq]})).is_ok());
        for wrong in [
            json!({"subdev": {}}),
            json!({"index": 0}),
            json!({"wq": [{"id": 3}]}),
            json!({"wq": [{"id": "3", "subdev": []}]}),
            json!({"subdev": [], "colour": 1}),
        ] {
            assert!(check(&wrong).is_err(), "{wrong}");
        }
    }
}
