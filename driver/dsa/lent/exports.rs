// SPDX-License-Identifier: GPL-2.0

//! What lenders call (see `driver/provider.h`): devices become parents with their first work queue.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

use super::{
    device::{
        self,
        Device, //
    },
    parent::Parent,
    work_queue::WorkQueue, //
};
use crate::{
    ffi::{
        bound::BoundDevice,
        provider::{
            provider_exports,
            Exports,
            Lender,
            Lent, //
        }, //
    },
    framework::{
        self,
        ParentRegistration, //
    }, //
};

/// The parent that a device is while it lends something.
struct Registered {
    parent: Option<ParentRegistration>,
    wqs: usize,
}

/// A device of a lender.
#[pin_data]
pub(crate) struct LentDevice {
    device: Arc<Device>,
    #[pin]
    registered: Mutex<Registered>,
}

/// A work queue of a lender.
pub(crate) struct LentWq {
    owner: Arc<LentDevice>,
    wq: Arc<device::Wq>,
}

impl Exports for LentDevice {
    type Wq = LentWq;

    fn new(bound: BoundDevice, number: u32, lender: Lender) -> Result<Arc<Self>> {
        let device = Device::new(bound, number, lender)?;
        let registered = Registered {
            parent: None,
            wqs: 0,
        };
        Arc::pin_init(
            pin_init!(Self {
                device,
                registered <- new_mutex!(registered, "LentDevice::registered"),
            }),
            GFP_KERNEL,
        )
    }

    fn wq(self: &Arc<Self>, lent: Lent) -> Result<Arc<LentWq>> {
        let wq = LentWq {
            owner: self.clone(),
            wq: self.device.wq(lent)?,
        };
        Ok(Arc::new(wq, GFP_KERNEL)?)
    }

    fn add(lent: &Arc<LentWq>) -> Result {
        let LentWq { owner, wq } = &**lent;
        owner.device.enter(wq)?;
        owner.show(wq).inspect_err(|_| owner.device.leave(wq))
    }

    fn completed(lent: &LentWq) {
        lent.wq.queue.reap();
    }

    fn remove(lent: &Arc<LentWq>) {
        let LentWq { owner, wq } = &**lent;
        owner.hide(wq);
        owner.device.leave(wq);
    }
}

impl LentDevice {
    fn show(&self, wq: &Arc<device::Wq>) -> Result {
        let mut registered = self.registered.lock();
        let shown = WorkQueue::new(wq.clone())?;
        if let Some(parent) = &registered.parent {
            parent.add_wq(shown)?;
        } else {
            let mut wqs = KVec::<Arc<dyn framework::WorkQueue>>::new();
            wqs.push(shown, GFP_KERNEL)?;
            let parent = Parent::new(self.device.clone())?;
            let parent = framework::register_parent(self.device.bound.clone(), parent, wqs)?;
            self.device.set_notifier(Some(parent.notifier()));
            registered.parent = Some(parent);
        }
        registered.wqs += 1;
        Ok(())
    }

    fn hide(&self, wq: &Arc<device::Wq>) {
        let last = {
            let mut registered = self.registered.lock();
            registered.wqs = registered.wqs.saturating_sub(1);
            if registered.wqs == 0 {
                registered.parent.take()
            } else {
                if let Some(parent) = &registered.parent {
                    // It was added.
                    let _ = parent.remove_wq(wq.queue.id().into());
                }
                None
            }
        };
        // Without the lock, as it waits for users.
        if let Some(parent) = last {
            parent.unregister();
            self.device.set_notifier(None);
        }
    }
}

provider_exports!(LentDevice);
