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

/// One attribute of the set "subdev-wq".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubdevWqAttr {
    /// Number of the work queue on its parent. Left out in a request with a
    /// type, the driver takes the work queue with the most entries
    /// available.
    Id(u32),
    /// Entries of the virtual work queue: the subdev's share of the work
    /// queue. Default is the whole work queue, or an eighth of it in PASID
    /// mode "shared". Changed only while the subdev is inactive, as its user
    /// sees it in registers.
    Size(u32),
    /// Share of the work queue's bandwidth: of the subdevs that have work
    /// for it at the same time, each gets bytes in the ratio of the weights.
    /// A descriptor counts 2 KiB at least. Default is 100. It can be
    /// changed at any time.
    Weight(u32),
    /// Most bytes per second that the subdev has the work queue process,
    /// counted as for `weight`; at least 262144, or 0 in a request for no
    /// cap. Absent in a reply and by default: no cap. What a twentieth of a
    /// second yields may be saved up. It can be changed at any time.
    MaxRate(u64),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for SubdevWqAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "subdev-wq",
        attributes: &[
            AttributeInfo::new(
                "id",
                Kind::U32,
                "Number of the work queue on its parent. Left out in a request with a\ntype, the driver takes the work queue with the most entries\navailable.",
            ),
            AttributeInfo::new(
                    "size",
                    Kind::U32,
                    "Entries of the virtual work queue: the subdev's share of the work\nqueue. Default is the whole work queue, or an eighth of it in PASID\nmode \"shared\". Changed only while the subdev is inactive, as its user\nsees it in registers.",
                )
                .accepts(Accepts::Range {
                    min: Some(1),
                    max: None,
                }),
            AttributeInfo::new(
                    "weight",
                    Kind::U32,
                    "Share of the work queue's bandwidth: of the subdevs that have work\nfor it at the same time, each gets bytes in the ratio of the weights.\nA descriptor counts 2 KiB at least. Default is 100. It can be\nchanged at any time.",
                )
                .accepts(Accepts::Range {
                    min: Some(1),
                    max: Some(10000),
                }),
            AttributeInfo::new(
                "max-rate",
                Kind::Uint,
                "Most bytes per second that the subdev has the work queue process,\ncounted as for `weight`; at least 262144, or 0 in a request for no\ncap. Absent in a reply and by default: no cap. What a twentieth of a\nsecond yields may be saved up. It can be changed at any time.",
            ),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Id(_) => 1,
            Self::Size(_) => 2,
            Self::Weight(_) => 3,
            Self::MaxRate(_) => 4,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Id(value) => Some(value),
            Self::Size(value) => Some(value),
            Self::Weight(value) => Some(value),
            Self::MaxRate(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Id(Value::parse(value)?),
                2 => Self::Size(Value::parse(value)?),
                3 => Self::Weight(Value::parse(value)?),
                4 => Self::MaxRate(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// What a subdev has of a work queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SubdevWq {
    /// Number of the work queue on its parent. Left out in a request with a
    /// type, the driver takes the work queue with the most entries
    /// available.
    pub id: u32,
    /// Entries of the virtual work queue: the subdev's share of the work
    /// queue. Default is the whole work queue, or an eighth of it in PASID
    /// mode "shared". Changed only while the subdev is inactive, as its user
    /// sees it in registers.
    pub size: u32,
    /// Share of the work queue's bandwidth: of the subdevs that have work
    /// for it at the same time, each gets bytes in the ratio of the weights.
    /// A descriptor counts 2 KiB at least. Default is 100. It can be
    /// changed at any time.
    pub weight: u32,
    /// Most bytes per second that the subdev has the work queue process,
    /// counted as for `weight`; at least 262144, or 0 in a request for no
    /// cap. Absent in a reply and by default: no cap. What a twentieth of a
    /// second yields may be saved up. It can be changed at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rate: Option<u64>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for SubdevWq {
    type Attribute = SubdevWqAttr;
    fn read(attributes: Vec<SubdevWqAttr>) -> Result<Self, Malformed> {
        let mut id = None;
        let mut size = None;
        let mut weight = None;
        let mut max_rate = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                SubdevWqAttr::Id(value) => id = Some(value),
                SubdevWqAttr::Size(value) => size = Some(value),
                SubdevWqAttr::Weight(value) => weight = Some(value),
                SubdevWqAttr::MaxRate(value) => max_rate = Some(value),
                SubdevWqAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            id: needed(id, "id")?,
            size: needed(size, "size")?,
            weight: needed(weight, "weight")?,
            max_rate,
            unknown,
        })
    }
}
