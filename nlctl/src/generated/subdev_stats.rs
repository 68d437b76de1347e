// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use serde::Serialize;
#[allow(clippy::wildcard_imports, unused_imports)]
use super::*;
#[allow(unused_imports)]
use crate::attribute::{
    Accepts, Attribute, AttributeInfo, AttributeSet, Kind, UnknownAttribute,
};
#[allow(unused_imports)]
use crate::object::{Object, needed};
#[allow(unused_imports)]
use crate::value::{Binary, Malformed, U64, Value};

/// One attribute of the set "subdev-stats".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubdevStatsAttr {
    /// Generation of the family's state that the message shows.
    Generation(u64),
    /// Number of the subdev.
    Index(u32),
    /// Name of the subdev.
    Name(String),
    /// In a request, the UUID of the subdev.
    Uuid(String),
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    ParentIndex(u32),
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    Parent(String),
    /// In a request for a dump, the number of a work queue; of several, one
    /// is enough.
    Wq(Vec<SubdevWqAttr>),
    /// The statistics of all of its virtual work queues together.
    Stats(Vec<StatsAttr>),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for SubdevStatsAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "subdev-stats",
        attributes: &[
            AttributeInfo::new(
                "generation",
                Kind::Uint,
                "Generation of the family's state that the message shows.",
            ),
            AttributeInfo::new("index", Kind::U32, "Number of the subdev."),
            AttributeInfo::new("name", Kind::String, "Name of the subdev.")
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                    "uuid",
                    Kind::String,
                    "In a request, the UUID of the subdev.",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(36),
                }),
            AttributeInfo::new(
                "parent-index",
                Kind::U32,
                "Number of the parent, which is its handle. A request names the\nparent by it or by `parent`.",
            ),
            AttributeInfo::new(
                    "parent",
                    Kind::String,
                    "Name of the parent. A name may be another device's later; together\nwith `parent-index` it has to be that parent's.",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                    "wq",
                    Kind::Nest,
                    "In a request for a dump, the number of a work queue; of several, one\nis enough.",
                )
                .many()
                .nested(SubdevWqAttr::SET),
            AttributeInfo::new(
                    "stats",
                    Kind::Nest,
                    "The statistics of all of its virtual work queues together.",
                )
                .nested(StatsAttr::SET),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Generation(_) => 1,
            Self::Index(_) => 2,
            Self::Name(_) => 3,
            Self::Uuid(_) => 4,
            Self::ParentIndex(_) => 5,
            Self::Parent(_) => 6,
            Self::Wq(_) => 7,
            Self::Stats(_) => 8,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Generation(value) => Some(value),
            Self::Index(value) => Some(value),
            Self::Name(value) => Some(value),
            Self::Uuid(value) => Some(value),
            Self::ParentIndex(value) => Some(value),
            Self::Parent(value) => Some(value),
            Self::Wq(value) => Some(value),
            Self::Stats(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Generation(Value::parse(value)?),
                2 => Self::Index(Value::parse(value)?),
                3 => Self::Name(Value::parse(value)?),
                4 => Self::Uuid(Value::parse(value)?),
                5 => Self::ParentIndex(Value::parse(value)?),
                6 => Self::Parent(Value::parse(value)?),
                7 => Self::Wq(Value::parse(value)?),
                8 => Self::Stats(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// Statistics of a subdev.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SubdevStats {
    /// Generation of the family's state that the message shows.
    pub generation: u64,
    /// Number of the subdev.
    pub index: u32,
    /// Name of the subdev.
    pub name: String,
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    pub parent_index: u32,
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    pub parent: String,
    /// The statistics of all of its virtual work queues together.
    pub stats: Stats,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for SubdevStats {
    type Attribute = SubdevStatsAttr;
    fn read(attributes: Vec<SubdevStatsAttr>) -> Result<Self, Malformed> {
        let mut generation = None;
        let mut index = None;
        let mut name = None;
        let mut parent_index = None;
        let mut parent = None;
        let mut stats = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                SubdevStatsAttr::Generation(value) => generation = Some(value),
                SubdevStatsAttr::Index(value) => index = Some(value),
                SubdevStatsAttr::Name(value) => name = Some(value),
                SubdevStatsAttr::ParentIndex(value) => parent_index = Some(value),
                SubdevStatsAttr::Parent(value) => parent = Some(value),
                SubdevStatsAttr::Stats(value) => stats = Some(Object::read(value)?),
                SubdevStatsAttr::Unknown(value) => unknown.push(value),
                _ => {}
            }
        }
        Ok(Self {
            generation: needed(generation, "generation")?,
            index: needed(index, "index")?,
            name: needed(name, "name")?,
            parent_index: needed(parent_index, "parent-index")?,
            parent: needed(parent, "parent")?,
            stats: needed(stats, "stats")?,
            unknown,
        })
    }
}
