// SPDX-License-Identifier: GPL-2.0

//! The virtual DSA function of a subdev: registers in front, an engine behind.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
    time::{
        Delta,
        Instant,
        Monotonic, //
    },
    warn_on, //
};

use super::{
    engine::{
        Engine,
        Queue, //
    },
    front::Front,
    portal::Portal,
    resets::Resets,
    span::Span, //
};
use crate::{
    dsa_core::{
        regs::{
            CMD,
            MMIO_BAR,
            WQ_BAR, //
        },
        virt::{
            self,
            Effect,
            Params,
            Quiesce,
            BAR0_SIZE,
            CONFIG_SIZE, //
        }, //
    },
    ffi::mmap::Fault,
    framework::{
        self,
        Host,
        NotReset,
        Region, //
    },
    subdev_core::quality::Quality, //
};

/// Most bytes of one access to registers or configuration space.
const ACCESS: usize = 8;

/// The virtual device of a subdev.
#[pin_data]
pub(super) struct Function {
    vectors: u32,
    bar2_size: u64,
    front: Arc<Front>,
    engine: Arc<Engine>,
    /// If it is memory that the user maps.
    portal: Option<Arc<Portal>>,
    /// Whether the hardware below is lost. Held while the registers are made to agree. Taken before
    /// `Front::host`.
    #[pin]
    halted: Mutex<bool>,
    resets: Arc<Resets>,
}

impl Function {
    /// A function with a virtual WQ on each of `queues`, whose front is `front`. The portal is memory
    /// if it is `polled`.
    pub(super) fn new(
        params: &Params,
        front: Arc<Front>,
        queues: KVec<Queue>,
        polled: bool,
    ) -> Result<Arc<Self>> {
        let engine = Engine::new(front.clone(), queues)?;
        let portal = if polled {
            Some(Portal::new(front.clone(), engine.clone(), params.wqs)?)
        } else {
            None
        };
        let resets = Resets::new(front.clone(), engine.clone(), portal.clone())?;
        Arc::pin_init(
            pin_init!(Self {
                vectors: params.vectors().into(),
                bar2_size: params.bar2_size().into(),
                front,
                engine,
                portal,
                halted <- new_mutex!(false, "Function::halted"),
                resets,
            }),
            GFP_KERNEL,
        )
    }

    /// Does what an access to the registers asks for.
    fn carry_out(&self, mut effect: Effect) {
        loop {
            effect = match effect {
                Effect::None => return,
                Effect::Interrupt(vector) => {
                    self.front.interrupt(vector);
                    return;
                }
                Effect::Command(command) => {
                    self.resets.update_epochs();
                    match command.quiesce() {
                        Quiesce::None => (),
                        Quiesce::Drain(mask) => self.engine.drain(mask),
                        Quiesce::Abort(mask) => self.engine.abort(mask),
                    }
                    let finished = self.front.change(|registers| registers.finish(command));
                    finished.unwrap_or(Effect::None)
                }
                Effect::Reset => {
                    self.resets.reset();
                    return;
                }
            }
        }
    }
}

impl Function {
    /// The hardware below is lost; `halted` is the function's own.
    fn stop(&self, halted: &mut bool) {
        *halted = true;
        if let Some(effect) = self.front.change(virt::Function::lose) {
            self.resets.update_epochs();
            self.carry_out(effect);
        }
        // The hardware may be back before it has been their turn.
        self.engine.fail_accepted();
    }
}

/// Cuts an access into those that registers take: up to eight bytes that lie within eight.
fn accesses(offset: u64, len: usize) -> impl Iterator<Item = core::ops::Range<usize>> {
    let mut start = 0;
    core::iter::from_fn(move || {
        // CAST: Below `ACCESS`.
        let within = ((offset + start as u64) % ACCESS as u64) as usize;
        let end = len.min(start + ACCESS - within);
        let range = start..end;
        start = end;
        (!range.is_empty()).then_some(range)
    })
}

impl framework::Function for Function {
    fn region_size(&self, region: Region) -> u64 {
        match region {
            Region::Bar(bar) if u32::from(bar) == MMIO_BAR => BAR0_SIZE.into(),
            Region::Bar(bar) if u32::from(bar) == WQ_BAR => self.bar2_size,
            Region::Bar(_) => 0,
            Region::Config => CONFIG_SIZE,
        }
    }

    fn vectors(&self) -> u32 {
        self.vectors
    }

    fn prepare(&self, region: Region) -> Result {
        let portal = self.portal.as_ref().filter(|_| self.is_mappable(region));
        portal.map_or(Ok(()), Portal::prepare)
    }

    fn is_mappable(&self, region: Region) -> bool {
        let is_portal = matches!(region, Region::Bar(bar) if u32::from(bar) == WQ_BAR);
        is_portal && self.portal.is_some()
    }

    fn fault(&self, region: Region, fault: &Fault<'_>) -> Result {
        let portal = self.portal.as_ref().filter(|_| self.is_mappable(region));
        portal.ok_or(EFAULT)?.fault(fault)
    }

    fn open(&self, host: Arc<dyn Host>) -> Result {
        self.engine.open()?;
        let opened = self.front.open(host.clone()).and_then(|()| {
            let portal = self.portal.as_ref();
            portal.map_or(Ok(()), |portal| portal.open(&*host))
        });
        if opened.is_err() {
            self.front.forget_host();
            self.front.close();
            self.engine.close();
            return opened;
        }
        let mut halted = self.halted.lock();
        // The loss may have been reported before there was anything to halt, or not yet.
        if *halted || self.engine.is_lost() {
            self.stop(&mut halted);
        } else {
            host.works();
        }
        Ok(())
    }

    fn close(&self) {
        // Nobody is notified of what follows: the device is not disabled by its user, it is closed.
        self.front.forget_host();
        if let Some(portal) = &self.portal {
            portal.close();
        }
        self.resets.reset();
        self.front.close();
        self.engine.close();
    }

    fn read(&self, region: Region, offset: u64, data: &mut [u8]) -> Result {
        let len = data.len();
        match region {
            Region::Bar(bar) if u32::from(bar) == MMIO_BAR => {
                self.front.look(|registers| {
                    for range in accesses(offset, len) {
                        let at = offset + range.start as u64;
                        if let Some(part) = data.get_mut(range) {
                            registers.bar0_read(at, part);
                        }
                    }
                });
            }
            // Portals are for writing.
            Region::Bar(_) => data.fill(0xff),
            Region::Config => {
                self.front
                    .look(|registers| registers.config_read(offset, data));
            }
        }
        Ok(())
    }

    fn write(&self, region: Region, offset: u64, data: &[u8]) -> Result {
        match region {
            Region::Bar(bar) if u32::from(bar) == WQ_BAR => {
                let written = self
                    .front
                    .change(|registers| registers.portal_write(offset, data));
                if let Some((submission, effect)) = written {
                    self.carry_out(effect);
                    match (submission, &self.portal) {
                        (Some(submission), Some(portal)) => portal.submit(&submission),
                        (Some(submission), None) => self.engine.submit(&submission),
                        (None, _) => (),
                    }
                }
            }
            _ => {
                // CAST: Widening.
                let is_command = region != Region::Config
                    && offset < CMD as u64 + 4
                    && offset + data.len() as u64 > CMD as u64;
                if let Some(portal) = self.portal.as_ref().filter(|_| is_command) {
                    // What was stored before the command comes before it.
                    portal.take_all();
                }
                for range in accesses(offset, data.len()) {
                    let at = offset + range.start as u64;
                    let Some(part) = data.get(range) else {
                        // Ranges are within the length that they were made of.
                        warn_on!(true);
                        return Err(EINVAL);
                    };
                    let effect = self.front.change(|registers| match region {
                        Region::Config => registers.config_write(at, part),
                        Region::Bar(_) => registers.bar0_write(at, part),
                    });
                    self.carry_out(effect.unwrap_or(Effect::None));
                }
            }
        }
        Ok(())
    }

    fn reset(&self) -> Result {
        self.resets.reset();
        Ok(())
    }

    fn reset_within(&self, limit: Delta) -> Result<(), NotReset> {
        self.resets.reset_within(limit)
    }

    fn drain_within(&self, limit: Delta) -> bool {
        let start = Instant::<Monotonic>::now();
        let portal = self.portal.as_ref();
        if portal.is_some_and(|portal| !portal.taken_within(limit)) {
            return false;
        }
        let left = (limit - start.elapsed()).max(Delta::ZERO);
        self.engine.drain_within(u8::MAX, left)
    }

    fn set_quality(&self, wq: usize, quality: Quality) {
        self.engine.set_quality(wq, quality);
    }

    fn unmap(&self, iova: u64, length: u64) {
        self.engine.unmap(Span { iova, len: length });
    }

    fn kill(&self) {
        if let Some(portal) = &self.portal {
            portal.kill();
        }
        self.engine.kill();
    }

    fn quiesce(&self) {
        self.engine.quiesce();
    }

    fn halt(&self) {
        self.stop(&mut self.halted.lock());
    }

    fn recover(&self) {
        let mut halted = self.halted.lock();
        *halted = false;
        if let Some(effect) = self.front.change(virt::Function::recover) {
            self.carry_out(effect);
        }
    }
}
