// SPDX-License-Identifier: GPL-2.0

//! Drivers of PCI devices that do DMA, raise MSI-X interrupts, and are used apart from the callbacks
//! of the bus.
//!
//! What has to be dropped before the device is unbound, and must not be forgotten, is kept here, and
//! not by the driver.

use core::pin::Pin;
use kernel::{
    device::{
        Bound,
        Core, //
    },
    device_id::IdArray,
    dma::{
        Device as _,
        DmaMask, //
    },
    irq::ThreadedHandler,
    pci,
    prelude::*, //
};

use super::{
    bound::{
        Anchor,
        BoundDevice, //
    },
    device::disable,
    irq::Vectors, //
};

/// A driver of devices that `driver_override` gives to it, and of no others.
pub(crate) trait Driver: Sized + 'static {
    /// Handles the interrupts of a device.
    type Handler: ThreadedHandler + Send + 'static;

    /// What the driver keeps for a device that it is bound to. It is dropped when the device is
    /// unbound, before its interrupts are freed.
    type Data: Send + 'static;

    /// Refuses a device that the driver is not for; nothing was done to it yet.
    fn check(dev: &pci::Device) -> Result;

    /// Brings a device up that may do DMA to all of memory.
    fn probe(probe: &mut Probe<'_, Self>) -> Result<Self::Data>;

    /// The device is being unbound: leaves it without work, and lets nobody use it any more. Who has
    /// a guard of it is waited for after that.
    fn unbind(data: &Self::Data);
}

/// A device that is being probed.
pub(crate) struct Probe<'bound, T: Driver> {
    dev: &'bound pci::Device<Bound>,
    bound: BoundDevice,
    vectors: Option<Vectors<'bound, T::Handler>>,
}

impl<'bound, T: Driver> Probe<'bound, T> {
    /// The device.
    pub(crate) fn device(&self) -> &'bound pci::Device<Bound> {
        self.dev
    }

    /// The device, for what runs apart from the callbacks of the bus.
    pub(crate) fn bound(&self) -> BoundDevice {
        self.bound.clone()
    }

    /// Allocates exactly `count` MSI-X vectors. They stay until the device is unbound.
    pub(crate) fn vectors(&mut self, count: u32) -> Result<&mut Vectors<'bound, T::Handler>> {
        // SAFETY: Kept here, and then by `Kept`, until the device is unbound; neither is forgotten.
        let vectors = unsafe { Vectors::new(self.dev, count)? };
        Ok(self.vectors.insert(vectors))
    }
}

/// What is kept for a device that a driver is bound to. Fields are dropped in this order: the anchor
/// last, as all of the others may use the device.
pub(crate) struct Kept<'bound, T: Driver> {
    data: T::Data,
    _vectors: Option<Vectors<'bound, T::Handler>>,
    anchor: Anchor<'bound>,
}

impl<'bound, T: Driver> Kept<'bound, T> {
    fn new(pdev: &'bound pci::Device<Core<'_>>) -> Result<Self> {
        T::check(pdev)?;
        pdev.enable_device_mem()?;
        pdev.set_master();
        Self::start(pdev).inspect_err(|_| disable(pdev))
    }

    /// The same, for a device that is enabled as one of its bus.
    fn start(pdev: &'bound pci::Device<Core<'_>>) -> Result<Self> {
        // SAFETY: The device is being probed, by this thread, which has not mapped anything yet.
        unsafe { pdev.dma_set_mask_and_coherent(DmaMask::new::<64>())? };
        // SAFETY: Dropped here on failure, else as a field of the driver's private data.
        let anchor = unsafe { Anchor::new(pdev.as_ref())? };
        let mut probe = Probe {
            dev: pdev,
            bound: anchor.reference(),
            vectors: None,
        };
        let data = T::probe(&mut probe)?;
        Ok(Self {
            data,
            _vectors: probe.vectors,
            anchor,
        })
    }
}

/// Makes a driver of the kernel crate's of a [`Driver`].
pub(crate) struct Adapter<T>(core::marker::PhantomData<T>);

/// The devices that a driver claims of itself: none, so that loading the module takes no device away
/// from who has it, or waits for it.
static ID_TABLE: IdArray<pci::DeviceId, (), 0> = IdArray::new_without_index([]);

impl<T: Driver> pci::Driver for Adapter<T> {
    type IdInfo = ();
    type Data<'bound> = Kept<'bound, T>;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = &ID_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        // A value, or why there is none, is an initialiser too.
        pin_init::pin_init_scope(move || Ok::<_, Error>(Kept::new(pdev)))
    }

    fn unbind<'bound>(pdev: &'bound pci::Device<Core<'_>>, this: Pin<&Self::Data<'bound>>) {
        T::unbind(&this.data);
        this.anchor.revoke();
        disable(pdev);
    }
}
