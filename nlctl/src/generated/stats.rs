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
    /// Pages that are pinned for descriptors, now. They stay so for those
    /// that come, until their user takes the memory away or closes the
    /// device.
    PinnedPages(u64),
    /// Most pages that were pinned at the same time.
    PinnedPagesMax(u64),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for StatsAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "stats",
        attributes: &[
            AttributeInfo::new(
                "submitted",
                Kind::Uint,
                "Descriptors that VFIO users submitted to work queues, but for those of\n`wq-full`.",
            ),
            AttributeInfo::new(
                "completed",
                Kind::Uint,
                "Descriptors that were carried out with success, also those whose\nresult is not the one that the VFIO user expected.",
            ),
            AttributeInfo::new(
                "failed",
                Kind::Uint,
                "Descriptors that were begun and ended with an error.",
            ),
            AttributeInfo::new(
                "rejected",
                Kind::Uint,
                "Descriptors that were refused before anything was done for them:\ninvalid ones, and those for a device or work queue that is not enabled.",
            ),
            AttributeInfo::new(
                "aborted",
                Kind::Uint,
                "Descriptors that were dropped without an end that the VFIO user sees,\nby a reset, an abort, closing or deleting.",
            ),
            AttributeInfo::new(
                "in-flight",
                Kind::Uint,
                "Descriptors that have not ended, now.",
            ),
            AttributeInfo::new(
                "wq-full",
                Kind::Uint,
                "Descriptors that were not taken because all entries of the virtual\nwork queue were in use.",
            ),
            AttributeInfo::new(
                    "code",
                    Kind::Nest,
                    "Descriptors that failed or were rejected by the code that they ended\nwith, the lowest code first; absent for codes that none ended with.",
                )
                .many()
                .nested(StatsCodeAttr::SET),
            AttributeInfo::new(
                "bytes",
                Kind::Uint,
                "Bytes that descriptors have processed which completed or failed: of one\nthat failed those before the error, of a comparison those before the\ndifference.",
            ),
            AttributeInfo::new(
                "hw-submitted",
                Kind::Uint,
                "Descriptors that the hardware was given. One of a VFIO user becomes\nseveral where its memory is not contiguous.",
            ),
            AttributeInfo::new(
                "interrupts",
                Kind::Uint,
                "Interrupts that were raised at the ends of descriptors.",
            ),
            AttributeInfo::new(
                "lost-interrupts",
                Kind::Uint,
                "How often the hardware was found to have completed something although\nno interrupt had said so for half a second.",
            ),
            AttributeInfo::new(
                "faults",
                Kind::Uint,
                "How often memory of the VFIO user was not there, or not there to be\nwritten, when a descriptor needed it. That includes completion\nrecords, whose faults the descriptor's own end does not tell of.",
            ),
            AttributeInfo::new(
                "pin-limited",
                Kind::Uint,
                "Descriptors that failed because a limit of the VFIO user\n(RLIMIT_MEMLOCK) did not allow to pin memory for them.",
            ),
            AttributeInfo::new(
                "pinned-pages",
                Kind::Uint,
                "Pages that are pinned for descriptors, now. They stay so for those\nthat come, until their user takes the memory away or closes the\ndevice.",
            ),
            AttributeInfo::new(
                "pinned-pages-max",
                Kind::Uint,
                "Most pages that were pinned at the same time.",
            ),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Submitted(_) => 1,
            Self::Completed(_) => 2,
            Self::Failed(_) => 3,
            Self::Rejected(_) => 4,
            Self::Aborted(_) => 5,
            Self::InFlight(_) => 6,
            Self::WqFull(_) => 7,
            Self::Code(_) => 8,
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

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Submitted(Value::parse(value)?),
                2 => Self::Completed(Value::parse(value)?),
                3 => Self::Failed(Value::parse(value)?),
                4 => Self::Rejected(Value::parse(value)?),
                5 => Self::Aborted(Value::parse(value)?),
                6 => Self::InFlight(Value::parse(value)?),
                7 => Self::WqFull(Value::parse(value)?),
                8 => Self::Code(Value::parse(value)?),
                9 => Self::Bytes(Value::parse(value)?),
                10 => Self::HwSubmitted(Value::parse(value)?),
                11 => Self::Interrupts(Value::parse(value)?),
                12 => Self::LostInterrupts(Value::parse(value)?),
                13 => Self::Faults(Value::parse(value)?),
                14 => Self::PinLimited(Value::parse(value)?),
                15 => Self::PinnedPages(Value::parse(value)?),
                16 => Self::PinnedPagesMax(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// What became of the descriptors of one object. Counters begin with the
/// object and never go down: not by a reset, nor by closing, opening,
/// deactivating or activating a subdev. Those of a work queue and of a parent
/// include subdevs that are gone.
///
/// Each descriptor is counted once when it comes and once when it ends, so
/// that in every reply `submitted` is the sum of `completed`, `failed`,
/// `rejected`, `aborted` and `in-flight`. An end is counted before the VFIO user
/// can see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Stats {
    /// Descriptors that VFIO users submitted to work queues, but for those of
    /// `wq-full`.
    pub submitted: u64,
    /// Descriptors that were carried out with success, also those whose
    /// result is not the one that the VFIO user expected.
    pub completed: u64,
    /// Descriptors that were begun and ended with an error.
    pub failed: u64,
    /// Descriptors that were refused before anything was done for them:
    /// invalid ones, and those for a device or work queue that is not enabled.
    pub rejected: u64,
    /// Descriptors that were dropped without an end that the VFIO user sees,
    /// by a reset, an abort, closing or deleting.
    pub aborted: u64,
    /// Descriptors that have not ended, now.
    pub in_flight: u64,
    /// Descriptors that were not taken because all entries of the virtual
    /// work queue were in use.
    pub wq_full: u64,
    /// Descriptors that failed or were rejected by the code that they ended
    /// with, the lowest code first; absent for codes that none ended with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<StatsCode>,
    /// Bytes that descriptors have processed which completed or failed: of one
    /// that failed those before the error, of a comparison those before the
    /// difference.
    pub bytes: u64,
    /// Descriptors that the hardware was given. One of a VFIO user becomes
    /// several where its memory is not contiguous.
    pub hw_submitted: u64,
    /// Interrupts that were raised at the ends of descriptors.
    pub interrupts: u64,
    /// How often the hardware was found to have completed something although
    /// no interrupt had said so for half a second.
    pub lost_interrupts: u64,
    /// How often memory of the VFIO user was not there, or not there to be
    /// written, when a descriptor needed it. That includes completion
    /// records, whose faults the descriptor's own end does not tell of.
    pub faults: u64,
    /// Descriptors that failed because a limit of the VFIO user
    /// (RLIMIT_MEMLOCK) did not allow to pin memory for them.
    pub pin_limited: u64,
    /// Pages that are pinned for descriptors, now. They stay so for those
    /// that come, until their user takes the memory away or closes the
    /// device.
    pub pinned_pages: u64,
    /// Most pages that were pinned at the same time.
    pub pinned_pages_max: u64,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for Stats {
    type Attribute = StatsAttr;
    fn read(attributes: Vec<StatsAttr>) -> Result<Self, Malformed> {
        let mut submitted = None;
        let mut completed = None;
        let mut failed = None;
        let mut rejected = None;
        let mut aborted = None;
        let mut in_flight = None;
        let mut wq_full = None;
        let mut code = Vec::new();
        let mut bytes = None;
        let mut hw_submitted = None;
        let mut interrupts = None;
        let mut lost_interrupts = None;
        let mut faults = None;
        let mut pin_limited = None;
        let mut pinned_pages = None;
        let mut pinned_pages_max = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                StatsAttr::Submitted(value) => submitted = Some(value),
                StatsAttr::Completed(value) => completed = Some(value),
                StatsAttr::Failed(value) => failed = Some(value),
                StatsAttr::Rejected(value) => rejected = Some(value),
                StatsAttr::Aborted(value) => aborted = Some(value),
                StatsAttr::InFlight(value) => in_flight = Some(value),
                StatsAttr::WqFull(value) => wq_full = Some(value),
                StatsAttr::Code(value) => code.push(Object::read(value)?),
                StatsAttr::Bytes(value) => bytes = Some(value),
                StatsAttr::HwSubmitted(value) => hw_submitted = Some(value),
                StatsAttr::Interrupts(value) => interrupts = Some(value),
                StatsAttr::LostInterrupts(value) => lost_interrupts = Some(value),
                StatsAttr::Faults(value) => faults = Some(value),
                StatsAttr::PinLimited(value) => pin_limited = Some(value),
                StatsAttr::PinnedPages(value) => pinned_pages = Some(value),
                StatsAttr::PinnedPagesMax(value) => pinned_pages_max = Some(value),
                StatsAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            submitted: needed(submitted, "submitted")?,
            completed: needed(completed, "completed")?,
            failed: needed(failed, "failed")?,
            rejected: needed(rejected, "rejected")?,
            aborted: needed(aborted, "aborted")?,
            in_flight: needed(in_flight, "in-flight")?,
            wq_full: needed(wq_full, "wq-full")?,
            code,
            bytes: needed(bytes, "bytes")?,
            hw_submitted: needed(hw_submitted, "hw-submitted")?,
            interrupts: needed(interrupts, "interrupts")?,
            lost_interrupts: needed(lost_interrupts, "lost-interrupts")?,
            faults: needed(faults, "faults")?,
            pin_limited: needed(pin_limited, "pin-limited")?,
            pinned_pages: needed(pinned_pages, "pinned-pages")?,
            pinned_pages_max: needed(pinned_pages_max, "pinned-pages-max")?,
            unknown,
        })
    }
}
