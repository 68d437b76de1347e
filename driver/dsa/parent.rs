// SPDX-License-Identifier: GPL-2.0

//! The DSA as a parent of subdevs.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    device::{
        Device,
        Loss, //
    },
    engine::Queue,
    function::Function,
    hardware::Hardware,
    recovery, //
};
use crate::{
    dsa_core::{
        desc::SUPPORTED_OPCAP,
        regs::gensts,
        virt::Params, //
    },
    framework::{
        self,
        Description,
        Isolation,
        ParentState,
        Type,
        Value,
        Visitor, //
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
pub(super) struct Parent {
    device: Arc<Device>,
}

impl Parent {
    /// For a device that is enabled.
    pub(super) fn new(device: Arc<Device>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self { device }, GFP_KERNEL)?)
    }
}

impl framework::Parent for Parent {
    fn description(&self) -> Description {
        Description {
            prefix: "dsa",
            bus: "pci",
            vendor: "dsa",
            // Work queues carry no PASID yet, whatever the device can do.
            pasid: false,
            // Each descriptor is stored to a dedicated work queue.
            shared_wq: false,
        }
    }

    fn state(&self) -> ParentState {
        match self.device.check() {
            Ok(gensts::ENABLED) => ParentState::Enabled,
            Ok(_) => ParentState::Disabled,
            Err(Loss::Halted) => ParentState::Halted,
            Err(Loss::Vanished | Loss::Reset | Loss::Stuck) => ParentState::Lost,
        }
    }

    fn types(&self) -> &[Type] {
        &TYPES
    }

    fn attributes(&self, visitor: &mut dyn Visitor) -> Result {
        let caps = &self.device.caps;
        let mut operations = [0; 32];
        for (bytes, word) in operations.chunks_exact_mut(8).zip(caps.operations) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        let general = &caps.general;
        visitor.attribute("version", Value::U32(caps.version))?;
        visitor.attribute("max-transfer-size", Value::Uint(general.max_transfer()))?;
        visitor.attribute("max-batch-size", Value::U32(general.max_batch()))?;
        visitor.attribute("opcap", Value::Binary(&operations))?;
        visitor.attribute("group-count", Value::U32(caps.group.groups()))?;
        visitor.attribute("engine-count", Value::U32(caps.engine.engines()))?;
        visitor.attribute("wq-capacity", Value::U32(caps.wq.total_size()))
    }

    fn function(&self, wqs: &[u32], entries: u32) -> Result<Arc<dyn framework::Function>> {
        let device = &self.device;
        let caps = &device.caps;
        let mut queues = KVec::with_capacity(wqs.len(), GFP_KERNEL)?;
        let mut max_transfer = caps.general.max_xfer_shift();
        for &id in wqs {
            let wq = device.wqs().get(id as usize).ok_or(EINVAL)?;
            max_transfer = max_transfer.min(wq.max_transfer_shift());
            let queue = Queue {
                submitter: Hardware::new(device.clone(), wq.clone())?,
                flow: wq.scheduler().flow()?,
            };
            queues.push(queue, GFP_KERNEL)?;
        }
        let mut opcap = caps.operations;
        for (word, supported) in opcap.iter_mut().zip(SUPPORTED_OPCAP) {
            *word &= supported;
        }
        let params = Params {
            device_id: device.regs.pci().device_id(),
            revision: device.regs.pci().revision_id(),
            version: caps.version,
            gencap: caps.general.with_max_xfer_shift(max_transfer).0,
            opcap,
            wqs: u8::try_from(wqs.len()).map_err(|_| EINVAL)?,
            size: u16::try_from(entries).map_err(|_| EINVAL)?,
            engines: u8::try_from(caps.engine.engines()).unwrap_or(u8::MAX),
        };
        Ok(Function::new(&params, queues)?)
    }

    fn quiesce(&self) {
        recovery::quiesce(&self.device);
    }
}
