// SPDX-License-Identifier: GPL-2.0

//! What a device is set up as, in its registers: groups and work queues.
//!
//! A device whose configuration software may change (GENCAP.config_en) gets a default one, which
//! the admin may change. Any other is taken as it is.

use kernel::prelude::*;

use super::registers::{
    Capabilities,
    Read,
    Registers, //
};
use crate::{
    dsa_core::{
        regs::{
            self,
            gencfg,
            table::{
                grpcfg,
                wqcfg, //
            }, //
        },
        setup::{
            Caps,
            Group,
            Groups,
            Wq, //
        }, //
    },
    framework::{
        Value,
        Visitor, //
    }, //
};

/// The traffic class for both kinds of traffic: as idxd has it, 1 for devices up to version 2
/// (`srctree/drivers/dma/idxd/init.c`).
fn traffic_class(caps: &Capabilities) -> u8 {
    u8::from(caps.version <= regs::VERSION_2)
}

/// What a device is set up as.
pub(super) struct Setup {
    /// All work queues, by their numbers.
    pub(super) wqs: KVec<Wq>,
    pub(super) groups: Groups,
}

impl Setup {
    /// What a device is set up as where nobody asked for anything else.
    fn defaults(caps: &Capabilities) -> Result<Self> {
        let caps = caps.setup();
        let mut wqs = KVec::with_capacity(caps.wq.wqs() as usize, GFP_KERNEL)?;
        for wq in Wq::defaults(&caps) {
            wqs.push(wq, GFP_KERNEL)?;
        }
        Ok(Self {
            wqs,
            groups: Groups::defaults(&caps),
        })
    }

    /// The same once more.
    pub(super) fn copy(&self) -> Result<Self> {
        let mut wqs = KVec::with_capacity(self.wqs.len(), GFP_KERNEL)?;
        wqs.extend_from_slice(&self.wqs, GFP_KERNEL)?;
        Ok(Self {
            wqs,
            groups: self.groups,
        })
    }
}

impl Capabilities {
    /// What decides which setups there can be.
    pub(super) fn setup(&self) -> Caps {
        Caps {
            general: self.general,
            wq: self.wq,
            group: self.group,
            engine: self.engine,
            operations: self.operations,
        }
    }
}

/// A mask of operations as the family has it.
pub(super) fn bytes(operations: &[u64; 4]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.chunks_exact_mut(8).zip(operations) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// Where the configuration of a work queue starts.
fn wq_base(caps: &Capabilities, id: u32) -> usize {
    caps.offsets.wqcfg() + id as usize * caps.wq.stride()
}

/// Where the configuration of a group starts.
fn group_base(caps: &Capabilities, id: u32) -> usize {
    caps.offsets.grpcfg() + id as usize * grpcfg::STRIDE
}

/// Sets up a device that is disabled and was reset, if its configuration may be changed. Returns what
/// it is then.
pub(super) fn divide(regs: &Registers, caps: &Capabilities) -> Result<Setup> {
    if !caps.general.config_en() {
        return read(regs, caps);
    }
    let mut setup = Setup::defaults(caps)?;
    write(regs, caps, &setup)?;
    for (id, wq) in (0..).zip(setup.wqs.iter_mut()) {
        *wq = read_wq(regs, caps, id)?;
    }
    Ok(setup)
}

/// Gives a device that was reset the setup again that it had, if its configuration may be changed; any
/// other keeps it.
pub(super) fn restore(regs: &Registers, caps: &Capabilities, setup: &Setup) -> Result {
    if !caps.general.config_en() {
        return Ok(());
    }
    write(regs, caps, setup)
}

/// Writes the setup of a device that is disabled.
pub(super) fn write(regs: &Registers, caps: &Capabilities, setup: &Setup) -> Result {
    // Interrupts of descriptors without privilege: ours carry none.
    let limit = u32::from(setup.groups.limit);
    regs.write32(regs::GENCFG, gencfg::USER_INT_EN | limit)?;
    let limits = caps.setup();
    for id in 0..caps.group.groups() {
        let base = group_base(caps, id);
        let class = traffic_class(caps);
        let (wqs, engines, flags) = setup.groups.registers(id, &setup.wqs, &limits, class);
        for (word, at) in wqs.iter().zip((base + grpcfg::WQS..).step_by(8)) {
            regs.write64(at, *word)?;
        }
        regs.write64(base + grpcfg::ENGINES, engines)?;
        regs.write64(base + grpcfg::FLAGS, flags)?;
    }
    for (id, wq) in (0..).zip(&setup.wqs) {
        regs.write32(wq_base(caps, id) + wqcfg::SIZE, u32::from(wq.size))?;
        write_wq(regs, caps, id, wq)?;
    }
    Ok(())
}

/// Writes what may be changed about a work queue while it is disabled.
pub(super) fn write_wq(regs: &Registers, caps: &Capabilities, id: u32, wq: &Wq) -> Result {
    if !caps.general.config_en() {
        return Ok(());
    }
    let base = wq_base(caps, id);
    regs.write32(base + wqcfg::THRESHOLD, wq.threshold.into())?;
    let mut mode = wqcfg::mode(wq.dedicated, wq.priority);
    if wq.block_on_fault {
        mode |= wqcfg::BLOCK_ON_FAULT;
    }
    regs.write32(base + wqcfg::MODE, mode)?;
    let limits = wqcfg::limits(wq.max_transfer_shift.into(), wq.max_batch_shift.into());
    regs.write32(base + wqcfg::LIMITS, limits)?;
    if caps.wq.op_config() {
        let places = (base + wqcfg::OP_CONFIG..).step_by(8);
        for (word, at) in wq.operations.iter().zip(places) {
            regs.write64(at, *word)?;
        }
    }
    Ok(())
}

/// Reads the setup of a device.
pub(super) fn read(regs: &impl Read, caps: &Capabilities) -> Result<Setup> {
    let mut setup = Setup::defaults(caps)?;
    // CAST: The field of 8 bits is the lowest.
    setup.groups.limit = (regs.read32(regs::GENCFG)? & gencfg::READ_BUFFER_LIMIT) as u8;
    for id in 0..caps.group.groups() {
        let base = group_base(caps, id);
        let flags = grpcfg::Flags::decode(regs.read64(base + grpcfg::FLAGS)?);
        let group = Group {
            engines: regs.read64(base + grpcfg::ENGINES)?,
            reserved: flags.reserved,
            allowed: Some(flags.allowed),
            limited: flags.limited,
        };
        setup.groups.put(id, group);
    }
    for (id, wq) in (0..).zip(setup.wqs.iter_mut()) {
        *wq = read_wq(regs, caps, id)?;
    }
    Ok(setup)
}

/// Reads the setup of a work queue.
pub(super) fn read_wq(regs: &impl Read, caps: &Capabilities, id: u32) -> Result<Wq> {
    let base = wq_base(caps, id);
    let mode = regs.read32(base + wqcfg::MODE)?;
    let limits = regs.read32(base + wqcfg::LIMITS)?;
    let mut group = 0;
    for candidate in 0..caps.group.groups() {
        let word = group_base(caps, candidate) + grpcfg::WQS + (id as usize / 64) * 8;
        if regs.read64(word)? & (1 << (id % 64)) != 0 {
            // CAST: A device has fewer than 256.
            group = candidate as u8;
        }
    }
    let mut operations = caps.operations;
    if caps.wq.op_config() {
        let places = (base + wqcfg::OP_CONFIG..).step_by(8);
        for (word, at) in operations.iter_mut().zip(places) {
            *word &= regs.read64(at)?;
        }
    }
    let mut max_transfer_shift = wqcfg::max_xfer_shift(limits);
    if !caps.general.config_en() {
        // Nobody asked for more than the default here.
        max_transfer_shift = max_transfer_shift.min(caps.setup().default_transfer_shift());
    }
    // CAST: Fields of 16 bits, and of fewer than 8.
    Ok(Wq {
        size: regs.read32(base + wqcfg::SIZE)? as u16,
        threshold: regs.read32(base + wqcfg::THRESHOLD)? as u16,
        priority: wqcfg::priority(mode),
        dedicated: wqcfg::is_dedicated(mode),
        pasid: wqcfg::has_pasid(mode),
        block_on_fault: wqcfg::blocks_on_fault(mode),
        max_transfer_shift: max_transfer_shift as u8,
        max_batch_shift: wqcfg::max_batch_shift(limits) as u8,
        group,
        operations,
    })
}

/// Reports the setup of a work queue.
pub(super) fn show_wq(setup: &Wq, visitor: &mut dyn Visitor) -> Result {
    let operations = bytes(&setup.operations);
    let block = u32::from(setup.block_on_fault);
    let max_transfer = Value::Uint(1 << setup.max_transfer_shift);
    visitor.attribute("threshold", Value::U32(setup.threshold.into()))?;
    visitor.attribute("priority", Value::U32(setup.priority.into()))?;
    visitor.attribute("group", Value::U32(setup.group.into()))?;
    visitor.attribute("block-on-fault", Value::U32(block))?;
    visitor.attribute("max-transfer-size", max_transfer)?;
    visitor.attribute("max-batch-size", Value::U32(1 << setup.max_batch_shift))?;
    visitor.attribute("op-config", Value::Binary(&operations))
}
