// SPDX-License-Identifier: GPL-2.0

//! Auxiliary devices that are made and unmade while their parent stays bound.

use kernel::{
    auxiliary,
    device::{
        self,
        Bound, //
    },
    prelude::*,
    types::ForLt, //
};

use super::bound::{
    BoundDevice,
    Held, //
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
