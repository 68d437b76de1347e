// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads a configuration from YAML or JSON, which is a part of YAML.
//!
//! Every word is held against the family's tables, and what is wrong is said with
//! its line.

use nlctl::{AttributeInfo, AttributeSet, Kind as Wire};
use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde_json::{Map, Value};

use super::form::{can_be_set, names, operation};
use super::{Config, Entry, Object};
use crate::failure::Failure;
use crate::grammar::Kind;
use crate::words;

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub line: usize,
    pub text: String,
}

impl Wrong {
    /// In the file of that name.
    pub fn within(self, file: &str) -> Failure {
        Failure::File {
            file: file.to_string(),
            line: self.line,
            text: self.text,
            refused: false,
        }
    }
}

/// A value and where it is.
#[derive(Debug, Clone)]
pub struct Node {
    pub line: usize,
    pub data: Data,
}

#[derive(Debug, Clone)]
pub enum Data {
    /// A number, `true`, `false` or nothing, as it is written.
    Plain(String),
    Text(String),
    List(Vec<Node>),
    /// Keys with their lines, and values.
    Map(Vec<(String, usize, Node)>),
}

impl Node {
    pub fn wrong(&self, text: impl Into<String>) -> Wrong {
        Wrong {
            line: self.line,
            text: text.into(),
        }
    }

    pub fn list(&self) -> Result<&[Node], Wrong> {
        match &self.data {
            Data::List(nodes) => Ok(nodes),
            _ => Err(self.wrong("a list is needed here")),
        }
    }

    pub fn map(&self) -> Result<&[(String, usize, Node)], Wrong> {
        match &self.data {
            Data::Map(pairs) => Ok(pairs),
            _ => Err(self.wrong("names and values are needed here")),
        }
    }

    /// The scalar as it is written.
    pub fn word(&self) -> Result<&str, Wrong> {
        match &self.data {
            Data::Plain(word) | Data::Text(word) => Ok(word),
            _ => Err(self.wrong("a value is needed here")),
        }
    }
}

/// The documents in `text`.
pub fn nodes(text: &str) -> Result<Vec<Node>, Wrong> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| Wrong {
        line: error.marker().line(),
        text: format!("neither YAML nor JSON: {}", error.info()),
    })?;
    documents.iter().map(node).collect()
}

fn node(yaml: &MarkedYaml<'_>) -> Result<Node, Wrong> {
    let line = yaml.span.start.line();
    let wrong = |text: &str| Wrong {
        line,
        text: text.into(),
    };
    let data = match &yaml.data {
        YamlData::Value(Scalar::String(text)) => Data::Text(text.to_string()),
        YamlData::Value(Scalar::Integer(number)) => Data::Plain(number.to_string()),
        YamlData::Value(Scalar::FloatingPoint(number)) => Data::Plain(number.to_string()),
        YamlData::Value(Scalar::Boolean(flag)) => Data::Plain(flag.to_string()),
        YamlData::Value(Scalar::Null) => Data::Plain("null".into()),
        YamlData::Sequence(nodes) => Data::List(nodes.iter().map(node).collect::<Result<_, _>>()?),
        YamlData::Mapping(pairs) => {
            let mut out = Vec::new();
            for (key, value) in pairs {
                let at = key.span.start.line();
                let key = node(key)?;
                out.push((key.word()?.to_string(), at, node(value)?));
            }
            Data::Map(out)
        }
        YamlData::Tagged(_, inner) => return node(inner),
        _ => return Err(wrong("this cannot be read")),
    };
    Ok(Node { line, data })
}

/// The configuration in `text`.
pub fn config(text: &str) -> Result<Config, Wrong> {
    let mut config = Config::default();
    for document in nodes(text)? {
        if matches!(&document.data, Data::Plain(word) if word == "null") {
            continue;
        }
        for (name, line, objects) in document.map()? {
            let Some(kind) = KINDS.into_iter().find(|kind| kind.name() == name) else {
                return Err(Wrong {
                    line: *line,
                    text: format!("'{name}' is no kind of object; accepted: parent, wq, subdev"),
                });
            };
            for object in objects.list()? {
                config.entries.push(entry(kind, object)?);
            }
        }
    }
    Ok(config)
}

const KINDS: [Kind; 3] = [Kind::Parent, Kind::Wq, Kind::Subdev];

fn entry(kind: Kind, node: &Node) -> Result<Entry, Wrong> {
    let set = operation(kind).map(|it| it.set);
    let set = set.ok_or_else(|| node.wrong("this version of the tool has no such object"))?;
    let accepted = names(kind);
    let mut object = Object::new();
    for (name, line, value) in node.map()? {
        let info = set
            .find(name)
            .filter(|(_, info)| accepted.contains(&info.name));
        let Some((_, info)) = info else {
            return Err(unknown(kind.name(), name, *line, &accepted));
        };
        object.insert(name.clone(), self::value(info, value)?);
    }
    if kind == Kind::Parent {
        place(&mut object);
    }
    let missing = match kind {
        Kind::Wq => ["parent", "id"]
            .iter()
            .find(|name| !object.contains_key(**name)),
        _ => ["parent"].iter().find(|name| !object.contains_key(**name)),
    };
    if let Some(missing) = missing {
        let what = match kind {
            Kind::Parent => "bus and device, or name",
            _ => missing,
        };
        return Err(node.wrong(format!("a {} needs {what}", kind.name())));
    }
    Ok(Entry {
        kind,
        file: None,
        line: Some(node.line),
        object,
    })
}

/// Names a parent by where it is, or by its name.
fn place(object: &mut Object) {
    let text = |it: Option<Value>| it.and_then(|it| it.as_str().map(ToString::to_string));
    let bus = text(object.remove("bus"));
    let device = text(object.remove("device"));
    let name = text(object.remove("name"));
    let place = match (bus, device, name) {
        (Some(bus), Some(device), _) => Some(format!("{bus}/{device}")),
        (_, _, name) => name,
    };
    if let Some(place) = place {
        object.insert("parent".into(), place.into());
    }
}

fn unknown(what: &str, name: &str, line: usize, accepted: &[&str]) -> Wrong {
    Wrong {
        line,
        text: format!(
            "a {what} has no '{name}' that can be set; accepted: {}",
            accepted.join(", ")
        ),
    }
}

fn value(info: &AttributeInfo, node: &Node) -> Result<Value, Wrong> {
    match &node.data {
        Data::List(nodes) if info.many => nodes.iter().map(|node| one(info, node)).collect(),
        _ if info.many => Err(node.wrong(format!("{} is a list", info.name))),
        _ => one(info, node),
    }
}

fn one(info: &AttributeInfo, node: &Node) -> Result<Value, Wrong> {
    match (info.kind, info.nested) {
        (Wire::Nest, Some(set)) => nest(set, node),
        (Wire::Flag, _) => match node.word()? {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            word => Err(node.wrong(format!("{}: '{word}' is neither true nor false", info.name))),
        },
        // What looks like a number need not be written as one.
        (Wire::String, _) => match &node.data {
            Data::Text(text) => Ok(text.clone().into()),
            Data::Plain(word) => Err(node.wrong(format!(
                "{}: {word} is no text; put it in quotes",
                info.name
            ))),
            _ => Err(node.wrong(format!("{} is a text", info.name))),
        },
        _ => {
            let value = words::parse(info, node.word()?);
            value.map_err(|error| node.wrong(format!("{}: {error}", info.name)))
        }
    }
}

fn nest(set: &AttributeSet, node: &Node) -> Result<Value, Wrong> {
    let accepted = set.attributes.iter().map(|it| it.name);
    let accepted: Vec<_> = accepted.filter(|name| can_be_set(set, name)).collect();
    let mut object = Map::new();
    for (name, line, value) in node.map()? {
        let info = set
            .find(name)
            .filter(|(_, info)| accepted.contains(&info.name));
        let Some((_, info)) = info else {
            return Err(unknown(set.name, name, *line, &accepted));
        };
        object.insert(name.clone(), self::value(info, value)?);
    }
    Ok(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_and_json_are_read_alike() {
        let yaml = "\
subdev:
- name: net0
  parent: pci/0000:6a:01.0
  wq:
  - id: 3
    size: 0x10
  state: inactive
parent:
- {bus: pci, device: '0000:6a:01.0', dsa-parent: {group: [{id: 0, engines: '0xf'}]}}
";
        let json = "{\n\t\"subdev\": [{\"name\": \"net0\", \"parent\": \"pci/0000:6a:01.0\",\n\
            \t\"wq\": [{\"id\": 3, \"size\": 16}], \"state\": \"inactive\"}],\n\
            \t\"parent\": [{\"bus\": \"pci\", \"device\": \"0000:6a:01.0\", \"dsa-parent\":\n\
            \t{\"group\": [{\"id\": 0, \"engines\": \"0xf\"}]}}]}";
        let plain = |text| {
            let config = config(text).expect("is a configuration");
            let objects = config.entries.into_iter().map(|it| (it.kind, it.object));
            objects.collect::<Vec<_>>()
        };
        assert_eq!(plain(yaml), plain(json));
        let (_, subdev) = &plain(yaml)[0];
        assert_eq!(subdev["wq"], json!([{"id": 3, "size": 16}]));
        let (_, parent) = &plain(yaml)[1];
        assert_eq!(parent["parent"], "pci/0000:6a:01.0");
        assert!(config("").expect("is empty").entries.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, line, words) in [
            (
                "subdev:\n- name: x\n  colour: red\n",
                3,
                "no 'colour' that can be set",
            ),
            (
                "subdev:\n- name: x\n  opstate: open\n",
                3,
                "no 'opstate' that can be set",
            ),
            (
                "subdev:\n- parent: dsa0\n  pasid-mode: big\n",
                3,
                "none, dedicated, shared",
            ),
            (
                "subdev:\n- name: 77\n  parent: dsa0\n",
                2,
                "put it in quotes",
            ),
            ("subdev:\n- name: x\n", 2, "a subdev needs parent"),
            ("wq:\n- parent: dsa0\n", 2, "a wq needs id"),
            ("parent:\n- dsa-parent: {}\n", 2, "bus and device"),
            (
                "parent:\n- name: dsa0\n  dsa-parent:\n    version: 1\n",
                4,
                "'version'",
            ),
            (
                "subdev:\n- parent: dsa0\n  wq: {id: 3}\n",
                3,
                "wq is a list",
            ),
            ("subdevs: []\n", 1, "accepted: parent, wq, subdev"),
            ("subdev: 3\n", 1, "a list is needed"),
            ("- 3\n", 1, "names and values"),
            ("{\"subdev\": [\n", 2, "neither YAML nor JSON"),
        ] {
            let wrong = config(text).expect_err("is wrong");
            assert_eq!(wrong.line, line, "{text}: {}", wrong.text);
            assert!(wrong.text.contains(words), "{text}: {}", wrong.text);
        }
    }
}
