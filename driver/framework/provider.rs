// SPDX-License-Identifier: GPL-2.0

//! What a driver of an accelerator provides: the traits between the framework and a vendor.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    function::Function,
    identity::WqShare,
    refusal::{
        Field,
        Refusal, //
    },
    stats::Meter,
    vendor::{
        Attributes,
        Limits,
        Visitor, //
    }, //
};
use crate::subdev_core::share::PasidMode;

/// State of a parent; the numbers are the spec's `parent-state`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum ParentState {
    /// Accepts configuration and no work.
    Disabled = 0,
    /// Accepts work.
    Enabled = 1,
    /// Stopped after a fault, and [`Parent::recover`] can try to bring it back.
    Halted = 2,
    /// Does nothing any more: it vanished, cannot be stopped, cannot be brought back, or was reset by
    /// somebody else.
    Lost = 3,
}

impl ParentState {
    /// The name in the family.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            ParentState::Disabled => "disabled",
            ParentState::Enabled => "enabled",
            ParentState::Halted => "halted",
            ParentState::Lost => "lost",
        }
    }
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
#[derive(Clone, Copy)]
pub(crate) struct Description {
    /// Start of the parent's name, which a number completes: `dsa`.
    pub(crate) prefix: &'static str,
    /// The bus that the device is on.
    pub(crate) bus: &'static str,
    /// The driver that has the device, and lends work queues of it, if that is another one.
    pub(crate) owner: Option<&'static str>,
    /// Whose attributes [`Parent::attributes`] and [`WorkQueue::attributes`] report.
    pub(crate) vendor: &'static str,
    /// Whether work queues can carry a PASID now.
    pub(crate) pasid: bool,
    /// Whether work queues take submissions that the hardware may refuse.
    pub(crate) shared_wq: bool,
    /// Whether its configuration can be changed.
    pub(crate) configurable: bool,
}

/// A work queue as it is configured and as it is.
#[derive(Clone, Copy)]
pub(crate) struct WqDescription {
    pub(crate) state: WqState,
    pub(crate) mode: WqMode,
    /// Entries.
    pub(crate) size: u32,
}

/// An entry of a parent's catalogue.
pub(crate) struct Type {
    pub(crate) name: &'static str,
    pub(crate) pasid_mode: PasidMode,
    pub(crate) isolation: Isolation,
    /// What it is called where people choose among those of many vendors.
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    /// What the parent lacks for it: the middle of "needs …, which dsa0 lacks".
    pub(crate) missing: Option<&'static str>,
}

/// What a change of the configuration needs, and the first field of the request that does.
#[derive(Clone, Copy)]
pub(crate) enum Needs {
    /// Nothing: everything is as asked for.
    Nothing,
    /// That the work queue is disabled.
    Wq(Field),
    /// That all work queues of the parent are disabled.
    Parent(Field),
}

/// What is asked for of a work queue; what is absent stays.
#[derive(Clone, Copy)]
pub(crate) struct WqChange<'a> {
    /// Entries.
    pub(crate) size: Option<u32>,
    pub(crate) mode: Option<WqMode>,
    /// What only the vendor's work queues have.
    pub(crate) vendor: Option<&'a dyn Attributes>,
}

/// A driver of a device that subdevs can be carved from.
pub(crate) trait Parent: Send + Sync {
    /// What does not change.
    fn description(&self) -> Description;

    /// The state of the device. May look at the hardware, and does not wait for it.
    fn state(&self) -> ParentState;

    /// What is known of the state without a look at the hardware, which is slow: a halt or a loss that
    /// was noticed. A device that is disabled may count as enabled.
    fn noticed(&self) -> ParentState {
        self.state()
    }

    /// The catalogue, at most one type for each PASID mode.
    fn types(&self) -> &[Type];

    /// What only this vendor's devices have, as it is, or as it would be after a change that
    /// [`Self::plan`] accepts. Neither waits nor looks at the hardware.
    fn attributes(&self, change: Option<&dyn Attributes>, visitor: &mut dyn Visitor) -> Result;

    /// What the limits of a subdev on these work queues become by a change of what only the vendor's
    /// subdevs have; none where it has no limits of its own then. Neither waits nor looks at the
    /// hardware. Called with the registry locked.
    fn limit(
        &self,
        shares: &[WqShare],
        old: Option<&Limits>,
        change: &dyn Attributes,
    ) -> Result<Option<Limits>, Refusal>;

    /// Makes the virtual device of a subdev with these shares of work queues, which are enabled: within
    /// what they have, and within `limits`. It counts what it does on them with `meters`, one for each.
    /// Called under the parent's configuration lock.
    fn function(
        &self,
        shares: &[WqShare],
        limits: Option<&Limits>,
        meters: KVec<Meter>,
    ) -> Result<Arc<dyn Function>>;

    /// Checks a change of what only the vendor's devices have, as a whole, and says what it needs.
    /// Neither waits nor looks at the hardware. Called under the parent's configuration lock.
    fn plan(&self, change: &dyn Attributes) -> Result<Needs, Refusal>;

    /// Makes a change that [`Self::plan`] accepts, all of it or nothing, when what it needs is so.
    /// Bounded in time. Called under the parent's configuration lock.
    fn configure(&self, change: &dyn Attributes) -> Result<(), Refusal>;

    /// The device is [`ParentState::Halted`], and all functions were halted: brings it back, with all
    /// work queues disabled. If that fails it is [`ParentState::Lost`]. Bounded in time. Called under
    /// the parent's configuration lock.
    fn recover(&self) -> Result;

    /// The parent is going, and all functions were killed: stops what the hardware has of them.
    /// Bounded in time. Called under the parent's configuration lock.
    fn quiesce(&self);
}

/// A work queue of a parent.
pub(crate) trait WorkQueue: Send + Sync {
    /// Its number on the parent.
    fn id(&self) -> u32;

    /// As it is now. Neither waits nor looks at the hardware.
    fn describe(&self) -> WqDescription;

    /// Refuses a work queue that no subdev can use, as it is configured. Neither waits nor looks at the
    /// hardware.
    fn check(&self) -> Result<(), Refusal>;

    /// What only this vendor's work queues have, as it is, or as it would be after a change that
    /// [`Self::plan`] accepts. Neither waits nor looks at the hardware.
    fn attributes(&self, change: Option<&WqChange<'_>>, visitor: &mut dyn Visitor) -> Result;

    /// Checks a change, as a whole, and says what it needs. Neither waits nor looks at the hardware.
    /// Called under the parent's configuration lock.
    fn plan(&self, change: &WqChange<'_>) -> Result<Needs, Refusal>;

    /// Makes a change that [`Self::plan`] accepts, all of it or nothing, when what it needs is so.
    /// Bounded in time. Called under the parent's configuration lock.
    fn configure(&self, change: &WqChange<'_>) -> Result<(), Refusal>;

    /// Makes the work queue, which [`Self::check`] accepts, ready for subdevs in `mode`. Bounded in time. Called under the parent's
    /// configuration lock.
    fn enable(&self, mode: PasidMode) -> Result<(), Refusal>;

    /// Takes the work queue, which no active subdev uses any more, out of use. Bounded in time. Called
    /// under the parent's configuration lock.
    fn disable(&self);
}
