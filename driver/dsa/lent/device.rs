// SPDX-License-Identifier: GPL-2.0

//! A device that another driver owns, and those of its work queues that it lends.

use kernel::{
    new_mutex,
    pci,
    prelude::*,
    sync::{
        atomic::{
            AtomicFlag,
            Full,
            Relaxed, //
        },
        lock::{
            mutex::MutexBackend,
            Guard, //
        },
        Arc,
        Mutex, //
    }, //
};

use super::{
    super::{
        accelerator::Accelerator,
        config,
        registers::{
            Capabilities,
            Read, //
        },
        scheduler::Scheduler,
        slots::Slots,
        submitter::{
            Owner,
            Submitter, //
        },
        wq, //
    },
    port::Port,
    submitter, //
};
use crate::{
    dsa_core::setup::{
        self,
        Groups, //
    },
    ffi::{
        bound::BoundDevice,
        mapped,
        provider::{
            Lender,
            Lent, //
        }, //
    },
    framework::{
        Meter,
        Notifier, //
    }, //
};

impl Read for Lender {
    fn read32(&self, offset: usize) -> Result<u32> {
        self.read32(offset)
    }

    fn read64(&self, offset: usize) -> Result<u64> {
        self.read64(offset)
    }
}

/// A work queue that is lent.
#[pin_data]
pub(super) struct Wq {
    pub(super) device: Arc<Device>,
    pub(super) queue: Arc<wq::Wq<Port>>,
    pub(super) setup: setup::Wq,
    /// Held while what does not end is looked after.
    #[pin]
    recovery: Mutex<()>,
}

impl Wq {
    /// Has whoever finds something stuck look after it alone, while the lender can be called.
    pub(super) fn lock_recovery(&self) -> Recovery<'_> {
        Recovery {
            wq: self,
            _one: self.recovery.lock(),
        }
    }

    /// Whether the hardware works on it.
    pub(super) fn is_enabled(&self) -> bool {
        self.queue.with(|_, port| port.is_enabled())
    }
}

/// The right to look after what does not end.
pub(super) struct Recovery<'a> {
    wq: &'a Wq,
    _one: Guard<'a, (), MutexBackend>,
}

impl Recovery<'_> {
    /// On success the hardware has nothing of what was submitted before. Bounded in time.
    pub(super) fn drain(&self) -> Result {
        // Without the lock of the queue, as ends come by it meanwhile; the lender stays, see
        // `Device::leave`.
        let lent = self.wq.queue.with(|_, port| port.lent()).ok_or(ENODEV)?;
        lent.drain()
    }
}

/// A device that another driver owns.
#[pin_data]
pub(super) struct Device {
    pub(super) bound: BoundDevice,
    /// By which its owner names it: n in `dsan`.
    pub(super) number: u32,
    lender: Lender,
    pub(super) caps: Capabilities,
    pub(super) groups: Groups,
    identity: (u16, u8),
    contiguous: bool,
    /// Those that are lent.
    #[pin]
    wqs: Mutex<KVec<Arc<Wq>>>,
    #[pin]
    notifier: Mutex<Option<Arc<Notifier>>>,
    lost: AtomicFlag,
}

impl Device {
    /// A device that is enabled and lends nothing yet.
    pub(super) fn new(bound: BoundDevice, number: u32, lender: Lender) -> Result<Arc<Self>> {
        let caps = lender.capabilities()?;
        let groups = config::read(&lender, &caps)?.groups;
        let (identity, contiguous) = {
            let dev = bound.get().ok_or(ENODEV)?;
            let pdev = <&pci::Device<_>>::try_from(&*dev)?;
            let identity = (pdev.device_id(), pdev.revision_id());
            (identity, mapped::is_contiguous(&dev))
        };
        Arc::pin_init(
            pin_init!(Self {
                bound,
                number,
                lender,
                caps,
                groups,
                identity,
                contiguous,
                wqs <- new_mutex!(KVec::new(), "lent::Device::wqs"),
                notifier <- new_mutex!(None, "lent::Device::notifier"),
                lost: AtomicFlag::new(false),
            }),
            GFP_KERNEL,
        )
    }

    /// A work queue that is enabled, and that nobody submits to yet.
    pub(super) fn wq(self: &Arc<Self>, lent: Lent) -> Result<Arc<Wq>> {
        let id = u8::try_from(lent.id())?;
        let setup = config::read_wq(&self.lender, &self.caps, id.into())?;
        let size = usize::from(setup.size).min(lent.count());
        let setup = setup::Wq {
            size: u16::try_from(size)?,
            ..setup
        };
        let queue = wq::Wq::with_port(id, Slots::new(size)?, Port::new(lent)?)?;
        Arc::pin_init(
            pin_init!(Wq {
                device: self.clone(),
                queue,
                setup,
                recovery <- new_mutex!((), "lent::Wq::recovery"),
            }),
            GFP_KERNEL,
        )
    }

    /// Has a work queue found from now on.
    pub(super) fn enter(&self, wq: &Arc<Wq>) -> Result {
        Ok(self.wqs.lock().push(wq.clone(), GFP_KERNEL)?)
    }

    /// A work queue is not found any more, and the lender is not called for it.
    pub(super) fn leave(&self, wq: &Arc<Wq>) {
        // Nothing is in flight.
        wq.queue.lose();
        let old = {
            let _recovery = wq.lock_recovery();
            wq.queue.with(|_, port| port.leave())
        };
        drop(old);
        self.wqs.lock().retain(|other| !Arc::ptr_eq(other, wq));
    }

    /// Has a loss reported to `notifier` from now on.
    pub(super) fn set_notifier(&self, notifier: Option<Arc<Notifier>>) {
        self.lost.store(false, Relaxed);
        let old = core::mem::replace(&mut *self.notifier.lock(), notifier);
        drop(old);
    }

    /// Whether the hardware works, on any of the work queues.
    pub(super) fn is_enabled(&self) -> bool {
        self.wqs.lock().iter().any(|wq| wq.is_enabled())
    }

    /// Looks whether the hardware works on a work queue. If it does not, what was submitted there has
    /// ended on return, nothing is taken, and that is reported.
    pub(super) fn check(&self, wq: &Wq) -> Result {
        if wq.is_enabled() {
            return Ok(());
        }
        wq.queue.lose();
        if !self.is_enabled() && !self.lost.xchg(true, Full) {
            let bound = self.bound.device();
            dev_err!(bound, "its driver has stopped it; enable it anew\n");
            if let Some(notifier) = &*self.notifier.lock() {
                notifier.lost();
            }
        }
        Err(ENODEV)
    }

    fn find(&self, id: u32) -> Result<Arc<Wq>> {
        let wqs = self.wqs.lock();
        let wq = wqs.iter().find(|wq| u32::from(wq.queue.id()) == id);
        Ok(wq.ok_or(ENODEV)?.clone())
    }
}

impl Accelerator for Device {
    fn caps(&self) -> &Capabilities {
        &self.caps
    }

    fn identity(&self) -> (u16, u8) {
        self.identity
    }

    fn is_contiguous(&self) -> bool {
        self.contiguous
    }

    fn wq_setup(&self, id: u8) -> setup::Wq {
        // One that has gone meanwhile has nothing to offer.
        self.find(id.into()).map_or(setup::Wq::NONE, |wq| wq.setup)
    }

    fn scheduler(&self, wq: u32) -> Result<Arc<Scheduler>> {
        Ok(self.find(wq)?.queue.scheduler().clone())
    }

    fn submitter(
        self: &Arc<Self>,
        wq: u32,
        owner: Arc<dyn Owner>,
        _meter: Meter,
    ) -> Result<Arc<dyn Submitter>> {
        Ok(submitter::Submitter::new(self.find(wq)?, owner)?)
    }
}
