// SPDX-License-Identifier: MIT OR Apache-2.0

//! The values of an object as text.

use std::fmt;

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
        let info = set.and_then(|set| set.find(name)).map(|(_, it)| it);
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
    if let Some(number) = value.as_u64().filter(|_| hex) {
        return format!("{number:#x}");
    }
    match value {
        Value::String(string) => visible(string),
        Value::Array(values) => {
            let texts: Vec<String> = values.iter().map(|value| text(value, hex)).collect();
            texts.join(",")
        }
        other => other.to_string(),
    }
}

/// The text with its control characters escaped, which could do anything to a
/// terminal.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    add_visible(&mut out, text);
    out
}

/// Text to which what is written is added with its control characters escaped.
pub struct Visible<'a>(pub &'a mut String);

impl fmt::Write for Visible<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        add_visible(self.0, text);
        Ok(())
    }
}

fn add_visible(out: &mut String, text: &str) {
    // Nearly all is, and then looked at once.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return out.push_str(text);
    }
    for c in text.chars() {
        match c.is_control() {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        let value = Value::from("a\u{1b}[2Jb\n\u{9b}c\u{7f}é");
        assert_eq!(text(&value, false), "a\\u{1b}[2Jb\\n\\u{9b}c\\u{7f}é");
    }
}
