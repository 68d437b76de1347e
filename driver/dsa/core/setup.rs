// SPDX-License-Identifier: GPL-2.0

//! What a device is set up as, by default or by the admin: its work queues and groups.
//!
//! What is asked for is checked here as a whole, before anything is written to the hardware. The
//! rules are those of idxd (`srctree/drivers/dma/idxd/sysfs.c`) and of the commands Enable Device
//! and Enable WQ.

mod change;
mod group;
mod limits;
mod refused;

#[cfg(test)]
mod tests;

pub use change::WqChange;
pub use group::{
    Group,
    GroupChange,
    Groups,
    MAX_GROUPS, //
};
pub use limits::{
    Limits,
    Offer,
    Portal, //
};
pub use refused::{
    Attribute,
    Kind,
    Refused, //
};

use super::{
    partition::default_sizes,
    regs::{
        EngCap,
        GenCap,
        GrpCap,
        WqCap, //
    }, //
};

/// Priority of a work queue that nobody configured: the middle of 1 to 15.
const PRIORITY: u8 = 8;

/// Largest transfer of one descriptor as a power of two, 2 MiB, where nobody asked for another: the
/// default of idxd. It bounds how long a tenant keeps an engine.
pub const MAX_TRANSFER_SHIFT: u32 = 21;

/// Largest batch as a power of two, 32 descriptors, where nobody asked for another: the default of
/// idxd.
const MAX_BATCH_SHIFT: u32 = 5;

/// The smallest that can be asked for, 4 KiB: less would cut pages.
const MIN_TRANSFER_SHIFT: u32 = 12;

/// What a device can be set up as.
#[derive(Copy, Clone, Debug)]
pub struct Caps {
    /// Register GENCAP.
    pub general: GenCap,
    /// Register WQCAP.
    pub wq: WqCap,
    /// Register GRPCAP.
    pub group: GrpCap,
    /// Register ENGCAP.
    pub engine: EngCap,
    /// Registers OPCAP.
    pub operations: [u64; 4],
}

impl Caps {
    /// Number of groups that are made use of.
    pub fn groups(&self) -> u32 {
        // CAST: It is small.
        self.group.groups().min(MAX_GROUPS as u32)
    }

    /// Largest transfer of one descriptor, as a power of two, where nobody asked for another.
    pub fn default_transfer_shift(&self) -> u32 {
        self.general.max_xfer_shift().min(MAX_TRANSFER_SHIFT)
    }

    /// Largest batch, as a power of two, where nobody asked for another.
    pub fn default_batch_shift(&self) -> u32 {
        self.general.max_batch_shift().min(MAX_BATCH_SHIFT)
    }
}

/// What a work queue is set up as.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Wq {
    /// Entries.
    pub size: u16,
    /// Entries that may be used through a limited portal in shared mode.
    pub threshold: u16,
    /// Priority within the group, 1 to 15.
    pub priority: u8,
    /// Whether it is dedicated, not shared.
    pub dedicated: bool,
    /// Whether descriptors carry a PASID.
    pub pasid: bool,
    /// Whether descriptors may ask to block on a fault.
    pub block_on_fault: bool,
    /// Largest transfer of one descriptor, as a power of two.
    pub max_transfer_shift: u8,
    /// Largest batch, as a power of two.
    pub max_batch_shift: u8,
    /// The group that it is in.
    pub group: u8,
    /// Operations, as registers OPCAP.
    pub operations: [u64; 4],
}

/// What has to be out of use for a change, and the first attribute for which.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Needs {
    /// Nothing: it changes nothing.
    Nothing,
    /// The work queue.
    Wq(Attribute),
    /// The whole device.
    Device(Attribute),
}

impl Wq {
    /// One that nobody can use.
    pub const NONE: Self = Self {
        size: 0,
        threshold: 0,
        priority: PRIORITY,
        dedicated: true,
        pasid: false,
        block_on_fault: false,
        max_transfer_shift: 0,
        max_batch_shift: 0,
        group: 0,
        operations: [0; 4],
    };

    /// The work queues of a device where nobody asked for others.
    ///
    /// They are dedicated, whatever the subdevs on them are: the driver is the one submitter.
    pub fn defaults(caps: &Caps) -> impl Iterator<Item = Self> + Clone {
        let common = Self {
            // CAST: A field of 5 bits.
            max_transfer_shift: caps.default_transfer_shift() as u8,
            // CAST: A field of 4 bits.
            max_batch_shift: caps.default_batch_shift() as u8,
            operations: caps.operations,
            ..Self::NONE
        };
        let sizes = default_sizes(caps.wq.total_size(), caps.wq.wqs());
        sizes.map(move |size| Self { size, ..common })
    }

    /// What has to be out of use for this to become `new`.
    pub fn needs(&self, new: &Self) -> Needs {
        let device = [
            (self.size != new.size, Attribute::Size),
            (self.group != new.group, Attribute::Wq("group")),
        ];
        let wq = [
            (self.threshold != new.threshold, "threshold"),
            (self.priority != new.priority, "priority"),
            (self.block_on_fault != new.block_on_fault, "block-on-fault"),
            (
                self.max_transfer_shift != new.max_transfer_shift,
                "max-transfer-size",
            ),
            (
                self.max_batch_shift != new.max_batch_shift,
                "max-batch-size",
            ),
            (self.operations != new.operations, "op-config"),
        ];
        if let Some((_, attribute)) = device.into_iter().find(|(differs, _)| *differs) {
            Needs::Device(attribute)
        } else if let Some((_, name)) = wq.into_iter().find(|(differs, _)| *differs) {
            Needs::Wq(Attribute::Wq(name))
        } else {
            Needs::Nothing
        }
    }

    /// Whether the hardware, which reads as `read`, took all of it.
    pub fn is_taken(&self, read: &Self) -> bool {
        // Which operations there are to be masked is for the hardware to know; one that does too
        // much would be an error.
        let operations = self.operations.iter().zip(read.operations);
        let mut excess = operations.map(|(asked, read)| read & !asked);
        *self
            == Self {
                operations: self.operations,
                ..*read
            }
            && excess.all(|excess| excess == 0)
    }
}
