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

impl Attribute for TypeAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "type",
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
                    "name",
                    Kind::String,
                    "Name of the type, unique on its parent.",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                    "pasid-mode",
                    Kind::U32,
                    "PASID mode of the subdevs of this type.",
                )
                .accepts(Accepts::Names(PasidMode::NAMES)),
            AttributeInfo::new(
                    "isolation",
                    Kind::U32,
                    "Isolation of the subdevs of this type.",
                )
                .accepts(Accepts::Names(Isolation::NAMES)),
            AttributeInfo::new(
                "max-instances",
                Kind::U32,
                "Most subdevs of this type when there are no others.",
            ),
            AttributeInfo::new(
                "available-instances",
                Kind::U32,
                "Number of subdevs of this type that could be created now, each with\nthe default share of a work queue.",
            ),
            AttributeInfo::new(
                "missing-prerequisite",
                Kind::String,
                "What the parent lacks for this type; absent when it lacks nothing.",
            ),
            AttributeInfo::new(
                "description",
                Kind::String,
                "What a subdev of this type is, in a sentence.",
            ),
        ],
    };
    fn number(&self) -> u16 {
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

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Generation(Value::parse(value)?),
                2 => Self::ParentIndex(Value::parse(value)?),
                3 => Self::Parent(Value::parse(value)?),
                4 => Self::Name(Value::parse(value)?),
                5 => Self::PasidMode(Value::parse(value)?),
                6 => Self::Isolation(Value::parse(value)?),
                7 => Self::MaxInstances(Value::parse(value)?),
                8 => Self::AvailableInstances(Value::parse(value)?),
                9 => Self::MissingPrerequisite(Value::parse(value)?),
                10 => Self::Description(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// An entry of a parent's catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Type {
    /// Generation of the family's state that the message shows.
    pub generation: u64,
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    pub parent_index: u32,
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    pub parent: String,
    /// Name of the type, unique on its parent.
    pub name: String,
    /// PASID mode of the subdevs of this type.
    pub pasid_mode: PasidMode,
    /// Isolation of the subdevs of this type.
    pub isolation: Isolation,
    /// Most subdevs of this type when there are no others.
    pub max_instances: u32,
    /// Number of subdevs of this type that could be created now, each with
    /// the default share of a work queue.
    pub available_instances: u32,
    /// What the parent lacks for this type; absent when it lacks nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_prerequisite: Option<String>,
    /// What a subdev of this type is, in a sentence.
    pub description: String,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for Type {
    type Attribute = TypeAttr;
    fn read(attributes: Vec<TypeAttr>) -> Result<Self, Malformed> {
        let mut generation = None;
        let mut parent_index = None;
        let mut parent = None;
        let mut name = None;
        let mut pasid_mode = None;
        let mut isolation = None;
        let mut max_instances = None;
        let mut available_instances = None;
        let mut missing_prerequisite = None;
        let mut description = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                TypeAttr::Generation(value) => generation = Some(value),
                TypeAttr::ParentIndex(value) => parent_index = Some(value),
                TypeAttr::Parent(value) => parent = Some(value),
                TypeAttr::Name(value) => name = Some(value),
                TypeAttr::PasidMode(value) => pasid_mode = Some(value),
                TypeAttr::Isolation(value) => isolation = Some(value),
                TypeAttr::MaxInstances(value) => max_instances = Some(value),
                TypeAttr::AvailableInstances(value) => available_instances = Some(value),
                TypeAttr::MissingPrerequisite(value) => {
                    missing_prerequisite = Some(value);
                }
                TypeAttr::Description(value) => description = Some(value),
                TypeAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            generation: needed(generation, "generation")?,
            parent_index: needed(parent_index, "parent-index")?,
            parent: needed(parent, "parent")?,
            name: needed(name, "name")?,
            pasid_mode: needed(pasid_mode, "pasid-mode")?,
            isolation: needed(isolation, "isolation")?,
            max_instances: needed(max_instances, "max-instances")?,
            available_instances: needed(available_instances, "available-instances")?,
            missing_prerequisite,
            description: needed(description, "description")?,
            unknown,
        })
    }
}
