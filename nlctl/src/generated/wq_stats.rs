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

/// One attribute of the set "wq-stats".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WqStatsAttr {
    /// Generation of the family's state that the message shows.
    Generation(u64),
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    ParentIndex(u32),
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    Parent(String),
    /// Number of the work queue on its parent.
    Id(u32),
    /// The statistics of all virtual work queues that there are, or were, on
    /// it.
    Stats(Vec<StatsAttr>),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for WqStatsAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "wq-stats",
        attributes: &[
            AttributeInfo::new(
                "generation",
                Kind::Uint,
                "Generation of the family's state that the message shows.",
            ),
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
                "id",
                Kind::U32,
                "Number of the work queue on its parent.",
            ),
            AttributeInfo::new(
                    "stats",
                    Kind::Nest,
                    "The statistics of all virtual work queues that there are, or were, on\nit.",
                )
                .nested(StatsAttr::SET),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Generation(_) => 1,
            Self::ParentIndex(_) => 2,
            Self::Parent(_) => 3,
            Self::Id(_) => 4,
            Self::Stats(_) => 5,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Generation(value) => Some(value),
            Self::ParentIndex(value) => Some(value),
            Self::Parent(value) => Some(value),
            Self::Id(value) => Some(value),
            Self::Stats(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Generation(Value::parse(value)?),
                2 => Self::ParentIndex(Value::parse(value)?),
                3 => Self::Parent(Value::parse(value)?),
                4 => Self::Id(Value::parse(value)?),
                5 => Self::Stats(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// Statistics of a work queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct WqStats {
    /// Generation of the family's state that the message shows.
    pub generation: u64,
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    pub parent_index: u32,
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    pub parent: String,
    /// Number of the work queue on its parent.
    pub id: u32,
    /// The statistics of all virtual work queues that there are, or were, on
    /// it.
    pub stats: Stats,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for WqStats {
    type Attribute = WqStatsAttr;
    fn read(attributes: Vec<WqStatsAttr>) -> Result<Self, Malformed> {
        let mut generation = None;
        let mut parent_index = None;
        let mut parent = None;
        let mut id = None;
        let mut stats = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                WqStatsAttr::Generation(value) => generation = Some(value),
                WqStatsAttr::ParentIndex(value) => parent_index = Some(value),
                WqStatsAttr::Parent(value) => parent = Some(value),
                WqStatsAttr::Id(value) => id = Some(value),
                WqStatsAttr::Stats(value) => stats = Some(Object::read(value)?),
                WqStatsAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            generation: needed(generation, "generation")?,
            parent_index: needed(parent_index, "parent-index")?,
            parent: needed(parent, "parent")?,
            id: needed(id, "id")?,
            stats: needed(stats, "stats")?,
            unknown,
        })
    }
}
