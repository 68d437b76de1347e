// SPDX-License-Identifier: MIT OR Apache-2.0

//! Changes of the hardware's configuration, in an order that can succeed.

use serde_json::{Value, json};

use super::changes::{changes, nests, object};
use super::{Conflict, groups};
use crate::config::{Config, Entry, Object};
use crate::grammar::Kind;

/// What a DSA demands to be at most the size of a work queue.
const THRESHOLD: &str = "threshold";

/// A change of the hardware's configuration.
#[derive(Debug)]
pub struct Hardware<'a> {
    pub want: &'a Entry,
    pub request: Object,
    /// Whether the device has to be disabled for it, and not the work queue alone.
    pub of_device: bool,
    /// What comes first: entries that are given back, then groups that are left, then
    /// parents, then the rest, then engines that were lent.
    pub turn: u8,
}

/// What has to change of parents and work queues.
pub fn hardware<'a>(config: &Config, want: &'a Config) -> Result<Vec<Hardware<'a>>, Conflict> {
    let mut out = Vec::new();
    let wanted = want.entries.iter().filter(|it| it.kind != Kind::Subdev);
    for want in wanted {
        let same = |it: &&Entry| it.parent() == want.parent() && it.id() == want.id();
        let Some(have) = config.of(want.kind).find(same) else {
            return Err(Conflict::at(want, format!("there is no {}", want.called())));
        };
        let mut request = changes(&have.object, &want.object);
        request.remove("parent");
        if request.is_empty() {
            continue;
        }
        let size = |it: &Object| it.get("size").and_then(Value::as_i64).unwrap_or_default();
        let gains = match request.contains_key("size") {
            true => size(&request) - size(&have.object),
            false => 0,
        };
        let group = request.get("dsa-wq").and_then(|it| it.get("group"));
        let of_device =
            want.kind == Kind::Parent || request.contains_key("size") || group.is_some();
        // A group has to have an engine before a work queue comes, and until the last
        // one goes.
        let served = group.is_some_and(|group| has_engines(config, want.parent(), group));
        let mut rest = request.clone();
        let mut first = |request: Value, turn| {
            out.push(Hardware {
                want,
                of_device,
                request: object(request),
                turn,
            });
        };
        if gains < 0
            && let Some(size) = rest.shift_remove("size")
        {
            // Its threshold is not above its size, at any time.
            let now = have.object.get("dsa-wq").and_then(|it| it.get(THRESHOLD));
            let wanted = match rest.get_mut("dsa-wq") {
                Some(Value::Object(dsa)) => dsa.shift_remove(THRESHOLD),
                _ => None,
            };
            let is_above = now.and_then(Value::as_u64) > size.as_u64();
            let threshold = wanted.or_else(|| is_above.then(|| size.clone()));
            match threshold {
                Some(threshold) => {
                    let dsa = json!({THRESHOLD: threshold});
                    first(json!({"size": size, "dsa-wq": dsa}), 0);
                }
                None => first(json!({ "size": size }), 0),
            }
            let is_empty = |it: &Value| it.as_object().is_some_and(Object::is_empty);
            if rest.get("dsa-wq").is_some_and(is_empty) {
                rest.shift_remove("dsa-wq");
            }
        }
        if served
            && let Some(Value::Object(dsa)) = rest.get_mut("dsa-wq")
            && let Some(group) = dsa.remove("group")
        {
            if dsa.is_empty() {
                rest.remove("dsa-wq");
            }
            first(json!({"dsa-wq": {"group": group}}), 1);
        }
        if !rest.is_empty() {
            out.push(Hardware {
                want,
                of_device,
                request: rest,
                turn: match want.kind {
                    Kind::Parent => 2,
                    _ => 3,
                },
            });
        }
    }
    groups::lend(config, &mut out)?;
    out.sort_by_key(|it| it.turn);
    Ok(out)
}

/// Whether a group of a parent has engines now.
fn has_engines(have: &Config, parent: &str, group: &Value) -> bool {
    let mut parents = have.of(Kind::Parent);
    let parent = parents.find(|it| it.parent() == parent);
    let dsa = parent.and_then(|it| it.object.get("dsa-parent"));
    let groups = dsa.and_then(|it| it.get("group")).and_then(Value::as_array);
    let mut groups = groups.into_iter().flatten();
    let found = groups.find(|it| it.get("id") == Some(group));
    let engines = found.and_then(|it| it.get("engines"));
    engines.is_some_and(|it| *it != json!("0x0"))
}

/// A change of the hardware for which a subdev has to be inactive.
pub fn concerns<'a, 'b>(hardware: &'a [Hardware<'b>], subdev: &Entry) -> Option<&'a Hardware<'b>> {
    let uses =
        |id: u64| nests(subdev, "wq").any(|it| it.get("id").and_then(Value::as_u64) == Some(id));
    hardware
        .iter()
        .find(|it| it.want.parent() == subdev.parent() && (it.of_device || uses(it.want.id())))
}
