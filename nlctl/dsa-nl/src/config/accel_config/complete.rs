// SPDX-License-Identifier: MIT OR Apache-2.0

//! What such a file means by leaving something out.

use serde_json::{Value, json};

use crate::config::{Config, Entry, Object};
use crate::grammar::Kind;

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
