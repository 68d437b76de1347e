// SPDX-License-Identifier: MIT OR Apache-2.0

//! YAML that every reader reads back as what was meant.
//!
//! Readers of YAML 1.1 (PyYAML, Go's yaml.v2) take `no`, `1_000`, `1:30`, `0x1f` or
//! `2024-01-01` for something else than text. So text stands without quotes only
//! where no reader of any version can take it for anything else.

use serde_json::Value;

/// Words that some version of YAML has a meaning for, in small letters.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// A document.
pub fn document(value: &Value) -> String {
    let mut out = String::from("---\n");
    match value {
        Value::Object(map) if !map.is_empty() => mapping(&mut out, map, 0),
        Value::Array(values) if !values.is_empty() => sequence(&mut out, values, 0),
        other => {
            out += &scalar(other);
            out.push('\n');
        }
    }
    out
}

/// A document of many things of one name.
pub struct List(String);

impl List {
    pub fn new(name: &str) -> Self {
        Self(format!("---\n{}:", text(name)))
    }

    pub fn add(&mut self, value: &Value) {
        if !self.0.ends_with('\n') {
            self.0.push('\n');
        }
        sequence(&mut self.0, std::slice::from_ref(value), 0);
    }

    pub fn end(mut self) -> String {
        if !self.0.ends_with('\n') {
            self.0 += " []\n";
        }
        self.0
    }
}

fn mapping(out: &mut String, map: &serde_json::Map<String, Value>, indent: usize) {
    for (at, (key, value)) in map.iter().enumerate() {
        if at > 0 {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        *out += &text(key);
        out.push(':');
        below(out, value, indent);
    }
}

/// A value after its key.
fn below(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent + 2));
            mapping(out, map, indent + 2);
        }
        Value::Array(values) if !values.is_empty() => {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            sequence(out, values, indent);
        }
        other => {
            out.push(' ');
            *out += &scalar(other);
            out.push('\n');
        }
    }
}

fn sequence(out: &mut String, values: &[Value], indent: usize) {
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        *out += "- ";
        match value {
            Value::Object(map) if !map.is_empty() => mapping(out, map, indent + 2),
            Value::Array(values) if !values.is_empty() => sequence(out, values, indent + 2),
            other => {
                *out += &scalar(other);
                out.push('\n');
            }
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        // The same in JSON, numbers included.
        other => other.to_string(),
    }
}

/// Text, in quotes unless nobody can mistake it.
fn text(text: &str) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain {
        return text.to_string();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            // What is no text in YAML, or breaks lines, or could be a mark of the order
            // of bytes.
            c if c.is_control()
                || matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ) =>
            {
                out += &match u32::from(c) {
                    code @ 0..=0xff => format!("\\x{code:02x}"),
                    code => format!("\\u{code:04x}"),
                };
            }
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use saphyr::{LoadableYamlNode, Yaml};
    use serde_json::json;
    use std::process::Command;

    /// Text that some reader takes for something else.
    const TRAPS: &[&str] = &[
        "1_000",
        "no",
        "On",
        "1:30",
        "2024-01-01",
        "0x1f",
        "~",
        "null",
        "y",
        "N",
        "yes",
        "OFF",
        "true",
        "False",
        "0o17",
        "017",
        "0b11",
        "1e3",
        "1E3",
        ".5",
        "5.",
        "+1",
        "-1",
        ".inf",
        "-.INF",
        ".nan",
        "=",
        "<<",
        "",
        " ",
        "a: b",
        "a #b",
        "- a",
        "? a",
        "# a",
        "[a",
        "{a",
        "!a",
        "&a",
        "*a",
        "%a",
        "@a",
        "`a",
        "|",
        ">",
        "190:20:30",
        "2001-12-14t21:59:43.10-05:00",
        "a\u{85}b\u{2028}c\t\u{7f}\"\\\n é\u{1f600}",
    ];

    fn read(text: &str) -> Value {
        let mut documents = Yaml::load_from_str(text).expect("is YAML");
        let document = documents.pop().expect("has a document");
        json_of(&document)
    }

    fn json_of(yaml: &Yaml<'_>) -> Value {
        if let Some(text) = yaml.as_str() {
            return text.into();
        }
        if let Some(number) = yaml.as_integer() {
            return number.into();
        }
        if let Some(flag) = yaml.as_bool() {
            return flag.into();
        }
        if let Some(values) = yaml.as_vec() {
            return values.iter().map(json_of).collect();
        }
        if let Some(map) = yaml.as_mapping() {
            let pairs = map
                .iter()
                .map(|(key, value)| (key.as_str().expect("is text").to_string(), json_of(value)));
            return Value::Object(pairs.collect());
        }
        Value::Null
    }

    #[test]
    fn it_is_laid_out_for_people() {
        let value = json!({"subdev": [{"index": 0, "name": "net0", "wq": [{"id": 3}], "lease": true}], "wq": []});
        let expected = "\
---
subdev:
- index: 0
  name: net0
  wq:
  - id: 3
  lease: true
wq: []
";
        assert_eq!(document(&value), expected);
        assert_eq!(read(expected), value);
    }

    #[test]
    fn many_things_are_laid_out_as_one_document() {
        for things in [json!([]), json!([{"a": 1}]), json!([{"a": {"b": []}}, {}])] {
            let mut list = List::new("things");
            things
                .as_array()
                .into_iter()
                .flatten()
                .for_each(|it| list.add(it));
            assert_eq!(list.end(), document(&json!({ "things": things })));
        }
    }

    /// PyYAML is a reader of YAML 1.1; without it, a table has to do.
    #[test]
    fn text_is_read_back_by_every_reader() {
        let value = json!({"name": TRAPS, "also": {"on": "no", "1:30": 1}});
        let yaml = document(&value);
        assert_eq!(read(&yaml), value);
        for trap in TRAPS {
            assert!(
                text(trap).starts_with('"'),
                "{trap:?} stands without quotes"
            );
        }
        let program = "import sys,yaml,json; print(json.dumps(yaml.safe_load(sys.stdin.buffer.read().decode())))";
        let file = std::env::temp_dir().join(format!("dsa-nl-yaml-{}", std::process::id()));
        std::fs::write(&file, &yaml).expect("can be written");
        let input = std::fs::File::open(&file).expect("is there");
        let output = Command::new("python3")
            .args(["-c", program])
            .stdin(input)
            .output();
        std::fs::remove_file(&file).expect("is there");
        let Ok(output) = output else { return };
        if String::from_utf8_lossy(&output.stderr).contains("No module named 'yaml'") {
            return;
        }
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let back: Value = serde_json::from_slice(&output.stdout).expect("is JSON");
        assert_eq!(back, value);
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(words in proptest::collection::vec(any::<String>(), 0..5)) {
            let value = json!({"name": words});
            prop_assert_eq!(read(&document(&value)), value);
        }
    }
}
