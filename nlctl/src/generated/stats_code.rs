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

impl Attribute for StatsCodeAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "stats-code",
        attributes: &[
            AttributeInfo::new(
                "code",
                Kind::U32,
                "Status of the completion record, or where no record can tell, the\nerror code of the device. What it means is the vendor's.",
            ),
            AttributeInfo::new("count", Kind::Uint, "Number of descriptors."),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Code(_) => 1,
            Self::Count(_) => 2,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Code(value) => Some(value),
            Self::Count(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Code(Value::parse(value)?),
                2 => Self::Count(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// How many descriptors ended with one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct StatsCode {
    /// Status of the completion record, or where no record can tell, the
    /// error code of the device. What it means is the vendor's.
    pub code: u32,
    /// Number of descriptors.
    pub count: u64,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for StatsCode {
    type Attribute = StatsCodeAttr;
    fn read(attributes: Vec<StatsCodeAttr>) -> Result<Self, Malformed> {
        let mut code = None;
        let mut count = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                StatsCodeAttr::Code(value) => code = Some(value),
                StatsCodeAttr::Count(value) => count = Some(value),
                StatsCodeAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            code: needed(code, "code")?,
            count: needed(count, "count")?,
            unknown,
        })
    }
}
