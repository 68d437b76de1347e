// SPDX-License-Identifier: GPL-2.0

//! Handing a subdev to VFIO and taking it back: its auxiliary device.

use kernel::{
    impl_has_work,
    new_mutex,
    new_work,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc,
        Mutex, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
    types::ForLt,
    workqueue::{
        Queue,
        Work,
        WorkItem, //
    }, //
};

use super::Subdev;
use crate::ffi::{
    auxiliary,
    device::BoundDevice, //
};

/// Name of the module in the names of auxiliary devices.
pub(crate) const AUX_MODULE: &CStr = c"subdev";

/// Name of the device in the names of auxiliary devices: `subdev.vdev.7`.
pub(crate) const AUX_NAME: &CStr = c"vdev";

/// What the auxiliary device carries for the driver that binds to it.
pub(crate) type AuxData = ForLt!(Arc<Subdev>);

/// Counts the attachments of one parent that wait for a VFIO user to let go.
pub(super) struct Lingering(Atomic<u32>);

impl Lingering {
    /// How often to look whether the last one is gone.
    const LOOK: Delta = Delta::from_millis(20);

    /// Starts at zero.
    pub(super) fn new() -> Result<Arc<Self>> {
        Ok(Arc::new(Self(Atomic::new(0)), GFP_KERNEL)?)
    }

    /// Waits until there are none.
    ///
    /// That may take as long as a user likes, hence in short sleeps: one long sleep would be
    /// reported as a hung task.
    pub(super) fn wait_for_none(&self) {
        while self.0.load(Acquire) > 0 {
            fsleep(Self::LOOK);
        }
    }
}

/// A subdev's auxiliary device, and with it the subdev's presence in VFIO.
#[pin_data]
pub(super) struct Attachment {
    #[pin]
    registration: Mutex<Option<auxiliary::Registration<AuxData>>>,
    lingering: Arc<Lingering>,
    /// Not zero once the device is gone.
    gone: Atomic<u32>,
    #[pin]
    work: Work<Attachment>,
}

impl_has_work! {
    impl HasWork<Self> for Attachment { self.work }
}

impl Attachment {
    /// Creates the auxiliary device of `subdev` below `parent`.
    ///
    /// On return the VFIO room has bound to it, unless that failed.
    pub(super) fn new(
        parent: &BoundDevice,
        subdev: &Arc<Subdev>,
        lingering: &Arc<Lingering>,
    ) -> Result<Arc<Self>> {
        let this = Arc::pin_init(
            pin_init!(Self {
                registration <- new_mutex!(None),
                lingering: lingering.clone(),
                gone: Atomic::new(0),
                work <- new_work!("Attachment::work"),
            }),
            GFP_KERNEL,
        )?;
        let index = subdev.identity().index;
        let registration = auxiliary::Registration::new(
            parent,
            AUX_NAME,
            index,
            AUX_MODULE,
            Ok::<_, Error>(subdev.clone()),
        )?;
        // A device that no driver bound to is no success; dropping takes it away again.
        if !subdev.is_attached() {
            return Err(ENODEV);
        }
        *this.registration.lock() = Some(registration);
        Ok(this)
    }

    /// Takes the device away, and waits until its last VFIO user has closed it.
    pub(super) fn detach(&self) {
        let registration = self.registration.lock().take();
        drop(registration);
    }

    /// Takes the device away without waiting here. Cannot fail.
    pub(super) fn detach_later(self: &Arc<Self>, queue: &Queue) {
        self.lingering.0.fetch_add(1, Relaxed);
        // Refused only if it is queued already; and it is queued once, by whoever removed the
        // subdev from the registry.
        let _ = queue.enqueue(self.clone());
    }

    /// Waits until the device is gone, though not for anybody who holds on to it: VFIO may know of
    /// a user that has not come as far as opening the device.
    pub(super) fn wait_until_gone(&self) {
        for _ in 0..Self::LOOKS {
            if self.gone.load(Acquire) != 0 {
                return;
            }
            fsleep(Self::LOOK);
        }
    }

    /// How often, and at what intervals, to look whether the device is gone: for a second.
    const LOOKS: u32 = 1000;
    const LOOK: Delta = Delta::from_millis(1);
}

impl WorkItem for Attachment {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.detach();
        this.gone.store(1, Release);
        let lingering = this.lingering.clone();
        // The last use of the device must be over before the parent is told that it is gone.
        drop(this);
        lingering.0.fetch_sub(1, Release);
    }
}
