// SPDX-License-Identifier: GPL-2.0

//! What is carved from a device, whoever owns it: the catalogue, and virtual devices.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    accelerator::Accelerator,
    account::Account,
    config,
    engine::Queue,
    front::Front,
    function::Function,
    limits,
    registers::Capabilities, //
};
use crate::{
    dsa_core::virt::{
        self,
        Params, //
    },
    framework::{
        self,
        Isolation,
        Limits,
        Meter,
        Type,
        Value,
        Visitor,
        WqShare, //
    },
    subdev_core::share::PasidMode, //
};

/// The catalogue. `1dwq` and `1swq` are the names that Intel's mediated devices of 2021 had.
pub(super) static TYPES: [Type; 3] = [
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

/// Reports what a device can do.
pub(super) fn show(caps: &Capabilities, visitor: &mut dyn Visitor) -> Result {
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
    visitor.attribute("read-buffer-count", Value::U32(buffers))
}

/// Makes the virtual device of a subdev, see [`framework::Parent::function`].
pub(super) fn function<A: Accelerator>(
    device: &Arc<A>,
    shares: &[WqShare],
    limits: Option<&Limits>,
    meters: KVec<Meter>,
) -> Result<Arc<dyn framework::Function>> {
    let caps = device.caps();
    let mut sizes = [0; virt::WQS];
    let mut ids = [0; virt::WQS];
    for (n, share) in shares.iter().enumerate() {
        let size = sizes.get_mut(n).ok_or(EINVAL)?;
        *size = u16::try_from(share.entries).map_err(|_| EINVAL)?;
        *ids.get_mut(n).ok_or(EINVAL)? = share.id;
    }
    let offer = limits::within(limits, &limits::offer(&**device, shares)?);
    let (device_id, revision) = device.identity();
    let params = Params {
        device_id,
        revision,
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
        let scheduler = device.scheduler(share.id)?;
        let flow = scheduler.flow(share.quality, front.waker().clone())?;
        let owner = Account::new(front.clone(), flow.clone())?;
        let submitter = device.submitter(share.id, owner, meter.clone())?;
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
