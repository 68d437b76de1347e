// SPDX-License-Identifier: GPL-2.0

//! Auxiliary devices that are made and unmade while their parent stays bound.

use kernel::{
    auxiliary,
    prelude::*,
    types::ForLt, //
};

use super::device::BoundDevice;

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

/// A registered auxiliary device that carries `F` for the driver that binds to it.
///
/// Dropping it unbinds that driver and removes the device.
pub(crate) struct Registration<F: ForLt + 'static> {
    _registration: auxiliary::Registration<'static, F>,
}

impl<F: ForLt> Registration<F>
where
    for<'a> F::Of<'a>: Send + Sync,
    F::Of<'static>: 'static,
{
    /// Registers the device `modname`.`name`.`id` below `parent`.
    ///
    /// The caller keeps `parent` until the registration is dropped.
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
        let parent = core::ptr::from_ref(parent.get());
        // SAFETY: The registration keeps no borrow of the parent (the C side takes a reference),
        // so the lifetime may be longer than what was borrowed; the data has none.
        let parent = unsafe { &*parent };
        Ok(Self {
            _registration: auxiliary::Registration::new(parent, name, id, modname, data)?,
        })
    }
}
