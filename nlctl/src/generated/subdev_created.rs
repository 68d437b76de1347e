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

/// One attribute of the set "subdev-created".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubdevCreatedAttr {
    /// Number of the subdev; absent in the reply to a dry run.
    Index(u32),
    /// Its name.
    Name(String),
    /// Its UUID in its text form; absent in the reply to a dry run.
    Uuid(String),
    /// Name of its auxiliary device; absent while inactive, and of one with
    /// another face.
    AuxiliaryDevice(String),
    /// Number of its IOMMU group; absent while inactive.
    IommuGroup(u32),
    /// Name of its VFIO device; absent while inactive.
    VfioDevice(String),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for SubdevCreatedAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "subdev-created",
        attributes: &[
            AttributeInfo::new(
                "index",
                Kind::U32,
                "Number of the subdev; absent in the reply to a dry run.",
            ),
            AttributeInfo::new("name", Kind::String, "Its name."),
            AttributeInfo::new(
                "uuid",
                Kind::String,
                "Its UUID in its text form; absent in the reply to a dry run.",
            ),
            AttributeInfo::new(
                "auxiliary-device",
                Kind::String,
                "Name of its auxiliary device; absent while inactive, and of one with\nanother face.",
            ),
            AttributeInfo::new(
                "iommu-group",
                Kind::U32,
                "Number of its IOMMU group; absent while inactive.",
            ),
            AttributeInfo::new(
                "vfio-device",
                Kind::String,
                "Name of its VFIO device; absent while inactive.",
            ),
        ],
    };
    fn number(&self) -> u16 {
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

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Index(Value::parse(value)?),
                2 => Self::Name(Value::parse(value)?),
                3 => Self::Uuid(Value::parse(value)?),
                4 => Self::AuxiliaryDevice(Value::parse(value)?),
                5 => Self::IommuGroup(Value::parse(value)?),
                6 => Self::VfioDevice(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// One of the subdevs that a request with a `count` created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SubdevCreated {
    /// Number of the subdev; absent in the reply to a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Its name.
    pub name: String,
    /// Its UUID in its text form; absent in the reply to a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Name of its auxiliary device; absent while inactive, and of one with
    /// another face.
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

impl Object for SubdevCreated {
    type Attribute = SubdevCreatedAttr;
    fn read(attributes: Vec<SubdevCreatedAttr>) -> Result<Self, Malformed> {
        let mut index = None;
        let mut name = None;
        let mut uuid = None;
        let mut auxiliary_device = None;
        let mut iommu_group = None;
        let mut vfio_device = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                SubdevCreatedAttr::Index(value) => index = Some(value),
                SubdevCreatedAttr::Name(value) => name = Some(value),
                SubdevCreatedAttr::Uuid(value) => uuid = Some(value),
                SubdevCreatedAttr::AuxiliaryDevice(value) => {
                    auxiliary_device = Some(value);
                }
                SubdevCreatedAttr::IommuGroup(value) => iommu_group = Some(value),
                SubdevCreatedAttr::VfioDevice(value) => vfio_device = Some(value),
                SubdevCreatedAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            index,
            name: needed(name, "name")?,
            uuid,
            auxiliary_device,
            iommu_group,
            vfio_device,
            unknown,
        })
    }
}
