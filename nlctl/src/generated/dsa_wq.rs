// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use crate::attribute::{Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// Vendor part of a work queue of an Intel Data Streaming Accelerator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DsaWq {
    /// Entries that may be used through a limited portal in shared mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// Priority within its group; 1 is the lowest, 15 the highest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Number of the group that the work queue belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<DsaWqAttr>> for DsaWq {
    fn from(attributes: Vec<DsaWqAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                DsaWqAttr::Threshold(value) => out.threshold = Some(value),
                DsaWqAttr::Priority(value) => out.priority = Some(value),
                DsaWqAttr::Group(value) => out.group = Some(value),
                DsaWqAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "dsa-wq".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DsaWqAttr {
    /// Entries that may be used through a limited portal in shared mode.
    Threshold(u32),
    /// Priority within its group; 1 is the lowest, 15 the highest.
    Priority(u32),
    /// Number of the group that the work queue belongs to.
    Group(u32),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for DsaWqAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Threshold(_) => 1,
            Self::Priority(_) => 2,
            Self::Group(_) => 3,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for DsaWqAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Threshold(Value::parse(buffer.value()).context("attribute 'threshold'")?),
            2 => Self::Priority(Value::parse(buffer.value()).context("attribute 'priority'")?),
            3 => Self::Group(Value::parse(buffer.value()).context("attribute 'group'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for DsaWqAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "dsa-wq",
        attributes: &[
            AttributeInfo::new("threshold"),
            AttributeInfo::new("priority"),
            AttributeInfo::new("group"),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Threshold(value) => Some(value),
            Self::Priority(value) => Some(value),
            Self::Group(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}
