// SPDX-License-Identifier: MIT OR Apache-2.0

//! What an API server keeps: objects, each with the version of its last change, and the changes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::rules;

/// Kind of object, by its name in paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Slices,
    Claims,
    Nodes,
}

impl Kind {
    pub fn api_version(self) -> &'static str {
        match self {
            Self::Nodes => "v1",
            _ => "resource.k8s.io/v1",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Slices => "ResourceSlice",
            Self::Claims => "ResourceClaim",
            Self::Nodes => "Node",
        }
    }
}

/// Kind, namespace and name.
pub type Key = (Kind, String, String);

/// Why a request is refused: an HTTP status, a reason and a sentence.
#[derive(Debug)]
pub struct Refused(pub u16, pub &'static str, pub String);

/// A change, as a watch tells it.
#[derive(Debug, Clone)]
pub struct Change {
    pub version: u64,
    pub kind: Kind,
    pub what: &'static str,
    pub object: Value,
}

/// The objects.
pub struct Store {
    version: u64,
    pub objects: BTreeMap<Key, Value>,
    changes: Vec<Change>,
    /// Changes before that are forgotten.
    compacted: u64,
    told: watch::Sender<u64>,
    uids: u64,
    /// How many writes are refused, as if somebody else had written just before.
    pub conflicts: u32,
}

impl Store {
    pub fn new() -> Self {
        Self {
            version: 1,
            objects: BTreeMap::new(),
            changes: Vec::new(),
            compacted: 1,
            told: watch::Sender::new(1),
            uids: 0,
            conflicts: 0,
        }
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    /// Tells the version of each change.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// Forgets changes, so that who watches from before has to list again.
    pub fn compact(&mut self) {
        self.changes.clear();
        self.compacted = self.version;
    }

    /// What changed after a version; nothing is known any more of times before the last compaction.
    pub fn since(&self, version: u64) -> Result<Vec<Change>, Refused> {
        if version < self.compacted {
            let sentence = format!("too old resource version: {version}");
            return Err(Refused(410, "Expired", sentence));
        }
        let first = self.changes.partition_point(|it| it.version <= version);
        Ok(self.changes.get(first..).unwrap_or_default().to_vec())
    }

    pub fn get(&self, key: &Key) -> Result<&Value, Refused> {
        let missing = || {
            let sentence = format!("{} \"{}\" not found", key.0.name(), key.2);
            Refused(404, "NotFound", sentence)
        };
        self.objects.get(key).ok_or_else(missing)
    }

    pub fn create(&mut self, key: &Key, mut object: Value) -> Result<Value, Refused> {
        if self.objects.contains_key(key) {
            let sentence = format!("{} \"{}\" already exists", key.0.name(), key.2);
            return Err(Refused(409, "AlreadyExists", sentence));
        }
        check(key.0, &object, None)?;
        if object["metadata"]["uid"].is_null() {
            self.uids += 1;
            object["metadata"]["uid"] = format!("00000000-0000-4000-8000-{:012}", self.uids).into();
        }
        object["metadata"]["name"] = key.2.as_str().into();
        if !key.1.is_empty() {
            object["metadata"]["namespace"] = key.1.as_str().into();
        }
        Ok(self.put(key, object, "ADDED"))
    }

    pub fn replace(&mut self, key: &Key, mut object: Value) -> Result<Value, Refused> {
        let there = self.get(key)?.clone();
        let said = &object["metadata"]["resourceVersion"];
        let late = !said.is_null() && *said != there["metadata"]["resourceVersion"];
        if late || self.conflicts > 0 {
            self.conflicts = self.conflicts.saturating_sub(1);
            let sentence = format!("{} \"{}\" was modified", key.0.name(), key.2);
            return Err(Refused(409, "Conflict", sentence));
        }
        check(key.0, &object, Some(&there))?;
        object["metadata"]["uid"] = there["metadata"]["uid"].clone();
        Ok(self.put(key, object, "MODIFIED"))
    }

    /// Takes over what an applied status says.
    pub fn apply_status(&mut self, key: &Key, patch: &Value) -> Result<Value, Refused> {
        let mut object = self.get(key)?.clone();
        let uid = &patch["metadata"]["uid"];
        if !uid.is_null() && *uid != object["metadata"]["uid"] {
            let sentence = "the UID in the precondition is another".to_string();
            return Err(Refused(409, "Conflict", sentence));
        }
        object["status"]["devices"] = patch["status"]["devices"].clone();
        Ok(self.put(key, object, "MODIFIED"))
    }

    pub fn delete(&mut self, key: &Key) -> Result<Value, Refused> {
        let mut object = self.get(key)?.clone();
        self.objects.remove(key);
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.tell(key.0, "DELETED", object.clone());
        Ok(object)
    }

    fn put(&mut self, key: &Key, mut object: Value, what: &'static str) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        object["apiVersion"] = key.0.api_version().into();
        object["kind"] = key.0.name().into();
        self.objects.insert(key.clone(), object.clone());
        self.tell(key.0, what, object.clone());
        object
    }

    fn tell(&mut self, kind: Kind, what: &'static str, object: Value) {
        self.changes.push(Change {
            version: self.version,
            kind,
            what,
            object,
        });
        self.told.send_replace(self.version);
    }
}

/// Demands of an object what the real API does.
fn check(kind: Kind, object: &Value, there: Option<&Value>) -> Result<(), Refused> {
    let checked = match kind {
        Kind::Slices => rules::slice(object, there),
        _ => Ok(()),
    };
    checked.map_err(|sentence| Refused(422, "Invalid", sentence))
}

/// What a refusal is for a client.
pub fn status(refused: &Refused) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Status",
        "metadata": {},
        "status": "Failure",
        "code": refused.0,
        "reason": refused.1,
        "message": refused.2,
    })
}
