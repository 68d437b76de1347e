// SPDX-License-Identifier: GPL-2.0

//! Devices of a face that go when somebody else than their maker wants it.
//!
//! C header: `driver/face.h`

use kernel::{
    device::Device,
    sync::aref::ARef, //
};

use super::device::raw;

/// Does away with a device, see `subdev_face_probe`.
pub(super) type Discard = unsafe extern "C" fn(*mut kernel::bindings::device);

/// A device of a face, which is removed when this is dropped, and is gone then.
pub(crate) struct Removable(Option<(ARef<Device>, Discard)>);

impl Removable {
    /// # Safety
    ///
    /// `discard` must be good for `dev` as long as somebody has a reference to it.
    pub(super) unsafe fn new(dev: &Device, discard: Discard) -> Self {
        Self(Some((dev.into(), discard)))
    }

    /// No device, for tests.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) fn nothing() -> Self {
        Self(None)
    }

    /// The device is going already: it is not removed.
    pub(crate) fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for Removable {
    fn drop(&mut self) {
        if let Some((dev, discard)) = self.0.take() {
            // SAFETY: By the safety requirement of `new`; the reference is dropped after it.
            unsafe { discard(raw(&dev)) };
        }
    }
}
