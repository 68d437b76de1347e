// SPDX-License-Identifier: GPL-2.0

//! A device that another driver owns, as the framework sees it.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    super::{
        carve,
        configure,
        limits, //
    },
    device::Device,
    refuse, //
};
use crate::framework::{
    self,
    Attributes,
    Description,
    Limits,
    Meter,
    Needs,
    ParentState,
    Refusal,
    Type,
    Visitor,
    WqShare, //
};

/// A device as the framework sees it.
pub(super) struct Parent(Arc<Device>);

impl Parent {
    pub(super) fn new(device: Arc<Device>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self(device), GFP_KERNEL)?)
    }
}

impl framework::Parent for Parent {
    fn description(&self) -> Description {
        Description {
            prefix: "dsa",
            bus: "pci",
            owner: Some("idxd"),
            vendor: "dsa",
            pasid: false,
            shared_wq: false,
            // By its owner: a refusal says how.
            configurable: true,
        }
    }

    fn state(&self) -> ParentState {
        match self.0.is_enabled() {
            true => ParentState::Enabled,
            false => ParentState::Lost,
        }
    }

    fn types(&self) -> &[Type] {
        &carve::TYPES
    }

    fn attributes(&self, _change: Option<&dyn Attributes>, visitor: &mut dyn Visitor) -> Result {
        let caps = &self.0.caps;
        carve::show(caps, visitor)?;
        configure::show(&self.0.groups, &caps.setup(), visitor)
    }

    fn plan(&self, change: &dyn Attributes) -> Result<Needs, Refusal> {
        refuse::device(&self.0, change)?;
        Ok(Needs::Nothing)
    }

    fn configure(&self, change: &dyn Attributes) -> Result<(), Refusal> {
        refuse::device(&self.0, change)
    }

    fn function(
        &self,
        shares: &[WqShare],
        limits: Option<&Limits>,
        meters: KVec<Meter>,
    ) -> Result<Arc<dyn framework::Function>> {
        carve::function(&self.0, shares, limits, meters)
    }

    fn limit(
        &self,
        shares: &[WqShare],
        old: Option<&Limits>,
        change: &dyn Attributes,
    ) -> Result<Option<Limits>, Refusal> {
        limits::change(&*self.0, shares, old, change)
    }

    fn recover(&self) -> Result {
        // Its owner does, and lends its work queues anew.
        Err(ENODEV)
    }

    fn quiesce(&self) {
        // What is in flight is waited for by each function; there are others on the device.
    }
}
