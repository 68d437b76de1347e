// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{Command, Stats, StatsAttr};
use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::object::Object;
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, NLA_F_NESTED, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// Statistics of a work queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct WqStats {
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_index: Option<u32>,
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Number of the work queue on its parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// The statistics of all virtual work queues that there are, or were, on
    /// it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stats: Option<Stats>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<WqStatsAttr>> for WqStats {
    fn from(attributes: Vec<WqStatsAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                WqStatsAttr::ParentIndex(value) => out.parent_index = Some(value),
                WqStatsAttr::Parent(value) => out.parent = Some(value),
                WqStatsAttr::Id(value) => out.id = Some(value),
                WqStatsAttr::Stats(inner) => out.stats = Some(inner.into()),
                WqStatsAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "wq-stats".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WqStatsAttr {
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

impl Nla for WqStatsAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::ParentIndex(_) => 1,
            Self::Parent(_) => 2,
            Self::Id(_) => 3,
            Self::Stats(_) => 4 | NLA_F_NESTED,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for WqStatsAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => {
                Self::ParentIndex(Value::parse(buffer.value()).context("attribute 'parent-index'")?)
            }
            2 => Self::Parent(Value::parse(buffer.value()).context("attribute 'parent'")?),
            3 => Self::Id(Value::parse(buffer.value()).context("attribute 'id'")?),
            4 => Self::Stats(Value::parse(buffer.value()).context("attribute 'stats'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for WqStatsAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "wq-stats",
        attributes: &[
            AttributeInfo::new("parent-index"),
            AttributeInfo::new("parent").accepts(Accepts::Length {
                min: None,
                max: Some(31),
            }),
            AttributeInfo::new("id"),
            AttributeInfo::new("stats").nested(StatsAttr::SET),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::ParentIndex(value) => Some(value),
            Self::Parent(value) => Some(value),
            Self::Id(value) => Some(value),
            Self::Stats(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}

impl Object for WqStats {
    type Attribute = WqStatsAttr;

    const GET: Command = Command::WqStatsGet;
}
