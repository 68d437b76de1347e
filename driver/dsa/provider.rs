// SPDX-License-Identifier: GPL-2.0

//! The DSA as a parent of subdevs.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    config,
    device::Device,
    function::Function,
    wq::Wq, //
};
use crate::{
    ffi::bindings as uapi,
    framework::{
        self,
        Description,
        Isolation,
        ParentState,
        Provider,
        Type,
        Value,
        Vendor,
        WqDescription,
        WqMode,
        WqState, //
    },
    dsa_core::regs::{
        self,
        gensts,
        Command, //
    },
    subdev_core::share::PasidMode, //
};

/// The catalogue. `1dwq` and `1swq` are the names that Intel's mediated devices of 2021 had.
static TYPES: [Type; 3] = [
    Type {
        name: "1dwq",
        pasid_mode: PasidMode::None,
        isolation: Isolation::Mediated,
        description: "a DSA with a work queue of its own",
        missing: None,
    },
    Type {
        name: "1dwq-pasid",
        pasid_mode: PasidMode::Dedicated,
        isolation: Isolation::Pasid,
        description: "a DSA with a work queue and a PASID of its own",
        missing: Some("PASID support"),
    },
    Type {
        name: "1swq",
        pasid_mode: PasidMode::Shared,
        isolation: Isolation::Mediated,
        description: "a DSA with a share of a work queue",
        missing: None,
    },
];

/// A DSA as the framework sees it.
pub(super) struct Dsa {
    device: Arc<Device>,
}

impl Dsa {
    /// Speaks for a device that is enabled.
    pub(super) fn provider(device: Arc<Device>) -> Result<Arc<dyn Provider>> {
        Ok(Arc::new(Self { device }, GFP_KERNEL)?)
    }
}

impl Dsa {
    /// Gives a work queue's interrupt handle back, if the device gives out such.
    fn release_handle(&self, wq: &Wq) {
        if self.device.caps.commands & Command::ReleaseIntHandle.cap() != 0 {
            let handle = u32::from(wq.handle());
            // What fails is in the log.
            let _ = self.device.command(Command::ReleaseIntHandle, handle);
        }
    }
}

impl Provider for Dsa {
    fn description(&self) -> Description {
        let caps = &self.device.caps;
        Description {
            prefix: "dsa",
            bus: "pci",
            wqs: caps.wq.wqs(),
            groups: caps.group.groups(),
            engines: caps.engine.engines(),
            wq_capacity: caps.wq.total_size(),
            // Work queues carry no PASID yet, whatever the device can do.
            pasid: false,
        }
    }

    fn state(&self) -> ParentState {
        match self.device.regs.read32(regs::GENSTS) {
            Ok(status) => match status & gensts::STATE_MASK {
                gensts::DISABLED => ParentState::Disabled,
                gensts::HALTED => ParentState::Halted,
                _ => ParentState::Enabled,
            },
            Err(_) => ParentState::Halted,
        }
    }

    fn wq(&self, id: u32) -> Option<WqDescription> {
        let (regs, caps) = (&self.device.regs, &self.device.caps);
        if id >= caps.wq.wqs() {
            return None;
        }
        let config = config::read_wq(regs, caps, id).ok()?;
        let enabled = config::is_enabled(regs, caps, id).ok()?;
        Some(WqDescription {
            state: if enabled {
                WqState::Enabled
            } else {
                WqState::Disabled
            },
            mode: if config.dedicated {
                WqMode::Dedicated
            } else {
                WqMode::Shared
            },
            size: config.size,
            threshold: config.threshold,
            priority: config.priority,
            group: config.group,
        })
    }

    fn types(&self) -> &[Type] {
        &TYPES
    }

    fn vendor(&self) -> Vendor {
        let caps = &self.device.caps;
        let mut operations = [0; 32];
        for (bytes, word) in operations.chunks_exact_mut(8).zip(caps.operations) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Vendor {
            nest: uapi::SUBDEV_A_PARENT_DSA,
            attrs: [
                (uapi::SUBDEV_A_DSA_VERSION, Value::U32(caps.version)),
                (
                    uapi::SUBDEV_A_DSA_MAX_TRANSFER_SIZE,
                    Value::Uint(caps.general.max_transfer()),
                ),
                (
                    uapi::SUBDEV_A_DSA_MAX_BATCH_SIZE,
                    Value::U32(caps.general.max_batch()),
                ),
                (uapi::SUBDEV_A_DSA_GENCAP, Value::Uint(caps.general.0)),
                (uapi::SUBDEV_A_DSA_OPCAP, Value::Binary(operations)),
            ],
        }
    }

    fn enable_wq(&self, id: u32, _mode: PasidMode) -> Result {
        let device = &self.device;
        let wq = device.wq(id)?;
        config::write_wq(&device.regs, &device.caps, id)?;
        // Work queue n interrupts on vector n + 1, as with idxd.
        let vector = u32::from(wq.id()) + 1;
        let handle = if device.caps.commands & Command::RequestIntHandle.cap() != 0 {
            device.command(Command::RequestIntHandle, vector)?
        } else {
            u16::try_from(vector).map_err(|_| EINVAL)?
        };
        wq.set_handle(handle);
        let enabled = device.command(Command::EnableWq, id);
        enabled.map(|_| ()).inspect_err(|_| self.release_handle(wq))
    }

    fn disable_wq(&self, id: u32) {
        let Ok(wq) = self.device.wq(id) else {
            return;
        };
        // The subdevs on it are gone, so there is nothing to drain. What fails is in the log.
        let operand = Command::wq_mask_operand(wq.id());
        let _ = self.device.command(Command::DisableWq, operand);
        self.release_handle(wq);
    }

    fn function(&self, wqs: &[u32], entries: u32) -> Result<Arc<dyn framework::Function>> {
        let mut hardware = KVec::with_capacity(wqs.len(), GFP_KERNEL)?;
        for &id in wqs {
            hardware.push(self.device.wq(id)?.clone(), GFP_KERNEL)?;
        }
        let function = Function::new(&self.device, hardware, entries)?;
        Ok(Arc::new(function, GFP_KERNEL)?)
    }
}
