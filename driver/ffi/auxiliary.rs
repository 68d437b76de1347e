// SPDX-License-Identifier: GPL-2.0

//! Auxiliary devices that are made and unmade while their parent stays bound.

use kernel::{
    auxiliary,
    device::{
        self,
        Bound, //
    },
    error::to_result,
    prelude::*,
    types::ForLt, //
};

use super::{
    bindings as local,
    bound::{
        BoundDevice,
        Held, //
    },
    device::raw, //
};

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

/// A registered auxiliary device that carries `F` for the driver that binds to it.
///
/// Dropping it unbinds that driver and removes the device. While it exists, the unbinding of its
/// parent does not come to its end. Fields are dropped in this order.
pub(crate) struct Registration<F: ForLt + 'static> {
    _registration: auxiliary::Registration<'static, F>,
    _parent: Held,
}

impl<F: ForLt> Registration<F>
where
    for<'a> F::Of<'a>: Send + Sync,
    F::Of<'static>: 'static,
{
    /// Registers the device `modname`.`name`.`id` below `parent`, which must be bound still.
    pub(crate) fn new<E>(
        parent: &BoundDevice,
        name: &'static CStr,
        id: u32,
        modname: &'static CStr,
        data: impl PinInit<F::Of<'static>, E>,
    ) -> Result<Self>
    where
        Error: From<E>,
    {
        let held = parent.hold().ok_or(ENODEV)?;
        let dev: *const device::Device<Bound> = &*held;
        // SAFETY: The device stays, and stays bound, for as long as `held` does, which goes after
        // what borrows from it here: on failure at the end of this function, else with `Self`.
        let dev = unsafe { &*dev };
        Ok(Self {
            _registration: auxiliary::Registration::new(dev, name, id, modname, data)?,
            _parent: held,
        })
    }
}

/// The attribute `sfnum` of an auxiliary device, which is the number in its name: userspace names what
/// is below the device by it.
pub(crate) struct SfNum<'bound>(&'bound auxiliary::Device<Bound>);

impl<'bound> SfNum<'bound> {
    /// Adds the attribute.
    pub(crate) fn new(dev: &'bound auxiliary::Device<Bound>) -> Result<Self> {
        // SAFETY: The device is an auxiliary one, and bound until the value is dropped.
        to_result(unsafe { local::subdev_shim_sfnum_add(raw(dev.as_ref())) })?;
        Ok(Self(dev))
    }
}

impl Drop for SfNum<'_> {
    fn drop(&mut self) {
        // SAFETY: `new` has added it.
        unsafe { local::subdev_shim_sfnum_remove(raw(self.0.as_ref())) };
    }
}
