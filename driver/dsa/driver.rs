// SPDX-License-Identifier: GPL-2.0

//! The PCI driver.
//!
//! The kernel crate has no callbacks for resets, errors, suspension and shutdown of a PCI device.
//! What a reset or a suspension leaves is a device that is disabled; [`Device::check`] notices that,
//! ends everything on the device and asks to have it bound anew. On the way into another kernel the
//! PCI core takes the right to do DMA from all devices (`pci_device_shutdown` in
//! `srctree/drivers/pci/pci-driver.c`).
//!
//! [`Device::check`]: super::device::Device::check

use kernel::{
    device::Core,
    device_id::IdArray,
    pci,
    prelude::*, //
};

use super::bring_up::Bound;

/// The driver.
pub(crate) struct Driver;

/// The devices that the driver claims of itself: none. It has those that `driver_override` gives to
/// it, so that loading the module takes no device away from idxd, or from who waits for it.
static ID_TABLE: IdArray<pci::DeviceId, (), 0> = IdArray::new_without_index([]);

impl pci::Driver for Driver {
    type IdInfo = ();
    type Data<'bound> = Bound<'bound>;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = &ID_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        // A value, or why there is none, is an initialiser too.
        pin_init::pin_init_scope(move || Ok::<_, Error>(Bound::new(pdev)))
    }

    fn unbind<'bound>(pdev: &'bound pci::Device<Core<'_>>, this: Pin<&Self::Data<'bound>>) {
        this.tear_down(pdev);
    }
}
