// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{Command, Isolation, PasidMode};
use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::object::Object;
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// An entry of a parent's catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Type {
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
    /// Name of the type, unique on its parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// PASID mode of the subdevs of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pasid_mode: Option<PasidMode>,
    /// Isolation of the subdevs of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// Most subdevs of this type when there are no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_instances: Option<u32>,
    /// Number of subdevs of this type that could be created now, each with
    /// the default share of a work queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_instances: Option<u32>,
    /// What the parent lacks for this type; absent when it lacks nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_prerequisite: Option<String>,
    /// What a subdev of this type is, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<TypeAttr>> for Type {
    fn from(attributes: Vec<TypeAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                TypeAttr::Generation(value) => out.generation = Some(value),
                TypeAttr::ParentIndex(value) => out.parent_index = Some(value),
                TypeAttr::Parent(value) => out.parent = Some(value),
                TypeAttr::Name(value) => out.name = Some(value),
                TypeAttr::PasidMode(value) => out.pasid_mode = Some(value),
                TypeAttr::Isolation(value) => out.isolation = Some(value),
                TypeAttr::MaxInstances(value) => out.max_instances = Some(value),
                TypeAttr::AvailableInstances(value) => out.available_instances = Some(value),
                TypeAttr::MissingPrerequisite(value) => out.missing_prerequisite = Some(value),
                TypeAttr::Description(value) => out.description = Some(value),
                TypeAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "type".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypeAttr {
    /// Generation of the family's state that the message shows.
    Generation(u64),
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    ParentIndex(u32),
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    Parent(String),
    /// Name of the type, unique on its parent.
    Name(String),
    /// PASID mode of the subdevs of this type.
    PasidMode(PasidMode),
    /// Isolation of the subdevs of this type.
    Isolation(Isolation),
    /// Most subdevs of this type when there are no others.
    MaxInstances(u32),
    /// Number of subdevs of this type that could be created now, each with
    /// the default share of a work queue.
    AvailableInstances(u32),
    /// What the parent lacks for this type; absent when it lacks nothing.
    MissingPrerequisite(String),
    /// What a subdev of this type is, in a sentence.
    Description(String),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for TypeAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Generation(_) => 1,
            Self::ParentIndex(_) => 2,
            Self::Parent(_) => 3,
            Self::Name(_) => 4,
            Self::PasidMode(_) => 5,
            Self::Isolation(_) => 6,
            Self::MaxInstances(_) => 7,
            Self::AvailableInstances(_) => 8,
            Self::MissingPrerequisite(_) => 9,
            Self::Description(_) => 10,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for TypeAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Generation(Value::parse(buffer.value()).context("attribute 'generation'")?),
            2 => {
                Self::ParentIndex(Value::parse(buffer.value()).context("attribute 'parent-index'")?)
            }
            3 => Self::Parent(Value::parse(buffer.value()).context("attribute 'parent'")?),
            4 => Self::Name(Value::parse(buffer.value()).context("attribute 'name'")?),
            5 => Self::PasidMode(Value::parse(buffer.value()).context("attribute 'pasid-mode'")?),
            6 => Self::Isolation(Value::parse(buffer.value()).context("attribute 'isolation'")?),
            7 => Self::MaxInstances(
                Value::parse(buffer.value()).context("attribute 'max-instances'")?,
            ),
            8 => Self::AvailableInstances(
                Value::parse(buffer.value()).context("attribute 'available-instances'")?,
            ),
            9 => Self::MissingPrerequisite(
                Value::parse(buffer.value()).context("attribute 'missing-prerequisite'")?,
            ),
            10 => {
                Self::Description(Value::parse(buffer.value()).context("attribute 'description'")?)
            }
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for TypeAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "type",
        attributes: &[
            AttributeInfo::new("generation"),
            AttributeInfo::new("parent-index"),
            AttributeInfo::new("parent").accepts(Accepts::Length {
                min: None,
                max: Some(31),
            }),
            AttributeInfo::new("name").accepts(Accepts::Length {
                min: None,
                max: Some(31),
            }),
            AttributeInfo::new("pasid-mode").accepts(Accepts::Names(PasidMode::NAMES)),
            AttributeInfo::new("isolation").accepts(Accepts::Names(Isolation::NAMES)),
            AttributeInfo::new("max-instances"),
            AttributeInfo::new("available-instances"),
            AttributeInfo::new("missing-prerequisite"),
            AttributeInfo::new("description"),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Generation(value) => Some(value),
            Self::ParentIndex(value) => Some(value),
            Self::Parent(value) => Some(value),
            Self::Name(value) => Some(value),
            Self::PasidMode(value) => Some(value),
            Self::Isolation(value) => Some(value),
            Self::MaxInstances(value) => Some(value),
            Self::AvailableInstances(value) => Some(value),
            Self::MissingPrerequisite(value) => Some(value),
            Self::Description(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}

impl Object for Type {
    type Attribute = TypeAttr;

    const GET: Command = Command::TypeGet;
}
