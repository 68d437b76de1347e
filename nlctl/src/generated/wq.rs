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
    /// Decide everything as if it were done, and who is in the way, and do
    /// nothing: no event comes of it. The reply is the object as it would be,
    /// with the generation that it was decided in. A refusal is the same as
    /// without, but for what goes wrong only in the doing.
    DryRun,
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for WqAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "wq",
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
            AttributeInfo::new("state", Kind::U32, "State of the work queue.")
                .accepts(Accepts::Names(WqState::NAMES)),
            AttributeInfo::new(
                    "mode",
                    Kind::U32,
                    "How the work queue takes submissions.",
                )
                .accepts(Accepts::Names(WqMode::NAMES)),
            AttributeInfo::new(
                "size",
                Kind::U32,
                "Number of entries. By default the capacity of the parent is spread\nevenly over its work queues.",
            ),
            AttributeInfo::new(
                    "pasid-mode",
                    Kind::U32,
                    "PASID mode of the subdevs on it; absent while there is none.",
                )
                .accepts(Accepts::Names(PasidMode::NAMES)),
            AttributeInfo::new(
                "available",
                Kind::U32,
                "Entries that further subdevs could have.",
            ),
            AttributeInfo::new(
                "subdev-count",
                Kind::U32,
                "Number of subdevs that use the work queue.",
            ),
            AttributeInfo::new(
                    "subdev",
                    Kind::U32,
                    "Index of a subdev that uses the work queue, the lowest first and at\nmost `max-listed-subdevs` of them. Dump subdevs for all.",
                )
                .many(),
            AttributeInfo::new("cause", Kind::U32, "In an event, why it happened.")
                .accepts(Accepts::Names(Cause::NAMES)),
            AttributeInfo::new(
                "port-id",
                Kind::U32,
                "In an event that a request caused, the netlink port ID of the socket\nthat it came from.",
            ),
            AttributeInfo::new(
                    "dsa-wq",
                    Kind::Nest,
                    "What only a work queue of an Intel Data Streaming Accelerator has.",
                )
                .nested(DsaWqAttr::SET),
            AttributeInfo::new(
                "dry-run",
                Kind::Flag,
                "Decide everything as if it were done, and who is in the way, and do\nnothing: no event comes of it. The reply is the object as it would be,\nwith the generation that it was decided in. A refusal is the same as\nwithout, but for what goes wrong only in the doing.",
            ),
        ],
    };
    fn number(&self) -> u16 {
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
            Self::DsaWq(_) => 14,
            Self::DryRun => 15,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

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
            Self::DryRun => None,
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
                5 => Self::State(Value::parse(value)?),
                6 => Self::Mode(Value::parse(value)?),
                7 => Self::Size(Value::parse(value)?),
                8 => Self::PasidMode(Value::parse(value)?),
                9 => Self::Available(Value::parse(value)?),
                10 => Self::SubdevCount(Value::parse(value)?),
                11 => Self::Subdev(Value::parse(value)?),
                12 => Self::Cause(Value::parse(value)?),
                13 => Self::PortId(Value::parse(value)?),
                14 => Self::DsaWq(Value::parse(value)?),
                15 => Self::DryRun,
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// A hardware work queue of a parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Wq {
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
    /// State of the work queue.
    pub state: WqState,
    /// How the work queue takes submissions.
    pub mode: WqMode,
    /// Number of entries. By default the capacity of the parent is spread
    /// evenly over its work queues.
    pub size: u32,
    /// PASID mode of the subdevs on it; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pasid_mode: Option<PasidMode>,
    /// Entries that further subdevs could have.
    pub available: u32,
    /// Number of subdevs that use the work queue.
    pub subdev_count: u32,
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

impl Object for Wq {
    type Attribute = WqAttr;
    fn read(attributes: Vec<WqAttr>) -> Result<Self, Malformed> {
        let mut generation = None;
        let mut parent_index = None;
        let mut parent = None;
        let mut id = None;
        let mut state = None;
        let mut mode = None;
        let mut size = None;
        let mut pasid_mode = None;
        let mut available = None;
        let mut subdev_count = None;
        let mut subdev = Vec::new();
        let mut cause = None;
        let mut port_id = None;
        let mut dsa_wq = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                WqAttr::Generation(value) => generation = Some(value),
                WqAttr::ParentIndex(value) => parent_index = Some(value),
                WqAttr::Parent(value) => parent = Some(value),
                WqAttr::Id(value) => id = Some(value),
                WqAttr::State(value) => state = Some(value),
                WqAttr::Mode(value) => mode = Some(value),
                WqAttr::Size(value) => size = Some(value),
                WqAttr::PasidMode(value) => pasid_mode = Some(value),
                WqAttr::Available(value) => available = Some(value),
                WqAttr::SubdevCount(value) => subdev_count = Some(value),
                WqAttr::Subdev(value) => subdev.push(value),
                WqAttr::Cause(value) => cause = Some(value),
                WqAttr::PortId(value) => port_id = Some(value),
                WqAttr::DsaWq(value) => dsa_wq = Some(Object::read(value)?),
                WqAttr::Unknown(value) => unknown.push(value),
                _ => {}
            }
        }
        Ok(Self {
            generation: needed(generation, "generation")?,
            parent_index: needed(parent_index, "parent-index")?,
            parent: needed(parent, "parent")?,
            id: needed(id, "id")?,
            state: needed(state, "state")?,
            mode: needed(mode, "mode")?,
            size: needed(size, "size")?,
            pasid_mode,
            available: needed(available, "available")?,
            subdev_count: needed(subdev_count, "subdev-count")?,
            subdev,
            cause,
            port_id,
            dsa_wq,
            unknown,
        })
    }
}
