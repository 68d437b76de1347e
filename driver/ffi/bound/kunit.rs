// SPDX-License-Identifier: GPL-2.0

//! A bound device for tests, and what becomes of references to one.

use kernel::faux;

use super::*;

/// A device made of software that is bound until this is dropped. Fields are dropped in this order.
pub(crate) struct Faux {
    anchor: Anchor<'static>,
    device: faux::Registration,
}

impl Faux {
    /// Registers the device. There is one at a time.
    pub(crate) fn new() -> Result<Self> {
        let device = faux::Registration::new(c"subdev-kunit", None)?;
        let dev: *const Device<Bound> = device.as_ref().as_ref();
        // SAFETY: The device stays, and stays bound, until its registration is dropped, which is
        // after the anchor; nothing takes the anchor out.
        let anchor = unsafe { Anchor::new(&*dev)? };
        Ok(Self { anchor, device })
    }

    /// The device.
    pub(crate) fn device(&self) -> &Device<Bound> {
        self.device.as_ref().as_ref()
    }

    /// A reference to it.
    pub(crate) fn reference(&self) -> BoundDevice {
        self.anchor.reference()
    }

    /// As when the device is unbound.
    pub(crate) fn revoke(&self) {
        self.anchor.revoke();
    }
}
