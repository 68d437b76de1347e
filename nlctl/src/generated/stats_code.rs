// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use crate::attribute::{Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// How many descriptors ended with one code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct StatsCode {
    /// Status of the completion record, or where no record can tell, the
    /// error code of the device. What it means is the vendor's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// Number of descriptors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<StatsCodeAttr>> for StatsCode {
    fn from(attributes: Vec<StatsCodeAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                StatsCodeAttr::Code(value) => out.code = Some(value),
                StatsCodeAttr::Count(value) => out.count = Some(value),
                StatsCodeAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "stats-code".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatsCodeAttr {
    /// Status of the completion record, or where no record can tell, the
    /// error code of the device. What it means is the vendor's.
    Code(u32),
    /// Number of descriptors.
    Count(u64),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for StatsCodeAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Code(_) => 1,
            Self::Count(_) => 2,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for StatsCodeAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Code(Value::parse(buffer.value()).context("attribute 'code'")?),
            2 => Self::Count(Value::parse(buffer.value()).context("attribute 'count'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for StatsCodeAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "stats-code",
        attributes: &[AttributeInfo::new("code"), AttributeInfo::new("count")],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Code(value) => Some(value),
            Self::Count(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}
