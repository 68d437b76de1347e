// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads what accel-config saves for idxd, as far as it has a place here.
//!
//! [`keys`] says of every key what becomes of it. As for accel-config, a file says all
//! of a device: its other work queues have no entries, its other groups no engines.

mod complete;
mod keys;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use self::keys::Fate::{Holds, Is, NoPlace, Told};
use self::keys::{KEYS, NOTHING};
use super::read::{Data, Node, Wrong, nodes};
use super::{Config, Entry, Object};
use crate::grammar::Kind;

pub use self::complete::complete;

struct Reader {
    skips: bool,
    skipped: Vec<Wrong>,
}

/// The configuration in `text`, and what was left out because it has no place; with
/// `skips` false that is an error.
pub fn config(text: &str, skips: bool) -> Result<(Config, Vec<Wrong>), Wrong> {
    let mut reader = Reader {
        skips,
        skipped: Vec::new(),
    };
    let mut config = Config::default();
    for document in nodes(text)? {
        let devices = match &document.data {
            Data::List(devices) => devices.clone(),
            _ => vec![document],
        };
        for device in &devices {
            reader.device(device, &mut config)?;
        }
    }
    Ok((config, reader.skipped))
}

impl Reader {
    /// What is said by the keys of `node` that are attributes; the rest has to have a
    /// place somewhere.
    fn attributes(&mut self, what: &str, node: &Node) -> Result<Object, Wrong> {
        let mut out = Object::new();
        for (key, line, value) in node.map()? {
            let fate = KEYS
                .iter()
                .find(|(of, known, _)| *of == what && known == key);
            let wrong = |text: String| Wrong { line: *line, text };
            match fate.map(|(_, _, fate)| fate) {
                Some(Is("op-config")) => {
                    let mask = mask(value.word()?).ok_or_else(|| {
                        value.wrong(format!(
                            "op_config: {} is no mask",
                            value.word().unwrap_or("it")
                        ))
                    })?;
                    out.insert("op-config".into(), mask.into());
                }
                Some(Is(name)) => {
                    let number = number(value)?;
                    out.insert((*name).into(), number.into());
                }
                Some(Holds | Told) => {}
                Some(NoPlace(why)) => {
                    let word = value.word()?;
                    if !NOTHING.contains(&word) {
                        self.skip(wrong(format!(
                            "{key} {word} of a {what} has no place: {why}"
                        )))?;
                    }
                }
                None => self.skip(wrong(format!(
                    "accel-config has no key '{key}' of a {what}"
                )))?,
            }
        }
        Ok(out)
    }

    fn skip(&mut self, wrong: Wrong) -> Result<(), Wrong> {
        match self.skips {
            true => {
                self.skipped.push(wrong);
                Ok(())
            }
            false => Err(wrong),
        }
    }

    fn device(&mut self, node: &Node, config: &mut Config) -> Result<(), Wrong> {
        let name = named(node)?;
        if !name.starts_with("dsa") {
            return self.skip(node.wrong(format!("{name} is no DSA")));
        }
        let own = self.attributes("device", node)?;
        let mut groups = Vec::new();
        let mut wqs = Vec::new();
        for group in listed(node, &["groups"])? {
            let id = index(group)?;
            let mut said = Object::new();
            said.insert("id".into(), id.into());
            let mut engines = 0_u64;
            let says_engines = has(group, "grouped_engines")?;
            for engine in listed(group, &["grouped_engines"])? {
                self.attributes("engine", engine)?;
                let number = index(engine)?;
                let bit = u32::try_from(number)
                    .ok()
                    .and_then(|it| 1_u64.checked_shl(it));
                engines |= bit.ok_or_else(|| engine.wrong("there is no such engine"))?;
            }
            if says_engines {
                said.insert("engines".into(), format!("{engines:#x}").into());
            }
            said.extend(self.attributes("group", group)?);
            // As many as there are, which is so where nobody says a number.
            if said.get("read-buffers-allowed") == Some(&json!(0)) {
                said.shift_remove("read-buffers-allowed");
            }
            groups.push(Value::Object(said));
            for wq in listed(group, &["grouped_workqueues"])? {
                wqs.push(self.wq(wq, &name, Some(id))?);
            }
        }
        for engine in listed(node, &["ungrouped_engines"])? {
            self.attributes("engine", engine)?;
        }
        for wq in listed(node, &["ungrouped_workqueues", "ungrouped workqueues"])? {
            wqs.push(self.wq(wq, &name, None)?);
        }
        let mut dsa = own;
        dsa.insert("group".into(), groups.into());
        let mut object = Object::new();
        object.insert("parent".into(), name.into());
        object.insert("dsa-parent".into(), Value::Object(dsa));
        config.entries.push(Entry {
            kind: Kind::Parent,
            file: None,
            line: Some(node.line),
            object,
        });
        config.entries.extend(wqs);
        Ok(())
    }

    /// A work queue; one without a group has no entries.
    fn wq(&mut self, node: &Node, parent: &str, group: Option<u64>) -> Result<Entry, Wrong> {
        let mut said = self.attributes("wq", node)?;
        let mut object = Object::new();
        object.insert("parent".into(), parent.into());
        object.insert("id".into(), index(node)?.into());
        let size = said.remove("size");
        match group {
            Some(group) => {
                // One of the default profiles leaves it to accel-config.
                object.extend(size.map(|size| ("size".to_string(), size)));
                said.insert("group".into(), group.into());
                // A work queue that has none yet.
                if said.get("priority") == Some(&json!(0)) {
                    said.remove("priority");
                }
                for unset in ["max-transfer-size", "max-batch-size"] {
                    if said.get(unset) == Some(&json!(0)) {
                        said.remove(unset);
                    }
                }
                object.insert("dsa-wq".into(), Value::Object(said));
            }
            None => {
                object.insert("size".into(), json!(0));
            }
        }
        Ok(Entry {
            kind: Kind::Wq,
            file: None,
            line: Some(node.line),
            object,
        })
    }
}

fn named(node: &Node) -> Result<String, Wrong> {
    let pairs = node.map()?;
    match pairs.iter().find(|(key, ..)| key == "dev") {
        Some((_, _, value)) => Ok(value.word()?.to_string()),
        None => Err(node.wrong("'dev' is missing")),
    }
}

/// The number after the dot of `wq0.3`, or at the end of `group0.1`.
fn index(node: &Node) -> Result<u64, Wrong> {
    let name = named(node)?;
    let number = name
        .rsplit_once('.')
        .and_then(|(_, number)| number.parse().ok());
    number.ok_or_else(|| node.wrong(format!("'{name}' has no number, as in wq0.3")))
}

fn listed<'a>(node: &'a Node, keys: &[&str]) -> Result<&'a [Node], Wrong> {
    let found = node
        .map()?
        .iter()
        .find(|(key, ..)| keys.contains(&key.as_str()));
    found.map_or(Ok(&[]), |(_, _, value)| value.list())
}

fn has(node: &Node, key: &str) -> Result<bool, Wrong> {
    Ok(node.map()?.iter().any(|(name, ..)| name == key))
}

fn number(node: &Node) -> Result<u64, Wrong> {
    let word = node.word()?;
    let parsed = match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    };
    parsed.ok_or_else(|| node.wrong(format!("'{word}' is no number that is not negative")))
}

/// A mask as the kernel prints bitmaps, words of 32 bits with the highest first, in the
/// order of the registers.
fn mask(word: &str) -> Option<String> {
    let mut words = Vec::new();
    for digits in word.split(',') {
        words.push(u32::from_str_radix(digits, 16).ok()?);
    }
    (words.len() <= 8).then_some(())?;
    let bytes = words.iter().rev().flat_map(|word| word.to_le_bytes());
    let mut text: String = bytes.map(|byte| format!("{byte:02x}")).collect();
    text.extend(std::iter::repeat_n(
        '0',
        64_usize.saturating_sub(text.len()),
    ));
    Some(text)
}
