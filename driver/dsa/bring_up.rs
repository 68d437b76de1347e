// SPDX-License-Identifier: GPL-2.0

//! Bringing a device up, from what it was left as to a parent of subdevs, and laying it to rest.

use kernel::{
    device::Core,
    dma::{
        Device as _,
        DmaMask, //
    },
    pci,
    prelude::*,
    sync::Arc, //
};

use super::{
    command,
    config,
    device::Device,
    interrupts::Handler,
    parent::Parent,
    registers::Registers,
    work_queue::WorkQueue,
    wq::Wq, //
};
use crate::{
    dsa_core::regs::{
        self,
        genctrl,
        gensts,
        Command, //
    },
    ffi::{
        bound::Anchor,
        device,
        irq::Vectors, //
    },
    framework::{
        self,
        ParentRegistration, //
    }, //
};

/// Device IDs of the DSA (`srctree/include/linux/pci_ids.h`): Sapphire Rapids to Granite Rapids,
/// Granite Rapids D, Diamond Rapids.
const DEVICE_IDS: [u16; 3] = [0x0b25, 0x11fb, 0x1212];

/// What the driver keeps for a device that it is bound to.
///
/// Fields are dropped in this order. [`Bound::tear_down`] has left them little to do: interrupts are
/// freed, and memory.
pub(crate) struct Bound<'bound> {
    parent: ParentRegistration,
    device: Arc<Device>,
    _vectors: Vectors<'bound, Handler>,
    /// Dropped last: all above use the device.
    anchor: Anchor<'bound>,
}

impl<'bound> Bound<'bound> {
    /// Brings the device up and registers it as a parent.
    pub(super) fn new(pdev: &'bound pci::Device<Core<'_>>) -> Result<Self> {
        if pdev.vendor_id() != pci::Vendor::INTEL || !DEVICE_IDS.contains(&pdev.device_id()) {
            dev_err!(pdev, "not a DSA that this driver knows\n");
            return Err(ENODEV);
        }
        pdev.enable_device_mem()?;
        pdev.set_master();
        Self::start(pdev).inspect_err(|_| device::disable(pdev))
    }

    /// The same, for a device that is enabled as one of its bus.
    fn start(pdev: &'bound pci::Device<Core<'_>>) -> Result<Self> {
        // SAFETY: The device is being probed, by this thread, which has not mapped anything yet.
        unsafe { pdev.dma_set_mask_and_coherent(DmaMask::new::<64>())? };
        // SAFETY: Dropped here on failure, else as a field of the driver's private data.
        let anchor = unsafe { Anchor::new(pdev.as_ref())? };
        let mmio = pdev
            .iomap_region(regs::MMIO_BAR, c"subdev")?
            .into_devres()?;
        let portals = pdev.iomap_region(regs::WQ_BAR, c"subdev")?.into_devres()?;
        let regs = Registers::new(pdev.into(), anchor.reference(), mmio, portals);
        let regs = Arc::new(regs, GFP_KERNEL)?;

        // What has lost its addresses reads as zeroes or ones.
        if matches!(regs.read32(regs::VERSION)?, 0 | u32::MAX) {
            dev_err!(
                pdev,
                "the device does not answer; remove it and rescan the bus\n"
            );
            return Err(ENODEV);
        }
        if gensts::state(regs.read32(regs::GENSTS)?) == gensts::HALTED {
            dev_err!(
                pdev,
                "the device is halted; it needs a function level reset\n"
            );
            return Err(ENXIO);
        }
        // Nobody else knows the device yet.
        command::run(&regs, Command::ResetDevice, 0)?;
        let caps = regs.capabilities()?;
        config::divide(&regs, &caps)?;

        let mut wqs = KVec::with_capacity(caps.wq.wqs() as usize, GFP_KERNEL)?;
        let mut configs = KVec::with_capacity(caps.wq.wqs() as usize, GFP_KERNEL)?;
        for id in 0..caps.wq.wqs() {
            let config = config::read_wq(&regs, &caps, id)?;
            let number = u8::try_from(id).map_err(|_| EINVAL)?;
            let wq = Wq::new(pdev.as_ref(), regs.clone(), number, config.size)?;
            wqs.push(wq, GFP_KERNEL)?;
            configs.push(config, GFP_KERNEL)?;
        }
        let device = Device::new(regs, caps, wqs)?;

        // SAFETY: Dropped here on failure, else as a field of the driver's private data.
        let mut vectors = unsafe { Vectors::new(pdev, caps.wq.wqs() + 1)? };
        vectors.add(c"subdev-misc", Handler::Misc(device.clone()))?;
        for wq in device.wqs() {
            vectors.add(c"subdev-wq", Handler::Wq(wq.clone()))?;
        }
        device.command(Command::EnableDevice, 0)?;

        let register = || {
            // From here on a device that is disabled was reset by somebody else.
            let interrupts = genctrl::SOFTERR_INT_EN | genctrl::HALT_INT_EN;
            device.regs.write32(regs::GENCTRL, interrupts)?;
            let mut wqs =
                KVec::<Arc<dyn framework::WorkQueue>>::with_capacity(configs.len(), GFP_KERNEL)?;
            for (wq, config) in device.wqs().iter().zip(&configs) {
                let wq = WorkQueue::new(device.clone(), wq.clone(), *config)?;
                wqs.push(wq, GFP_KERNEL)?;
            }
            let parent = Parent::new(device.clone())?;
            framework::register_parent(anchor.reference(), parent, wqs)
        };
        let parent = register().inspect_err(|_| rest(&device))?;
        device.set_notifier(parent.notifier());
        dev_info!(
            pdev,
            "DSA version {:#x}: {} work queues, {} entries, {} groups, {} engines\n",
            caps.version,
            caps.wq.wqs(),
            caps.wq.total_size(),
            caps.group.groups(),
            caps.engine.engines()
        );
        Ok(Self {
            parent,
            device,
            _vectors: vectors,
            anchor,
        })
    }

    /// Removes the parent with all its subdevs, waits for their users, and leaves the device
    /// without work and without DMA.
    pub(super) fn tear_down(&self, pdev: &pci::Device<Core<'_>>) {
        self.parent.unregister();
        rest(&self.device);
        self.anchor.revoke();
        device::disable(pdev);
    }
}

/// Leaves a device disabled, without work.
fn rest(device: &Device) {
    // What fails is in the log; a device that is gone needs no rest.
    let _ = device.command(Command::ResetDevice, 0);
}
