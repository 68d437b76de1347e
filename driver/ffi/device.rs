// SPDX-License-Identifier: GPL-2.0

//! Devices: one that its user keeps bound, and the C side of any.

use kernel::{
    bindings,
    device::{
        self,
        Bound,
        Core,
        DeviceContext, //
    },
    dma::{
        Device as _,
        DmaMask, //
    },
    prelude::*,
    sync::aref::ARef,
};

/// The C side of `dev`.
pub(super) fn raw<Ctx: DeviceContext>(dev: &device::Device<Ctx>) -> *mut bindings::device {
    // `Device` is a transparent wrapper of `struct device`.
    core::ptr::from_ref(dev).cast_mut().cast()
}

/// A reference to a device together with the promise that a driver is bound to it.
///
/// The lifetimes of [`device::Device<Bound>`] end with `probe`; a registry that outlives `probe`
/// and is told of `unbind` needs the same proof for longer.
///
/// # Invariants
///
/// `dev` is bound to its driver for as long as this value lives.
pub(crate) struct BoundDevice {
    dev: ARef<device::Device>,
}

impl BoundDevice {
    /// Takes a reference to `dev`.
    ///
    /// # Safety
    ///
    /// The value must be dropped before the driver's unbinding has come to its end, that is, at
    /// the latest in the drop of the driver's private data.
    pub(crate) unsafe fn new(dev: &device::Device<Bound>) -> Self {
        // INVARIANT: Holds by the safety requirement.
        Self { dev: dev.into() }
    }

    /// The device.
    pub(crate) fn get(&self) -> &device::Device<Bound> {
        let dev: &device::Device = &self.dev;
        // SAFETY: `Device<Ctx>` differs in a marker only, and by the type invariant the device is
        // bound while `self` is borrowed.
        unsafe { &*core::ptr::from_ref(dev).cast::<device::Device<Bound>>() }
    }
}

/// Lets a device that is being probed address all of memory by DMA.
///
/// Fails if anything is wrong with that; to be called before anything is mapped for the device.
pub(crate) fn enable_dma(dev: &kernel::pci::Device<Core<'_>>) -> Result {
    // SAFETY: The device is being probed, by one thread, which has not mapped anything yet: the
    // kernel crate's mappings need a bound device, and the one caller comes first in `probe`.
    unsafe { dev.dma_set_mask_and_coherent(DmaMask::new::<64>()) }
}

/// Takes the right to do DMA from a PCI device.
pub(crate) fn clear_master(dev: &kernel::pci::Device) {
    // `pci::Device` is a transparent wrapper of `struct pci_dev`.
    let pdev = core::ptr::from_ref(dev)
        .cast_mut()
        .cast::<bindings::pci_dev>();
    // SAFETY: `dev` is a valid PCI device.
    unsafe { bindings::pci_clear_master(pdev) };
}
