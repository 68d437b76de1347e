// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{Command, Stats, StatsAttr};
use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::object::Object;
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, NLA_F_NESTED, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// Statistics of a parent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ParentStats {
    /// Number of the parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Name of the parent, for example "dsa0".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// In a request, the bus that the device sits on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
    /// In a request, the name of the device on its bus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The statistics of all of its work queues together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stats: Option<Stats>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<ParentStatsAttr>> for ParentStats {
    fn from(attributes: Vec<ParentStatsAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                ParentStatsAttr::Index(value) => out.index = Some(value),
                ParentStatsAttr::Name(value) => out.name = Some(value),
                ParentStatsAttr::Bus(value) => out.bus = Some(value),
                ParentStatsAttr::Device(value) => out.device = Some(value),
                ParentStatsAttr::Stats(inner) => out.stats = Some(inner.into()),
                ParentStatsAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "parent-stats".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParentStatsAttr {
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

impl Nla for ParentStatsAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Index(_) => 1,
            Self::Name(_) => 2,
            Self::Bus(_) => 3,
            Self::Device(_) => 4,
            Self::Stats(_) => 5 | NLA_F_NESTED,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value_len(&self) -> usize {
        self.value().map_or(0, Value::length)
    }

    fn emit_value(&self, buffer: &mut [u8]) {
        if let Some(value) = self.value() {
            value.emit(buffer);
        }
    }
}

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for ParentStatsAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Index(Value::parse(buffer.value()).context("attribute 'index'")?),
            2 => Self::Name(Value::parse(buffer.value()).context("attribute 'name'")?),
            3 => Self::Bus(Value::parse(buffer.value()).context("attribute 'bus'")?),
            4 => Self::Device(Value::parse(buffer.value()).context("attribute 'device'")?),
            5 => Self::Stats(Value::parse(buffer.value()).context("attribute 'stats'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for ParentStatsAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "parent-stats",
        attributes: &[
            AttributeInfo::new("index"),
            AttributeInfo::new("name").accepts(Accepts::Length {
                min: None,
                max: Some(31),
            }),
            AttributeInfo::new("bus").accepts(Accepts::Length {
                min: None,
                max: Some(31),
            }),
            AttributeInfo::new("device").accepts(Accepts::Length {
                min: None,
                max: Some(63),
            }),
            AttributeInfo::new("stats").nested(StatsAttr::SET),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Index(value) => Some(value),
            Self::Name(value) => Some(value),
            Self::Bus(value) => Some(value),
            Self::Device(value) => Some(value),
            Self::Stats(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}

impl Object for ParentStats {
    type Attribute = ParentStatsAttr;

    const GET: Command = Command::ParentStatsGet;
}
