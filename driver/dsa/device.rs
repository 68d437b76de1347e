// SPDX-License-Identifier: GPL-2.0

//! A DSA that is up: its commands, its work queues, and whether it still works.

use core::ops::DerefMut;
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Full,
            Relaxed, //
        },
        barrier,
        Arc,
        Mutex,
        SetOnce, //
    },
    time::{
        Instant,
        Monotonic, //
    },
    warn_on, //
};

use super::{
    command::{
        self,
        CommandError, //
    },
    config::Setup,
    own::Wq,
    registers::{
        Capabilities,
        Registers, //
    },
    submitter::Owner,
    wq::Status, //
};
use crate::{
    dsa_core::{
        blame::Report,
        regs::{
            self,
            genctrl,
            gensts,
            Command, //
        },
        setup, //
    },
    framework::{
        Fault,
        FaultKind,
        Notifier, //
    },
    subdev_core::bucket::Bucket, //
};

/// How often a device that halts is brought back at once, and how often once more after that.
const RECOVERIES: u32 = 3;
const RECOVERY_INTERVAL_MS: u64 = 60_000;

/// Why a device does nothing any more.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Loss {
    /// It stopped after an error, and may be brought back.
    Halted = 1,
    /// Its registers read as all ones: it is no longer there.
    Vanished = 2,
    /// It is disabled, and not by this driver.
    Reset = 3,
    /// It could not be made to drop its work, and was cut off from memory.
    Stuck = 4,
    /// It stopped after an error, and a reset that the driver can do does not bring it back.
    Dead = 5,
    /// It stopped after an error, and was brought back too often before.
    Unstable = 6,
    /// It was disabled to be configured, and could not be enabled again.
    Disabled = 7,
}

impl Loss {
    /// The loss of [`Device::loss`].
    fn new(number: u32) -> Option<Self> {
        [
            Loss::Halted,
            Loss::Vanished,
            Loss::Reset,
            Loss::Stuck,
            Loss::Dead,
            Loss::Unstable,
            Loss::Disabled,
        ]
        .into_iter()
        // CAST: The representation is that of the enum.
        .find(|loss| *loss as u32 == number)
    }

    /// For the log.
    const fn sentence(self) -> &'static str {
        match self {
            Loss::Halted => "the device halted; it is being brought back",
            Loss::Vanished => "the device does not answer any more; it vanished",
            Loss::Reset => {
                "the device was reset behind the driver's back; unbind it and bind it again"
            }
            Loss::Stuck => {
                "the device cannot be made to drop its work and was cut off from memory; unbind, \
                 reset and bind it to bring it back"
            }
            Loss::Dead => {
                "the device halted, and no reset by the driver brings it back; reset the machine, or \
                 unbind, reset and bind it"
            }
            Loss::Unstable => {
                "the device halts again and again; unbind, reset and bind it to bring it back"
            }
            Loss::Disabled => {
                "the device was disabled to be configured and cannot be enabled again; unbind it and \
                 bind it again"
            }
        }
    }
}

/// While the driver has a device disabled to configure it, or resets one that has halted.
pub(super) struct Outage<'a>(&'a Atomic<u32>);

impl<'a> Outage<'a> {
    fn begin(count: &'a Atomic<u32>) -> Self {
        count.fetch_add(1, Full);
        Self(count)
    }
}

impl Drop for Outage<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Full);
    }
}

/// A DSA that is up.
#[pin_data]
pub(super) struct Device {
    pub(super) regs: Arc<Registers>,
    pub(super) caps: Capabilities,
    /// Whether an IOMMU makes pages of memory contiguous for it.
    contiguous: bool,
    wqs: KVec<Arc<Wq>>,
    since: Instant<Monotonic>,
    /// Held while a command is active.
    #[pin]
    commands: Mutex<()>,
    /// Held while interrupt handles are requested or released, and around what enables or disables
    /// the work queue that they are for. Taken before `commands`.
    #[pin]
    handles: Mutex<()>,
    /// Held while descriptors that do not end are made to, and while the device is brought back,
    /// which may be tried that often. Taken before `commands`.
    #[pin]
    recovery: Mutex<Bucket>,
    /// What it is set up as.
    #[pin]
    setup: Mutex<Setup>,
    /// Grows when the driver is about to disable the device to configure it, and when it is enabled
    /// again: odd in between.
    planned: Atomic<u32>,
    /// The same while a device that has halted is reset.
    resets: Atomic<u32>,
    /// A [`Loss`], or 0.
    loss: Atomic<u32>,
    /// To report a loss with, once the device is a parent.
    notifier: SetOnce<Arc<Notifier>>,
}

impl Device {
    /// Puts a device together.
    pub(super) fn new(
        regs: Arc<Registers>,
        caps: Capabilities,
        contiguous: bool,
        wqs: KVec<Arc<Wq>>,
        setup: Setup,
    ) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                regs,
                caps,
                contiguous,
                wqs,
                since: Instant::now(),
                commands <- new_mutex!((), "Device::commands"),
                handles <- new_mutex!((), "Device::handles"),
                recovery <- new_mutex!(
                    Bucket::new(RECOVERIES, RECOVERY_INTERVAL_MS),
                    "Device::recovery"
                ),
                setup <- new_mutex!(setup, "Device::setup"),
                planned: Atomic::new(0),
                resets: Atomic::new(0),
                loss: Atomic::new(0),
                notifier: SetOnce::new(),
            }),
            GFP_KERNEL,
        )
    }

    /// Whether an IOMMU makes pages of memory contiguous for it.
    pub(super) fn is_contiguous(&self) -> bool {
        self.contiguous
    }

    /// All work queues.
    pub(super) fn wqs(&self) -> &[Arc<Wq>] {
        &self.wqs
    }

    /// Looks at what the device is set up as. That changes under the configuration lock of the
    /// framework only.
    pub(super) fn setup<R>(&self, look: impl FnOnce(&Setup) -> R) -> R {
        look(&self.setup.lock())
    }

    /// What a work queue is set up as.
    pub(super) fn wq_setup(&self, id: u8) -> setup::Wq {
        let found = self.setup(|setup| setup.wqs.get(usize::from(id)).copied());
        found.unwrap_or_else(|| {
            // Each work queue of the device has one.
            warn_on!(true);
            setup::Wq::NONE
        })
    }

    /// The device is set up as `setup` from now on.
    pub(super) fn replace_setup(&self, setup: Setup) {
        let old = core::mem::replace(&mut *self.setup.lock(), setup);
        drop(old);
    }

    /// The work queue `id` is set up as `wq` from now on.
    pub(super) fn replace_wq_setup(&self, id: u32, wq: setup::Wq) {
        if let Some(place) = self.setup.lock().wqs.get_mut(id as usize) {
            *place = wq;
        }
    }

    /// The device is going to be disabled to be configured: that is no loss until the value is
    /// dropped.
    pub(super) fn plan_outage(&self) -> Outage<'_> {
        Outage::begin(&self.planned)
    }

    /// The device, which has halted, is going to be reset and enabled: until the value is dropped,
    /// nothing is made of how it looks. In a function-level reset it reads as if it were gone.
    pub(super) fn begin_reset(&self) -> Outage<'_> {
        Outage::begin(&self.resets)
    }

    /// Whether the device is being reset, or was since `before`.
    fn is_reset(&self, before: u32) -> bool {
        before % 2 != 0 || self.resets.load(Acquire) != before
    }

    /// Runs a command and waits for its end. Returns its result.
    pub(super) fn command(&self, command: Command, operand: u32) -> Result<u16, CommandError> {
        let (resets, result) = {
            let _one = self.commands.lock();
            let resets = self.resets.load(Acquire);
            (resets, command::run(&self.regs, command, operand))
        };
        if result == Err(CommandError::Gone) && !self.is_reset(resets) {
            self.lose(Loss::Vanished);
        }
        result
    }

    /// Why the device does nothing any more, if so. Does not look at the hardware.
    pub(super) fn loss(&self) -> Option<Loss> {
        Loss::new(self.loss.load(Relaxed))
    }

    /// Looks whether the device, which was enabled, still works, and returns its state, as GENSTS
    /// has it, if so.
    pub(super) fn check(&self) -> Result<u32, Loss> {
        let planned = self.planned.load(Acquire);
        let resets = self.resets.load(Acquire);
        let state = self.regs.read32(regs::GENSTS);
        // Also one that began or ended meanwhile.
        barrier::smp_mb(barrier::Full);
        if self.is_reset(resets) {
            return Err(self.loss().unwrap_or(Loss::Halted));
        }
        let outage = planned % 2 != 0 || self.planned.load(Acquire) != planned;
        let loss = match state {
            // What is not bound cannot be looked at either.
            Ok(u32::MAX) | Err(_) => Loss::Vanished,
            Ok(status) => match gensts::state(status) {
                gensts::HALTED => match gensts::reset_type(status) {
                    gensts::RESET_SOFTWARE | gensts::RESET_FLR => Loss::Halted,
                    _ => Loss::Dead,
                },
                // The driver enables it before anybody else knows it, and disables it by plan only.
                gensts::DISABLED if !outage => Loss::Reset,
                state => match self.loss() {
                    Some(loss) => return Err(loss),
                    None => return Ok(state),
                },
            },
        };
        self.lose(loss);
        Err(self.loss().unwrap_or(loss))
    }

    /// The device does nothing any more, and no DMA in particular, until it is reset: ends all
    /// descriptors, takes none, and reports that. Only the first loss counts, unless it was a halt.
    pub(super) fn lose(&self, loss: Loss) {
        // CAST: The representation is that of the enum.
        let number = loss as u32;
        let halted = Loss::Halted as u32;
        if let Err(before) = self.loss.cmpxchg(0, number, Full) {
            if before == halted && loss == Loss::Vanished {
                // What reads as all ones is more than halted, unless it is back by now.
                let _ = self.loss.cmpxchg(halted, number, Full);
            }
            return;
        }
        dev_err!(self.regs.pci(), "{}\n", loss.sentence());
        self.wqs.iter().for_each(|wq| wq.lose());
        if let Some(notifier) = self.notifier.as_ref() {
            notifier.lost();
        }
    }

    /// The hardware tells of an error: tells whose descriptor it is about of it, or else the parent.
    pub(super) fn report(&self, report: &Report) {
        let mut owner: Option<Arc<dyn Owner>> = None;
        let mut ambiguous = false;
        for wq in self.wqs.iter() {
            wq.blame(report, |candidate| match &owner {
                Some(owner) => ambiguous |= !Arc::ptr_eq(owner, candidate),
                None => owner = Some(candidate.clone()),
            });
        }
        let fault = Fault {
            code: Some(report.code),
            wq: report.wq.map(u32::from),
            operation: report.opcode,
            missed: report.overflow.into(),
            // The address is the hardware's.
            ..FaultKind::SoftwareError.into()
        };
        match (owner.filter(|_| !ambiguous), self.notifier.as_ref()) {
            (Some(owner), _) => owner.fault(fault),
            (None, Some(notifier)) => notifier.fault(fault),
            (None, None) => (),
        }
    }

    /// The device, which had halted, works again, unless something else has happened to it since.
    pub(super) fn find_again(&self) -> Result {
        // CAST: The representation is that of the enum.
        let halted = Loss::Halted as u32;
        self.loss.cmpxchg(halted, 0, Full).map_err(|_| ENODEV)?;
        // It may have halted meanwhile, which is another loss.
        self.check().map(|_| ()).map_err(|_| EIO)
    }

    /// The device, which has halted, is not brought back.
    pub(super) fn give_up(&self, loss: Loss) {
        // CAST: The representation is that of the enum.
        let (halted, number) = (Loss::Halted as u32, loss as u32);
        if self.loss.cmpxchg(halted, number, Full).is_ok() {
            dev_err!(self.regs.pci(), "{}\n", loss.sentence());
        }
        self.wqs.iter().for_each(|wq| wq.lose());
    }

    /// Has losses reported to `notifier`, also one that there was before.
    pub(super) fn set_notifier(&self, notifier: Arc<Notifier>) {
        self.notifier.populate(notifier.clone());
        // Whoever loses the device sees the notifier, or is seen here; both do no harm.
        barrier::smp_mb(barrier::Full);
        if self.loss().is_some() {
            notifier.lost();
        }
    }

    /// Holds off changes of interrupt handles by others.
    pub(super) fn lock_handles(&self) -> impl Sized + '_ {
        self.handles.lock()
    }

    /// Requests an interrupt handle for the completions of `wq`. The caller has locked the handles.
    pub(super) fn request_handle(&self, wq: &Wq) -> Result<u16> {
        // Work queue n interrupts on vector n + 1, as with idxd.
        let vector = u16::from(wq.id()) + 1;
        if self.caps.commands & Command::RequestIntHandle.cap() == 0 {
            return Ok(vector);
        }
        Ok(self.command(Command::RequestIntHandle, vector.into())?)
    }

    /// Has errors and halts of the device, which is enabled, raise the misc interrupt.
    pub(super) fn enable_interrupts(&self) -> Result {
        let interrupts = genctrl::SOFTERR_INT_EN | genctrl::HALT_INT_EN;
        self.regs.write32(regs::GENCTRL, interrupts)
    }

    /// How long the driver has had the device, in ms: the time of its limits.
    pub(super) fn age_ms(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(0)
    }

    /// Releases the interrupt handle of `wq`. The caller has locked the handles.
    pub(super) fn release_handle(&self, wq: &Wq) {
        if self.caps.commands & Command::ReleaseIntHandle.cap() != 0 {
            // What fails is in the log.
            let _ = self.command(Command::ReleaseIntHandle, wq.handle().into());
        }
    }

    /// The device has revoked its interrupt handles: requests new ones for the work queues that are
    /// enabled.
    pub(super) fn renew_handles(&self) {
        let _handles = self.lock_handles();
        for wq in self.wqs.iter() {
            if !matches!(wq.status(), Status::Enabled | Status::Recovering) {
                continue;
            }
            // Without one, completions are found without an interrupt, late.
            match self.request_handle(wq) {
                Ok(handle) => wq.set_handle(handle),
                Err(_) => dev_err!(
                    self.regs.pci(),
                    "wq {} lost its interrupt and gets no other\n",
                    wq.id()
                ),
            }
        }
    }

    /// Held by whoever ends descriptors that do not end by themselves, or brings the device back,
    /// which takes a token.
    pub(super) fn lock_recovery(&self) -> impl DerefMut<Target = Bucket> + '_ {
        self.recovery.lock()
    }
}
