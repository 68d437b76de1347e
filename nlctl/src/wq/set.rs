// SPDX-License-Identifier: MIT OR Apache-2.0

//! Configuring a work queue.

use crate::answer::Answer;
use crate::connection::Handle;
use crate::error::Error;
use crate::exchange;
use crate::generated::{Command, DsaWqAttr, Wq, WqAttr, WqMode};
use crate::parent::OnParent;
use crate::value::Binary;

/// Configures a work queue; what is not said stays.
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `execute`"]
pub struct WqSet {
    handle: Handle,
    attributes: Vec<WqAttr>,
    /// What is in the nest `dsa-wq`.
    dsa_wq: Vec<DsaWqAttr>,
    parent: OnParent<WqAttr>,
}

impl WqSet {
    pub(super) fn new(handle: Handle, id: u32, parent: OnParent<WqAttr>) -> Self {
        Self {
            handle,
            attributes: vec![WqAttr::Id(id)],
            dsa_wq: Vec::new(),
            parent,
        }
    }

    fn with(mut self, attribute: WqAttr) -> Self {
        self.attributes.push(attribute);
        self
    }

    fn with_dsa_wq(mut self, attribute: DsaWqAttr) -> Self {
        self.dsa_wq.push(attribute);
        self
    }

    /// Has so many entries.
    pub fn size(self, entries: u32) -> Self {
        self.with(WqAttr::Size(entries))
    }

    /// Takes submissions in that way.
    pub fn mode(self, mode: WqMode) -> Self {
        self.with(WqAttr::Mode(mode))
    }

    /// Has so many entries for a limited portal.
    pub fn threshold(self, entries: u32) -> Self {
        self.with_dsa_wq(DsaWqAttr::Threshold(entries))
    }

    /// Has that priority within its group, 1 to 15.
    pub fn priority(self, priority: u32) -> Self {
        self.with_dsa_wq(DsaWqAttr::Priority(priority))
    }

    /// Belongs to the group of that number.
    pub fn group(self, id: u32) -> Self {
        self.with_dsa_wq(DsaWqAttr::Group(id))
    }

    /// Lets descriptors ask to block on a fault, 1, or not, 0.
    pub fn block_on_fault(self, block: u32) -> Self {
        self.with_dsa_wq(DsaWqAttr::BlockOnFault(block))
    }

    /// Moves at most so many bytes by one descriptor, a power of two.
    pub fn max_transfer_size(self, bytes: u64) -> Self {
        self.with_dsa_wq(DsaWqAttr::MaxTransferSize(bytes))
    }

    /// Has batches of at most so many descriptors, a power of two.
    pub fn max_batch_size(self, descriptors: u32) -> Self {
        self.with_dsa_wq(DsaWqAttr::MaxBatchSize(descriptors))
    }

    /// Carries out these operations, 32 bytes in the form of the parent's opcap.
    pub fn op_config(self, operations: Binary) -> Self {
        self.with_dsa_wq(DsaWqAttr::OpConfig(operations))
    }

    /// Sends the request and returns the work queue as it is then
    /// (`SUBDEV_CMD_WQ_SET`).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says which attribute the kernel did not like, or which
    /// subdev is in the way; then nothing was changed.
    pub async fn execute(mut self) -> Result<Answer<Wq>, Error> {
        self.attributes
            .extend(self.parent.needed(&self.handle).await?);
        if !self.dsa_wq.is_empty() {
            self.attributes.push(WqAttr::DsaWq(self.dsa_wq));
        }
        exchange::object(&self.handle, Command::WqSet, self.attributes).await
    }
}
