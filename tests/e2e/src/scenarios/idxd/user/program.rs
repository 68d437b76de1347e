// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program on a user WQ of a device that `idxd` owns, beside the other users of the device.
//!
//! `idxd` makes `/dev/dsa/wq0.2` and enables the WQ, but opening the file is refused: a program is given
//! the address space of its process by a PASID (srctree drivers/dma/idxd/cdev.c, `idxd_cdev_open`,
//! which calls `iommu_sva_bind_device`), and vfio-user, by which the model is attached, has none. So the
//! program maps the portal of the WQ from the file of the BAR, and names its pages by their physical
//! addresses. What the device gets is the same but for the PASID.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Result, anyhow, ensure};

use super::device::{Operation, Pages, Portal};
use crate::check;
use crate::pattern;

/// Bytes of a copy.
const LEN: usize = 4096;

/// A thread that copies, until it is told to end.
pub struct Program {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Result<u64>>,
}

impl Program {
    /// Starts it on a WQ of the device at `pci`.
    pub fn start(pci: &Path, wq: u8) -> Result<Self> {
        let portal = Portal::map(pci, wq)?;
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = thread::spawn(move || copy_until(&portal, &told));
        Ok(Self { over, thread })
    }

    /// Ends it, and gives the number of its copies, each of which was right.
    pub fn finish(self) -> Result<u64> {
        self.over.store(true, Ordering::Relaxed);
        let done = self.thread.join();
        done.map_err(|_| anyhow!("the program panicked"))?
    }
}

fn copy_until(portal: &Portal, over: &AtomicBool) -> Result<u64> {
    let mut pages = Pages::new()?;
    let copy = Operation {
        name: "MEMMOVE",
        opcode: 0x03,
        first: pages.source.physical,
        second: pages.target.physical,
        size: LEN as u32,
        rest: Vec::new(),
    };
    let copy = copy.descriptor(pages.record.physical);
    let mut copies = 0;
    while !over.load(Ordering::Relaxed) {
        let data = pattern::bytes(copies, LEN);
        pages.source.set(&data);
        pages.target.set(&[]);
        let record = portal.run(&copy, &mut pages)?;
        ensure!(record[0] == 1, "copy {copies} ended with {:#x}", record[0]);
        check::same_bytes("a copy of the program", &pages.target.bytes(), &data)?;
        copies += 1;
    }
    Ok(copies)
}
