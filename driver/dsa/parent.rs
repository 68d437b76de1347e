// SPDX-License-Identifier: GPL-2.0

//! The DSA as a parent of subdevs.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    account::Account,
    config,
    configure,
    device::{
        Device,
        Loss, //
    },
    engine::Queue,
    front::Front,
    function::Function,
    hardware::Hardware,
    limits,
    recovery, //
};
use crate::{
    dsa_core::{
        regs::gensts,
        virt::{
            self,
            Params, //
        }, //
    },
    framework::{
        self,
        Attributes,
        Description,
        Isolation,
        Limits,
        Meter,
        Needs,
        ParentState,
        Refusal,
        Type,
        Value,
        Visitor,
        WqShare, //
    },
    subdev_core::share::PasidMode, //
};

/// The catalogue. `1dwq` and `1swq` are the names that Intel's mediated devices of 2021 had.
static TYPES: [Type; 3] = [
    Type {
        name: "1dwq",
        pasid_mode: PasidMode::None,
        isolation: Isolation::Mediated,
        title: "DSA work queue",
        description: "a DSA with a work queue of its own",
        missing: None,
    },
    Type {
        name: "1dwq-pasid",
        pasid_mode: PasidMode::Dedicated,
        isolation: Isolation::Pasid,
        title: "DSA work queue with PASID",
        description: "a DSA with a work queue and a PASID of its own",
        missing: Some("PASID support"),
    },
    Type {
        name: "1swq",
        pasid_mode: PasidMode::Shared,
        isolation: Isolation::Mediated,
        title: "DSA shared work queue",
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
            configurable: self.device.caps.general.config_en(),
        }
    }

    fn state(&self) -> ParentState {
        match self.device.check() {
            Ok(gensts::ENABLED) => ParentState::Enabled,
            Ok(_) => ParentState::Disabled,
            Err(Loss::Halted) => ParentState::Halted,
            Err(
                Loss::Vanished
                | Loss::Reset
                | Loss::Stuck
                | Loss::Dead
                | Loss::Unstable
                | Loss::Disabled,
            ) => ParentState::Lost,
        }
    }

    fn types(&self) -> &[Type] {
        &TYPES
    }

    fn attributes(&self, change: Option<&dyn Attributes>, visitor: &mut dyn Visitor) -> Result {
        let caps = &self.device.caps;
        let operations = config::bytes(&caps.operations);
        let general = &caps.general;
        visitor.attribute("version", Value::U32(caps.version))?;
        visitor.attribute("max-transfer-size", Value::Uint(general.max_transfer()))?;
        visitor.attribute("max-batch-size", Value::U32(general.max_batch()))?;
        visitor.attribute("opcap", Value::Binary(&operations))?;
        visitor.attribute("group-count", Value::U32(caps.group.groups()))?;
        visitor.attribute("engine-count", Value::U32(caps.engine.engines()))?;
        visitor.attribute("wq-capacity", Value::U32(caps.wq.total_size()))?;
        let buffers = caps.group.read_buffers();
        visitor.attribute("read-buffer-count", Value::U32(buffers))?;
        configure::show_groups(&self.device, change, visitor)
    }

    fn plan(&self, change: &dyn Attributes) -> Result<Needs, Refusal> {
        configure::plan_groups(&self.device, change)
    }

    fn configure(&self, change: &dyn Attributes) -> Result<(), Refusal> {
        configure::set_groups(&self.device, change)
    }

    fn function(
        &self,
        shares: &[WqShare],
        limits: Option<&Limits>,
        meters: KVec<Meter>,
    ) -> Result<Arc<dyn framework::Function>> {
        let device = &self.device;
        let caps = &device.caps;
        let wq = |id: u32| device.wqs().get(id as usize).ok_or(EINVAL);
        let mut sizes = [0; virt::WQS];
        let mut ids = [0; virt::WQS];
        for (n, share) in shares.iter().enumerate() {
            let size = sizes.get_mut(n).ok_or(EINVAL)?;
            *size = u16::try_from(share.entries).map_err(|_| EINVAL)?;
            *ids.get_mut(n).ok_or(EINVAL)? = share.id;
        }
        let offer = limits::within(limits, &limits::offer(device, shares)?);
        let params = Params {
            device_id: device.regs.pci().device_id(),
            revision: device.regs.pci().revision_id(),
            version: caps.version,
            gencap: caps
                .general
                .with_max_xfer_shift(offer.transfer_shift.into())
                .with_max_batch_shift(offer.batch_shift.into())
                .0,
            opcap: offer.operations,
            wqs: u8::try_from(shares.len()).map_err(|_| EINVAL)?,
            sizes,
            engines: u8::try_from(caps.engine.engines()).unwrap_or(u8::MAX),
        };
        let front = Front::new(&params, &ids)?;
        let mut queues = KVec::with_capacity(shares.len(), GFP_KERNEL)?;
        for ((share, size), meter) in shares.iter().zip(sizes).zip(meters) {
            let wq = wq(share.id)?.clone();
            let flow = wq.scheduler().flow(share.quality, front.waker().clone())?;
            let owner = Account::new(front.clone(), flow.clone())?;
            let submitter = Hardware::new(device.clone(), wq, owner, meter.clone())?;
            let queue = Queue {
                submitter,
                flow,
                meter,
                share: size,
            };
            queues.push(queue, GFP_KERNEL)?;
        }
        let polled = limits::is_polled(limits);
        Ok(Function::new(&params, front, queues, polled)?)
    }

    fn limit(
        &self,
        shares: &[WqShare],
        old: Option<&Limits>,
        change: &dyn Attributes,
    ) -> Result<Option<Limits>, Refusal> {
        limits::change(&self.device, shares, old, change)
    }

    fn recover(&self) -> Result {
        recovery::bring_back(&self.device)
    }

    fn quiesce(&self) {
        recovery::quiesce(&self.device);
    }
}
