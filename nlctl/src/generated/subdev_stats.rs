// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{Command, Stats, StatsAttr, SubdevWq, SubdevWqAttr};
use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::object::Object;
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, NLA_F_NESTED, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// Statistics of a subdev.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SubdevStats {
    /// Number of the subdev.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Name of the subdev.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// In a request, the UUID of the subdev.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_index: Option<u32>,
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// In a request for a dump, the number of a work queue; of several, one
    /// is enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wq: Vec<SubdevWq>,
    /// The statistics of all of its virtual work queues together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stats: Option<Stats>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<SubdevStatsAttr>> for SubdevStats {
    fn from(attributes: Vec<SubdevStatsAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                SubdevStatsAttr::Index(value) => out.index = Some(value),
                SubdevStatsAttr::Name(value) => out.name = Some(value),
                SubdevStatsAttr::Uuid(value) => out.uuid = Some(value),
                SubdevStatsAttr::ParentIndex(value) => out.parent_index = Some(value),
                SubdevStatsAttr::Parent(value) => out.parent = Some(value),
                SubdevStatsAttr::Wq(inner) => out.wq.push(inner.into()),
                SubdevStatsAttr::Stats(inner) => out.stats = Some(inner.into()),
                SubdevStatsAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "subdev-stats".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubdevStatsAttr {
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

impl Nla for SubdevStatsAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Index(_) => 1,
            Self::Name(_) => 2,
            Self::Uuid(_) => 3,
            Self::ParentIndex(_) => 4,
            Self::Parent(_) => 5,
            Self::Wq(_) => 6 | NLA_F_NESTED,
            Self::Stats(_) => 7 | NLA_F_NESTED,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for SubdevStatsAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Index(Value::parse(buffer.value()).context("attribute 'index'")?),
            2 => Self::Name(Value::parse(buffer.value()).context("attribute 'name'")?),
            3 => Self::Uuid(Value::parse(buffer.value()).context("attribute 'uuid'")?),
            4 => {
                Self::ParentIndex(Value::parse(buffer.value()).context("attribute 'parent-index'")?)
            }
            5 => Self::Parent(Value::parse(buffer.value()).context("attribute 'parent'")?),
            6 => Self::Wq(Value::parse(buffer.value()).context("attribute 'wq'")?),
            7 => Self::Stats(Value::parse(buffer.value()).context("attribute 'stats'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for SubdevStatsAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "subdev-stats",
        attributes: &[
            AttributeInfo::new("index"),
            AttributeInfo::new("name").accepts(Accepts::Length {
                min: None,
                max: Some(31),
            }),
            AttributeInfo::new("uuid").accepts(Accepts::Length {
                min: None,
                max: Some(36),
            }),
            AttributeInfo::new("parent-index"),
            AttributeInfo::new("parent").accepts(Accepts::Length {
                min: None,
                max: Some(31),
            }),
            AttributeInfo::new("wq").nested(SubdevWqAttr::SET),
            AttributeInfo::new("stats").nested(StatsAttr::SET),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
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
}

impl Object for SubdevStats {
    type Attribute = SubdevStatsAttr;

    const GET: Command = Command::SubdevStatsGet;
}
