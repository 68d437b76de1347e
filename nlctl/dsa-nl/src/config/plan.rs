// SPDX-License-Identifier: MIT OR Apache-2.0

//! The steps from what there is to what is wanted.
//!
//! A subdev is the one that a file means when it has the UUID that the file says, or,
//! without one, the name. What a file does not say of an object stays as it is. The
//! steps are in an order that can succeed: what makes room comes first, then the
//! configuration of the hardware, then what takes room; what has to be inactive
//! meanwhile is activated at the end.
//!
//! Nothing is done here. [`State`] knows what a step does to what there is, which is
//! how a step knows its way back, and how the order is tested.

mod groups;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::form::same;
use super::{Config, Entry, Object};
use crate::grammar::Kind;

pub use state::State;

/// The flag of a request that a VFIO user does not stop.
pub const FORCE: &str = "force";

/// What a DSA demands to be at most the size of a work queue.
const THRESHOLD: &str = "threshold";

/// A request of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub kind: Kind,
    pub verb: &'static str,
    /// The parent of what is made, else the object: a place, a place and number, or
    /// a UUID.
    pub target: String,
    pub request: Object,
    /// What it is about, for people.
    pub about: String,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The file that is in conflict with what there is.
    pub file: Option<String>,
    /// Where it is in the file.
    pub line: Option<usize>,
    pub text: String,
}

impl Conflict {
    fn at(entry: &Entry, text: String) -> Self {
        Self {
            file: entry.file.clone(),
            line: entry.line,
            text,
        }
    }
}

/// How far a plan may go.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Subdevs that are not wanted are deleted.
    pub prune: bool,
    /// Whatever is in the way is taken out of it.
    pub force: bool,
    /// The UUIDs of the subdevs that a VFIO user has open. Such a one is not activated
    /// again while the user is there, who may stay: by force it is made anew instead.
    pub open: BTreeSet<String>,
}

/// The steps from `have` to `want`.
pub fn plan(have: &Config, want: &Config, limits: &Limits) -> Result<Vec<Step>, Conflict> {
    let mut matches = matches(have, want, limits.prune)?;
    let changes = hardware(have, want)?;
    if limits.force {
        enforce(&mut matches, &changes, &limits.open);
    }
    let mut planner = Planner {
        state: State::new(have),
        steps: Vec::new(),
        force: limits.force,
    };
    planner.deletions(have, &matches);
    planner.deactivations(have, &matches, &changes)?;
    planner.names(&matches);
    planner.shrinks(&matches);
    planner.hardware(&changes);
    planner.subdevs(&matches);
    planner.creations(&matches);
    planner.activations(&matches);
    Ok(planner.steps)
}

/// What becomes of a subdev.
#[derive(Debug)]
struct Match<'a> {
    /// As it is, if there is one.
    have: Option<&'a Entry>,
    /// As it is wanted, if the file has it.
    want: Option<&'a Entry>,
    /// Whether it has to be made anew.
    anew: bool,
    /// Whether that is by force, so that it is as it was but for what is wanted.
    enforced: bool,
}

impl Match<'_> {
    fn is_changed(&self) -> bool {
        self.have.is_some() && self.want.is_some() && !self.anew
    }
}

/// Pairs what there is with what is wanted.
fn matches<'a>(
    have: &'a Config,
    want: &'a Config,
    prune: bool,
) -> Result<Vec<Match<'a>>, Conflict> {
    let mut out: Vec<Match<'a>> = Vec::new();
    for want in want.of(Kind::Subdev) {
        let (name, uuid) = (want.text("name"), want.text("uuid"));
        if name.is_none() && uuid.is_none() {
            return Err(Conflict::at(
                want,
                "a subdev needs a name or a UUID to be known by".into(),
            ));
        }
        let by = |attribute: &'static str, value: Option<&str>| {
            let value = value?;
            have.of(Kind::Subdev).find(|it| {
                it.text(attribute)
                    .is_some_and(|it| it.eq_ignore_ascii_case(value))
            })
        };
        let found = match uuid {
            Some(_) => by("uuid", uuid),
            None => by("name", name).filter(|it| it.text("name") == name),
        };
        let twice = out.iter().any(|other| {
            let same = |attribute| {
                let value = other.want.and_then(|it| it.text(attribute));
                value.is_some() && value == want.text(attribute)
            };
            let found = found.and_then(|it| it.text("uuid"));
            let same_subdev = other.have.and_then(|it| it.text("uuid")) == found;
            same("name") || same("uuid") || (found.is_some() && same_subdev)
        });
        if twice {
            return Err(Conflict::at(
                want,
                format!("{} is there twice", want.called()),
            ));
        }
        out.push(Match {
            have: found,
            want: Some(want),
            anew: found.is_some_and(|have| !is_same(have, want)),
            enforced: false,
        });
    }
    for have in have.of(Kind::Subdev) {
        let known = out.iter().any(|it| it.have == Some(have));
        if known {
            continue;
        }
        let wanted_name = out.iter().filter_map(|it| it.want);
        let mut wanted_name = wanted_name.filter(|it| it.text("name") == have.text("name"));
        if let Some(want) = wanted_name.next()
            && !prune
        {
            return Err(Conflict::at(
                want,
                format!(
                    "another subdev has the name {}: its UUID is {}; --prune deletes it",
                    have.text("name").unwrap_or_default(),
                    have.text("uuid").unwrap_or_default()
                ),
            ));
        }
        out.push(Match {
            have: Some(have),
            want: None,
            anew: prune,
            enforced: false,
        });
    }
    Ok(out)
}

/// Has subdevs of which nothing is said make way for the hardware's changes, and come
/// back; has those made anew that have to be inactive meanwhile and are open.
fn enforce<'a>(matches: &mut [Match<'a>], hardware: &[Hardware<'_>], open: &BTreeSet<String>) {
    for of in matches.iter_mut().filter(|it| !it.anew) {
        let Some(have) = of.have.filter(|it| it.is_active()) else {
            continue;
        };
        let concerned = concerns(hardware, have).is_some();
        if concerned && of.want.is_none() {
            // As it is.
            of.want = Some(have);
        }
        let Some(want) = of.want else { continue };
        let is_open = have.text("uuid").is_some_and(|uuid| open.contains(uuid));
        let comes_back = want.text("state") != Some("inactive");
        if is_open && comes_back && (concerned || has_to_be_inactive(have, want)) {
            (of.anew, of.enforced) = (true, true);
        }
    }
}

/// A change of the hardware for which a subdev has to be inactive.
fn concerns<'a, 'b>(hardware: &'a [Hardware<'b>], subdev: &Entry) -> Option<&'a Hardware<'b>> {
    let uses =
        |id: u64| nests(subdev, "wq").any(|it| it.get("id").and_then(Value::as_u64) == Some(id));
    hardware
        .iter()
        .find(|it| it.want.parent() == subdev.parent() && (it.of_device || uses(it.want.id())))
}

/// Whether a subdev has to be inactive for what is wanted of it.
fn has_to_be_inactive(have: &Entry, want: &Entry) -> bool {
    let own = changes(&have.object, &want.object);
    let sizes = own.get("wq").and_then(Value::as_array);
    let mut sizes = sizes.into_iter().flatten();
    own.contains_key("dsa-subdev") || sizes.any(|it| it.get("size").is_some())
}

/// Whether `have` can become what is wanted: it has what cannot be changed.
fn is_same(have: &Entry, want: &Entry) -> bool {
    let fixed = ["parent", "pasid-mode"];
    let kept = fixed.iter().all(|name| match want.object.get(*name) {
        Some(value) => have.object.get(*name) == Some(value),
        None => true,
    });
    let ids = |entry: &Entry| {
        let mut ids: Vec<_> = nests(entry, "wq")
            .filter_map(|it| it.get("id"))
            .cloned()
            .collect();
        ids.sort_by_key(Value::as_u64);
        ids
    };
    kept && (ids(want).is_empty() || ids(want) == ids(have))
}

fn nests<'a>(entry: &'a Entry, name: &str) -> impl Iterator<Item = &'a Object> {
    let all = entry.object.get(name).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(Value::as_object)
}

/// What is said of an object in `want` and is not so in `have`; nests with numbers
/// keep these.
pub fn changes(have: &Object, want: &Object) -> Object {
    let mut out = Object::new();
    for (name, wanted) in want {
        let change = match (have.get(name), wanted) {
            (Some(Value::Object(have)), Value::Object(wanted)) => {
                let inner = changes(have, wanted);
                (!inner.is_empty()).then_some(Value::Object(inner))
            }
            (have, Value::Array(wanted)) if wanted.iter().any(Value::is_object) => {
                let have = have
                    .and_then(Value::as_array)
                    .map_or(&[][..], Vec::as_slice);
                let changed = wanted.iter().filter_map(|wanted| numbered(have, wanted));
                let changed: Vec<_> = changed.collect();
                (!changed.is_empty()).then_some(Value::Array(changed))
            }
            (Some(have), wanted) if same(have, wanted) => None,
            (_, wanted) => Some(wanted.clone()),
        };
        if let Some(change) = change {
            out.insert(name.clone(), change);
        }
    }
    out
}

/// What changes of one of several nests.
fn numbered(have: &[Value], wanted: &Value) -> Option<Value> {
    let wanted = wanted.as_object()?;
    let same_id = |it: &&Value| wanted.get("id").is_none() || it.get("id") == wanted.get("id");
    let none = Object::new();
    let have = have.iter().find(same_id).and_then(Value::as_object);
    let mut inner = changes(have.unwrap_or(&none), wanted);
    inner.remove("id");
    if inner.is_empty() {
        return None;
    }
    let id = have.and_then(|it| it.get("id")).or(wanted.get("id"));
    if let Some(id) = id {
        inner.shift_insert(0, "id".into(), id.clone());
    }
    Some(Value::Object(inner))
}

/// A change of the hardware's configuration.
#[derive(Debug)]
struct Hardware<'a> {
    want: &'a Entry,
    request: Object,
    /// Whether the device has to be disabled for it, and not the work queue alone.
    of_device: bool,
    /// What comes first: entries that are given back, then groups that are left, then
    /// parents, then the rest, then engines that were lent.
    turn: u8,
}

/// What has to change of parents and work queues.
fn hardware<'a>(config: &Config, want: &'a Config) -> Result<Vec<Hardware<'a>>, Conflict> {
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

struct Planner {
    state: State,
    steps: Vec<Step>,
    force: bool,
}

impl Planner {
    /// A request that is refused while a VFIO user is there, unless that is wanted.
    fn by_force(&self, request: Value) -> Object {
        let mut request = object(request);
        if self.force {
            request.insert(FORCE.into(), true.into());
        }
        request
    }

    fn step(&mut self, step: Step) {
        self.state.apply(&step);
        self.steps.push(step);
    }

    fn set(&mut self, have: &Entry, request: Object) {
        let uuid = have.text("uuid").unwrap_or_default();
        let about = self
            .state
            .subdev(uuid)
            .map_or_else(|| have.called(), Entry::called);
        self.step(Step {
            kind: Kind::Subdev,
            verb: "set",
            target: uuid.to_string(),
            request,
            about,
        });
    }

    fn deletions(&mut self, have: &Config, matches: &[Match<'_>]) {
        for have in have.of(Kind::Subdev) {
            let gone = matches.iter().any(|it| it.have == Some(have) && it.anew);
            if gone {
                let request = self.by_force(json!({}));
                self.step(Step {
                    kind: Kind::Subdev,
                    verb: "del",
                    target: have.text("uuid").unwrap_or_default().to_string(),
                    request,
                    about: have.called(),
                });
            }
        }
    }

    /// Deactivates what is to be inactive, and what has to be for its own changes or
    /// those of its hardware.
    fn deactivations(
        &mut self,
        have: &Config,
        matches: &[Match<'_>],
        hardware: &[Hardware<'_>],
    ) -> Result<(), Conflict> {
        for have in have.of(Kind::Subdev).filter(|it| it.is_active()) {
            let Some(of) = matches.iter().find(|it| it.have == Some(have)) else {
                continue;
            };
            if of.anew {
                continue;
            }
            let changed = concerns(hardware, have);
            let Some(want) = of.want else {
                let Some(changed) = changed else { continue };
                return Err(Conflict::at(
                    changed.want,
                    format!(
                        "{} cannot be changed while {} is active, of which the file says \
                         nothing; --force restarts it",
                        changed.want.called(),
                        have.called()
                    ),
                ));
            };
            let needs = want.text("state") == Some("inactive")
                || has_to_be_inactive(have, want)
                || changed.is_some();
            if needs {
                let request = self.by_force(json!({"state": "inactive"}));
                self.set(have, request);
            }
        }
        Ok(())
    }

    /// Gives a name that another is to have back, by way of one that nobody has.
    fn names(&mut self, matches: &[Match<'_>]) {
        let renamed = |it: &Match<'_>| {
            let (have, want) = (it.have?, it.want?);
            let name = want.text("name")?;
            let changes = it.is_changed() && have.text("name") != Some(name);
            changes.then(|| (have.clone(), name.to_string()))
        };
        let mut left: Vec<_> = matches.iter().filter_map(renamed).collect();
        while !left.is_empty() {
            let free = left.iter().position(|(_, name)| !self.state.has_name(name));
            match free {
                Some(at) => {
                    let (have, name) = left.remove(at);
                    self.set(&have, object(json!({"new-name": name})));
                }
                // They stand in a circle.
                None => {
                    let Some((have, _)) = left.first().cloned() else {
                        return;
                    };
                    let uuid = have.text("uuid").unwrap_or_default();
                    let name = format!("renamed-{}", uuid.get(..8).unwrap_or_default());
                    self.set(&have, object(json!({"new-name": name})));
                    // A name that is in the way and stays there is the kernel's to
                    // refuse.
                    if left.iter().all(|(_, name)| self.state.has_name(name)) {
                        for (have, name) in left.drain(..) {
                            self.set(&have, object(json!({"new-name": name})));
                        }
                    }
                }
            }
        }
    }

    /// What is wanted of a subdev and is not so by now.
    fn left(&self, of: &Match<'_>) -> Option<(Entry, Object)> {
        let (have, want) = (of.have?, of.want?);
        let now = self.state.subdev(have.text("uuid")?)?;
        let mut left = changes(&now.object, &want.object);
        for done in ["name", "uuid", "parent", "type", "pasid-mode"] {
            left.remove(done);
        }
        of.is_changed().then(|| (now.clone(), left))
    }

    /// Sizes that get smaller.
    fn shrinks(&mut self, matches: &[Match<'_>]) {
        for of in matches {
            let Some((now, left)) = self.left(of) else {
                continue;
            };
            let wqs = left.get("wq").and_then(Value::as_array);
            let smaller = wqs.into_iter().flatten().filter_map(|wq| {
                let size = wq.get("size")?;
                let had = nests(&now, "wq").find(|it| it.get("id") == wq.get("id"))?;
                let shrinks = size.as_u64() < had.get("size").and_then(Value::as_u64);
                shrinks.then(|| json!({"id": wq.get("id"), "size": size}))
            });
            let smaller: Vec<Value> = smaller.collect();
            if !smaller.is_empty() {
                self.set(&now, object(json!({ "wq": smaller })));
            }
        }
    }

    fn hardware(&mut self, changes: &[Hardware<'_>]) {
        for change in changes {
            let want = change.want;
            self.step(Step {
                kind: want.kind,
                verb: "set",
                target: match want.kind {
                    Kind::Wq => format!("{}/wq{}", want.parent(), want.id()),
                    _ => want.parent().to_string(),
                },
                request: change.request.clone(),
                about: want.called(),
            });
        }
    }

    /// All other changes of subdevs, but for becoming active.
    fn subdevs(&mut self, matches: &[Match<'_>]) {
        for of in matches {
            let Some((now, mut left)) = self.left(of) else {
                continue;
            };
            left.remove("state");
            if !left.is_empty() {
                self.set(&now, left);
            }
        }
    }

    fn creations(&mut self, matches: &[Match<'_>]) {
        for of in matches {
            let Some(want) = of.want.filter(|_| of.have.is_none() || of.anew) else {
                continue;
            };
            let mut request = want.object.clone();
            if let Some(have) = of.have.filter(|_| of.enforced) {
                request = have.object.clone();
                state::merge(&mut request, &want.object);
            }
            request.shift_remove("parent");
            if let Some(have) = of.have {
                // It stays what it was as far as the file does not say.
                for (name, value) in &have.object {
                    let fixed = ["uuid", "name", "state"].contains(&name.as_str());
                    if fixed && !request.contains_key(name) {
                        request.insert(name.clone(), value.clone());
                    }
                }
            }
            self.step(Step {
                kind: Kind::Subdev,
                verb: "add",
                target: want.parent().to_string(),
                request,
                about: want.called(),
            });
        }
    }

    /// Activates what is to be active, and what was deactivated on the way.
    fn activations(&mut self, matches: &[Match<'_>]) {
        for of in matches.iter().filter(|it| it.is_changed()) {
            let (Some(have), Some(want)) = (of.have, of.want) else {
                continue;
            };
            let active = match want.text("state") {
                Some(state) => state == "active",
                None => have.is_active(),
            };
            let uuid = have.text("uuid").unwrap_or_default();
            let now = self.state.subdev(uuid);
            if active && now.is_some_and(|it| !it.is_active()) {
                self.set(have, object(json!({"state": "active"})));
            }
        }
    }
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}
