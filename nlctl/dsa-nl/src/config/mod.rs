// SPDX-License-Identifier: MIT OR Apache-2.0

//! Configuration as a file: what `export` prints, and `diff` and `apply` read.
//!
//! - [`form`] is the form that objects have in it: what can be set of them, and
//!   what names them,
//! - [`read`] reads a file, and says of what is wrong in which line it is;
//!   [`accel_config`] reads those of accel-config,
//! - [`have`] asks the kernel what there is, in the same form,
//! - [`plan`] finds the steps from what there is to what is wanted, and how to
//!   take each back; it does nothing,
//! - [`apply`] does it.

pub mod accel_config;
pub mod apply;
pub mod form;
pub mod have;
pub mod plan;
pub mod read;

use serde_json::{Map, Value};

use crate::grammar::Kind;

/// An object, by the names of its attributes.
pub type Object = Map<String, Value>;

/// Objects in the form of [`form`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    pub entries: Vec<Entry>,
}

/// An object of a configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub kind: Kind,
    /// The file that it was read from.
    pub file: Option<String>,
    /// Where it is in it.
    pub line: Option<usize>,
    pub object: Object,
}

impl Entry {
    pub fn new(kind: Kind, object: Object) -> Self {
        Self {
            kind,
            file: None,
            line: None,
            object,
        }
    }

    /// The text of an attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.object.get(name).and_then(Value::as_str)
    }

    /// The parent that it is, or is on.
    pub fn parent(&self) -> &str {
        self.text("parent").unwrap_or_default()
    }

    /// The number of a work queue.
    pub fn id(&self) -> u64 {
        let id = self.object.get("id").and_then(Value::as_u64);
        id.unwrap_or_default()
    }

    pub fn is_active(&self) -> bool {
        self.text("state") == Some("active")
    }

    /// What it is called in messages.
    pub fn called(&self) -> String {
        match self.kind {
            Kind::Parent => format!("parent {}", self.parent()),
            Kind::Wq => format!("wq {}/wq{}", self.parent(), self.id()),
            kind => {
                let name = self.text("name").or(self.text("uuid"));
                format!("{} {}", kind.name(), name.unwrap_or("without a name"))
            }
        }
    }
}

impl Config {
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |it| it.kind == kind)
    }
}
