// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{Command, PasidMode, WqMode, WqState};
use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::object::Object;
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// A hardware work queue of a parent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Wq {
    /// Name of the parent. May be left out while there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Number of the work queue on its parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// State of the work queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<WqState>,
    /// How the work queue takes submissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<WqMode>,
    /// Number of entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// Entries that may be used through a limited portal in shared mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// Priority within its group; 1 is the lowest, 15 the highest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Number of the group that the work queue belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
    /// PASID mode of the subdevs on it; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pasid_mode: Option<PasidMode>,
    /// Entries that further subdevs could have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<u32>,
    /// Index of each subdev that stands on the work queue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subdev: Vec<u32>,
    /// Generation of the family's state that the message shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<WqAttr>> for Wq {
    fn from(attributes: Vec<WqAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                WqAttr::Parent(value) => out.parent = Some(value),
                WqAttr::Id(value) => out.id = Some(value),
                WqAttr::State(value) => out.state = Some(value),
                WqAttr::Mode(value) => out.mode = Some(value),
                WqAttr::Size(value) => out.size = Some(value),
                WqAttr::Threshold(value) => out.threshold = Some(value),
                WqAttr::Priority(value) => out.priority = Some(value),
                WqAttr::Group(value) => out.group = Some(value),
                WqAttr::PasidMode(value) => out.pasid_mode = Some(value),
                WqAttr::Available(value) => out.available = Some(value),
                WqAttr::Subdev(value) => out.subdev.push(value),
                WqAttr::Generation(value) => out.generation = Some(value),
                WqAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "wq".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WqAttr {
    /// Name of the parent. May be left out while there is only one.
    Parent(String),
    /// Number of the work queue on its parent.
    Id(u32),
    /// State of the work queue.
    State(WqState),
    /// How the work queue takes submissions.
    Mode(WqMode),
    /// Number of entries.
    Size(u32),
    /// Entries that may be used through a limited portal in shared mode.
    Threshold(u32),
    /// Priority within its group; 1 is the lowest, 15 the highest.
    Priority(u32),
    /// Number of the group that the work queue belongs to.
    Group(u32),
    /// PASID mode of the subdevs on it; absent while there is none.
    PasidMode(PasidMode),
    /// Entries that further subdevs could have.
    Available(u32),
    /// Index of each subdev that stands on the work queue.
    Subdev(u32),
    /// Generation of the family's state that the message shows.
    Generation(u64),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for WqAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Parent(_) => 1,
            Self::Id(_) => 2,
            Self::State(_) => 3,
            Self::Mode(_) => 4,
            Self::Size(_) => 5,
            Self::Threshold(_) => 6,
            Self::Priority(_) => 7,
            Self::Group(_) => 8,
            Self::PasidMode(_) => 9,
            Self::Available(_) => 10,
            Self::Subdev(_) => 11,
            Self::Generation(_) => 12,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for WqAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Parent(Value::parse(buffer.value()).context("attribute 'parent'")?),
            2 => Self::Id(Value::parse(buffer.value()).context("attribute 'id'")?),
            3 => Self::State(Value::parse(buffer.value()).context("attribute 'state'")?),
            4 => Self::Mode(Value::parse(buffer.value()).context("attribute 'mode'")?),
            5 => Self::Size(Value::parse(buffer.value()).context("attribute 'size'")?),
            6 => Self::Threshold(Value::parse(buffer.value()).context("attribute 'threshold'")?),
            7 => Self::Priority(Value::parse(buffer.value()).context("attribute 'priority'")?),
            8 => Self::Group(Value::parse(buffer.value()).context("attribute 'group'")?),
            9 => Self::PasidMode(Value::parse(buffer.value()).context("attribute 'pasid-mode'")?),
            10 => Self::Available(Value::parse(buffer.value()).context("attribute 'available'")?),
            11 => Self::Subdev(Value::parse(buffer.value()).context("attribute 'subdev'")?),
            12 => Self::Generation(Value::parse(buffer.value()).context("attribute 'generation'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for WqAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "wq",
        attributes: &[
            AttributeInfo::new("parent").accepts(Accepts::Length {
                min: None,
                max: Some(31),
            }),
            AttributeInfo::new("id"),
            AttributeInfo::new("state").accepts(Accepts::Names(WqState::NAMES)),
            AttributeInfo::new("mode").accepts(Accepts::Names(WqMode::NAMES)),
            AttributeInfo::new("size"),
            AttributeInfo::new("threshold"),
            AttributeInfo::new("priority"),
            AttributeInfo::new("group"),
            AttributeInfo::new("pasid-mode").accepts(Accepts::Names(PasidMode::NAMES)),
            AttributeInfo::new("available"),
            AttributeInfo::new("subdev"),
            AttributeInfo::new("generation"),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Parent(value) => Some(value),
            Self::Id(value) => Some(value),
            Self::State(value) => Some(value),
            Self::Mode(value) => Some(value),
            Self::Size(value) => Some(value),
            Self::Threshold(value) => Some(value),
            Self::Priority(value) => Some(value),
            Self::Group(value) => Some(value),
            Self::PasidMode(value) => Some(value),
            Self::Available(value) => Some(value),
            Self::Subdev(value) => Some(value),
            Self::Generation(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}

impl Object for Wq {
    type Attribute = WqAttr;

    const GET: Command = Command::WqGet;
}
