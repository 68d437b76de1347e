// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads what accel-config saves for idxd, as far as it has a place here.
//!
//! [`KEYS`] says of every key what becomes of it. As for accel-config, a file says all
//! of a device: its other work queues have no entries, its other groups no engines.

use serde_json::{Value, json};

use super::read::{Data, Node, Wrong, nodes};
use super::{Config, Entry, Object};
use crate::grammar::Kind;

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is this attribute.
    Is(&'static str),
    /// It holds more of the file, or names what it is of.
    Holds,
    /// It says what the device has, or does, and nothing that is wanted.
    Told,
    /// It has no place, unless it is as it would be without.
    NoPlace(&'static str),
}

use Fate::{Holds, Is, NoPlace, Told};

const EVENT_LOG: &str = "the driver keeps no event log";
const OWNER: &str = "a work queue belongs to the subdevs on it";

/// Where a key is, the key, and what becomes of it.
const KEYS: &[(&str, &str, Fate)] = &[
    ("device", "dev", Holds),
    ("device", "groups", Holds),
    ("device", "ungrouped_workqueues", Holds),
    ("device", "ungrouped workqueues", Holds),
    ("device", "ungrouped_engines", Holds),
    ("device", "read_buffer_limit", Is("read-buffer-limit")),
    ("device", "token_limit", Is("read-buffer-limit")),
    ("device", "event_log_size", NoPlace(EVENT_LOG)),
    ("device", "max_groups", Told),
    ("device", "max_work_queues", Told),
    ("device", "max_engines", Told),
    ("device", "work_queue_size", Told),
    ("device", "numa_node", Told),
    ("device", "op_cap", Told),
    ("device", "gen_cap", Told),
    ("device", "version", Told),
    ("device", "state", Told),
    ("device", "max_read_buffers", Told),
    ("device", "max_tokens", Told),
    ("device", "max_batch_size", Told),
    ("device", "max_transfer_size", Told),
    ("device", "configurable", Told),
    ("device", "pasid_enabled", Told),
    ("device", "cdev_major", Told),
    ("device", "clients", Told),
    ("device", "ims_size", Told),
    ("device", "errors", Told),
    ("group", "dev", Holds),
    ("group", "grouped_workqueues", Holds),
    ("group", "grouped_engines", Holds),
    (
        "group",
        "read_buffers_reserved",
        Is("read-buffers-reserved"),
    ),
    ("group", "tokens_reserved", Is("read-buffers-reserved")),
    ("group", "read_buffers_allowed", Is("read-buffers-allowed")),
    ("group", "tokens_allowed", Is("read-buffers-allowed")),
    (
        "group",
        "use_read_buffer_limit",
        Is("use-read-buffer-limit"),
    ),
    ("group", "use_token_limit", Is("use-read-buffer-limit")),
    (
        "group",
        "traffic_class_a",
        NoPlace("the traffic class is that of the device"),
    ),
    (
        "group",
        "traffic_class_b",
        NoPlace("the traffic class is that of the device"),
    ),
    (
        "group",
        "desc_progress_limit",
        NoPlace("groups have no progress limits"),
    ),
    (
        "group",
        "batch_progress_limit",
        NoPlace("groups have no progress limits"),
    ),
    ("engine", "dev", Holds),
    ("engine", "group_id", Holds),
    ("wq", "dev", Holds),
    ("wq", "group_id", Holds),
    ("wq", "size", Is("size")),
    ("wq", "priority", Is("priority")),
    ("wq", "threshold", Is("threshold")),
    ("wq", "block_on_fault", Is("block-on-fault")),
    ("wq", "max_batch_size", Is("max-batch-size")),
    ("wq", "max_transfer_size", Is("max-transfer-size")),
    ("wq", "op_config", Is("op-config")),
    (
        "wq",
        "mode",
        NoPlace("the driver is the one submitter of a work queue, whatever shares it"),
    ),
    ("wq", "type", NoPlace(OWNER)),
    ("wq", "name", NoPlace(OWNER)),
    ("wq", "driver_name", NoPlace(OWNER)),
    ("wq", "uuid", NoPlace("subdevs are made by 'subdev add'")),
    (
        "wq",
        "ats_disable",
        NoPlace("the driver translates addresses"),
    ),
    (
        "wq",
        "prs_disable",
        NoPlace("the driver translates addresses"),
    ),
    ("wq", "state", Told),
    ("wq", "clients", Told),
    ("wq", "cdev_minor", Told),
    ("wq", "occupancy", Told),
    ("wq", "errors", Told),
];

/// Values by which a key without a place says what would be anyhow.
const NOTHING: [&str; 5] = ["0", "-1", "none", "dedicated", ""];

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

/// `want` with what a file of accel-config means by leaving it out.
pub fn complete(have: &Config, mut want: Config) -> Config {
    let said: Vec<_> = want.of(Kind::Parent).cloned().collect();
    for parent in &said {
        for have in have
            .of(Kind::Wq)
            .filter(|it| it.parent() == parent.parent())
        {
            let same = |it: &Entry| it.parent() == have.parent() && it.id() == have.id();
            if !want.of(Kind::Wq).any(same) {
                let mut object = Object::new();
                object.insert("parent".into(), parent.parent().into());
                object.insert("id".into(), have.id().into());
                object.insert("size".into(), json!(0));
                want.entries.push(Entry {
                    kind: Kind::Wq,
                    file: parent.file.clone(),
                    line: parent.line,
                    object,
                });
            }
        }
        let there = have
            .of(Kind::Parent)
            .find(|it| it.parent() == parent.parent());
        let groups = |entry: &Entry| -> Vec<Value> {
            let dsa = entry
                .object
                .get("dsa-parent")
                .and_then(|it| it.get("group"));
            dsa.and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let left = there.map(groups).unwrap_or_default();
        let mut known = groups(parent);
        give_up(&left, &mut known);
        rehome(have, &mut want, parent.parent(), &known);
        let left = left
            .into_iter()
            .filter(|it| known.iter().all(|said| said.get("id") != it.get("id")));
        let left = left.map(|it| json!({"id": it.get("id"), "engines": "0x0"}));
        let all: Vec<_> = known.iter().cloned().chain(left).collect();
        for entry in want.entries.iter_mut().filter(|it| it.kind == Kind::Parent) {
            if entry.parent() == parent.parent()
                && let Some(Value::Object(dsa)) = entry.object.get_mut("dsa-parent")
            {
                dsa.insert("group".into(), all.clone().into());
            }
        }
    }
    want
}

/// Has groups of which no engines are said lose those that others get.
fn give_up(have: &[Value], groups: &mut [Value]) {
    let engines = |group: &Value| -> Option<u64> {
        let text = group.get("engines")?.as_str()?;
        u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
    };
    let taken = groups
        .iter()
        .filter_map(engines)
        .fold(0, |all, it| all | it);
    for group in groups {
        let there = have.iter().find(|it| it.get("id") == group.get("id"));
        let had = there.and_then(engines).unwrap_or_default();
        if group.get("engines").is_none() && had & taken != 0 {
            group["engines"] = format!("{:#x}", had & !taken).into();
        }
    }
}

/// Has work queues without entries leave groups that lose their engines: one is in a
/// group whether it has entries or not, and the group needs an engine for it.
fn rehome(have: &Config, want: &mut Config, parent: &str, groups: &[Value]) {
    let ids = groups
        .iter()
        .filter(|it| it.get("engines") != Some(&json!("0x0")));
    let served: Vec<_> = ids.filter_map(|it| it.get("id")).collect();
    let Some(home) = served.first() else { return };
    let of_parent = |it: &&Entry| it.parent() == parent;
    let groups: Vec<_> = have
        .of(Kind::Wq)
        .filter(of_parent)
        .map(|wq| {
            (
                wq.id(),
                wq.object.get("dsa-wq").and_then(|it| it.get("group")),
            )
        })
        .collect();
    let unused = want.entries.iter_mut().filter(|it| {
        it.kind == Kind::Wq && it.parent() == parent && !it.object.contains_key("dsa-wq")
    });
    for wq in unused {
        let id = wq.id();
        let now = groups.iter().find(|(it, _)| *it == id).and_then(|it| it.1);
        if now.is_some_and(|now| !served.contains(&now)) {
            wq.object.insert("dsa-wq".into(), json!({"group": home}));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"[
  {
    "dev":"dsa0",
    "read_buffer_limit":8,
    "groups":[
      {
        "dev":"group0.0",
        "read_buffers_reserved":0,
        "use_read_buffer_limit":1,
        "read_buffers_allowed":8,
        "grouped_workqueues":[
          {
            "dev":"wq0.0",
            "mode":"dedicated",
            "size":16,
            "group_id":0,
            "priority":10,
            "block_on_fault":1,
            "max_transfer_size":2097152,
            "op_config":"00000000,00000000,00000000,00000000,00000000,00000000,00000001,003f03ff",
            "type":"user",
            "name":"app1",
            "driver_name":"user",
            "threshold":15
          }
        ],
        "grouped_engines":[
          { "dev":"engine0.0", "group_id":0 },
          { "dev":"engine0.3", "group_id":0 }
        ]
      }
    ],
    "ungrouped_workqueues":[ { "dev":"wq0.1", "size":32 } ]
  }
]
"#;

    #[test]
    fn a_saved_configuration_is_parents_and_work_queues() {
        let (config, skipped) = config(FILE, true).expect("is read");
        let objects: Vec<_> = config.entries.iter().map(|it| it.object.clone()).collect();
        assert_eq!(
            Value::from_iter(objects),
            json!([
                {"parent": "dsa0", "dsa-parent": {"read-buffer-limit": 8, "group": [{
                    "id": 0, "engines": "0x9", "read-buffers-reserved": 0,
                    "use-read-buffer-limit": 1, "read-buffers-allowed": 8,
                }]}},
                {"parent": "dsa0", "id": 0, "size": 16, "dsa-wq": {
                    "priority": 10, "block-on-fault": 1, "max-transfer-size": 2_097_152,
                    "op-config": format!("ff033f0001{}", "0".repeat(54)),
                    "threshold": 15, "group": 0,
                }},
                {"parent": "dsa0", "id": 1, "size": 0},
            ])
        );
        let lines: Vec<_> = skipped.iter().map(|it| it.line).collect();
        assert_eq!(lines, [21, 22, 23], "{skipped:?}");
    }

    /// In the shapes of those that come with accel-config, with other numbers.
    const PROFILES: [(&str, &str); 7] = [
        (
            "system",
            include_str!("../../tests/accel-config/system.conf"),
        ),
        (
            "two-sizes",
            include_str!("../../tests/accel-config/two-sizes.conf"),
        ),
        // With commas at the ends of lists.
        (
            "four-groups",
            include_str!("../../tests/accel-config/four-groups.conf"),
        ),
        ("disks", include_str!("../../tests/accel-config/disks.conf")),
        (
            "defaults",
            include_str!("../../tests/accel-config/defaults.conf"),
        ),
        // With groups that have nothing.
        (
            "both-modes",
            include_str!("../../tests/accel-config/both-modes.conf"),
        ),
        // With commas at the ends of objects, and of a device that is no DSA.
        (
            "analytics",
            include_str!("../../tests/accel-config/analytics.conf"),
        ),
    ];

    #[test]
    fn the_shapes_of_profiles_are_read() {
        let read = PROFILES.map(|(name, text)| {
            let (config, skipped) = config(text, true).expect("is read");
            let objects = config.entries.into_iter().map(|it| it.object);
            let mut skipped: Vec<_> = skipped.into_iter().map(|it| it.text).collect();
            skipped.retain(|it| !it.contains("type user") && !it.contains("name "));
            (name, Value::from_iter(objects), skipped)
        });
        let [system, two, four, disks, defaults, both, analytics] = read;
        let one = json!({"parent": "dsa0", "dsa-parent": {"read-buffer-limit": 0, "group": [{
            "id": 0, "engines": "0x1", "read-buffers-reserved": 0, "use-read-buffer-limit": 0,
        }]}});
        assert_eq!(system.1[0], one);
        assert_eq!(system.1[1]["size"], 24);
        assert_eq!(system.1[1]["dsa-wq"]["threshold"], 20);
        assert_eq!(system.2.len(), 2, "{:?}", system.2);
        assert!(system.2[0].starts_with("mode shared"), "{:?}", system.2);
        let allowed = |profile: &Value, at: usize| {
            profile[0]["dsa-parent"]["group"][at]["read-buffers-allowed"].clone()
        };
        assert_eq!(
            (allowed(&two.1, 1), allowed(&four.1, 1)),
            (json!(12), Value::Null)
        );
        let engines = |profile: &Value| -> Vec<Value> {
            let groups = profile[0]["dsa-parent"]["group"].as_array();
            groups
                .into_iter()
                .flatten()
                .map(|it| it["engines"].clone())
                .collect()
        };
        assert_eq!(engines(&four.1), ["0x1", "0x2", "0x4", "0x8"]);
        assert_eq!(four.1[4]["dsa-wq"]["group"], 3);
        assert!(four.2.is_empty(), "{:?}", four.2);
        assert_eq!(disks.1[2]["dsa-wq"]["max-transfer-size"], 2 << 20);
        // What it leaves to accel-config stays as it is, and only the DSA is meant.
        assert_eq!(
            defaults.1,
            json!([
                {"parent": "dsa0", "dsa-parent": {"group": [{"id": 0}]}},
                {"parent": "dsa0", "id": 0, "dsa-wq": {
                    "priority": 7, "block-on-fault": 1, "group": 0,
                }},
            ])
        );
        assert!(defaults.2.iter().any(|it| it.contains("iax1 is no DSA")));
        assert!(defaults.2.iter().any(|it| it.contains("prs_disable 1")));
        assert_eq!(
            engines(&both.1),
            [json!("0x3"), json!("0xc"), Value::Null, Value::Null]
        );
        assert_eq!(both.1[1]["dsa-wq"]["block-on-fault"], 1);
        assert_eq!(
            both.1[2]
                .get("dsa-wq")
                .and_then(|it| it.get("max-batch-size")),
            None
        );
        assert!(both.2.iter().any(|it| it.contains("mode shared")));
        assert_eq!(analytics.1, json!([]));
        assert_eq!(analytics.2.len(), 1, "{:?}", analytics.2);
    }

    #[test]
    fn work_queues_without_entries_are_where_an_engine_is() {
        let object = |value: Value| value.as_object().cloned().expect("is an object");
        let mut have = Config::default();
        let groups = (0..4).map(|id| json!({"id": id, "engines": format!("{:#x}", 1 << id)}));
        let groups: Vec<_> = groups.collect();
        let parent = object(json!({"parent": "dsa0", "dsa-parent": {"group": groups}}));
        have.entries.push(Entry::new(Kind::Parent, parent));
        for id in 0..4 {
            let wq = json!({"parent": "dsa0", "id": id, "size": 30, "dsa-wq": {"group": id}});
            have.entries.push(Entry::new(Kind::Wq, object(wq)));
        }
        let (want, _) = config(PROFILES[1].1, true).expect("is read");
        let want = complete(&have, want);
        let wqs: Vec<_> = want
            .of(Kind::Wq)
            .map(|it| &it.object["dsa-wq"]["group"])
            .collect();
        assert_eq!(wqs, [0, 1, 0, 0]);
        let groups = &want.entries[0].object["dsa-parent"]["group"];
        assert_eq!(groups[3], json!({"id": 3, "engines": "0x0"}));
        // The groups that nothing is said of lose their engines to the others.
        let (want, _) = config(PROFILES[5].1, true).expect("is read");
        let want = complete(&have, want);
        let groups = &want.entries[0].object["dsa-parent"]["group"];
        let engines: Vec<_> = (0..4).map(|at| &groups[at]["engines"]).collect();
        assert_eq!(engines, ["0x3", "0xc", "0x0", "0x0"]);
        let of = |wq: &Entry| wq.object["dsa-wq"]["group"].clone();
        assert_eq!(want.of(Kind::Wq).map(of).collect::<Vec<_>>(), [0, 1, 0, 0]);
    }

    #[test]
    fn what_has_no_place_is_refused_with_its_line() {
        let refused = |text: &str| config(text, false).expect_err("is refused");
        let wrong = refused(FILE);
        assert_eq!(wrong.line, 21);
        assert!(
            wrong.text.contains("type user of a wq has no place"),
            "{}",
            wrong.text
        );
        let wrong = refused("[{\"dev\": \"iax1\"}]");
        assert!(wrong.text.contains("iax1 is no DSA"));
        let wrong = refused("[{\"dev\": \"dsa0\",\n \"colour\": 1}]");
        assert_eq!(wrong.line, 2);
    }

    /// `UPDATE_KEYS=1 cargo test -p dsa-nl keys` writes it anew.
    #[test]
    fn the_published_table_has_all_keys() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/accel-config.md");
        let mut text = String::from(
            "<!-- SPDX-License-Identifier: MIT OR Apache-2.0 -->\n\
             # Keys of accel-config\n\n\
             What becomes of each key of a file that accel-config saved, in\n\
             `dsa-nl diff` and `apply` with `--format accel-config`. A key without a place is\n\
             refused, or left out with `--skip-unknown`, unless it says what would be anyhow.\n\
             Work queues that a file does not have get no entries, and groups no engines. One\n\
             that has no `size`, or no `grouped_engines`, keeps what it has, and so does a group\n\
             whose `read_buffers_allowed` are 0, by which idxd means all.\n\n\
             | of | key | what becomes of it |\n|---|---|---|\n",
        );
        for (of, key, fate) in KEYS {
            let fate = match fate {
                Is(name) => format!("`{name}`"),
                Holds => "names or holds an object".into(),
                Told => "not read: it says what the device has, or does".into(),
                NoPlace(why) => format!("no place: {why}"),
            };
            text += &format!("| {of} | `{key}` | {fate} |\n");
        }
        if std::env::var_os("UPDATE_KEYS").is_some() {
            std::fs::write(path, &text).expect("can be written");
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert!(published == text, "accel-config.md is stale: UPDATE_KEYS=1");
    }

    #[test]
    fn each_key_that_has_a_place_is_in_the_spec() {
        use nlctl::{Attribute, DsaGroupAttr, DsaParentAttr, DsaWqAttr, WqAttr};
        for (of, _, fate) in KEYS {
            let Is(name) = fate else { continue };
            let known = match *of {
                "device" => DsaParentAttr::SET.find(name).is_some(),
                "group" => DsaGroupAttr::SET.find(name).is_some(),
                _ => DsaWqAttr::SET.find(name).is_some() || WqAttr::SET.find(name).is_some(),
            };
            assert!(known, "{of} {name}");
        }
    }
}
