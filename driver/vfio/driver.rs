// SPDX-License-Identifier: GPL-2.0

//! The auxiliary driver: binds to a subdev's auxiliary device and registers it with VFIO.

use kernel::{
    auxiliary,
    device::Core,
    prelude::*,
    sync::Arc, //
};

use super::device::Device;
use crate::{
    ffi::vfio,
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

/// What the driver keeps for a device that it is bound to: dropping it unregisters the device,
/// then says so.
pub(crate) struct Bound {
    _registration: vfio::Registration<Device>,
    _attached: Attached,
}

/// A subdev that has a VFIO device.
struct Attached(Arc<Subdev>);

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.detached();
    }
}

kernel::auxiliary_device_table!(
    AUX_TABLE,
    <Driver as auxiliary::Driver>::IdInfo,
    [(auxiliary::DeviceId::new(AUX_MODULE, AUX_NAME), ())]
);

impl auxiliary::Driver for Driver {
    type IdInfo = ();
    type Data<'bound> = Bound;

    const ID_TABLE: auxiliary::IdTable<Self::IdInfo> = &AUX_TABLE;

    fn probe<'bound>(
        adev: &'bound auxiliary::Device<Core<'_>>,
        _info: &'bound Self::IdInfo,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        let subdev = adev.registration_data_with::<AuxData, _>(|subdev| Arc::clone(&subdev))?;
        let registration = vfio::Registration::new(adev.as_ref(), Device::new(subdev.clone())?)?;
        let cdev = registration
            .cdev()
            .and_then(|name| Name::parse(name.to_bytes()).ok());
        subdev.attached(Handles {
            group: vfio::iommu_group(adev.as_ref())?,
            cdev,
        })?;
        Ok(Bound {
            _registration: registration,
            _attached: Attached(subdev),
        })
    }
}
