// SPDX-License-Identifier: GPL-2.0

//! The DSA as a parent of subdevs.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    carve,
    configure,
    device::{
        Device,
        Loss, //
    },
    limits,
    recovery, //
};
use crate::{
    dsa_core::regs::gensts,
    framework::{
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
    }, //
};

/// A DSA as the framework sees it.
pub(super) struct Parent {
    device: Arc<Device>,
}

impl Parent {
    /// For a device that is enabled.
    pub(super) fn new(device: Arc<Device>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self { device }, GFP_KERNEL)?)
    }
}

/// The state of a device that does nothing any more.
fn state_of(loss: Loss) -> ParentState {
    match loss {
        Loss::Halted => ParentState::Halted,
        Loss::Vanished
        | Loss::Reset
        | Loss::Stuck
        | Loss::Dead
        | Loss::Unstable
        | Loss::Disabled => ParentState::Lost,
    }
}

impl framework::Parent for Parent {
    fn description(&self) -> Description {
        Description {
            prefix: "dsa",
            bus: "pci",
            owner: None,
            vendor: "dsa",
            // Work queues carry no PASID yet, whatever the device can do.
            pasid: false,
            // Each descriptor is stored to a dedicated work queue.
            shared_wq: false,
            configurable: self.device.caps.general.config_en(),
        }
    }

    fn state(&self) -> ParentState {
        match self.device.check() {
            Ok(gensts::ENABLED) => ParentState::Enabled,
            Ok(_) => ParentState::Disabled,
            Err(loss) => state_of(loss),
        }
    }

    fn noticed(&self) -> ParentState {
        self.device.loss().map_or(ParentState::Enabled, state_of)
    }

    fn types(&self) -> &[Type] {
        &carve::TYPES
    }

    fn attributes(&self, change: Option<&dyn Attributes>, visitor: &mut dyn Visitor) -> Result {
        carve::show(&self.device.caps, visitor)?;
        configure::show_groups(&self.device, change, visitor)
    }

    fn plan(&self, change: &dyn Attributes) -> Result<Needs, Refusal> {
        configure::plan_groups(&self.device, change)
    }

    fn configure(&self, change: &dyn Attributes) -> Result<(), Refusal> {
        configure::set_groups(&self.device, change)
    }

    fn function(
        &self,
        shares: &[WqShare],
        limits: Option<&Limits>,
        meters: KVec<Meter>,
    ) -> Result<Arc<dyn framework::Function>> {
        carve::function(&self.device, shares, limits, meters)
    }

    fn limit(
        &self,
        shares: &[WqShare],
        old: Option<&Limits>,
        change: &dyn Attributes,
    ) -> Result<Option<Limits>, Refusal> {
        limits::change(&*self.device, shares, old, change)
    }

    fn recover(&self) -> Result {
        recovery::bring_back(&self.device)
    }

    fn quiesce(&self) {
        recovery::quiesce(&self.device);
    }
}
