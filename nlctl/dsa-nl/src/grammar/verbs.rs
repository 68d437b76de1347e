// SPDX-License-Identifier: MIT OR Apache-2.0

//! Objects and the commands on them, from the family's table of operations.

use nlctl::{AttributeInfo, AttributeSet, Kind as Wire, OPERATIONS, OperationInfo};

use super::keys::{self, Key};

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Parent,
    Wq,
    Type,
    Subdev,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Parent, Self::Wq, Self::Type, Self::Subdev];

    /// Its name in the spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Wq => "wq",
            Self::Type => "type",
            Self::Subdev => "subdev",
        }
    }

    /// What it is, in a line.
    pub fn about(self) -> &'static str {
        match self {
            Self::Parent => "Devices that subdevs are carved from",
            Self::Wq => "Hardware work queues of parents",
            Self::Type => "What could be created",
            Self::Subdev => "Virtual devices on work queues",
        }
    }

    /// What names one, in one word.
    pub fn handle(self) -> &'static str {
        match self {
            Self::Parent => "DEV",
            Self::Wq => "[DEV/]wqN",
            Self::Type => "TYPE",
            Self::Subdev => "SUBDEV",
        }
    }

    /// How one is named.
    pub fn handle_help(self) -> &'static str {
        match self {
            Self::Parent => "Index, name, or bus and device: pci/0000:6a:01.0",
            Self::Wq => "N, wqN or DEV/wqN, DEV being an index, a name or pci/0000:6a:01.0",
            Self::Type => "Name of the type",
            Self::Subdev => "Index, name or UUID",
        }
    }

    /// Attributes that name one.
    fn named_by(self) -> &'static [&'static str] {
        match self {
            Self::Parent => &["index", "name", "bus", "device"],
            Self::Wq => &["parent-index", "parent", "id"],
            Self::Type => &["parent-index", "parent", "name"],
            Self::Subdev => &["index", "name", "uuid"],
        }
    }
}

/// Whether a command is about one object, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// It makes one.
    None,
    /// One, or all.
    Optional,
    /// One.
    Required,
}

/// A command on a kind of object.
#[derive(Debug)]
pub struct Verb {
    pub kind: Kind,
    pub name: &'static str,
    pub operation: &'static OperationInfo,
    pub target: Target,
    pub keys: Vec<Key>,
}

impl Verb {
    /// All of a kind, in the order that they are listed in.
    pub fn all(kind: Kind) -> Vec<Self> {
        let verbs = OPERATIONS
            .iter()
            .filter_map(|operation| Self::new(kind, operation));
        let mut verbs: Vec<_> = verbs.collect();
        verbs.sort_by_key(|it| it.name != "show");
        verbs
    }

    /// The one of that name.
    pub fn find(kind: Kind, name: &str) -> Option<Self> {
        let mut all = OPERATIONS.iter();
        let operation = all.find(|it| Self::name(kind, it) == Some(name));
        operation.and_then(|operation| Self::new(kind, operation))
    }

    /// The names of all of a kind.
    pub fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
        OPERATIONS.iter().filter_map(move |it| Self::name(kind, it))
    }

    fn name(kind: Kind, operation: &'static OperationInfo) -> Option<&'static str> {
        let name = operation
            .name
            .strip_prefix(kind.name())?
            .strip_prefix('-')?;
        operation.request?;
        Some(match name {
            "get" => "show",
            "new" => "add",
            other => other.strip_suffix("-get").unwrap_or(other),
        })
    }

    fn new(kind: Kind, operation: &'static OperationInfo) -> Option<Self> {
        let name = Self::name(kind, operation)?;
        let request = operation.request?;
        let named = kind.named_by();
        let target = match operation.dump {
            Some(_) => Target::Optional,
            None if named.iter().all(|it| request.contains(it)) => Target::Required,
            None => Target::None,
        };
        let said = match (operation.dump, target) {
            (Some(dump), _) => dump,
            (None, _) => request,
        };
        let by_handle = |name: &str| target == Target::Required && named.contains(&name);
        let said: Vec<_> = said.iter().copied().filter(|it| !by_handle(it)).collect();
        let keys = match target {
            Target::Optional => keys::filters(operation, &said),
            _ => keys::of_request(operation.set, &said),
        };
        Some(Self {
            kind,
            name,
            operation,
            target,
            keys,
        })
    }

    /// Whether it shows and changes nothing.
    pub fn shows(&self) -> bool {
        self.target == Target::Optional
    }

    /// Whether it can say what would come of it.
    pub fn can_run_dry(&self) -> bool {
        let request = self.operation.request.unwrap_or_default();
        request.contains(&DRY_RUN)
    }
}

/// The flag of a request to carry out nothing.
pub const DRY_RUN: &str = "dry-run";

/// What a nest of which there may be several is told apart by.
pub fn number_of(info: &AttributeInfo) -> Option<&'static AttributeInfo> {
    let set: &'static AttributeSet = info.nested?;
    let first = set.attributes.first()?;
    (info.many && info.kind == Wire::Nest && first.name == "id").then_some(first)
}
