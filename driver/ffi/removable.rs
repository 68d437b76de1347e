// SPDX-License-Identifier: GPL-2.0

//! Mediated devices that go when somebody else than their maker wants it.
//!
//! The mdev core exports no function that removes one: `remove` in sysfs does. See the shim.
//!
//! C header: [`include/linux/mdev.h`](srctree/include/linux/mdev.h)

use kernel::{
    device::Device,
    error::to_result,
    prelude::*,
    sync::aref::ARef, //
};

use super::{
    bindings,
    device::raw, //
};

/// A mediated device, which is removed when this is dropped.
pub(crate) struct Removable(Option<ARef<Device>>);

impl Removable {
    /// # Safety
    ///
    /// `dev` must be that of a mediated device, and [`Mount`] must exist as long as this does.
    pub(super) unsafe fn new(dev: &Device) -> Self {
        Self(Some(dev.into()))
    }

    /// The device is going already: it is not removed.
    pub(crate) fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for Removable {
    fn drop(&mut self) {
        if let Some(dev) = self.0.take() {
            // SAFETY: `dev` is that of a mediated device, by the safety requirement of `new`, and the
            // reference keeps it and its type.
            unsafe { bindings::subdev_shim_mdev_remove(raw(&dev)) };
        }
    }
}

/// A mount of sysfs of our own, whatever userspace has mounted where.
pub(crate) struct Mount(());

impl Mount {
    /// Mounts it. There is one at a time.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: Undone when the value is dropped.
        to_result(unsafe { bindings::subdev_shim_sysfs_mount() })?;
        Ok(Self(()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // SAFETY: `new` has mounted it.
        unsafe { bindings::subdev_shim_sysfs_unmount() };
    }
}
