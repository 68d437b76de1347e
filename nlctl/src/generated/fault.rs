// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::FaultKind;
use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// What went wrong with an object. What is not known is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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

impl From<Vec<FaultAttr>> for Fault {
    fn from(attributes: Vec<FaultAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                FaultAttr::Kind(value) => out.kind = Some(value),
                FaultAttr::Code(value) => out.code = Some(value),
                FaultAttr::Wq(value) => out.wq = Some(value),
                FaultAttr::Operation(value) => out.operation = Some(value),
                FaultAttr::Address(value) => out.address = Some(value),
                FaultAttr::Missed(value) => out.missed = Some(value),
                FaultAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

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

impl Nla for FaultAttr {
    fn kind(&self) -> u16 {
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

    fn value_len(&self) -> usize {
        self.value().map_or(0, Value::length)
    }

    fn emit_value(&self, buffer: &mut [u8]) {
        if let Some(value) = self.value() {
            value.emit(buffer);
        }
    }
}

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for FaultAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Kind(Value::parse(buffer.value()).context("attribute 'kind'")?),
            2 => Self::Code(Value::parse(buffer.value()).context("attribute 'code'")?),
            3 => Self::Wq(Value::parse(buffer.value()).context("attribute 'wq'")?),
            4 => Self::Operation(Value::parse(buffer.value()).context("attribute 'operation'")?),
            5 => Self::Address(Value::parse(buffer.value()).context("attribute 'address'")?),
            6 => Self::Missed(Value::parse(buffer.value()).context("attribute 'missed'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for FaultAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "fault",
        attributes: &[
            AttributeInfo::new("kind").accepts(Accepts::Names(FaultKind::NAMES)),
            AttributeInfo::new("code").hex(),
            AttributeInfo::new("wq"),
            AttributeInfo::new("operation"),
            AttributeInfo::new("address").hex(),
            AttributeInfo::new("missed"),
        ],
    };

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
}
