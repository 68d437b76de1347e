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

/// One attribute of the set "fault".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultAttr {
    /// What went wrong.
    Kind(FaultKind),
    /// Code of the error, as the vendor's devices have it; of an Intel Data
    /// Streaming Accelerator that of the register SWERR.
    Code(u32),
    /// Number of the work queue on its parent.
    Wq(u32),
    /// Code of the operation, as the vendor's devices have it: the descriptor
    /// was for that.
    Operation(u32),
    /// Address that could not be accessed, as the VFIO user knows it (IOVA).
    /// Absent where only the hardware's address is known, which is nobody's
    /// business.
    Address(u64),
    /// At least so many faults of the object with the same cause came before
    /// this one that were not told: a VFIO user can cause faults at will, so
    /// what is told is limited in number, to eight at once and one a second
    /// after that.
    Missed(u32),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for FaultAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "fault",
        attributes: &[
            AttributeInfo::new("kind", Kind::U32, "What went wrong.")
                .accepts(Accepts::Names(FaultKind::NAMES)),
            AttributeInfo::new(
                    "code",
                    Kind::U32,
                    "Code of the error, as the vendor's devices have it; of an Intel Data\nStreaming Accelerator that of the register SWERR.",
                )
                .hex(),
            AttributeInfo::new(
                "wq",
                Kind::U32,
                "Number of the work queue on its parent.",
            ),
            AttributeInfo::new(
                "operation",
                Kind::U32,
                "Code of the operation, as the vendor's devices have it: the descriptor\nwas for that.",
            ),
            AttributeInfo::new(
                    "address",
                    Kind::Uint,
                    "Address that could not be accessed, as the VFIO user knows it (IOVA).\nAbsent where only the hardware's address is known, which is nobody's\nbusiness.",
                )
                .hex(),
            AttributeInfo::new(
                "missed",
                Kind::U32,
                "At least so many faults of the object with the same cause came before\nthis one that were not told: a VFIO user can cause faults at will, so\nwhat is told is limited in number, to eight at once and one a second\nafter that.",
            ),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Kind(_) => 1,
            Self::Code(_) => 2,
            Self::Wq(_) => 3,
            Self::Operation(_) => 4,
            Self::Address(_) => 5,
            Self::Missed(_) => 6,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Kind(value) => Some(value),
            Self::Code(value) => Some(value),
            Self::Wq(value) => Some(value),
            Self::Operation(value) => Some(value),
            Self::Address(value) => Some(value),
            Self::Missed(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Kind(Value::parse(value)?),
                2 => Self::Code(Value::parse(value)?),
                3 => Self::Wq(Value::parse(value)?),
                4 => Self::Operation(Value::parse(value)?),
                5 => Self::Address(Value::parse(value)?),
                6 => Self::Missed(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// What went wrong with an object. What is not known is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Fault {
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<FaultKind>,
    /// Code of the error, as the vendor's devices have it; of an Intel Data
    /// Streaming Accelerator that of the register SWERR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// Number of the work queue on its parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wq: Option<u32>,
    /// Code of the operation, as the vendor's devices have it: the descriptor
    /// was for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<u32>,
    /// Address that could not be accessed, as the VFIO user knows it (IOVA).
    /// Absent where only the hardware's address is known, which is nobody's
    /// business.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    /// At least so many faults of the object with the same cause came before
    /// this one that were not told: a VFIO user can cause faults at will, so
    /// what is told is limited in number, to eight at once and one a second
    /// after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<u32>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for Fault {
    type Attribute = FaultAttr;
    fn read(attributes: Vec<FaultAttr>) -> Result<Self, Malformed> {
        let mut kind = None;
        let mut code = None;
        let mut wq = None;
        let mut operation = None;
        let mut address = None;
        let mut missed = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                FaultAttr::Kind(value) => kind = Some(value),
                FaultAttr::Code(value) => code = Some(value),
                FaultAttr::Wq(value) => wq = Some(value),
                FaultAttr::Operation(value) => operation = Some(value),
                FaultAttr::Address(value) => address = Some(value),
                FaultAttr::Missed(value) => missed = Some(value),
                FaultAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            kind,
            code,
            wq,
            operation,
            address,
            missed,
            unknown,
        })
    }
}
