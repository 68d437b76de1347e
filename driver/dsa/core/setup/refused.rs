// SPDX-License-Identifier: GPL-2.0

//! Why a device is not set up as asked for.

use core::fmt;

/// The attribute that is to blame, by its name in the spec.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Attribute {
    /// The size of a work queue.
    Size,
    /// One of a work queue that only a DSA has.
    Wq(&'static str),
    /// One of a subdev that only those of a DSA have.
    Subdev(&'static str),
    /// One of a parent that only a DSA has.
    Parent(&'static str),
    /// One of a group, after the name of the nest and a dot; the place says of which group in the
    /// request.
    Group(usize, &'static str),
}

/// The kind of a refusal.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The value cannot be had on any device, or not with the rest.
    Invalid,
    /// The device cannot do it.
    Unsupported,
    /// Others have what is asked for.
    NoSpace,
}

/// Displays as the reason and what would be accepted, in at most 79 characters.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The attribute that is to blame.
    pub attribute: Attribute,
    /// The kind.
    pub kind: Kind,
    /// What is wrong with it.
    pub(super) why: Why,
}

/// What is wrong.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Why {
    /// A number is accepted from `min` to `max`.
    Range { min: u64, max: u64 },
    /// A power of two is accepted from `min` to `max`.
    Power { min: u64, max: u64 },
    /// The work queues have `most` entries for this one.
    Entries { wq: u32, most: u32 },
    /// The size has to be at least the threshold.
    Threshold { wq: u32, threshold: u16 },
    /// There is no such group.
    NoGroup { groups: u32 },
    /// The group has no engines to serve a work queue.
    Unserved { group: u32 },
    /// The group has a work queue and is to have no engine.
    Deserted { group: u32, wq: u32 },
    /// The engine is in two groups.
    TwoGroups { engine: u32, other: u32 },
    /// The device has no such engine.
    NoEngine { engines: u32 },
    /// A group is there twice.
    Twice { group: u32 },
    /// So many read buffers are left to be reserved.
    Buffers { most: u32 },
    /// So many read buffers can be allowed to the group.
    Allowed { group: u32, min: u32, max: u32 },
    /// The mask has operations that there are not.
    Operations,
    /// The work queues of a subdev have these operations, and not all of the mask.
    NotOffered { operations: [u64; 4] },
    /// A tenant would store to the hardware.
    Direct,
    /// The device lacks something.
    Lacks(&'static str),
}

impl Refused {
    pub(super) const fn new(attribute: Attribute, why: Why) -> Self {
        let kind = match why {
            Why::Lacks(_) | Why::Direct => Kind::Unsupported,
            Why::Entries { .. } | Why::Buffers { .. } => Kind::NoSpace,
            _ => Kind::Invalid,
        };
        Self {
            attribute,
            kind,
            why,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            Why::Range { min, max } => write!(f, "a number from {min} to {max} is accepted"),
            Why::Power { min, max } if min == max => write!(f, "only {min} is accepted"),
            Why::Power { min, max } => {
                write!(f, "a power of two from {min} to {max} is accepted")
            }
            Why::Entries { wq, most } => write!(
                f,
                "wq {wq} can have at most {most} entries; other work queues have the rest"
            ),
            Why::Threshold { wq, threshold } => write!(
                f,
                "wq {wq} has threshold {threshold}; the size is at least that"
            ),
            Why::NoGroup { groups } => write!(
                f,
                "there is no such group; there are 0 to {}",
                groups.saturating_sub(1)
            ),
            Why::Unserved { group } => write!(
                f,
                "group {group} has no engine; give it one with parent-set first"
            ),
            Why::Deserted { group, wq } => {
                write!(f, "group {group} has wq {wq}; it needs an engine")
            }
            Why::TwoGroups { engine, other } => write!(
                f,
                "engine {engine} is in group {other}; take it out of that as well"
            ),
            Why::NoEngine { engines } => write!(
                f,
                "there is no such engine; there are 0 to {}",
                engines.saturating_sub(1)
            ),
            Why::Twice { group } => write!(f, "group {group} is there twice"),
            Why::Buffers { most } => {
                write!(
                    f,
                    "{most} read buffers can be reserved; other groups have the rest"
                )
            }
            Why::Allowed { group, min, max } if min <= max => {
                write!(f, "group {group} may have {min} to {max} read buffers")
            }
            Why::Allowed { group, min, max } => write!(
                f,
                "group {group} needs {min} read buffers and can have at most {max}"
            ),
            Why::Operations => f.write_str("the device lacks some of the operations; see opcap"),
            Why::NotOffered { operations } => {
                f.write_str("its work queues offer the operations ")?;
                let bytes = || operations.iter().flat_map(|word| word.to_le_bytes());
                let len = bytes()
                    .zip(1..)
                    .filter(|(byte, _)| *byte != 0)
                    .map(|(_, len)| len)
                    .last();
                let mut shown = bytes().take(len.unwrap_or(1));
                shown.try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(" and no others")
            }
            Why::Direct => f.write_str(
                "it needs pasid-mode dedicated and a PASID; polled and trapped are accepted",
            ),
            Why::Lacks(what) => write!(f, "the device has no {what}"),
        }
    }
}
