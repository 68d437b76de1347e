// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{Cause, Command, DsaWq, DsaWqAttr, PasidMode, WqMode, WqState};
use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::object::Object;
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, NLA_F_NESTED, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// A hardware work queue of a parent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Wq {
    /// Generation of the family's state that the message shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
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
    /// State of the work queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<WqState>,
    /// How the work queue takes submissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<WqMode>,
    /// Number of entries. By default the capacity of the parent is spread
    /// evenly over its work queues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// PASID mode of the subdevs on it; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pasid_mode: Option<PasidMode>,
    /// Entries that further subdevs could have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<u32>,
    /// Number of subdevs that use the work queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdev_count: Option<u32>,
    /// Index of a subdev that uses the work queue, the lowest first and at
    /// most `max-listed-subdevs` of them. Dump subdevs for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subdev: Vec<u32>,
    /// In an event, why it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// In an event that a request caused, the netlink port ID of the socket
    /// that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_id: Option<u32>,
    /// What only a work queue of an Intel Data Streaming Accelerator has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dsa_wq: Option<DsaWq>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<WqAttr>> for Wq {
    fn from(attributes: Vec<WqAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                WqAttr::Generation(value) => out.generation = Some(value),
                WqAttr::ParentIndex(value) => out.parent_index = Some(value),
                WqAttr::Parent(value) => out.parent = Some(value),
                WqAttr::Id(value) => out.id = Some(value),
                WqAttr::State(value) => out.state = Some(value),
                WqAttr::Mode(value) => out.mode = Some(value),
                WqAttr::Size(value) => out.size = Some(value),
                WqAttr::PasidMode(value) => out.pasid_mode = Some(value),
                WqAttr::Available(value) => out.available = Some(value),
                WqAttr::SubdevCount(value) => out.subdev_count = Some(value),
                WqAttr::Subdev(value) => out.subdev.push(value),
                WqAttr::Cause(value) => out.cause = Some(value),
                WqAttr::PortId(value) => out.port_id = Some(value),
                WqAttr::DsaWq(inner) => out.dsa_wq = Some(inner.into()),
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
    /// State of the work queue.
    State(WqState),
    /// How the work queue takes submissions.
    Mode(WqMode),
    /// Number of entries. By default the capacity of the parent is spread
    /// evenly over its work queues.
    Size(u32),
    /// PASID mode of the subdevs on it; absent while there is none.
    PasidMode(PasidMode),
    /// Entries that further subdevs could have.
    Available(u32),
    /// Number of subdevs that use the work queue.
    SubdevCount(u32),
    /// Index of a subdev that uses the work queue, the lowest first and at
    /// most `max-listed-subdevs` of them. Dump subdevs for all.
    Subdev(u32),
    /// In an event, why it happened.
    Cause(Cause),
    /// In an event that a request caused, the netlink port ID of the socket
    /// that it came from.
    PortId(u32),
    /// What only a work queue of an Intel Data Streaming Accelerator has.
    DsaWq(Vec<DsaWqAttr>),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for WqAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Generation(_) => 1,
            Self::ParentIndex(_) => 2,
            Self::Parent(_) => 3,
            Self::Id(_) => 4,
            Self::State(_) => 5,
            Self::Mode(_) => 6,
            Self::Size(_) => 7,
            Self::PasidMode(_) => 8,
            Self::Available(_) => 9,
            Self::SubdevCount(_) => 10,
            Self::Subdev(_) => 11,
            Self::Cause(_) => 12,
            Self::PortId(_) => 13,
            Self::DsaWq(_) => 14 | NLA_F_NESTED,
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
            1 => Self::Generation(Value::parse(buffer.value()).context("attribute 'generation'")?),
            2 => {
                Self::ParentIndex(Value::parse(buffer.value()).context("attribute 'parent-index'")?)
            }
            3 => Self::Parent(Value::parse(buffer.value()).context("attribute 'parent'")?),
            4 => Self::Id(Value::parse(buffer.value()).context("attribute 'id'")?),
            5 => Self::State(Value::parse(buffer.value()).context("attribute 'state'")?),
            6 => Self::Mode(Value::parse(buffer.value()).context("attribute 'mode'")?),
            7 => Self::Size(Value::parse(buffer.value()).context("attribute 'size'")?),
            8 => Self::PasidMode(Value::parse(buffer.value()).context("attribute 'pasid-mode'")?),
            9 => Self::Available(Value::parse(buffer.value()).context("attribute 'available'")?),
            10 => {
                Self::SubdevCount(Value::parse(buffer.value()).context("attribute 'subdev-count'")?)
            }
            11 => Self::Subdev(Value::parse(buffer.value()).context("attribute 'subdev'")?),
            12 => Self::Cause(Value::parse(buffer.value()).context("attribute 'cause'")?),
            13 => Self::PortId(Value::parse(buffer.value()).context("attribute 'port-id'")?),
            14 => Self::DsaWq(Value::parse(buffer.value()).context("attribute 'dsa-wq'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for WqAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "wq",
        attributes: &[
            AttributeInfo::new("generation"),
            AttributeInfo::new("parent-index"),
            AttributeInfo::new("parent").accepts(Accepts::Length {
                min: None,
                max: Some(31),
            }),
            AttributeInfo::new("id"),
            AttributeInfo::new("state").accepts(Accepts::Names(WqState::NAMES)),
            AttributeInfo::new("mode").accepts(Accepts::Names(WqMode::NAMES)),
            AttributeInfo::new("size"),
            AttributeInfo::new("pasid-mode").accepts(Accepts::Names(PasidMode::NAMES)),
            AttributeInfo::new("available"),
            AttributeInfo::new("subdev-count"),
            AttributeInfo::new("subdev"),
            AttributeInfo::new("cause").accepts(Accepts::Names(Cause::NAMES)),
            AttributeInfo::new("port-id"),
            AttributeInfo::new("dsa-wq").nested(DsaWqAttr::SET),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Generation(value) => Some(value),
            Self::ParentIndex(value) => Some(value),
            Self::Parent(value) => Some(value),
            Self::Id(value) => Some(value),
            Self::State(value) => Some(value),
            Self::Mode(value) => Some(value),
            Self::Size(value) => Some(value),
            Self::PasidMode(value) => Some(value),
            Self::Available(value) => Some(value),
            Self::SubdevCount(value) => Some(value),
            Self::Subdev(value) => Some(value),
            Self::Cause(value) => Some(value),
            Self::PortId(value) => Some(value),
            Self::DsaWq(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}

impl Object for Wq {
    type Attribute = WqAttr;

    const GET: Command = Command::WqGet;
}
