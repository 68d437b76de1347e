// SPDX-License-Identifier: GPL-2.0

//! The auxiliary driver: binds to a subdev's auxiliary device and registers it with VFIO.

use core::pin::Pin;
use kernel::{
    auxiliary,
    device::{
        self,
        Core, //
    },
    prelude::*,
    sync::Arc, //
};

use super::device::Device;
use crate::{
    ffi::{
        auxiliary::SfNum,
        vfio, //
    },
    framework::{
        AuxData,
        Handles,
        Subdev,
        AUX_MODULE,
        AUX_NAME, //
    },
    subdev_core::name::Name, //
};

/// The driver.
pub(crate) struct Driver;

/// What the driver keeps for a device that it is bound to.
pub(crate) struct Bound<'bound> {
    registration: vfio::Registration<'bound, Device>,
    _number: SfNum<'bound>,
    subdev: Arc<Subdev>,
}

impl<'bound> Bound<'bound> {
    /// Hands `adev` over to VFIO. That the subdev is attached is the last step, after which nothing
    /// fails.
    fn new(adev: &'bound auxiliary::Device<device::Bound>) -> Result<Self> {
        let subdev = adev.registration_data_with::<AuxData, _>(|subdev| Arc::clone(&subdev))?;
        let dev = adev.as_ref();
        let number = SfNum::new(adev)?;
        let registration = vfio::Registration::new(dev, Device::new(subdev.clone())?)?;
        subdev.attached(Handles {
            group: vfio::iommu_group(dev)?,
            device: Name::parse(registration.name().to_bytes()).map_err(|_| EINVAL)?,
        })?;
        Ok(Self {
            registration,
            _number: number,
            subdev,
        })
    }
}

kernel::auxiliary_device_table!(
    AUX_TABLE,
    <Driver as auxiliary::Driver>::IdInfo,
    [(auxiliary::DeviceId::new(AUX_MODULE, AUX_NAME), ())]
);

impl auxiliary::Driver for Driver {
    type IdInfo = ();
    type Data<'bound> = Bound<'bound>;

    const ID_TABLE: auxiliary::IdTable<Self::IdInfo> = &AUX_TABLE;

    fn probe<'bound>(
        adev: &'bound auxiliary::Device<Core<'_>>,
        _info: &'bound Self::IdInfo,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        let adev: &'bound auxiliary::Device<device::Bound> = adev;
        // In a scope, so that the memory for the result is there when it begins.
        pin_init::pin_init_scope(move || Ok(Bound::new(adev)))
    }

    fn unbind<'bound>(_adev: &'bound auxiliary::Device<Core<'_>>, this: Pin<&Self::Data<'bound>>) {
        this.registration.unregister();
        this.subdev.detached();
    }
}
