// SPDX-License-Identifier: MIT OR Apache-2.0

//! The steps themselves.

use serde_json::{Value, json};

use super::changes::{changes, nests, object};
use super::hardware::{Hardware, concerns};
use super::{Conflict, FORCE, Match, State, Step, has_to_be_inactive, state};
use crate::config::Object;
use crate::config::{Config, Entry};
use crate::grammar::Kind;

/// Makes the steps, one group of them after the other.
pub struct Planner {
    pub state: State,
    pub steps: Vec<Step>,
    pub force: bool,
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

    pub fn deletions(&mut self, have: &Config, matches: &[Match<'_>]) {
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
    pub fn deactivations(
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
    pub fn names(&mut self, matches: &[Match<'_>]) {
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
    pub fn shrinks(&mut self, matches: &[Match<'_>]) {
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

    pub fn hardware(&mut self, changes: &[Hardware<'_>]) {
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
    pub fn subdevs(&mut self, matches: &[Match<'_>]) {
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

    pub fn creations(&mut self, matches: &[Match<'_>]) {
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
    pub fn activations(&mut self, matches: &[Match<'_>]) {
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
