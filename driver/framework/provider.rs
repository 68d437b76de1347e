// SPDX-License-Identifier: GPL-2.0

//! What a driver of an accelerator provides: the one trait between the framework and a vendor.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::Function;
use crate::subdev_core::share::PasidMode;

/// State of a parent; the numbers are the spec's `parent-state`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum ParentState {
    /// Accepts configuration and no work.
    Disabled = 0,
    /// Accepts work.
    Enabled = 1,
    /// Stopped after a fault.
    Halted = 2,
}

/// State of a work queue; the numbers are the spec's `wq-state`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum WqState {
    /// Accepts configuration and no work.
    Disabled = 0,
    /// Accepts work.
    Enabled = 1,
}

/// How software submits to a work queue; the numbers are the spec's `wq-mode`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum WqMode {
    /// One submitter that counts the free entries.
    Dedicated = 0,
    /// Many submitters, told to retry when the queue is full.
    Shared = 1,
}

/// What keeps the memory of a subdev apart; the numbers are the spec's `isolation`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Isolation {
    /// The driver checks and translates each descriptor.
    Mediated = 0,
    /// The hardware, by a PASID.
    Pasid = 1,
}

/// What does not change about a parent.
pub(crate) struct Description {
    /// Start of the parent's name, which a number completes: `dsa`.
    pub(crate) prefix: &'static str,
    /// The bus that the device sits on.
    pub(crate) bus: &'static str,
    /// Number of work queues.
    pub(crate) wqs: u32,
    /// Number of groups.
    pub(crate) groups: u32,
    /// Number of engines.
    pub(crate) engines: u32,
    /// Entries that all work queues have together.
    pub(crate) wq_capacity: u32,
    /// Whether work queues can carry a PASID now.
    pub(crate) pasid: bool,
}

/// A work queue as it is configured and as it is.
pub(crate) struct WqDescription {
    pub(crate) state: WqState,
    pub(crate) mode: WqMode,
    /// Entries.
    pub(crate) size: u32,
    /// Entries that a limited portal may use in shared mode.
    pub(crate) threshold: u32,
    pub(crate) priority: u32,
    pub(crate) group: u32,
}

/// An entry of a parent's catalogue.
pub(crate) struct Type {
    pub(crate) name: &'static str,
    pub(crate) pasid_mode: PasidMode,
    pub(crate) isolation: Isolation,
    pub(crate) description: &'static str,
    /// What the parent lacks for it: the middle of "needs …, which dsa0 lacks".
    pub(crate) missing: Option<&'static str>,
}

/// A vendor attribute.
pub(crate) enum Value {
    U32(u32),
    Uint(u64),
    Binary([u8; 32]),
}

/// The vendor attributes of a parent: a nest of the family and what is in it.
pub(crate) struct Vendor {
    /// Number of the nest's attribute.
    pub(crate) nest: u32,
    /// Numbers of the attributes in the nest, and their values.
    pub(crate) attrs: [(u32, Value); 5],
}

/// A driver of a device that subdevs can be carved from.
///
/// The framework calls under its registry's lock, so calls never overlap, and may sleep.
pub(crate) trait Provider: Send + Sync {
    /// What does not change.
    fn description(&self) -> Description;

    /// The state of the device.
    fn state(&self) -> ParentState;

    /// The work queue `id`; there are `description().wqs`.
    fn wq(&self, id: u32) -> Option<WqDescription>;

    /// The catalogue, at most one type for each PASID mode.
    fn types(&self) -> &[Type];

    /// What only this vendor's devices have.
    fn vendor(&self) -> Vendor;

    /// Makes a work queue ready for subdevs in `mode`.
    fn enable_wq(&self, id: u32, mode: PasidMode) -> Result;

    /// Takes a work queue that no subdev stands on any more out of use.
    fn disable_wq(&self, id: u32);

    /// Makes the virtual device of a subdev on the enabled work queues `wqs`, with `entries` of
    /// each.
    fn function(&self, wqs: &[u32], entries: u32) -> Result<Arc<dyn Function>>;
}
