// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{
    Capabilities, Cause, Command, DsaParent, DsaParentAttr, Fault, FaultAttr, ParentState,
};
use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::object::Object;
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, NLA_F_NESTED, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// A device that subdevs are carved from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Parent {
    /// Generation of the family's state that the message shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Number of the parent, not reused while the module is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Name of the parent, for example "dsa0".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Bus that the device sits on, for example "pci".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
    /// Name of the device on its bus, for example "0000:00:01.0".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// State of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ParentState>,
    /// What its work queues can do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// Number of work queues. Work queues may come and go, so their numbers
    /// need not follow one another; dump them to learn which there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wq_count: Option<u32>,
    /// Number of subdevs that use this parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdev_count: Option<u32>,
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
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<ParentAttr>> for Parent {
    fn from(attributes: Vec<ParentAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                ParentAttr::Generation(value) => out.generation = Some(value),
                ParentAttr::Index(value) => out.index = Some(value),
                ParentAttr::Name(value) => out.name = Some(value),
                ParentAttr::Bus(value) => out.bus = Some(value),
                ParentAttr::Device(value) => out.device = Some(value),
                ParentAttr::State(value) => out.state = Some(value),
                ParentAttr::Capabilities(value) => out.capabilities = Some(value),
                ParentAttr::WqCount(value) => out.wq_count = Some(value),
                ParentAttr::SubdevCount(value) => out.subdev_count = Some(value),
                ParentAttr::Cause(value) => out.cause = Some(value),
                ParentAttr::PortId(value) => out.port_id = Some(value),
                ParentAttr::Fault(inner) => out.fault = Some(inner.into()),
                ParentAttr::DsaParent(inner) => out.dsa_parent = Some(inner.into()),
                ParentAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

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
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for ParentAttr {
    fn kind(&self) -> u16 {
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
            Self::Fault(_) => 12 | NLA_F_NESTED,
            Self::DsaParent(_) => 13 | NLA_F_NESTED,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for ParentAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Generation(Value::parse(buffer.value()).context("attribute 'generation'")?),
            2 => Self::Index(Value::parse(buffer.value()).context("attribute 'index'")?),
            3 => Self::Name(Value::parse(buffer.value()).context("attribute 'name'")?),
            4 => Self::Bus(Value::parse(buffer.value()).context("attribute 'bus'")?),
            5 => Self::Device(Value::parse(buffer.value()).context("attribute 'device'")?),
            6 => Self::State(Value::parse(buffer.value()).context("attribute 'state'")?),
            7 => Self::Capabilities(
                Value::parse(buffer.value()).context("attribute 'capabilities'")?,
            ),
            8 => Self::WqCount(Value::parse(buffer.value()).context("attribute 'wq-count'")?),
            9 => {
                Self::SubdevCount(Value::parse(buffer.value()).context("attribute 'subdev-count'")?)
            }
            10 => Self::Cause(Value::parse(buffer.value()).context("attribute 'cause'")?),
            11 => Self::PortId(Value::parse(buffer.value()).context("attribute 'port-id'")?),
            12 => Self::Fault(Value::parse(buffer.value()).context("attribute 'fault'")?),
            13 => Self::DsaParent(Value::parse(buffer.value()).context("attribute 'dsa-parent'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for ParentAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "parent",
        attributes: &[
            AttributeInfo::new("generation"),
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
            AttributeInfo::new("state").accepts(Accepts::Names(ParentState::NAMES)),
            AttributeInfo::new("capabilities"),
            AttributeInfo::new("wq-count"),
            AttributeInfo::new("subdev-count"),
            AttributeInfo::new("cause").accepts(Accepts::Names(Cause::NAMES)),
            AttributeInfo::new("port-id"),
            AttributeInfo::new("fault").nested(FaultAttr::SET),
            AttributeInfo::new("dsa-parent").nested(DsaParentAttr::SET),
        ],
    };

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
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}

impl Object for Parent {
    type Attribute = ParentAttr;

    const GET: Command = Command::ParentGet;
}
