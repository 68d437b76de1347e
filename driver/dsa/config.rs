// SPDX-License-Identifier: GPL-2.0

//! How a device is divided: groups, and the size of each work queue.
//!
//! A device whose configuration software may change (GENCAP.config_en) gets a default one: all
//! entries spread evenly over the work queues, all work queues and engines in group 0. Any other
//! is taken as it is.

use kernel::prelude::*;

use super::registers::{
    Capabilities,
    Registers, //
};
use crate::dsa_core::{
    partition::default_sizes,
    regs::{
        self,
        table::{
            grpcfg,
            wqcfg, //
        }, //
    }, //
};

/// Priority of a work queue that nobody configured: the middle of 1 to 15.
const PRIORITY: u8 = 8;

/// The traffic class for both kinds of traffic: as idxd has it, 1 for devices up to version 2
/// (`srctree/drivers/dma/idxd/init.c`).
fn traffic_class(caps: &Capabilities) -> u8 {
    u8::from(caps.version <= regs::VERSION_2)
}

/// Largest transfer of one descriptor as a power of two, 2 MiB: the default of idxd. It bounds how
/// long a tenant keeps an engine.
pub(super) const MAX_TRANSFER_SHIFT: u32 = 21;

/// The configuration of a work queue.
#[derive(Clone, Copy)]
pub(super) struct WqConfig {
    pub(super) size: u32,
    pub(super) threshold: u32,
    pub(super) priority: u32,
    pub(super) dedicated: bool,
    /// Whether descriptors carry a PASID.
    pub(super) pasid: bool,
    /// Largest transfer of one descriptor as a power of two, at most what the device can do.
    pub(super) max_transfer_shift: u32,
    pub(super) group: u32,
}

/// Largest transfer of one descriptor that a device and this driver allow, as a power of two.
pub(super) fn max_transfer_shift(caps: &Capabilities) -> u32 {
    caps.general.max_xfer_shift().min(MAX_TRANSFER_SHIFT)
}

/// Where the configuration of a work queue starts.
fn wq_base(caps: &Capabilities, id: u32) -> usize {
    caps.offsets.wqcfg() + id as usize * caps.wq.stride()
}

/// Where the configuration of a group starts.
fn group_base(caps: &Capabilities, id: u32) -> usize {
    caps.offsets.grpcfg() + id as usize * grpcfg::STRIDE
}

/// Low `n` bits.
fn ones(n: u32) -> u64 {
    1u64.checked_shl(n).map_or(u64::MAX, |bit| bit - 1)
}

/// Divides a device that is disabled, if its configuration may be changed.
pub(super) fn divide(regs: &Registers, caps: &Capabilities) -> Result {
    if !caps.general.config_en() {
        return Ok(());
    }
    // Interrupts of descriptors without privilege: ours carry none.
    regs.write32(regs::GENCFG, regs::gencfg::USER_INT_EN)?;
    for group in 0..caps.group.groups() {
        let base = group_base(caps, group);
        let (wqs, engines) = match group {
            0 => (ones(caps.wq.wqs()), ones(caps.engine.engines())),
            _ => (0, 0),
        };
        // CAST: A field of 8 bits.
        let buffers = caps.group.read_buffers() as u8;
        regs.write64(base + grpcfg::WQS, wqs)?;
        for word in 1..4 {
            regs.write64(base + grpcfg::WQS + word * 8, 0)?;
        }
        regs.write64(base + grpcfg::ENGINES, engines)?;
        let class = traffic_class(caps);
        let flags = grpcfg::flags(class, class, buffers);
        regs.write64(base + grpcfg::FLAGS, flags)?;
    }
    let sizes = default_sizes(caps.wq.total_size(), caps.wq.wqs());
    for (id, size) in (0..caps.wq.wqs()).zip(sizes) {
        let base = wq_base(caps, id);
        regs.write32(base + wqcfg::SIZE, u32::from(size))?;
        write_wq(regs, caps, id)?;
    }
    Ok(())
}

/// Writes what may be changed about a work queue while it is disabled.
pub(super) fn write_wq(regs: &Registers, caps: &Capabilities, id: u32) -> Result {
    if !caps.general.config_en() {
        return Ok(());
    }
    let base = wq_base(caps, id);
    regs.write32(base + wqcfg::THRESHOLD, 0)?;
    // Dedicated, whatever the subdevs on it are: the driver is the one submitter.
    regs.write32(base + wqcfg::MODE, wqcfg::mode(true, PRIORITY))?;
    let limits = wqcfg::limits(max_transfer_shift(caps), 0);
    regs.write32(base + wqcfg::LIMITS, limits)?;
    // All operations that there are, as idxd does: what a tenant may use is checked before.
    if caps.wq.op_config() {
        for (word, at) in caps
            .operations
            .iter()
            .zip((base + wqcfg::OP_CONFIG..).step_by(8))
        {
            regs.write64(at, *word)?;
        }
    }
    Ok(())
}

/// Reads the configuration of a work queue.
pub(super) fn read_wq(regs: &Registers, caps: &Capabilities, id: u32) -> Result<WqConfig> {
    let base = wq_base(caps, id);
    let mode = regs.read32(base + wqcfg::MODE)?;
    let limits = regs.read32(base + wqcfg::LIMITS)?;
    let mut group = 0;
    for candidate in 0..caps.group.groups() {
        let word = group_base(caps, candidate) + grpcfg::WQS + (id as usize / 64) * 8;
        if regs.read64(word)? & (1 << (id % 64)) != 0 {
            group = candidate;
        }
    }
    Ok(WqConfig {
        size: regs.read32(base + wqcfg::SIZE)? & 0xffff,
        threshold: regs.read32(base + wqcfg::THRESHOLD)? & 0xffff,
        priority: u32::from(wqcfg::priority(mode)),
        dedicated: wqcfg::is_dedicated(mode),
        pasid: wqcfg::has_pasid(mode),
        max_transfer_shift: wqcfg::max_xfer_shift(limits).min(max_transfer_shift(caps)),
        group,
    })
}
