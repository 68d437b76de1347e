// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use crate::attribute::{Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// One of the subdevs that a request with a `count` created.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SubdevCreated {
    /// Number of the subdev.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its UUID in its text form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Name of its auxiliary device; absent while inactive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auxiliary_device: Option<String>,
    /// Number of its IOMMU group; absent while inactive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iommu_group: Option<u32>,
    /// Name of its VFIO device; absent while inactive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vfio_device: Option<String>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<SubdevCreatedAttr>> for SubdevCreated {
    fn from(attributes: Vec<SubdevCreatedAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                SubdevCreatedAttr::Index(value) => out.index = Some(value),
                SubdevCreatedAttr::Name(value) => out.name = Some(value),
                SubdevCreatedAttr::Uuid(value) => out.uuid = Some(value),
                SubdevCreatedAttr::AuxiliaryDevice(value) => out.auxiliary_device = Some(value),
                SubdevCreatedAttr::IommuGroup(value) => out.iommu_group = Some(value),
                SubdevCreatedAttr::VfioDevice(value) => out.vfio_device = Some(value),
                SubdevCreatedAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "subdev-created".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubdevCreatedAttr {
    /// Number of the subdev.
    Index(u32),
    /// Its name.
    Name(String),
    /// Its UUID in its text form.
    Uuid(String),
    /// Name of its auxiliary device; absent while inactive.
    AuxiliaryDevice(String),
    /// Number of its IOMMU group; absent while inactive.
    IommuGroup(u32),
    /// Name of its VFIO device; absent while inactive.
    VfioDevice(String),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for SubdevCreatedAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Index(_) => 1,
            Self::Name(_) => 2,
            Self::Uuid(_) => 3,
            Self::AuxiliaryDevice(_) => 4,
            Self::IommuGroup(_) => 5,
            Self::VfioDevice(_) => 6,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for SubdevCreatedAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Index(Value::parse(buffer.value()).context("attribute 'index'")?),
            2 => Self::Name(Value::parse(buffer.value()).context("attribute 'name'")?),
            3 => Self::Uuid(Value::parse(buffer.value()).context("attribute 'uuid'")?),
            4 => Self::AuxiliaryDevice(
                Value::parse(buffer.value()).context("attribute 'auxiliary-device'")?,
            ),
            5 => Self::IommuGroup(Value::parse(buffer.value()).context("attribute 'iommu-group'")?),
            6 => Self::VfioDevice(Value::parse(buffer.value()).context("attribute 'vfio-device'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for SubdevCreatedAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "subdev-created",
        attributes: &[
            AttributeInfo::new("index"),
            AttributeInfo::new("name"),
            AttributeInfo::new("uuid"),
            AttributeInfo::new("auxiliary-device"),
            AttributeInfo::new("iommu-group"),
            AttributeInfo::new("vfio-device"),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Index(value) => Some(value),
            Self::Name(value) => Some(value),
            Self::Uuid(value) => Some(value),
            Self::AuxiliaryDevice(value) => Some(value),
            Self::IommuGroup(value) => Some(value),
            Self::VfioDevice(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}
