// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{StatsCode, StatsCodeAttr};
use crate::attribute::{Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, NLA_F_NESTED, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// What became of the descriptors of one object. Counters begin with the
/// object and never go down: not by a reset, nor by closing, opening,
/// deactivating or activating a subdev. Those of a work queue and of a parent
/// include subdevs that are gone.
///
/// Each descriptor is counted once when it comes and once when it ends, so
/// that in every reply `submitted` is the sum of `completed`, `failed`,
/// `rejected`, `aborted` and `in-flight`. An end is counted before the VFIO user
/// can see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Stats {
    /// Descriptors that VFIO users submitted to work queues, but for those of
    /// `wq-full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted: Option<u64>,
    /// Descriptors that were carried out with success, also those whose
    /// result is not the one that the VFIO user expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<u64>,
    /// Descriptors that were begun and ended with an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<u64>,
    /// Descriptors that were refused before anything was done for them:
    /// invalid ones, and those for a device or work queue that is not enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<u64>,
    /// Descriptors that were dropped without an end that the VFIO user sees,
    /// by a reset, an abort, closing or deleting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aborted: Option<u64>,
    /// Descriptors that have not ended, now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u64>,
    /// Descriptors that were not taken because all entries of the virtual
    /// work queue were in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wq_full: Option<u64>,
    /// Descriptors that failed or were rejected by the code that they ended
    /// with, the lowest code first; absent for codes that none ended with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<StatsCode>,
    /// Bytes that descriptors have processed which completed or failed: of one
    /// that failed those before the error, of a comparison those before the
    /// difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Descriptors that the hardware was given. One of a VFIO user becomes
    /// several where its memory is not contiguous.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hw_submitted: Option<u64>,
    /// Interrupts that were raised at the ends of descriptors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupts: Option<u64>,
    /// How often the hardware was found to have completed something although
    /// no interrupt had said so for half a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_interrupts: Option<u64>,
    /// How often memory of the VFIO user was not there, or not there to be
    /// written, when a descriptor needed it. That includes completion
    /// records, whose faults the descriptor's own end does not tell of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<u64>,
    /// Descriptors that failed because a limit of the VFIO user
    /// (RLIMIT_MEMLOCK) did not allow to pin memory for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin_limited: Option<u64>,
    /// Pages that are pinned for descriptors, now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned_pages: Option<u64>,
    /// Most pages that were pinned at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned_pages_max: Option<u64>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<StatsAttr>> for Stats {
    fn from(attributes: Vec<StatsAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                StatsAttr::Submitted(value) => out.submitted = Some(value),
                StatsAttr::Completed(value) => out.completed = Some(value),
                StatsAttr::Failed(value) => out.failed = Some(value),
                StatsAttr::Rejected(value) => out.rejected = Some(value),
                StatsAttr::Aborted(value) => out.aborted = Some(value),
                StatsAttr::InFlight(value) => out.in_flight = Some(value),
                StatsAttr::WqFull(value) => out.wq_full = Some(value),
                StatsAttr::Code(inner) => out.code.push(inner.into()),
                StatsAttr::Bytes(value) => out.bytes = Some(value),
                StatsAttr::HwSubmitted(value) => out.hw_submitted = Some(value),
                StatsAttr::Interrupts(value) => out.interrupts = Some(value),
                StatsAttr::LostInterrupts(value) => out.lost_interrupts = Some(value),
                StatsAttr::Faults(value) => out.faults = Some(value),
                StatsAttr::PinLimited(value) => out.pin_limited = Some(value),
                StatsAttr::PinnedPages(value) => out.pinned_pages = Some(value),
                StatsAttr::PinnedPagesMax(value) => out.pinned_pages_max = Some(value),
                StatsAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "stats".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatsAttr {
    /// Descriptors that VFIO users submitted to work queues, but for those of
    /// `wq-full`.
    Submitted(u64),
    /// Descriptors that were carried out with success, also those whose
    /// result is not the one that the VFIO user expected.
    Completed(u64),
    /// Descriptors that were begun and ended with an error.
    Failed(u64),
    /// Descriptors that were refused before anything was done for them:
    /// invalid ones, and those for a device or work queue that is not enabled.
    Rejected(u64),
    /// Descriptors that were dropped without an end that the VFIO user sees,
    /// by a reset, an abort, closing or deleting.
    Aborted(u64),
    /// Descriptors that have not ended, now.
    InFlight(u64),
    /// Descriptors that were not taken because all entries of the virtual
    /// work queue were in use.
    WqFull(u64),
    /// Descriptors that failed or were rejected by the code that they ended
    /// with, the lowest code first; absent for codes that none ended with.
    Code(Vec<StatsCodeAttr>),
    /// Bytes that descriptors have processed which completed or failed: of one
    /// that failed those before the error, of a comparison those before the
    /// difference.
    Bytes(u64),
    /// Descriptors that the hardware was given. One of a VFIO user becomes
    /// several where its memory is not contiguous.
    HwSubmitted(u64),
    /// Interrupts that were raised at the ends of descriptors.
    Interrupts(u64),
    /// How often the hardware was found to have completed something although
    /// no interrupt had said so for half a second.
    LostInterrupts(u64),
    /// How often memory of the VFIO user was not there, or not there to be
    /// written, when a descriptor needed it. That includes completion
    /// records, whose faults the descriptor's own end does not tell of.
    Faults(u64),
    /// Descriptors that failed because a limit of the VFIO user
    /// (RLIMIT_MEMLOCK) did not allow to pin memory for them.
    PinLimited(u64),
    /// Pages that are pinned for descriptors, now.
    PinnedPages(u64),
    /// Most pages that were pinned at the same time.
    PinnedPagesMax(u64),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for StatsAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Submitted(_) => 1,
            Self::Completed(_) => 2,
            Self::Failed(_) => 3,
            Self::Rejected(_) => 4,
            Self::Aborted(_) => 5,
            Self::InFlight(_) => 6,
            Self::WqFull(_) => 7,
            Self::Code(_) => 8 | NLA_F_NESTED,
            Self::Bytes(_) => 9,
            Self::HwSubmitted(_) => 10,
            Self::Interrupts(_) => 11,
            Self::LostInterrupts(_) => 12,
            Self::Faults(_) => 13,
            Self::PinLimited(_) => 14,
            Self::PinnedPages(_) => 15,
            Self::PinnedPagesMax(_) => 16,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for StatsAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Submitted(Value::parse(buffer.value()).context("attribute 'submitted'")?),
            2 => Self::Completed(Value::parse(buffer.value()).context("attribute 'completed'")?),
            3 => Self::Failed(Value::parse(buffer.value()).context("attribute 'failed'")?),
            4 => Self::Rejected(Value::parse(buffer.value()).context("attribute 'rejected'")?),
            5 => Self::Aborted(Value::parse(buffer.value()).context("attribute 'aborted'")?),
            6 => Self::InFlight(Value::parse(buffer.value()).context("attribute 'in-flight'")?),
            7 => Self::WqFull(Value::parse(buffer.value()).context("attribute 'wq-full'")?),
            8 => Self::Code(Value::parse(buffer.value()).context("attribute 'code'")?),
            9 => Self::Bytes(Value::parse(buffer.value()).context("attribute 'bytes'")?),
            10 => {
                Self::HwSubmitted(Value::parse(buffer.value()).context("attribute 'hw-submitted'")?)
            }
            11 => Self::Interrupts(Value::parse(buffer.value()).context("attribute 'interrupts'")?),
            12 => Self::LostInterrupts(
                Value::parse(buffer.value()).context("attribute 'lost-interrupts'")?,
            ),
            13 => Self::Faults(Value::parse(buffer.value()).context("attribute 'faults'")?),
            14 => {
                Self::PinLimited(Value::parse(buffer.value()).context("attribute 'pin-limited'")?)
            }
            15 => {
                Self::PinnedPages(Value::parse(buffer.value()).context("attribute 'pinned-pages'")?)
            }
            16 => Self::PinnedPagesMax(
                Value::parse(buffer.value()).context("attribute 'pinned-pages-max'")?,
            ),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for StatsAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "stats",
        attributes: &[
            AttributeInfo::new("submitted"),
            AttributeInfo::new("completed"),
            AttributeInfo::new("failed"),
            AttributeInfo::new("rejected"),
            AttributeInfo::new("aborted"),
            AttributeInfo::new("in-flight"),
            AttributeInfo::new("wq-full"),
            AttributeInfo::new("code").nested(StatsCodeAttr::SET),
            AttributeInfo::new("bytes"),
            AttributeInfo::new("hw-submitted"),
            AttributeInfo::new("interrupts"),
            AttributeInfo::new("lost-interrupts"),
            AttributeInfo::new("faults"),
            AttributeInfo::new("pin-limited"),
            AttributeInfo::new("pinned-pages"),
            AttributeInfo::new("pinned-pages-max"),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Submitted(value) => Some(value),
            Self::Completed(value) => Some(value),
            Self::Failed(value) => Some(value),
            Self::Rejected(value) => Some(value),
            Self::Aborted(value) => Some(value),
            Self::InFlight(value) => Some(value),
            Self::WqFull(value) => Some(value),
            Self::Code(value) => Some(value),
            Self::Bytes(value) => Some(value),
            Self::HwSubmitted(value) => Some(value),
            Self::Interrupts(value) => Some(value),
            Self::LostInterrupts(value) => Some(value),
            Self::Faults(value) => Some(value),
            Self::PinLimited(value) => Some(value),
            Self::PinnedPages(value) => Some(value),
            Self::PinnedPagesMax(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}
