// SPDX-License-Identifier: GPL-2.0

//! A work queue of a DSA as the framework sees it.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

use super::{
    config::{
        self,
        WqConfig, //
    },
    device::Device,
    wq::{
        Status,
        Wq, //
    }, //
};
use crate::{
    dsa_core::regs::Command,
    framework::{
        self,
        Field,
        Refusal,
        Value,
        Visitor,
        WqDescription,
        WqMode,
        WqState, //
    },
    subdev_core::share::PasidMode, //
};

/// A work queue as the framework sees it.
#[pin_data]
pub(super) struct WorkQueue {
    device: Arc<Device>,
    wq: Arc<Wq>,
    /// The configuration as it was read or written last, so that looking does no I/O.
    #[pin]
    config: Mutex<WqConfig>,
}

impl WorkQueue {
    /// For a work queue of an enabled device, with the configuration that it has.
    pub(super) fn new(device: Arc<Device>, wq: Arc<Wq>, config: WqConfig) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                device,
                wq,
                config <- new_mutex!(config, "WorkQueue::config"),
            }),
            GFP_KERNEL,
        )
    }

    /// Configures the work queue, which is disabled, as far as that may be changed. Returns what it
    /// is then.
    fn configure(&self) -> Result<WqConfig> {
        let (regs, caps) = (&self.device.regs, &self.device.caps);
        let id = self.wq.id().into();
        config::write_wq(regs, caps, id)?;
        let config = config::read_wq(regs, caps, id)?;
        *self.config.lock() = config;
        Ok(config)
    }
}

impl framework::WorkQueue for WorkQueue {
    fn id(&self) -> u32 {
        self.wq.id().into()
    }

    fn describe(&self) -> WqDescription {
        let config = *self.config.lock();
        WqDescription {
            state: match self.wq.status() {
                Status::Enabled | Status::Recovering => WqState::Enabled,
                Status::Disabled | Status::Lost => WqState::Disabled,
            },
            mode: if config.dedicated {
                WqMode::Dedicated
            } else {
                WqMode::Shared
            },
            size: config.size,
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        let config = *self.config.lock();
        let id = self.wq.id();
        let refuse = |error, text| Err(Refusal::new(error, Field::Wq(Some(id.into())), text));
        if config.size == 0 {
            return refuse(EINVAL, format_args!("wq {id} has no entries"));
        }
        // What follows is so only where the configuration is fixed.
        if !config.dedicated {
            return refuse(
                EOPNOTSUPP,
                format_args!("wq {id} is configured as shared for good; it must be dedicated"),
            );
        }
        if config.pasid {
            return refuse(
                EOPNOTSUPP,
                format_args!("wq {id} is configured with a PASID for good; it must have none"),
            );
        }
        Ok(())
    }

    fn attributes(&self, visitor: &mut dyn Visitor) -> Result {
        let config = *self.config.lock();
        visitor.attribute("threshold", Value::U32(config.threshold))?;
        visitor.attribute("priority", Value::U32(config.priority))?;
        visitor.attribute("group", Value::U32(config.group))
    }

    fn enable(&self, _mode: PasidMode) -> Result<(), Refusal> {
        let (device, wq) = (&self.device, &self.wq);
        let config = self.configure()?;
        let _handles = device.lock_handles();
        wq.set_handle(device.request_handle(wq)?);
        let enabled = device.command(Command::EnableWq, wq.id().into());
        if let Err(error) = enabled {
            device.release_handle(wq);
            return Err(Error::from(error).into());
        }
        wq.open(config.max_transfer_shift);
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
