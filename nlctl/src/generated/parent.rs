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

/// One attribute of the set "parent".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParentAttr {
    /// Generation of the family's state that the message shows.
    Generation(u64),
    /// Number of the parent, not reused while the module is loaded.
    Index(u32),
    /// Name of the parent, for example "dsa0".
    Name(String),
    /// Bus that the device sits on, for example "pci".
    Bus(String),
    /// Name of the device on its bus, for example "0000:00:01.0".
    Device(String),
    /// State of the device.
    State(ParentState),
    /// What its work queues can do.
    Capabilities(Capabilities),
    /// Number of work queues. Work queues may come and go, so their numbers
    /// need not follow one another; dump them to learn which there are.
    WqCount(u32),
    /// Number of subdevs that use this parent.
    SubdevCount(u32),
    /// In an event, why it happened.
    Cause(Cause),
    /// In an event that a request caused, the netlink port ID of the socket
    /// that it came from.
    PortId(u32),
    /// In `parent-fault-ntf`, what went wrong.
    Fault(Vec<FaultAttr>),
    /// What only an Intel Data Streaming Accelerator has.
    DsaParent(Vec<DsaParentAttr>),
    /// Decide everything as if it were done, and who is in the way, and do
    /// nothing: no event comes of it. The reply is the object as it would be,
    /// with the generation that it was decided in. A refusal is the same as
    /// without, but for what goes wrong only in the doing.
    DryRun,
    /// Driver that has the device and its configuration, and lends work queues
    /// of it, for example "idxd"; absent where the device has no other driver.
    Owner(String),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for ParentAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "parent",
        attributes: &[
            AttributeInfo::new(
                "generation",
                Kind::Uint,
                "Generation of the family's state that the message shows.",
            ),
            AttributeInfo::new(
                "index",
                Kind::U32,
                "Number of the parent, not reused while the module is loaded.",
            ),
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
                    "Bus that the device sits on, for example \"pci\".",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                    "device",
                    Kind::String,
                    "Name of the device on its bus, for example \"0000:00:01.0\".",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(63),
                }),
            AttributeInfo::new("state", Kind::U32, "State of the device.")
                .accepts(Accepts::Names(ParentState::NAMES)),
            AttributeInfo::new("capabilities", Kind::U32, "What its work queues can do.")
                .flags(Capabilities::NAMES),
            AttributeInfo::new(
                "wq-count",
                Kind::U32,
                "Number of work queues. Work queues may come and go, so their numbers\nneed not follow one another; dump them to learn which there are.",
            ),
            AttributeInfo::new(
                "subdev-count",
                Kind::U32,
                "Number of subdevs that use this parent.",
            ),
            AttributeInfo::new("cause", Kind::U32, "In an event, why it happened.")
                .accepts(Accepts::Names(Cause::NAMES)),
            AttributeInfo::new(
                "port-id",
                Kind::U32,
                "In an event that a request caused, the netlink port ID of the socket\nthat it came from.",
            ),
            AttributeInfo::new(
                    "fault",
                    Kind::Nest,
                    "In `parent-fault-ntf`, what went wrong.",
                )
                .nested(FaultAttr::SET),
            AttributeInfo::new(
                    "dsa-parent",
                    Kind::Nest,
                    "What only an Intel Data Streaming Accelerator has.",
                )
                .nested(DsaParentAttr::SET),
            AttributeInfo::new(
                "dry-run",
                Kind::Flag,
                "Decide everything as if it were done, and who is in the way, and do\nnothing: no event comes of it. The reply is the object as it would be,\nwith the generation that it was decided in. A refusal is the same as\nwithout, but for what goes wrong only in the doing.",
            ),
            AttributeInfo::new(
                "owner",
                Kind::String,
                "Driver that has the device and its configuration, and lends work queues\nof it, for example \"idxd\"; absent where the device has no other driver.",
            ),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Generation(_) => 1,
            Self::Index(_) => 2,
            Self::Name(_) => 3,
            Self::Bus(_) => 4,
            Self::Device(_) => 5,
            Self::State(_) => 6,
            Self::Capabilities(_) => 7,
            Self::WqCount(_) => 8,
            Self::SubdevCount(_) => 9,
            Self::Cause(_) => 10,
            Self::PortId(_) => 11,
            Self::Fault(_) => 12,
            Self::DsaParent(_) => 13,
            Self::DryRun => 14,
            Self::Owner(_) => 15,
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
            Self::State(value) => Some(value),
            Self::Capabilities(value) => Some(value),
            Self::WqCount(value) => Some(value),
            Self::SubdevCount(value) => Some(value),
            Self::Cause(value) => Some(value),
            Self::PortId(value) => Some(value),
            Self::Fault(value) => Some(value),
            Self::DsaParent(value) => Some(value),
            Self::DryRun => None,
            Self::Owner(value) => Some(value),
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
                6 => Self::State(Value::parse(value)?),
                7 => Self::Capabilities(Value::parse(value)?),
                8 => Self::WqCount(Value::parse(value)?),
                9 => Self::SubdevCount(Value::parse(value)?),
                10 => Self::Cause(Value::parse(value)?),
                11 => Self::PortId(Value::parse(value)?),
                12 => Self::Fault(Value::parse(value)?),
                13 => Self::DsaParent(Value::parse(value)?),
                14 => Self::DryRun,
                15 => Self::Owner(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// A device that subdevs are carved from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Parent {
    /// Generation of the family's state that the message shows.
    pub generation: u64,
    /// Number of the parent, not reused while the module is loaded.
    pub index: u32,
    /// Name of the parent, for example "dsa0".
    pub name: String,
    /// Bus that the device sits on, for example "pci".
    pub bus: String,
    /// Name of the device on its bus, for example "0000:00:01.0".
    pub device: String,
    /// State of the device.
    pub state: ParentState,
    /// What its work queues can do.
    pub capabilities: Capabilities,
    /// Number of work queues. Work queues may come and go, so their numbers
    /// need not follow one another; dump them to learn which there are.
    pub wq_count: u32,
    /// Number of subdevs that use this parent.
    pub subdev_count: u32,
    /// In an event, why it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// In an event that a request caused, the netlink port ID of the socket
    /// that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_id: Option<u32>,
    /// In `parent-fault-ntf`, what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// What only an Intel Data Streaming Accelerator has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dsa_parent: Option<DsaParent>,
    /// Driver that has the device and its configuration, and lends work queues
    /// of it, for example "idxd"; absent where the device has no other driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for Parent {
    type Attribute = ParentAttr;
    fn read(attributes: Vec<ParentAttr>) -> Result<Self, Malformed> {
        let mut generation = None;
        let mut index = None;
        let mut name = None;
        let mut bus = None;
        let mut device = None;
        let mut state = None;
        let mut capabilities = None;
        let mut wq_count = None;
        let mut subdev_count = None;
        let mut cause = None;
        let mut port_id = None;
        let mut fault = None;
        let mut dsa_parent = None;
        let mut owner = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                ParentAttr::Generation(value) => generation = Some(value),
                ParentAttr::Index(value) => index = Some(value),
                ParentAttr::Name(value) => name = Some(value),
                ParentAttr::Bus(value) => bus = Some(value),
                ParentAttr::Device(value) => device = Some(value),
                ParentAttr::State(value) => state = Some(value),
                ParentAttr::Capabilities(value) => capabilities = Some(value),
                ParentAttr::WqCount(value) => wq_count = Some(value),
                ParentAttr::SubdevCount(value) => subdev_count = Some(value),
                ParentAttr::Cause(value) => cause = Some(value),
                ParentAttr::PortId(value) => port_id = Some(value),
                ParentAttr::Fault(value) => fault = Some(Object::read(value)?),
                ParentAttr::DsaParent(value) => dsa_parent = Some(Object::read(value)?),
                ParentAttr::Owner(value) => owner = Some(value),
                ParentAttr::Unknown(value) => unknown.push(value),
                _ => {}
            }
        }
        Ok(Self {
            generation: needed(generation, "generation")?,
            index: needed(index, "index")?,
            name: needed(name, "name")?,
            bus: needed(bus, "bus")?,
            device: needed(device, "device")?,
            state: needed(state, "state")?,
            capabilities: needed(capabilities, "capabilities")?,
            wq_count: needed(wq_count, "wq-count")?,
            subdev_count: needed(subdev_count, "subdev-count")?,
            cause,
            port_id,
            fault,
            dsa_parent,
            owner,
            unknown,
        })
    }
}
