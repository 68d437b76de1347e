// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{
    AdminState, Cause, Command, Fault, FaultAttr, Isolation, Opstate, PasidMode, SubdevWq,
    SubdevWqAttr,
};
use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::object::Object;
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, NLA_F_NESTED, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// A virtual device on one or more work queues.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Subdev {
    /// Generation of the family's state that the message shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Number of the subdev, not reused while the module is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Unique name; letters, digits, '.', '_' and '-'. Default is the name
    /// of the parent, '-' and the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Unique UUID in its text form, 8-4-4-4-12 hexadecimal digits. Default
    /// is a random one.
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
    /// A work queue that the subdev uses. None in a request with a type is
    /// the same as one without attributes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wq: Vec<SubdevWq>,
    /// Name of the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// PASID mode. Default is that of the type, or "none" without a type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pasid_mode: Option<PasidMode>,
    /// What keeps the subdev's memory apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// Admin state. Default is "active".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<AdminState>,
    /// Operational state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opstate: Option<Opstate>,
    /// Name of the auxiliary device; absent while inactive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auxiliary_device: Option<String>,
    /// Number of the IOMMU group, which is the name of the VFIO group's node;
    /// absent while inactive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iommu_group: Option<u32>,
    /// Name of the VFIO device, for example "vfio0"; absent while inactive.
    /// On a kernel with VFIO_DEVICE_CDEV it is the name of its node, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vfio_device: Option<String>,
    /// In a request to change: the name from now on, as `name`. Refused with
    /// EEXIST if another subdev has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// In a request to delete or to deactivate: although a VFIO user has the
    /// device open. The device is dead to that user then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// In an event, why it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// In an event that a request caused, the netlink port ID of the socket
    /// that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_id: Option<u32>,
    /// In `subdev-fault-ntf`, what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<SubdevAttr>> for Subdev {
    fn from(attributes: Vec<SubdevAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                SubdevAttr::Generation(value) => out.generation = Some(value),
                SubdevAttr::Index(value) => out.index = Some(value),
                SubdevAttr::Name(value) => out.name = Some(value),
                SubdevAttr::Uuid(value) => out.uuid = Some(value),
                SubdevAttr::ParentIndex(value) => out.parent_index = Some(value),
                SubdevAttr::Parent(value) => out.parent = Some(value),
                SubdevAttr::Wq(inner) => out.wq.push(inner.into()),
                SubdevAttr::Type(value) => out.r#type = Some(value),
                SubdevAttr::PasidMode(value) => out.pasid_mode = Some(value),
                SubdevAttr::Isolation(value) => out.isolation = Some(value),
                SubdevAttr::State(value) => out.state = Some(value),
                SubdevAttr::Opstate(value) => out.opstate = Some(value),
                SubdevAttr::AuxiliaryDevice(value) => out.auxiliary_device = Some(value),
                SubdevAttr::IommuGroup(value) => out.iommu_group = Some(value),
                SubdevAttr::VfioDevice(value) => out.vfio_device = Some(value),
                SubdevAttr::NewName(value) => out.new_name = Some(value),
                SubdevAttr::Force => out.force = true,
                SubdevAttr::Cause(value) => out.cause = Some(value),
                SubdevAttr::PortId(value) => out.port_id = Some(value),
                SubdevAttr::Fault(inner) => out.fault = Some(inner.into()),
                SubdevAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "subdev".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubdevAttr {
    /// Generation of the family's state that the message shows.
    Generation(u64),
    /// Number of the subdev, not reused while the module is loaded.
    Index(u32),
    /// Unique name; letters, digits, '.', '_' and '-'. Default is the name
    /// of the parent, '-' and the index.
    Name(String),
    /// Unique UUID in its text form, 8-4-4-4-12 hexadecimal digits. Default
    /// is a random one.
    Uuid(String),
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    ParentIndex(u32),
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    Parent(String),
    /// A work queue that the subdev uses. None in a request with a type is
    /// the same as one without attributes.
    Wq(Vec<SubdevWqAttr>),
    /// Name of the type.
    Type(String),
    /// PASID mode. Default is that of the type, or "none" without a type.
    PasidMode(PasidMode),
    /// What keeps the subdev's memory apart.
    Isolation(Isolation),
    /// Admin state. Default is "active".
    State(AdminState),
    /// Operational state.
    Opstate(Opstate),
    /// Name of the auxiliary device; absent while inactive.
    AuxiliaryDevice(String),
    /// Number of the IOMMU group, which is the name of the VFIO group's node;
    /// absent while inactive.
    IommuGroup(u32),
    /// Name of the VFIO device, for example "vfio0"; absent while inactive.
    /// On a kernel with VFIO_DEVICE_CDEV it is the name of its node, too.
    VfioDevice(String),
    /// In a request to change: the name from now on, as `name`. Refused with
    /// EEXIST if another subdev has it.
    NewName(String),
    /// In a request to delete or to deactivate: although a VFIO user has the
    /// device open. The device is dead to that user then.
    Force,
    /// In an event, why it happened.
    Cause(Cause),
    /// In an event that a request caused, the netlink port ID of the socket
    /// that it came from.
    PortId(u32),
    /// In `subdev-fault-ntf`, what went wrong.
    Fault(Vec<FaultAttr>),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for SubdevAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Generation(_) => 1,
            Self::Index(_) => 2,
            Self::Name(_) => 3,
            Self::Uuid(_) => 4,
            Self::ParentIndex(_) => 5,
            Self::Parent(_) => 6,
            Self::Wq(_) => 7 | NLA_F_NESTED,
            Self::Type(_) => 8,
            Self::PasidMode(_) => 9,
            Self::Isolation(_) => 10,
            Self::State(_) => 11,
            Self::Opstate(_) => 12,
            Self::AuxiliaryDevice(_) => 13,
            Self::IommuGroup(_) => 14,
            Self::VfioDevice(_) => 15,
            Self::NewName(_) => 16,
            Self::Force => 17,
            Self::Cause(_) => 18,
            Self::PortId(_) => 19,
            Self::Fault(_) => 20 | NLA_F_NESTED,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for SubdevAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Generation(Value::parse(buffer.value()).context("attribute 'generation'")?),
            2 => Self::Index(Value::parse(buffer.value()).context("attribute 'index'")?),
            3 => Self::Name(Value::parse(buffer.value()).context("attribute 'name'")?),
            4 => Self::Uuid(Value::parse(buffer.value()).context("attribute 'uuid'")?),
            5 => {
                Self::ParentIndex(Value::parse(buffer.value()).context("attribute 'parent-index'")?)
            }
            6 => Self::Parent(Value::parse(buffer.value()).context("attribute 'parent'")?),
            7 => Self::Wq(Value::parse(buffer.value()).context("attribute 'wq'")?),
            8 => Self::Type(Value::parse(buffer.value()).context("attribute 'type'")?),
            9 => Self::PasidMode(Value::parse(buffer.value()).context("attribute 'pasid-mode'")?),
            10 => Self::Isolation(Value::parse(buffer.value()).context("attribute 'isolation'")?),
            11 => Self::State(Value::parse(buffer.value()).context("attribute 'state'")?),
            12 => Self::Opstate(Value::parse(buffer.value()).context("attribute 'opstate'")?),
            13 => Self::AuxiliaryDevice(
                Value::parse(buffer.value()).context("attribute 'auxiliary-device'")?,
            ),
            14 => {
                Self::IommuGroup(Value::parse(buffer.value()).context("attribute 'iommu-group'")?)
            }
            15 => {
                Self::VfioDevice(Value::parse(buffer.value()).context("attribute 'vfio-device'")?)
            }
            16 => Self::NewName(Value::parse(buffer.value()).context("attribute 'new-name'")?),
            17 => Self::Force,
            18 => Self::Cause(Value::parse(buffer.value()).context("attribute 'cause'")?),
            19 => Self::PortId(Value::parse(buffer.value()).context("attribute 'port-id'")?),
            20 => Self::Fault(Value::parse(buffer.value()).context("attribute 'fault'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for SubdevAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "subdev",
        attributes: &[
            AttributeInfo::new("generation"),
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
            AttributeInfo::new("type").accepts(Accepts::Length {
                min: None,
                max: Some(31),
            }),
            AttributeInfo::new("pasid-mode").accepts(Accepts::Names(PasidMode::NAMES)),
            AttributeInfo::new("isolation").accepts(Accepts::Names(Isolation::NAMES)),
            AttributeInfo::new("state").accepts(Accepts::Names(AdminState::NAMES)),
            AttributeInfo::new("opstate").accepts(Accepts::Names(Opstate::NAMES)),
            AttributeInfo::new("auxiliary-device"),
            AttributeInfo::new("iommu-group"),
            AttributeInfo::new("vfio-device"),
            AttributeInfo::new("new-name").accepts(Accepts::Length {
                min: None,
                max: Some(31),
            }),
            AttributeInfo::new("force"),
            AttributeInfo::new("cause").accepts(Accepts::Names(Cause::NAMES)),
            AttributeInfo::new("port-id"),
            AttributeInfo::new("fault").nested(FaultAttr::SET),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Generation(value) => Some(value),
            Self::Index(value) => Some(value),
            Self::Name(value) => Some(value),
            Self::Uuid(value) => Some(value),
            Self::ParentIndex(value) => Some(value),
            Self::Parent(value) => Some(value),
            Self::Wq(value) => Some(value),
            Self::Type(value) => Some(value),
            Self::PasidMode(value) => Some(value),
            Self::Isolation(value) => Some(value),
            Self::State(value) => Some(value),
            Self::Opstate(value) => Some(value),
            Self::AuxiliaryDevice(value) => Some(value),
            Self::IommuGroup(value) => Some(value),
            Self::VfioDevice(value) => Some(value),
            Self::NewName(value) => Some(value),
            Self::Force => None,
            Self::Cause(value) => Some(value),
            Self::PortId(value) => Some(value),
            Self::Fault(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}

impl Object for Subdev {
    type Attribute = SubdevAttr;

    const GET: Command = Command::SubdevGet;
}
