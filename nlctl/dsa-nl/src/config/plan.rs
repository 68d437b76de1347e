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

mod changes;
mod groups;
mod hardware;
mod planner;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::Value;

use self::changes::nests;
use self::hardware::{Hardware, concerns, hardware};
use self::planner::Planner;
use super::{Config, Entry, Object};
use crate::grammar::Kind;

pub use changes::changes;
pub use state::State;

/// The flag of a request that a VFIO user does not stop.
pub const FORCE: &str = "force";

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
