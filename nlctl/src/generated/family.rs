// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::Command;
use crate::attribute::{Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::object::Object;
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// The family as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Family {
    /// Generation of the family's state that the message shows. It starts
    /// anew with the module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Random number of this load of the module. Generations and indexes of
    /// different instances have nothing to do with each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<u64>,
    /// Version of the module, for example "0.1.0".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Number of parents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_count: Option<u32>,
    /// Number of work queues of all parents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wq_count: Option<u32>,
    /// Number of subdevs of all parents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdev_count: Option<u32>,
    /// Longest name of a parent, type or subdev, without the closing NUL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_max_len: Option<u32>,
    /// Most work queues that one subdev may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_wqs_per_subdev: Option<u32>,
    /// Most subdevs that a work queue lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_listed_subdevs: Option<u32>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<FamilyAttr>> for Family {
    fn from(attributes: Vec<FamilyAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                FamilyAttr::Generation(value) => out.generation = Some(value),
                FamilyAttr::Instance(value) => out.instance = Some(value),
                FamilyAttr::Version(value) => out.version = Some(value),
                FamilyAttr::ParentCount(value) => out.parent_count = Some(value),
                FamilyAttr::WqCount(value) => out.wq_count = Some(value),
                FamilyAttr::SubdevCount(value) => out.subdev_count = Some(value),
                FamilyAttr::NameMaxLen(value) => out.name_max_len = Some(value),
                FamilyAttr::MaxWqsPerSubdev(value) => out.max_wqs_per_subdev = Some(value),
                FamilyAttr::MaxListedSubdevs(value) => out.max_listed_subdevs = Some(value),
                FamilyAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "family".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FamilyAttr {
    /// Generation of the family's state that the message shows. It starts
    /// anew with the module.
    Generation(u64),
    /// Random number of this load of the module. Generations and indexes of
    /// different instances have nothing to do with each other.
    Instance(u64),
    /// Version of the module, for example "0.1.0".
    Version(String),
    /// Number of parents.
    ParentCount(u32),
    /// Number of work queues of all parents.
    WqCount(u32),
    /// Number of subdevs of all parents.
    SubdevCount(u32),
    /// Longest name of a parent, type or subdev, without the closing NUL.
    NameMaxLen(u32),
    /// Most work queues that one subdev may use.
    MaxWqsPerSubdev(u32),
    /// Most subdevs that a work queue lists.
    MaxListedSubdevs(u32),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for FamilyAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Generation(_) => 1,
            Self::Instance(_) => 2,
            Self::Version(_) => 3,
            Self::ParentCount(_) => 4,
            Self::WqCount(_) => 5,
            Self::SubdevCount(_) => 6,
            Self::NameMaxLen(_) => 7,
            Self::MaxWqsPerSubdev(_) => 8,
            Self::MaxListedSubdevs(_) => 9,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for FamilyAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Generation(Value::parse(buffer.value()).context("attribute 'generation'")?),
            2 => Self::Instance(Value::parse(buffer.value()).context("attribute 'instance'")?),
            3 => Self::Version(Value::parse(buffer.value()).context("attribute 'version'")?),
            4 => {
                Self::ParentCount(Value::parse(buffer.value()).context("attribute 'parent-count'")?)
            }
            5 => Self::WqCount(Value::parse(buffer.value()).context("attribute 'wq-count'")?),
            6 => {
                Self::SubdevCount(Value::parse(buffer.value()).context("attribute 'subdev-count'")?)
            }
            7 => {
                Self::NameMaxLen(Value::parse(buffer.value()).context("attribute 'name-max-len'")?)
            }
            8 => Self::MaxWqsPerSubdev(
                Value::parse(buffer.value()).context("attribute 'max-wqs-per-subdev'")?,
            ),
            9 => Self::MaxListedSubdevs(
                Value::parse(buffer.value()).context("attribute 'max-listed-subdevs'")?,
            ),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for FamilyAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "family",
        attributes: &[
            AttributeInfo::new("generation"),
            AttributeInfo::new("instance").hex(),
            AttributeInfo::new("version"),
            AttributeInfo::new("parent-count"),
            AttributeInfo::new("wq-count"),
            AttributeInfo::new("subdev-count"),
            AttributeInfo::new("name-max-len"),
            AttributeInfo::new("max-wqs-per-subdev"),
            AttributeInfo::new("max-listed-subdevs"),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Generation(value) => Some(value),
            Self::Instance(value) => Some(value),
            Self::Version(value) => Some(value),
            Self::ParentCount(value) => Some(value),
            Self::WqCount(value) => Some(value),
            Self::SubdevCount(value) => Some(value),
            Self::NameMaxLen(value) => Some(value),
            Self::MaxWqsPerSubdev(value) => Some(value),
            Self::MaxListedSubdevs(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}

impl Object for Family {
    type Attribute = FamilyAttr;

    const GET: Command = Command::FamilyGet;
}
