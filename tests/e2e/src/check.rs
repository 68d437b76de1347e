// SPDX-License-Identifier: MIT OR Apache-2.0
//! Assertions that explain themselves, and the steps that a reader follows.

use std::fmt::Debug;

use anyhow::{Result, bail};
use serde_json::Value;

/// Tells the reader what comes next.
pub fn step(text: impl AsRef<str>) {
    println!("  - {}", text.as_ref());
}

/// Demands that `got` equals `want`; the error names `what` and shows both.
pub fn equal<T: PartialEq + Debug>(what: &str, got: T, want: T) -> Result<()> {
    if got != want {
        bail!("{what}: expected {want:?}, got {got:?}");
    }
    Ok(())
}

/// Demands that two byte strings are equal; the error shows the first difference.
pub fn same_bytes(what: &str, got: &[u8], want: &[u8]) -> Result<()> {
    equal(&format!("{what}: length"), got.len(), want.len())?;
    if let Some(at) = got.iter().zip(want).position(|(got, want)| got != want) {
        let end = (at + 16).min(got.len());
        bail!(
            "{what}: differs from byte {at} of {} on: expected {:02x?}…, got {:02x?}…",
            want.len(),
            &want[at..end],
            &got[at..end]
        );
    }
    Ok(())
}

/// `value` without the keys that change on their own, at any depth.
///
/// The generation counts every change of the family's state, also those that
/// were made and undone between two looks.
pub fn without_generation(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.remove("generation");
                map.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut value);
    value
}

/// Demands that two JSON values are equal; the error lists the paths that differ.
pub fn same_json(what: &str, got: &Value, want: &Value) -> Result<()> {
    let mut differences = Vec::new();
    compare("", got, want, &mut differences);
    if !differences.is_empty() {
        bail!("{what}: {}", differences.join("; "));
    }
    Ok(())
}

fn compare(path: &str, got: &Value, want: &Value, out: &mut Vec<String>) {
    let here = if path.is_empty() { "/" } else { path };
    match (got, want) {
        (Value::Object(got), Value::Object(want)) => {
            for key in want.keys().filter(|key| !got.contains_key(*key)) {
                out.push(format!("{path}/{key} is missing"));
            }
            for (key, got) in got {
                match want.get(key) {
                    Some(want) => compare(&format!("{path}/{key}"), got, want, out),
                    None => out.push(format!("{path}/{key} came in with {got}")),
                }
            }
        }
        (Value::Array(got), Value::Array(want)) if got.len() == want.len() => {
            for (index, (got, want)) in got.iter().zip(want).enumerate() {
                compare(&format!("{path}/{index}"), got, want, out);
            }
        }
        _ if got == want => {}
        _ => out.push(format!("{here}: expected {want}, got {got}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(result: Result<()>) -> String {
        result.expect_err("the values differ").to_string()
    }

    #[test]
    fn the_first_different_byte_is_shown() {
        let text = error(same_bytes("copy", &[1, 2, 9, 4], &[1, 2, 3, 4]));
        assert!(text.contains("byte 2 of 4"), "{text}");
        assert!(
            text.contains("[03, 04]") && text.contains("[09, 04]"),
            "{text}"
        );
        assert!(error(same_bytes("copy", &[1], &[1, 2])).contains("length"));
        assert!(same_bytes("copy", &[1, 2], &[1, 2]).is_ok());
    }

    #[test]
    fn the_generation_does_not_count() {
        let before = json!({"subdev": [{"index": 0, "generation": 3}], "generation": 3});
        let after = json!({"subdev": [{"index": 0, "generation": 8}]});
        assert_eq!(without_generation(before), without_generation(after));
    }

    #[test]
    fn each_difference_is_named_by_its_path() {
        let got = json!({"wq": [{"id": 0, "size": 16}, {"id": 1, "used": true}]});
        let want = json!({"wq": [{"id": 0, "size": 8}, {"id": 1, "group": 0}]});
        let text = error(same_json("wqs", &got, &want));
        assert!(text.contains("/wq/0/size: expected 8, got 16"), "{text}");
        assert!(text.contains("/wq/1/group is missing"), "{text}");
        assert!(text.contains("/wq/1/used came in with true"), "{text}");
        assert!(error(same_json("top", &json!(1), &json!(2))).contains("/: expected 2, got 1"));
        assert!(same_json("wqs", &got, &got).is_ok());
    }
}
