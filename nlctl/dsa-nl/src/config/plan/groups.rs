// SPDX-License-Identifier: MIT OR Apache-2.0

//! Groups that give all of their engines away, and their work queues as well.
//!
//! A group has to have an engine before a work queue comes, and until the last one
//! goes. Where the work queues of such a group go to one that has no engine yet, neither
//! can be first: an engine is lent to the group meanwhile.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Conflict;
use super::changes::object;
use super::hardware::Hardware;
use crate::config::{Config, Entry, Object};
use crate::grammar::Kind;

/// Engines by the number of their group; bit n is engine n.
type Engines = BTreeMap<u64, u64>;

/// Puts a change before and one after the work queues of each parent that needs it.
pub fn lend<'a>(config: &Config, out: &mut Vec<Hardware<'a>>) -> Result<(), Conflict> {
    let parents = (0..out.len()).filter(|at| is_of_groups(&out[*at]));
    let parents: Vec<_> = parents.collect();
    for at in parents {
        if let Some((first, last)) = split(config, out, &out[at])? {
            let want = out[at].want;
            out[at].request = first;
            out.push(Hardware {
                want,
                of_device: true,
                request: last,
                turn: 4,
            });
        }
    }
    Ok(())
}

fn is_of_groups(change: &Hardware<'_>) -> bool {
    change.want.kind == Kind::Parent && !groups(&change.request).is_empty()
}

/// The groups that an object of a parent has, or that a request changes.
fn groups(object: &Object) -> &[Value] {
    let dsa = object.get("dsa-parent");
    let groups = dsa.and_then(|it| it.get("group")).and_then(Value::as_array);
    groups.map_or(&[], Vec::as_slice)
}

fn id(group: &Value) -> Option<u64> {
    group.get("id").and_then(Value::as_u64)
}

fn mask(group: &Value) -> Option<u64> {
    match group.get("engines")? {
        Value::String(text) => match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        },
        value => value.as_u64(),
    }
}

/// Takes over the engines that groups say.
fn take(engines: &mut Engines, groups: &[Value]) {
    let said = groups.iter().filter_map(|it| Some((id(it)?, mask(it)?)));
    engines.extend(said);
}

/// The group of a work queue.
fn group_of(object: &Object) -> Option<u64> {
    object
        .get("dsa-wq")
        .and_then(|it| it.get("group"))
        .and_then(Value::as_u64)
}

/// The changes before and after the work queues, if one change cannot do.
fn split(
    config: &Config,
    all: &[Hardware<'_>],
    change: &Hardware<'_>,
) -> Result<Option<(Object, Object)>, Conflict> {
    let place = change.want.parent();
    let of_parent = |it: &&Entry| it.parent() == place;
    let Some(parent) = config.of(Kind::Parent).find(of_parent) else {
        return Ok(None);
    };
    let mut before = Engines::new();
    take(&mut before, groups(&parent.object));
    let mut after = before.clone();
    take(&mut after, groups(&change.request));

    // The work queues that are in a group when the engines change hands, and where they
    // go then.
    let mut members = BTreeMap::new();
    let mut goals = Vec::new();
    for wq in config.of(Kind::Wq).filter(of_parent) {
        let mut moves = all.iter().filter(|it| {
            it.want.kind == Kind::Wq && it.want.parent() == place && it.want.id() == wq.id()
        });
        let goal = moves.find_map(|it| Some((it.turn, group_of(&it.request)?)));
        match goal {
            Some((1, group)) => drop(members.insert(group, wq)),
            Some((_, group)) => {
                goals.push(group);
                members.extend(group_of(&wq.object).map(|it| (it, wq)));
            }
            None => members.extend(group_of(&wq.object).map(|it| (it, wq))),
        }
    }
    let has = |engines: &Engines, group: &u64| engines.get(group).is_some_and(|it| *it != 0);
    let deserted = members.iter().filter(|(group, _)| {
        // One that never had any is the kernel's to refuse.
        has(&before, group) && !has(&after, group)
    });
    let deserted: Vec<_> = deserted.map(|(group, wq)| (*group, *wq)).collect();
    if deserted.is_empty() {
        return Ok(None);
    }

    let is_needed = |group: &u64| members.contains_key(group) || goals.contains(group);
    let mut lent = after.clone();
    for (group, wq) in &deserted {
        let spare = |engine: &u64| {
            let mut holders = lent.iter().filter(|(_, mask)| *mask & engine != 0);
            holders.all(|(holder, mask)| mask.count_ones() > 1 || !is_needed(holder))
        };
        let all = before.values().fold(0, |all, mask| all | mask);
        let own = before.get(group).copied().unwrap_or_default();
        let bits = |mask: u64| {
            (0..u64::BITS)
                .map(|bit| 1 << bit)
                .filter(move |it| mask & it != 0)
        };
        let engine = bits(own).chain(bits(all)).find(spare);
        let engine = engine.ok_or_else(|| {
            Conflict::at(
                change.want,
                format!(
                    "group {group} cannot give all its engines away while {} is in it, and no \
                     other engine is to spare until that is gone; leave it one, or use a group \
                     that has one",
                    wq.called()
                ),
            )
        })?;
        for mask in lent.values_mut() {
            *mask &= !engine;
        }
        lent.insert(*group, engine);
    }
    let said = groups(&change.request);
    let is_deserted = |group: u64| deserted.iter().any(|(it, _)| *it == group);
    let mut first = change.request.clone();
    let mut last = Vec::new();
    let mut now = Vec::new();
    for (group, mask) in &lent {
        let nest = said.iter().find(|it| id(it) == Some(*group));
        let mut nest = nest.and_then(Value::as_object).cloned().unwrap_or_default();
        let wanted = after.get(group).copied().unwrap_or_default();
        if is_deserted(*group) {
            // What else is wanted of it is so when it has none.
            last.push(Value::Object(nest));
            nest = Object::new();
        } else if wanted != *mask {
            last.push(json!({"id": group, "engines": format!("{wanted:#x}")}));
        }
        nest.shift_remove("engines");
        if before.get(group) != Some(mask) {
            nest.shift_insert(0, "engines".into(), format!("{mask:#x}").into());
        }
        nest.shift_remove("id");
        if !nest.is_empty() {
            nest.shift_insert(0, "id".into(), (*group).into());
            now.push(Value::Object(nest));
        }
    }
    if let Some(dsa) = first.get_mut("dsa-parent").and_then(Value::as_object_mut) {
        dsa.insert("group".into(), now.into());
    }
    let last = object(json!({"dsa-parent": {"group": last}}));
    Ok(Some((first, last)))
}
