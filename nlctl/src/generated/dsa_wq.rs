// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use serde::Serialize;
#[allow(clippy::wildcard_imports, unused_imports)]
use super::*;
#[allow(unused_imports)]
use crate::attribute::{
    Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute,
};
#[allow(unused_imports)]
use crate::object::{Object, needed};
#[allow(unused_imports)]
use crate::value::{Binary, Malformed, U64, Value};

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

impl Attribute for DsaWqAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "dsa-wq",
        attributes: &[
            AttributeInfo::new("threshold"),
            AttributeInfo::new("priority"),
            AttributeInfo::new("group"),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Threshold(_) => 1,
            Self::Priority(_) => 2,
            Self::Group(_) => 3,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Threshold(value) => Some(value),
            Self::Priority(value) => Some(value),
            Self::Group(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Threshold(Value::parse(value)?),
                2 => Self::Priority(Value::parse(value)?),
                3 => Self::Group(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// Vendor part of a work queue of an Intel Data Streaming Accelerator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DsaWq {
    /// Entries that may be used through a limited portal in shared mode.
    pub threshold: u32,
    /// Priority within its group; 1 is the lowest, 15 the highest.
    pub priority: u32,
    /// Number of the group that the work queue belongs to.
    pub group: u32,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for DsaWq {
    type Attribute = DsaWqAttr;
    fn read(attributes: Vec<DsaWqAttr>) -> Result<Self, Malformed> {
        let mut threshold = None;
        let mut priority = None;
        let mut group = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                DsaWqAttr::Threshold(value) => threshold = Some(value),
                DsaWqAttr::Priority(value) => priority = Some(value),
                DsaWqAttr::Group(value) => group = Some(value),
                DsaWqAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            threshold: needed(threshold, "threshold")?,
            priority: needed(priority, "priority")?,
            group: needed(group, "group")?,
            unknown,
        })
    }
}
