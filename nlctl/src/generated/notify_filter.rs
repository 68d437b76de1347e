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

/// One attribute of the set "notify-filter".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotifyFilterAttr {
    /// In a reply, the generation of the family's state when it was set.
    Generation(u64),
    /// Number of a parent that the notification is about, or about a work
    /// queue or subdev of. A request names each by it or by `parent`, up to 16
    /// of them.
    ParentIndex(u32),
    /// In a request, the name of a parent.
    Parent(String),
    /// Number of a subdev that the notification is about. A request names each
    /// by it, by `subdev` or by `subdev-uuid`, up to 16 of them.
    SubdevIndex(u32),
    /// In a request, the name that a subdev has now.
    Subdev(String),
    /// In a request, the UUID of a subdev.
    SubdevUuid(String),
    /// The kinds of notification.
    Kinds(NotifyKinds),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for NotifyFilterAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "notify-filter",
        attributes: &[
            AttributeInfo::new(
                "generation",
                Kind::Uint,
                "In a reply, the generation of the family's state when it was set.",
            ),
            AttributeInfo::new(
                    "parent-index",
                    Kind::U32,
                    "Number of a parent that the notification is about, or about a work\nqueue or subdev of. A request names each by it or by `parent`, up to 16\nof them.",
                )
                .many(),
            AttributeInfo::new(
                    "parent",
                    Kind::String,
                    "In a request, the name of a parent.",
                )
                .many()
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                    "subdev-index",
                    Kind::U32,
                    "Number of a subdev that the notification is about. A request names each\nby it, by `subdev` or by `subdev-uuid`, up to 16 of them.",
                )
                .many(),
            AttributeInfo::new(
                    "subdev",
                    Kind::String,
                    "In a request, the name that a subdev has now.",
                )
                .many()
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                    "subdev-uuid",
                    Kind::String,
                    "In a request, the UUID of a subdev.",
                )
                .many()
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(36),
                }),
            AttributeInfo::new("kinds", Kind::U32, "The kinds of notification.")
                .flags(NotifyKinds::NAMES),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Generation(_) => 1,
            Self::ParentIndex(_) => 2,
            Self::Parent(_) => 3,
            Self::SubdevIndex(_) => 4,
            Self::Subdev(_) => 5,
            Self::SubdevUuid(_) => 6,
            Self::Kinds(_) => 7,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Generation(value) => Some(value),
            Self::ParentIndex(value) => Some(value),
            Self::Parent(value) => Some(value),
            Self::SubdevIndex(value) => Some(value),
            Self::Subdev(value) => Some(value),
            Self::SubdevUuid(value) => Some(value),
            Self::Kinds(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Generation(Value::parse(value)?),
                2 => Self::ParentIndex(Value::parse(value)?),
                3 => Self::Parent(Value::parse(value)?),
                4 => Self::SubdevIndex(Value::parse(value)?),
                5 => Self::Subdev(Value::parse(value)?),
                6 => Self::SubdevUuid(Value::parse(value)?),
                7 => Self::Kinds(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// Which notifications a socket gets: those to which everything applies that
/// is here; of several parents one is enough, and of several subdevs. What
/// makes no difference is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct NotifyFilter {
    /// In a reply, the generation of the family's state when it was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Number of a parent that the notification is about, or about a work
    /// queue or subdev of. A request names each by it or by `parent`, up to 16
    /// of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parent_index: Vec<u32>,
    /// Number of a subdev that the notification is about. A request names each
    /// by it, by `subdev` or by `subdev-uuid`, up to 16 of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subdev_index: Vec<u32>,
    /// The kinds of notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinds: Option<NotifyKinds>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for NotifyFilter {
    type Attribute = NotifyFilterAttr;
    fn read(attributes: Vec<NotifyFilterAttr>) -> Result<Self, Malformed> {
        let mut generation = None;
        let mut parent_index = Vec::new();
        let mut subdev_index = Vec::new();
        let mut kinds = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                NotifyFilterAttr::Generation(value) => generation = Some(value),
                NotifyFilterAttr::ParentIndex(value) => parent_index.push(value),
                NotifyFilterAttr::SubdevIndex(value) => subdev_index.push(value),
                NotifyFilterAttr::Kinds(value) => kinds = Some(value),
                NotifyFilterAttr::Unknown(value) => unknown.push(value),
                _ => {}
            }
        }
        Ok(Self {
            generation,
            parent_index,
            subdev_index,
            kinds,
            unknown,
        })
    }
}
