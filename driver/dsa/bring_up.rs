// SPDX-License-Identifier: GPL-2.0

//! Bringing a device up, from what it was left as to a parent of subdevs, and laying it to rest.

use kernel::{
    pci,
    prelude::*,
    sync::Arc, //
};

use super::{
    command,
    config,
    device::Device,
    interrupts::Handler,
    own::Wq,
    parent::Parent,
    registers::{
        Read,
        Registers, //
    },
    work_queue::WorkQueue, //
};
use crate::{
    dsa_core::regs::{
        self,
        gensts,
        Command, //
    },
    ffi::{
        mapped,
        pci::{
            Driver,
            Probe, //
        }, //
    },
    framework::{
        self,
        ParentRegistration, //
    }, //
};

/// Device IDs of the DSA (`srctree/include/linux/pci_ids.h`): Sapphire Rapids to Granite Rapids,
/// Granite Rapids D, Diamond Rapids.
const DEVICE_IDS: [u16; 3] = [0x0b25, 0x11fb, 0x1212];

/// Refuses a device that is no DSA.
pub(super) fn check(pdev: &pci::Device) -> Result {
    if pdev.vendor_id() != pci::Vendor::INTEL || !DEVICE_IDS.contains(&pdev.device_id()) {
        dev_err!(pdev, "not a DSA that this driver knows\n");
        return Err(ENODEV);
    }
    Ok(())
}

/// What the driver keeps for a device that it is bound to. [`Running::tear_down`] leaves nothing to
/// its drop but memory.
pub(crate) struct Running {
    parent: ParentRegistration,
    device: Arc<Device>,
}

impl Running {
    /// Brings the device up and registers it as a parent.
    pub(super) fn new<T: Driver<Handler = Handler>>(probe: &mut Probe<'_, T>) -> Result<Self> {
        let pdev = probe.device();
        let mmio = pdev
            .iomap_region(regs::MMIO_BAR, c"subdev")?
            .into_devres()?;
        let portals = pdev.iomap_region(regs::WQ_BAR, c"subdev")?.into_devres()?;
        let regs = Registers::new(pdev.into(), probe.bound(), mmio, portals);
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
        let setup = config::divide(&regs, &caps)?;

        let mut wqs = KVec::with_capacity(caps.wq.wqs() as usize, GFP_KERNEL)?;
        for (id, wq) in (0..).zip(&setup.wqs) {
            let wq = Wq::new(pdev.as_ref(), regs.clone(), id, wq.size)?;
            wqs.push(wq, GFP_KERNEL)?;
        }
        let device = Device::new(regs, caps, mapped::is_contiguous(pdev.as_ref()), wqs, setup)?;

        let vectors = probe.vectors(caps.wq.wqs() + 1)?;
        vectors.add(c"subdev-misc", Handler::misc(device.clone()))?;
        for wq in device.wqs() {
            vectors.add(c"subdev-wq", Handler::wq(wq.clone()))?;
        }
        device.command(Command::EnableDevice, 0)?;

        let register = || {
            // From here on a device that is disabled was reset by somebody else, but while it is
            // configured.
            device.enable_interrupts()?;
            let mut wqs = KVec::<Arc<dyn framework::WorkQueue>>::with_capacity(
                device.wqs().len(),
                GFP_KERNEL,
            )?;
            for wq in device.wqs() {
                let wq = WorkQueue::new(device.clone(), wq.clone())?;
                wqs.push(wq, GFP_KERNEL)?;
            }
            let parent = Parent::new(device.clone())?;
            framework::register_parent(probe.bound(), parent, wqs)
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
        Ok(Self { parent, device })
    }

    /// Removes the parent with all its subdevs, waits for their users, and leaves the device
    /// without work.
    pub(super) fn tear_down(&self) {
        self.parent.unregister();
        rest(&self.device);
    }
}

/// Leaves a device disabled, without work.
fn rest(device: &Device) {
    // What fails is in the log; a device that is gone needs no rest.
    let _ = device.command(Command::ResetDevice, 0);
}
