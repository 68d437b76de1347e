// SPDX-License-Identifier: GPL-2.0

//! What the kernel crate lacks for devices.

use kernel::{
    bindings,
    device::{
        self,
        Bound,
        Core,
        DeviceContext, //
    },
    error::to_result,
    pci,
    prelude::*, //
};

/// The C side of `dev`.
pub(super) fn raw<Ctx: DeviceContext>(dev: &device::Device<Ctx>) -> *mut bindings::device {
    // `Device` is a transparent wrapper of `struct device`.
    core::ptr::from_ref(dev).cast_mut().cast()
}

/// The C side of `dev`.
fn raw_pci<Ctx: DeviceContext>(dev: &pci::Device<Ctx>) -> *mut bindings::pci_dev {
    // `pci::Device` is a transparent wrapper of `struct pci_dev`.
    core::ptr::from_ref(dev).cast_mut().cast()
}

/// Takes the right to do DMA from a device, whose driver it is to decide that.
pub(crate) fn clear_master(dev: &pci::Device<Bound>) {
    // SAFETY: `dev` is a valid PCI device. It is bound, so nobody else's device is meant.
    unsafe { bindings::pci_clear_master(raw_pci(dev)) };
}

/// Resets the function of a device, whose configuration space is saved and restored; its registers
/// are as after power-on then. Fails with EAGAIN if the device is being bound or unbound, or otherwise
/// locked, and with ENOTTY if it cannot be reset alone.
pub(crate) fn try_reset_function(dev: &pci::Device<Bound>) -> Result {
    // SAFETY: `dev` is a valid PCI device. It is bound, so nobody else's device is meant; its lock
    // is taken, or not waited for.
    to_result(unsafe { bindings::pci_try_reset_function(raw_pci(dev)) })
}

/// Undoes [`pci::Device::enable_device_mem`] and [`pci::Device::set_master`]: the device does no DMA
/// any more.
pub(super) fn disable(dev: &pci::Device<Core<'_>>) {
    // SAFETY: `dev` is a valid PCI device, and a callback of its bus is running, which nothing else
    // that enables or disables the device runs beside.
    unsafe {
        bindings::pci_clear_master(raw_pci(dev));
        bindings::pci_disable_device(raw_pci(dev));
    }
}
