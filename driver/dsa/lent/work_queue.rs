// SPDX-License-Identifier: GPL-2.0

//! A work queue that is lent, as the framework sees it.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    super::config,
    device::Wq,
    refuse, //
};
use crate::{
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
pub(super) struct WorkQueue(Arc<Wq>);

impl WorkQueue {
    pub(super) fn new(wq: Arc<Wq>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self(wq), GFP_KERNEL)?)
    }
}

impl framework::WorkQueue for WorkQueue {
    fn id(&self) -> u32 {
        self.0.queue.id().into()
    }

    fn describe(&self) -> WqDescription {
        self.0.queue.describe(&self.0.setup)
    }

    fn check(&self) -> Result<(), Refusal> {
        Ok(())
    }

    fn attributes(&self, _change: Option<&WqChange<'_>>, visitor: &mut dyn Visitor) -> Result {
        config::show_wq(&self.0.setup, visitor)
    }

    fn plan(&self, change: &WqChange<'_>) -> Result<Needs, Refusal> {
        refuse::wq(&self.0.device, self.0.queue.id(), change)?;
        Ok(Needs::Nothing)
    }

    fn configure(&self, change: &WqChange<'_>) -> Result<(), Refusal> {
        refuse::wq(&self.0.device, self.0.queue.id(), change)
    }

    fn enable(&self, _mode: PasidMode) -> Result<(), Refusal> {
        let Wq {
            device,
            queue,
            setup,
            ..
        } = &*self.0;
        let id = queue.id();
        device.check(&self.0).map_err(|error| {
            Refusal::new(
                error,
                Field::Wq(Some(id.into())),
                // Not provoked: idxd stops one for as long as it resets the device.
                format_args!("idxd has stopped wq {id}; accel-config disable-wq, enable-wq"),
            )
        })?;
        queue.open(setup.max_transfer_shift.into());
        Ok(())
    }

    fn disable(&self) {
        // The subdevs on it are gone, so there is nothing in flight.
        self.0.queue.close();
    }
}
