// SPDX-License-Identifier: GPL-2.0

//! A work queue of a DSA as the framework sees it.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    config,
    configure,
    device::Device,
    own::Wq, //
};
use crate::{
    dsa_core::{
        regs::Command,
        setup, //
    },
    framework::{
        self,
        Field,
        Needs,
        Refusal,
        Visitor,
        WqChange,
        WqDescription, //
    },
    subdev_core::share::PasidMode, //
};

/// A work queue as the framework sees it.
pub(super) struct WorkQueue {
    device: Arc<Device>,
    wq: Arc<Wq>,
}

impl WorkQueue {
    /// For a work queue of an enabled device.
    pub(super) fn new(device: Arc<Device>, wq: Arc<Wq>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self { device, wq }, GFP_KERNEL)?)
    }

    /// What it is set up as.
    fn setup(&self) -> setup::Wq {
        self.device.wq_setup(self.wq.id())
    }
}

impl framework::WorkQueue for WorkQueue {
    fn id(&self) -> u32 {
        self.wq.id().into()
    }

    fn describe(&self) -> WqDescription {
        self.wq.describe(&self.setup())
    }

    fn check(&self) -> Result<(), Refusal> {
        let setup = self.setup();
        let id = self.wq.id();
        let refuse = |error, text| Err(Refusal::new(error, Field::Wq(Some(id.into())), text));
        if setup.size == 0 {
            return refuse(EINVAL, format_args!("wq {id} has no entries"));
        }
        // What follows is so only where the configuration is fixed.
        if !setup.dedicated {
            return refuse(
                EOPNOTSUPP,
                format_args!("wq {id} is configured as shared for good; it must be dedicated"),
            );
        }
        if setup.pasid {
            return refuse(
                EOPNOTSUPP,
                format_args!("wq {id} is configured with a PASID for good; it must have none"),
            );
        }
        Ok(())
    }

    fn attributes(&self, change: Option<&WqChange<'_>>, visitor: &mut dyn Visitor) -> Result {
        let setup = match change {
            Some(change) => configure::foresee_wq(&self.device, self.wq.id(), change)?,
            None => self.setup(),
        };
        config::show_wq(&setup, visitor)
    }

    fn plan(&self, change: &WqChange<'_>) -> Result<Needs, Refusal> {
        configure::plan_wq(&self.device, self.wq.id(), change)
    }

    fn configure(&self, change: &WqChange<'_>) -> Result<(), Refusal> {
        configure::set_wq(&self.device, &self.wq, change)
    }

    fn enable(&self, _mode: PasidMode) -> Result<(), Refusal> {
        let (device, wq) = (&self.device, &self.wq);
        let setup = self.setup();
        // Written each time: a reset of the work queue leaves nothing of it.
        config::write_wq(&device.regs, &device.caps, wq.id().into(), &setup)?;
        let _handles = device.lock_handles();
        wq.set_handle(device.request_handle(wq)?);
        let enabled = device.command(Command::EnableWq, wq.id().into());
        if let Err(error) = enabled {
            device.release_handle(wq);
            return Err(Error::from(error).into());
        }
        wq.open(setup.max_transfer_shift.into());
        Ok(())
    }

    fn disable(&self) {
        let (device, wq) = (&self.device, &self.wq);
        let _handles = device.lock_handles();
        wq.close();
        // What is lost takes no commands any more, and its reset disables this too.
        if device.loss().is_some() {
            return;
        }
        // The subdevs on it are gone, so there is nothing to drain. What fails is in the log.
        let operand = Command::wq_mask_operand(wq.id());
        let _ = device.command(Command::DisableWq, operand);
        device.release_handle(wq);
    }
}
