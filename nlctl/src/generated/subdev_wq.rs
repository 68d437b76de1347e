// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// What a subdev has of a work queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SubdevWq {
    /// Number of the work queue on its parent. Left out in a request with a
    /// type, the driver takes the work queue with the most entries
    /// available.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// Entries of the virtual work queue: the subdev's share of the work
    /// queue. Default is the whole work queue, or an eighth of it in PASID
    /// mode "shared".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// Share of the work queue's bandwidth: of the subdevs that have work
    /// for it at the same time, each gets bytes in the ratio of the weights.
    /// A descriptor counts 2 KiB at least. Default is 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Most bytes per second that the subdev has the work queue process,
    /// counted as for `weight`; at least 262144, or 0 in a request for no
    /// cap. Absent in a reply and by default: no cap. What a twentieth of a
    /// second yields may be saved up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rate: Option<u64>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<SubdevWqAttr>> for SubdevWq {
    fn from(attributes: Vec<SubdevWqAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                SubdevWqAttr::Id(value) => out.id = Some(value),
                SubdevWqAttr::Size(value) => out.size = Some(value),
                SubdevWqAttr::Weight(value) => out.weight = Some(value),
                SubdevWqAttr::MaxRate(value) => out.max_rate = Some(value),
                SubdevWqAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

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
    /// mode "shared".
    Size(u32),
    /// Share of the work queue's bandwidth: of the subdevs that have work
    /// for it at the same time, each gets bytes in the ratio of the weights.
    /// A descriptor counts 2 KiB at least. Default is 100.
    Weight(u32),
    /// Most bytes per second that the subdev has the work queue process,
    /// counted as for `weight`; at least 262144, or 0 in a request for no
    /// cap. Absent in a reply and by default: no cap. What a twentieth of a
    /// second yields may be saved up.
    MaxRate(u64),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for SubdevWqAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Id(_) => 1,
            Self::Size(_) => 2,
            Self::Weight(_) => 3,
            Self::MaxRate(_) => 4,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for SubdevWqAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Id(Value::parse(buffer.value()).context("attribute 'id'")?),
            2 => Self::Size(Value::parse(buffer.value()).context("attribute 'size'")?),
            3 => Self::Weight(Value::parse(buffer.value()).context("attribute 'weight'")?),
            4 => Self::MaxRate(Value::parse(buffer.value()).context("attribute 'max-rate'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for SubdevWqAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "subdev-wq",
        attributes: &[
            AttributeInfo::new("id"),
            AttributeInfo::new("size").accepts(Accepts::Range {
                min: Some(1),
                max: None,
            }),
            AttributeInfo::new("weight").accepts(Accepts::Range {
                min: Some(1),
                max: Some(10000),
            }),
            AttributeInfo::new("max-rate"),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Id(value) => Some(value),
            Self::Size(value) => Some(value),
            Self::Weight(value) => Some(value),
            Self::MaxRate(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}
