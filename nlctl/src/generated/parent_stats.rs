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

/// One attribute of the set "parent-stats".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParentStatsAttr {
    /// Generation of the family's state that the message shows.
    Generation(u64),
    /// Number of the parent.
    Index(u32),
    /// Name of the parent, for example "dsa0".
    Name(String),
    /// In a request, the bus that the device sits on.
    Bus(String),
    /// In a request, the name of the device on its bus.
    Device(String),
    /// The statistics of all of its work queues together.
    Stats(Vec<StatsAttr>),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for ParentStatsAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "parent-stats",
        attributes: &[
            AttributeInfo::new(
                "generation",
                Kind::Uint,
                "Generation of the family's state that the message shows.",
            ),
            AttributeInfo::new("index", Kind::U32, "Number of the parent."),
            AttributeInfo::new(
                    "name",
                    Kind::String,
                    "Name of the parent, for example \"dsa0\".",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                    "bus",
                    Kind::String,
                    "In a request, the bus that the device sits on.",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                    "device",
                    Kind::String,
                    "In a request, the name of the device on its bus.",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(63),
                }),
            AttributeInfo::new(
                    "stats",
                    Kind::Nest,
                    "The statistics of all of its work queues together.",
                )
                .nested(StatsAttr::SET),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Generation(_) => 1,
            Self::Index(_) => 2,
            Self::Name(_) => 3,
            Self::Bus(_) => 4,
            Self::Device(_) => 5,
            Self::Stats(_) => 6,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Generation(value) => Some(value),
            Self::Index(value) => Some(value),
            Self::Name(value) => Some(value),
            Self::Bus(value) => Some(value),
            Self::Device(value) => Some(value),
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
                4 => Self::Bus(Value::parse(value)?),
                5 => Self::Device(Value::parse(value)?),
                6 => Self::Stats(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// Statistics of a parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ParentStats {
    /// Generation of the family's state that the message shows.
    pub generation: u64,
    /// Number of the parent.
    pub index: u32,
    /// Name of the parent, for example "dsa0".
    pub name: String,
    /// The statistics of all of its work queues together.
    pub stats: Stats,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for ParentStats {
    type Attribute = ParentStatsAttr;
    fn read(attributes: Vec<ParentStatsAttr>) -> Result<Self, Malformed> {
        let mut generation = None;
        let mut index = None;
        let mut name = None;
        let mut stats = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                ParentStatsAttr::Generation(value) => generation = Some(value),
                ParentStatsAttr::Index(value) => index = Some(value),
                ParentStatsAttr::Name(value) => name = Some(value),
                ParentStatsAttr::Stats(value) => stats = Some(Object::read(value)?),
                ParentStatsAttr::Unknown(value) => unknown.push(value),
                _ => {}
            }
        }
        Ok(Self {
            generation: needed(generation, "generation")?,
            index: needed(index, "index")?,
            name: needed(name, "name")?,
            stats: needed(stats, "stats")?,
            unknown,
        })
    }
}
