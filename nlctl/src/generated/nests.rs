// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

#[allow(clippy::wildcard_imports, unused_imports)]
use super::*;
#[allow(unused_imports)]
use crate::{
    Binary, attribute::{add, replace},
    value::U64,
};

/// In a request: Vendor part of a parent that is an Intel Data Streaming Accelerator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "it is a part of a request"]
pub struct DsaParentRequest {
    pub(crate) attributes: Vec<DsaParentAttr>,
}

impl DsaParentRequest {
    /// With nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// VERSION register; 0x100 is DSA 1.0 (srctree drivers/dma/idxd/registers.h).
    pub fn version(self, version: u32) -> Self {
        Self {
            attributes: replace(self.attributes, DsaParentAttr::Version(version)),
        }
    }

    /// Largest transfer of one descriptor in bytes (GENCAP).
    pub fn max_transfer_size(self, max_transfer_size: u64) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaParentAttr::MaxTransferSize(max_transfer_size),
            ),
        }
    }

    /// Largest number of descriptors in a batch (GENCAP).
    pub fn max_batch_size(self, max_batch_size: u32) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaParentAttr::MaxBatchSize(max_batch_size),
            ),
        }
    }

    /// OPCAP registers, 256 bits, little-endian; bit n is operation code n.
    pub fn opcap(self, opcap: impl Into<Binary>) -> Self {
        Self {
            attributes: replace(self.attributes, DsaParentAttr::Opcap(opcap.into())),
        }
    }

    /// Number of groups.
    pub fn group_count(self, group_count: u32) -> Self {
        Self {
            attributes: replace(self.attributes, DsaParentAttr::GroupCount(group_count)),
        }
    }

    /// Number of engines.
    pub fn engine_count(self, engine_count: u32) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaParentAttr::EngineCount(engine_count),
            ),
        }
    }

    /// Number of entries that all work queues have together.
    pub fn wq_capacity(self, wq_capacity: u32) -> Self {
        Self {
            attributes: replace(self.attributes, DsaParentAttr::WqCapacity(wq_capacity)),
        }
    }

    /// Number of read buffers that all groups have together (GRPCAP).
    pub fn read_buffer_count(self, read_buffer_count: u32) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaParentAttr::ReadBufferCount(read_buffer_count),
            ),
        }
    }

    /// Most read buffers that a group may use at a time whose
    /// use-read-buffer-limit is 1; at most read-buffer-count. 0, the default,
    /// is no limit. Can be set on a device that has such a limit (GRPCAP).
    pub fn read_buffer_limit(self, read_buffer_limit: u32) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaParentAttr::ReadBufferLimit(read_buffer_limit),
            ),
        }
    }

    /// A group: what of the device serves the work queues in it. A request
    /// names it by its id; what it does not give stays, and so do the groups
    /// that it leaves out.
    ///
    /// May be said more than once.
    pub fn group(self, group: impl Into<DsaGroupRequest>) -> Self {
        Self {
            attributes: add(
                self.attributes,
                DsaParentAttr::Group(group.into().attributes),
            ),
        }
    }
}

/// In a request: A group of an Intel Data Streaming Accelerator: its engines serve the work
/// queues that are in it. By default all work queues and engines are in group
/// 0. A group with work queues has at least one engine; the engines of one
/// without work queues do nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "it is a part of a request"]
pub struct DsaGroupRequest {
    pub(crate) attributes: Vec<DsaGroupAttr>,
}

impl DsaGroupRequest {
    /// With nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of the group.
    pub fn id(self, id: u32) -> Self {
        Self {
            attributes: replace(self.attributes, DsaGroupAttr::Id(id)),
        }
    }

    /// Engines of the group; bit n is engine n. An engine is in one group at
    /// most, so that one that is to be in another is taken out of the first
    /// in the same request or before.
    pub fn engines(self, engines: u64) -> Self {
        Self {
            attributes: replace(self.attributes, DsaGroupAttr::Engines(engines)),
        }
    }

    /// Read buffers that no other group may use; 0 is the default. At most
    /// what other groups leave of read-buffer-count.
    pub fn read_buffers_reserved(self, read_buffers_reserved: u32) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaGroupAttr::ReadBuffersReserved(read_buffers_reserved),
            ),
        }
    }

    /// Most read buffers that the group may use at a time: at least those that
    /// are reserved for it and four for each of its engines, at most all that
    /// are not reserved for others. That is the default, too.
    pub fn read_buffers_allowed(self, read_buffers_allowed: u32) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaGroupAttr::ReadBuffersAllowed(read_buffers_allowed),
            ),
        }
    }

    /// Whether read-buffer-limit holds for the group; 0, the default, or 1.
    pub fn use_read_buffer_limit(self, use_read_buffer_limit: u32) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaGroupAttr::UseReadBufferLimit(use_read_buffer_limit),
            ),
        }
    }
}

/// In a request: Vendor part of a work queue of an Intel Data Streaming Accelerator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "it is a part of a request"]
pub struct DsaWqRequest {
    pub(crate) attributes: Vec<DsaWqAttr>,
}

impl DsaWqRequest {
    /// With nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Entries that may be used through a limited portal in shared mode; at
    /// most the size, 0 by default. Of no effect in dedicated mode.
    pub fn threshold(self, threshold: u32) -> Self {
        Self {
            attributes: replace(self.attributes, DsaWqAttr::Threshold(threshold)),
        }
    }

    /// Priority within its group; 1 is the lowest, 15 the highest, 8 the
    /// default.
    pub fn priority(self, priority: u32) -> Self {
        Self {
            attributes: replace(self.attributes, DsaWqAttr::Priority(priority)),
        }
    }

    /// Number of the group that the work queue belongs to; it must have an
    /// engine. Default is 0. Like the size it can be changed only while no
    /// work queue of the parent is enabled.
    pub fn group(self, group: u32) -> Self {
        Self {
            attributes: replace(self.attributes, DsaWqAttr::Group(group)),
        }
    }

    /// Whether a descriptor may ask to wait until a fault is resolved; 0, the
    /// default, or 1 on a device that can (GENCAP). Subdevs with isolation
    /// "mediated" do not offer it: what the driver has translated does not
    /// fault.
    pub fn block_on_fault(self, block_on_fault: u32) -> Self {
        Self {
            attributes: replace(self.attributes, DsaWqAttr::BlockOnFault(block_on_fault)),
        }
    }

    /// Largest transfer of one descriptor in bytes: a power of two from 4096
    /// to the parent's. Default is 2 MiB, or less if the device can do less.
    /// Subdevs on it have the same limit, or a smaller one of their own.
    pub fn max_transfer_size(self, max_transfer_size: u64) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaWqAttr::MaxTransferSize(max_transfer_size),
            ),
        }
    }

    /// Largest number of descriptors in a batch: a power of two, at most the
    /// parent's. Default is 32, or less if the device can do less. Subdevs on
    /// it have the same limit, or a smaller one of their own.
    pub fn max_batch_size(self, max_batch_size: u32) -> Self {
        Self {
            attributes: replace(self.attributes, DsaWqAttr::MaxBatchSize(max_batch_size)),
        }
    }

    /// Operations that the work queue carries out, in the form of opcap of the
    /// parent. Default is all of the parent's. Can be set on a device that has
    /// such a mask (WQCAP), to operations that the parent has. A subdev has
    /// those that all of its work queues carry out, or some of these.
    pub fn op_config(self, op_config: impl Into<Binary>) -> Self {
        Self {
            attributes: replace(self.attributes, DsaWqAttr::OpConfig(op_config.into())),
        }
    }
}

/// In a request: What a subdev has of a work queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "it is a part of a request"]
pub struct SubdevWqRequest {
    pub(crate) attributes: Vec<SubdevWqAttr>,
}

impl SubdevWqRequest {
    /// With nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of the work queue on its parent. Left out in a request with a
    /// type, the driver takes the work queue with the most entries
    /// available.
    pub fn id(self, id: u32) -> Self {
        Self {
            attributes: replace(self.attributes, SubdevWqAttr::Id(id)),
        }
    }

    /// Entries of the virtual work queue: the subdev's share of the work
    /// queue. Default is the whole work queue, or an eighth of it in PASID
    /// mode "shared". Changed only while the subdev is inactive, as its user
    /// sees it in registers.
    pub fn size(self, size: u32) -> Self {
        Self {
            attributes: replace(self.attributes, SubdevWqAttr::Size(size)),
        }
    }

    /// Share of the work queue's bandwidth: of the subdevs that have work
    /// for it at the same time, each gets bytes in the ratio of the weights.
    /// A descriptor counts 2 KiB at least. Default is 100. It can be
    /// changed at any time.
    pub fn weight(self, weight: u32) -> Self {
        Self {
            attributes: replace(self.attributes, SubdevWqAttr::Weight(weight)),
        }
    }

    /// Most bytes per second that the subdev has the work queue process,
    /// counted as for `weight`; at least 262144, or 0 in a request for no
    /// cap. Absent in a reply and by default: no cap. What a twentieth of a
    /// second yields may be saved up. It can be changed at any time.
    pub fn max_rate(self, max_rate: u64) -> Self {
        Self {
            attributes: replace(self.attributes, SubdevWqAttr::MaxRate(max_rate)),
        }
    }
}

/// In a request: Vendor part of a subdev of an Intel Data Streaming Accelerator: what was
/// asked for. Absent is what is as its work queues have it; in a request 0,
/// or a mask of zeroes, takes back to that what was asked for. Where they
/// have less by the time that the subdev is activated, its user gets that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "it is a part of a request"]
pub struct DsaSubdevRequest {
    pub(crate) attributes: Vec<DsaSubdevAttr>,
}

impl DsaSubdevRequest {
    /// With nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Largest transfer of one descriptor in bytes (GENCAP, WQCFG): a power of
    /// two from 4096 to the smallest of its work queues', or 0 in a request
    /// for that.
    pub fn max_transfer_size(self, max_transfer_size: u64) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaSubdevAttr::MaxTransferSize(max_transfer_size),
            ),
        }
    }

    /// Largest number of descriptors in a batch: a power of two, at most the
    /// smallest of its work queues', or 0 in a request for that.
    pub fn max_batch_size(self, max_batch_size: u32) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaSubdevAttr::MaxBatchSize(max_batch_size),
            ),
        }
    }

    /// Operations that its user can have carried out (OPCAP), in the form of
    /// opcap of the parent: some of those that all of its work queues carry
    /// out and that the isolation allows, or none in a request for all of
    /// these.
    pub fn op_config(self, op_config: impl Into<Binary>) -> Self {
        Self {
            attributes: replace(
                self.attributes,
                DsaSubdevAttr::OpConfig(op_config.into()),
            ),
        }
    }

    /// How its user submits to its portals. Absent is "polled".
    pub fn portal(self, portal: Portal) -> Self {
        Self {
            attributes: replace(self.attributes, DsaSubdevAttr::Portal(portal)),
        }
    }
}
