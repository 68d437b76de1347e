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
    /// Most subdevs that one request creates.
    MaxCount(u32),
    /// Most sockets that have a filter of notifications at a time, of those
    /// without CAP_NET_ADMIN; and again of those with it.
    MaxFilters(u32),
    /// Most sockets of one user that have a filter of notifications at a time,
    /// of those without CAP_NET_ADMIN.
    MaxFiltersPerUser(u32),
    /// Most parents that one filter of notifications names, and most subdevs.
    MaxFilterObjects(u32),
    /// Why what was written to sysfs last, of all that was refused, was
    /// refused: what it was about, and the sentence that a request would have
    /// got. Absent where nothing was refused.
    LastRefusal(String),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for FamilyAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "family",
        attributes: &[
            AttributeInfo::new(
                "generation",
                Kind::Uint,
                "Generation of the family's state that the message shows. It starts\nanew with the module.",
            ),
            AttributeInfo::new(
                    "instance",
                    Kind::Uint,
                    "Random number of this load of the module. Generations and indexes of\ndifferent instances have nothing to do with each other.",
                )
                .hex(),
            AttributeInfo::new(
                "version",
                Kind::String,
                "Version of the module, for example \"0.1.0\".",
            ),
            AttributeInfo::new("parent-count", Kind::U32, "Number of parents."),
            AttributeInfo::new(
                "wq-count",
                Kind::U32,
                "Number of work queues of all parents.",
            ),
            AttributeInfo::new(
                "subdev-count",
                Kind::U32,
                "Number of subdevs of all parents.",
            ),
            AttributeInfo::new(
                "name-max-len",
                Kind::U32,
                "Longest name of a parent, type or subdev, without the closing NUL.",
            ),
            AttributeInfo::new(
                "max-wqs-per-subdev",
                Kind::U32,
                "Most work queues that one subdev may use.",
            ),
            AttributeInfo::new(
                "max-listed-subdevs",
                Kind::U32,
                "Most subdevs that a work queue lists.",
            ),
            AttributeInfo::new(
                "max-count",
                Kind::U32,
                "Most subdevs that one request creates.",
            ),
            AttributeInfo::new(
                "max-filters",
                Kind::U32,
                "Most sockets that have a filter of notifications at a time, of those\nwithout CAP_NET_ADMIN; and again of those with it.",
            ),
            AttributeInfo::new(
                "max-filters-per-user",
                Kind::U32,
                "Most sockets of one user that have a filter of notifications at a time,\nof those without CAP_NET_ADMIN.",
            ),
            AttributeInfo::new(
                "max-filter-objects",
                Kind::U32,
                "Most parents that one filter of notifications names, and most subdevs.",
            ),
            AttributeInfo::new(
                "last-refusal",
                Kind::String,
                "Why what was written to sysfs last, of all that was refused, was\nrefused: what it was about, and the sentence that a request would have\ngot. Absent where nothing was refused.",
            ),
        ],
    };
    fn number(&self) -> u16 {
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
            Self::MaxCount(_) => 10,
            Self::MaxFilters(_) => 11,
            Self::MaxFiltersPerUser(_) => 12,
            Self::MaxFilterObjects(_) => 13,
            Self::LastRefusal(_) => 14,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

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
            Self::MaxCount(value) => Some(value),
            Self::MaxFilters(value) => Some(value),
            Self::MaxFiltersPerUser(value) => Some(value),
            Self::MaxFilterObjects(value) => Some(value),
            Self::LastRefusal(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Generation(Value::parse(value)?),
                2 => Self::Instance(Value::parse(value)?),
                3 => Self::Version(Value::parse(value)?),
                4 => Self::ParentCount(Value::parse(value)?),
                5 => Self::WqCount(Value::parse(value)?),
                6 => Self::SubdevCount(Value::parse(value)?),
                7 => Self::NameMaxLen(Value::parse(value)?),
                8 => Self::MaxWqsPerSubdev(Value::parse(value)?),
                9 => Self::MaxListedSubdevs(Value::parse(value)?),
                10 => Self::MaxCount(Value::parse(value)?),
                11 => Self::MaxFilters(Value::parse(value)?),
                12 => Self::MaxFiltersPerUser(Value::parse(value)?),
                13 => Self::MaxFilterObjects(Value::parse(value)?),
                14 => Self::LastRefusal(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// The family as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Family {
    /// Generation of the family's state that the message shows. It starts
    /// anew with the module.
    pub generation: u64,
    /// Random number of this load of the module. Generations and indexes of
    /// different instances have nothing to do with each other.
    pub instance: u64,
    /// Version of the module, for example "0.1.0".
    pub version: String,
    /// Number of parents.
    pub parent_count: u32,
    /// Number of work queues of all parents.
    pub wq_count: u32,
    /// Number of subdevs of all parents.
    pub subdev_count: u32,
    /// Longest name of a parent, type or subdev, without the closing NUL.
    pub name_max_len: u32,
    /// Most work queues that one subdev may use.
    pub max_wqs_per_subdev: u32,
    /// Most subdevs that a work queue lists.
    pub max_listed_subdevs: u32,
    /// Most subdevs that one request creates.
    pub max_count: u32,
    /// Most sockets that have a filter of notifications at a time, of those
    /// without CAP_NET_ADMIN; and again of those with it.
    pub max_filters: u32,
    /// Most sockets of one user that have a filter of notifications at a time,
    /// of those without CAP_NET_ADMIN.
    pub max_filters_per_user: u32,
    /// Most parents that one filter of notifications names, and most subdevs.
    pub max_filter_objects: u32,
    /// Why what was written to sysfs last, of all that was refused, was
    /// refused: what it was about, and the sentence that a request would have
    /// got. Absent where nothing was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_refusal: Option<String>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for Family {
    type Attribute = FamilyAttr;
    fn read(attributes: Vec<FamilyAttr>) -> Result<Self, Malformed> {
        let mut generation = None;
        let mut instance = None;
        let mut version = None;
        let mut parent_count = None;
        let mut wq_count = None;
        let mut subdev_count = None;
        let mut name_max_len = None;
        let mut max_wqs_per_subdev = None;
        let mut max_listed_subdevs = None;
        let mut max_count = None;
        let mut max_filters = None;
        let mut max_filters_per_user = None;
        let mut max_filter_objects = None;
        let mut last_refusal = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                FamilyAttr::Generation(value) => generation = Some(value),
                FamilyAttr::Instance(value) => instance = Some(value),
                FamilyAttr::Version(value) => version = Some(value),
                FamilyAttr::ParentCount(value) => parent_count = Some(value),
                FamilyAttr::WqCount(value) => wq_count = Some(value),
                FamilyAttr::SubdevCount(value) => subdev_count = Some(value),
                FamilyAttr::NameMaxLen(value) => name_max_len = Some(value),
                FamilyAttr::MaxWqsPerSubdev(value) => max_wqs_per_subdev = Some(value),
                FamilyAttr::MaxListedSubdevs(value) => max_listed_subdevs = Some(value),
                FamilyAttr::MaxCount(value) => max_count = Some(value),
                FamilyAttr::MaxFilters(value) => max_filters = Some(value),
                FamilyAttr::MaxFiltersPerUser(value) => {
                    max_filters_per_user = Some(value);
                }
                FamilyAttr::MaxFilterObjects(value) => max_filter_objects = Some(value),
                FamilyAttr::LastRefusal(value) => last_refusal = Some(value),
                FamilyAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            generation: needed(generation, "generation")?,
            instance: needed(instance, "instance")?,
            version: needed(version, "version")?,
            parent_count: needed(parent_count, "parent-count")?,
            wq_count: needed(wq_count, "wq-count")?,
            subdev_count: needed(subdev_count, "subdev-count")?,
            name_max_len: needed(name_max_len, "name-max-len")?,
            max_wqs_per_subdev: needed(max_wqs_per_subdev, "max-wqs-per-subdev")?,
            max_listed_subdevs: needed(max_listed_subdevs, "max-listed-subdevs")?,
            max_count: needed(max_count, "max-count")?,
            max_filters: needed(max_filters, "max-filters")?,
            max_filters_per_user: needed(max_filters_per_user, "max-filters-per-user")?,
            max_filter_objects: needed(max_filter_objects, "max-filter-objects")?,
            last_refusal,
            unknown,
        })
    }
}
