// SPDX-License-Identifier: GPL-2.0

//! A parent made of software, whose steps fail when they are told to.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    time::Delta, //
};

use crate::{
    ffi::{
        bound::kunit::Faux,
        mmap::Fault,
        workqueue, //
    },
    framework::{
        register_parent,
        Attributes,
        Description,
        Field,
        Function,
        Host,
        Isolation,
        Limits,
        Meter,
        Needs,
        NotReset,
        Parent,
        ParentRegistration,
        ParentState,
        Refusal,
        Region,
        Type,
        Visitor,
        WorkQueue,
        WqChange,
        WqDescription,
        WqMode,
        WqShare,
        WqState, //
    },
    subdev_core::{
        quality::Quality,
        share::PasidMode, //
    }, //
};

/// Name of the parent: no other provider has this prefix.
pub(super) const PARENT: &[u8] = b"kunit0";

/// Number of work queues.
pub(super) const WQS: u32 = 2;

/// Entries of each work queue.
pub(super) const ENTRIES: u32 = 16;

const TYPES: &[Type] = &[
    Type {
        name: "own",
        pasid_mode: PasidMode::None,
        isolation: Isolation::Mediated,
        title: "bench work queue",
        description: "a work queue of its own",
        missing: None,
    },
    Type {
        name: "part",
        pasid_mode: PasidMode::Shared,
        isolation: Isolation::Mediated,
        title: "bench shared work queue",
        description: "a part of a work queue",
        missing: None,
    },
];

/// What became of the functions that the fake has made.
pub(super) struct Tally {
    made: Atomic<u32>,
    killed: Atomic<u32>,
    halted: Atomic<u32>,
    recovered: Atomic<u32>,
    dropped: Atomic<u32>,
    /// The weight on the first work queue that the last function was made with, or has had since.
    weight: Atomic<u32>,
}

impl Tally {
    /// How many were made, killed and dropped.
    pub(super) fn counts(&self) -> (u32, u32, u32) {
        (
            self.made.load(Relaxed),
            self.killed.load(Relaxed),
            self.dropped.load(Relaxed),
        )
    }

    /// How many were told that the hardware is back.
    pub(super) fn recovered(&self) -> u32 {
        self.recovered.load(Relaxed)
    }

    /// The weight on the first work queue that the last function has.
    pub(super) fn weight(&self) -> u32 {
        self.weight.load(Relaxed)
    }

    /// How many were halted.
    pub(super) fn halted(&self) -> u32 {
        self.halted.load(Relaxed)
    }
}

/// The provider.
pub(super) struct Fake {
    /// The work queues that are enabled, as bits.
    enabled: Atomic<u32>,
    /// The work queues that cannot be enabled, as bits.
    broken: Atomic<u32>,
    /// Whether no function can be made.
    barren: Atomic<bool>,
    /// Whether the hardware is lost.
    lost: Atomic<bool>,
    /// Whether the hardware has halted.
    halted: Atomic<bool>,
    tally: Arc<Tally>,
}

impl Fake {
    /// From now on work queue `id` cannot be enabled.
    pub(super) fn break_wq(&self, id: u32) {
        self.broken.fetch_add(1 << id, Relaxed);
    }

    /// Whether functions can be made from now on.
    pub(super) fn set_barren(&self, barren: bool) {
        self.barren.store(barren, Relaxed);
    }

    /// From now on the hardware is lost.
    pub(super) fn set_lost(&self) {
        self.lost.store(true, Relaxed);
    }

    /// The hardware has halted, and can be brought back.
    pub(super) fn halt(&self) {
        self.halted.store(true, Relaxed);
    }

    /// The work queues that are enabled, as bits.
    pub(super) fn enabled(&self) -> u32 {
        self.enabled.load(Relaxed)
    }
}

impl Parent for Fake {
    fn description(&self) -> Description {
        Description {
            prefix: "kunit",
            bus: "faux",
            owner: None,
            vendor: "kunit",
            pasid: false,
            shared_wq: false,
            configurable: true,
        }
    }

    fn state(&self) -> ParentState {
        if self.lost.load(Relaxed) {
            ParentState::Lost
        } else if self.halted.load(Relaxed) {
            ParentState::Halted
        } else {
            ParentState::Enabled
        }
    }

    fn types(&self) -> &[Type] {
        TYPES
    }

    fn attributes(&self, _change: Option<&dyn Attributes>, _visitor: &mut dyn Visitor) -> Result {
        Ok(())
    }

    fn limit(
        &self,
        _shares: &[WqShare],
        _old: Option<&Limits>,
        _change: &dyn Attributes,
    ) -> Result<Option<Limits>, Refusal> {
        Err(EOPNOTSUPP.into())
    }

    fn function(
        &self,
        shares: &[WqShare],
        _limits: Option<&Limits>,
        _meters: KVec<Meter>,
    ) -> Result<Arc<dyn Function>> {
        if self.barren.load(Relaxed) {
            return Err(EIO);
        }
        let function = Arc::new(Idle(self.tally.clone()), GFP_KERNEL)?;
        self.tally.made.fetch_add(1, Relaxed);
        if let Some(first) = shares.first() {
            self.tally.weight.store(first.quality.weight, Relaxed);
        }
        Ok(function)
    }

    fn plan(&self, _change: &dyn Attributes) -> Result<Needs, Refusal> {
        Ok(Needs::Parent(Field::Nothing))
    }

    fn configure(&self, _change: &dyn Attributes) -> Result<(), Refusal> {
        Ok(())
    }

    fn recover(&self) -> Result {
        self.enabled.store(0, Relaxed);
        self.halted.store(false, Relaxed);
        Ok(())
    }

    fn quiesce(&self) {}
}

/// A work queue of the fake.
struct Wq {
    id: u32,
    fake: Arc<Fake>,
    entries: Atomic<u32>,
}

impl WorkQueue for Wq {
    fn id(&self) -> u32 {
        self.id
    }

    fn describe(&self) -> WqDescription {
        let state = if self.fake.enabled() & (1 << self.id) == 0 {
            WqState::Disabled
        } else {
            WqState::Enabled
        };
        WqDescription {
            state,
            mode: WqMode::Dedicated,
            size: self.entries.load(Relaxed),
        }
    }

    fn attributes(&self, _change: Option<&WqChange<'_>>, _visitor: &mut dyn Visitor) -> Result {
        Ok(())
    }

    fn check(&self) -> Result<(), Refusal> {
        Ok(())
    }

    /// The size needs that all are disabled, the mode that this one is.
    fn plan(&self, change: &WqChange<'_>) -> Result<Needs, Refusal> {
        Ok(match (change.size, change.mode) {
            (Some(_), _) => Needs::Parent(Field::Size),
            (None, Some(_)) => Needs::Wq(Field::Mode),
            (None, None) => Needs::Nothing,
        })
    }

    fn configure(&self, change: &WqChange<'_>) -> Result<(), Refusal> {
        if self.fake.broken.load(Relaxed) & (1 << self.id) != 0 {
            return Err(EIO.into());
        }
        if let Some(size) = change.size {
            self.entries.store(size, Relaxed);
        }
        Ok(())
    }

    fn enable(&self, _mode: PasidMode) -> Result<(), Refusal> {
        if self.fake.broken.load(Relaxed) & (1 << self.id) != 0 {
            return Err(Refusal::new(
                EIO,
                Field::Wq(Some(self.id)),
                format_args!("wq {} is broken", self.id),
            ));
        }
        self.fake.enabled.fetch_add(1 << self.id, Relaxed);
        Ok(())
    }

    fn disable(&self) {
        self.fake.enabled.fetch_sub(1 << self.id, Relaxed);
    }
}

/// A function that does nothing but count its end.
struct Idle(Arc<Tally>);

impl Drop for Idle {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Relaxed);
    }
}

impl Function for Idle {
    fn region_size(&self, _region: Region) -> u64 {
        0
    }

    fn vectors(&self) -> u32 {
        1
    }

    fn prepare(&self, _region: Region) -> Result {
        Ok(())
    }

    fn is_mappable(&self, _region: Region) -> bool {
        false
    }

    fn fault(&self, _region: Region, _fault: &Fault<'_>) -> Result {
        Err(EINVAL)
    }

    fn open(&self, _host: Arc<dyn Host>) -> Result {
        Ok(())
    }

    fn close(&self) {}

    fn read(&self, _region: Region, _offset: u64, _data: &mut [u8]) -> Result {
        Err(EINVAL)
    }

    fn write(&self, _region: Region, _offset: u64, _data: &[u8]) -> Result {
        Err(EINVAL)
    }

    fn reset(&self) -> Result {
        Ok(())
    }

    fn reset_within(&self, _limit: Delta) -> Result<(), NotReset> {
        Ok(())
    }

    fn drain_within(&self, _limit: Delta) -> bool {
        true
    }

    fn set_quality(&self, wq: usize, quality: Quality) {
        if wq == 0 {
            self.0.weight.store(quality.weight, Relaxed);
        }
    }

    fn unmap(&self, _iova: u64, _length: u64) {}

    fn kill(&self) {}

    fn quiesce(&self) {
        self.0.killed.fetch_add(1, Relaxed);
    }

    fn halt(&self) {
        self.0.halted.fetch_add(1, Relaxed);
    }

    fn recover(&self) {
        self.0.recovered.fetch_add(1, Relaxed);
    }
}

/// A registered parent. Fields are dropped in this order: the parent before its device.
pub(super) struct Bench {
    pub(super) provider: Arc<Fake>,
    pub(super) tally: Arc<Tally>,
    pub(super) registration: ParentRegistration,
    device: Faux,
}

impl Bench {
    /// Registers the parent [`PARENT`].
    pub(super) fn new() -> Result<Self> {
        let device = Faux::new()?;
        let tally = Arc::new(
            Tally {
                made: Atomic::new(0),
                killed: Atomic::new(0),
                halted: Atomic::new(0),
                recovered: Atomic::new(0),
                dropped: Atomic::new(0),
                weight: Atomic::new(0),
            },
            GFP_KERNEL,
        )?;
        let provider = Arc::new(
            Fake {
                enabled: Atomic::new(0),
                broken: Atomic::new(0),
                barren: Atomic::new(false),
                lost: Atomic::new(false),
                halted: Atomic::new(false),
                tally: tally.clone(),
            },
            GFP_KERNEL,
        )?;
        let mut wqs: KVec<Arc<dyn WorkQueue>> = KVec::new();
        for id in 0..WQS {
            wqs.push(Self::wq(&provider, id)?, GFP_KERNEL)?;
        }
        Ok(Self {
            registration: register_parent(device.reference(), provider.clone(), wqs)?,
            provider,
            tally,
            device,
        })
    }

    /// A work queue of `provider`.
    pub(super) fn wq(provider: &Arc<Fake>, id: u32) -> Result<Arc<dyn WorkQueue>> {
        let fake = provider.clone();
        let entries = Atomic::new(ENTRIES);
        Ok(Arc::new(Wq { id, fake, entries }, GFP_KERNEL)?)
    }

    /// Registers parents on two threads at the same time, over and over. Returns how many were
    /// refused.
    pub(super) fn register_at_the_same_time(&self) -> Result<u32> {
        const ROUNDS: u32 = 500;
        let failed = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        for _ in 0..2 {
            let (dev, provider) = (self.device.reference(), self.provider.clone());
            let failed = failed.clone();
            // Not the framework's own queue, which a removal flushes.
            let queue = workqueue::engines().ok_or(ENODEV)?;
            queue.try_spawn(GFP_KERNEL, move || {
                for _ in 0..ROUNDS {
                    if register_parent(dev.clone(), provider.clone(), KVec::new()).is_err() {
                        failed.fetch_add(1, Relaxed);
                    }
                }
            })?;
        }
        workqueue::flush_engines();
        Ok(failed.load(Relaxed))
    }
}
