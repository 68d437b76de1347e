// SPDX-License-Identifier: GPL-2.0

//! The virtual DSA function of a subdev: registers in front, an engine behind.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    config::MAX_TRANSFER_SHIFT,
    device::Device,
    engine::Engine,
    front::Front,
    transfer::Span,
    wq::Wq, //
};
use crate::{
    framework::{
        self,
        Host,
        Region, //
    },
    dsa_core::{
        desc::SUPPORTED_OPCAP,
        regs::{
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
    }, //
};

/// Most bytes of one access to registers or configuration space.
const ACCESS: usize = 8;

/// The virtual device of a subdev.
pub(super) struct Function {
    front: Arc<Front>,
    engine: Arc<Engine>,
}

impl Function {
    /// A function on the hardware work queues `wqs`, with `entries` of each.
    pub(super) fn new(device: &Arc<Device>, wqs: KVec<Arc<Wq>>, entries: u32) -> Result<Self> {
        let mut opcap = device.caps.operations;
        for (word, supported) in opcap.iter_mut().zip(SUPPORTED_OPCAP) {
            *word &= supported;
        }
        let engines = device.caps.engine.engines();
        let params = Params {
            device_id: device.regs.pci().device_id(),
            revision: device.regs.pci().revision_id(),
            version: device.caps.version,
            gencap: device
                .caps
                .general
                .with_max_xfer_shift(MAX_TRANSFER_SHIFT)
                .0,
            opcap,
            wqs: u8::try_from(wqs.len()).map_err(|_| EINVAL)?,
            size: u16::try_from(entries).unwrap_or(u16::MAX),
            engines: u8::try_from(engines).unwrap_or(u8::MAX),
        };
        let front = Front::new(&params)?;
        let engine = Engine::new(device.clone(), front.clone(), wqs, entries as usize)?;
        Ok(Self { front, engine })
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
                    match command.quiesce() {
                        Quiesce::None => (),
                        Quiesce::Drain(_) => self.engine.drain(),
                        Quiesce::Abort(mask) => self.engine.abort(mask),
                    }
                    self.front.change(|registers| registers.finish(command))
                }
                Effect::Reset => {
                    self.start_over();
                    return;
                }
            }
        }
    }

    /// The state after power-on.
    fn start_over(&self) {
        self.engine.abort(u8::MAX);
        self.front.change(virt::Function::reset);
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
            Region::Bar(bar) if u32::from(bar) == WQ_BAR => {
                self.front.look(virt::Function::bar2_size).into()
            }
            Region::Bar(_) => 0,
            Region::Config => CONFIG_SIZE,
        }
    }

    fn vectors(&self) -> u32 {
        self.front.look(virt::Function::vectors).into()
    }

    fn open(&self, host: Arc<dyn Host>) -> Result {
        self.front.set_host(Some(host));
        Ok(())
    }

    fn close(&self) {
        // Nobody is told of what follows: the device is not disabled by its user, it is closed.
        self.front.set_host(None);
        self.start_over();
    }

    fn read(&self, region: Region, offset: u64, data: &mut [u8]) -> Result {
        match region {
            Region::Bar(bar) if u32::from(bar) == MMIO_BAR => self.front.look(|registers| {
                for range in accesses(offset, data.len()) {
                    let at = offset + range.start as u64;
                    if let Some(part) = data.get_mut(range) {
                        registers.bar0_read(at, part);
                    }
                }
            }),
            // Portals are for writing.
            Region::Bar(_) => data.fill(0xff),
            Region::Config => self
                .front
                .look(|registers| registers.config_read(offset, data)),
        }
        Ok(())
    }

    fn write(&self, region: Region, offset: u64, data: &[u8]) -> Result {
        match region {
            Region::Bar(bar) if u32::from(bar) == WQ_BAR => {
                let submission = self.front.change(|r| r.portal_write(offset, data));
                if let Some(submission) = submission {
                    self.engine.submit(&submission);
                }
            }
            _ => {
                for range in accesses(offset, data.len()) {
                    let at = offset + range.start as u64;
                    let part = data.get(range).unwrap_or_default();
                    let effect = self.front.change(|registers| match region {
                        Region::Config => registers.config_write(at, part),
                        Region::Bar(_) => registers.bar0_write(at, part),
                    });
                    self.carry_out(effect);
                }
            }
        }
        Ok(())
    }

    fn reset(&self) -> Result {
        self.start_over();
        Ok(())
    }

    fn unmap(&self, iova: u64, length: u64) {
        self.engine.unmap(Span { iova, len: length });
    }

    fn kill(&self) {
        self.engine.kill();
    }
}
