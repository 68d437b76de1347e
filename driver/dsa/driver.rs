// SPDX-License-Identifier: GPL-2.0

//! The PCI driver: brings a DSA up and registers it as a parent.

use kernel::{
    device::Core,
    pci,
    prelude::*,
    sync::Arc, //
};

use super::{
    config,
    device::{
        Device,
        Registers, //
    },
    interrupts::Handler,
    provider::Dsa,
    wq::Wq, //
};
use crate::{
    ffi::{
        device::{
            enable_dma,
            BoundDevice, //
        },
        irq::Vectors, //
    },
    framework::{
        self,
        ParentRegistration, //
    },
    dsa_core::regs::{
        self,
        genctrl,
        gensts,
        Command, //
    }, //
};

/// Device IDs of the DSA (`srctree/include/linux/pci_ids.h`): Sapphire Rapids to Granite Rapids,
/// Granite Rapids D, Diamond Rapids.
const DEVICE_IDS: [u32; 3] = [0x0b25, 0x11fb, 0x1212];

/// The driver.
pub(crate) struct Driver;

/// What the driver keeps for a device that it is bound to.
///
/// Fields are dropped in this order: the parent with all subdevs on it, then the hardware is put
/// to rest, then its interrupts go.
pub(crate) struct Bound<'bound> {
    _parent: ParentRegistration,
    _rest: Rest,
    _vectors: Vectors<'bound, Handler>,
}

/// Puts a device to rest when it is dropped.
struct Rest(Arc<Device>);

impl Drop for Rest {
    fn drop(&mut self) {
        // The engines' threads let go of the device here, so that it is not one of them that takes
        // it apart.
        self.0.queue.flush();
        // What fails is in the log; a device that is gone needs no rest.
        let _ = self.0.command(Command::ResetDevice, 0);
    }
}

kernel::pci_device_table!(
    PCI_TABLE,
    <Driver as pci::Driver>::IdInfo,
    [
        (
            pci::DeviceId::from_id(pci::Vendor::INTEL, DEVICE_IDS[0]),
            ()
        ),
        (
            pci::DeviceId::from_id(pci::Vendor::INTEL, DEVICE_IDS[1]),
            ()
        ),
        (
            pci::DeviceId::from_id(pci::Vendor::INTEL, DEVICE_IDS[2]),
            ()
        ),
    ]
);

impl pci::Driver for Driver {
    type IdInfo = ();
    type Data<'bound> = Bound<'bound>;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            pdev.enable_device_mem()?;
            pdev.set_master();
            enable_dma(pdev)?;
            // A value, or why there is none, is an initialiser too.
            Ok::<_, Error>(bring_up(pdev))
        })
    }
}

/// Brings the device up, from reset to the registration as a parent.
fn bring_up<'bound>(pdev: &'bound pci::Device<Core<'_>>) -> Result<Bound<'bound>> {
    let mmio = pdev
        .iomap_region(regs::MMIO_BAR, c"subdev")?
        .into_devres()?;
    let portals = pdev.iomap_region(regs::WQ_BAR, c"subdev")?.into_devres()?;
    // SAFETY: All references go with `Bound`: the parent's removal waits for everything else that
    // has one.
    let bound = unsafe { BoundDevice::new(pdev.as_ref()) };
    let bound = Arc::new(bound, GFP_KERNEL)?;
    let regs = Registers::new(pdev.into(), bound.clone(), mmio, portals);

    // What has lost its addresses reads as zeroes or ones.
    if matches!(regs.read32(regs::VERSION)?, 0 | u32::MAX) {
        dev_err!(
            pdev,
            "the device does not answer; remove it and rescan the bus\n"
        );
        return Err(ENODEV);
    }
    if regs.read32(regs::GENSTS)? & gensts::STATE_MASK == gensts::HALTED {
        dev_err!(
            pdev,
            "the device is halted; it needs a function level reset\n"
        );
        return Err(ENXIO);
    }
    regs.command(Command::ResetDevice, 0)?;
    let caps = regs.capabilities()?;
    config::divide(&regs, &caps)?;

    let mut wqs = KVec::with_capacity(caps.wq.wqs() as usize, GFP_KERNEL)?;
    for id in 0..caps.wq.wqs() {
        let size = config::read_wq(&regs, &caps, id)?.size;
        let number = u8::try_from(id).map_err(|_| EINVAL)?;
        wqs.push(Wq::new(pdev.as_ref(), number, size)?, GFP_KERNEL)?;
    }
    let device = Device::new(regs, caps, wqs)?;

    let mut vectors = Vectors::new(pdev, caps.wq.wqs() + 1)?;
    vectors.add(c"subdev-misc", Handler::Misc(device.clone()))?;
    for wq in device.wqs.iter() {
        vectors.add(c"subdev-wq", Handler::Wq(wq.clone()))?;
    }
    let interrupts = genctrl::SOFTERR_INT_EN | genctrl::HALT_INT_EN;
    device.regs.write32(regs::GENCTRL, interrupts)?;
    let rest = Rest(device.clone());
    device.command(Command::EnableDevice, 0)?;

    let parent = framework::register_parent(bound, Dsa::provider(device)?)?;
    dev_info!(
        pdev,
        "DSA version {:#x}: {} work queues, {} entries, {} groups, {} engines\n",
        caps.version,
        caps.wq.wqs(),
        caps.wq.total_size(),
        caps.group.groups(),
        caps.engine.engines()
    );
    Ok(Bound {
        _parent: parent,
        _rest: rest,
        _vectors: vectors,
    })
}
