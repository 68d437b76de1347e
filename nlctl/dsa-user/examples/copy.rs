// SPDX-License-Identifier: MIT OR Apache-2.0

#![allow(unsafe_code)]

//! A userspace driver of a subdev: has it copy a page over and over, and says how fast that is.
//!
//! ```text
//! dsa-nl subdev add wq 3 pasid-mode shared name net0
//! cargo run --release -p dsa-user --example copy -- net0
//! ```
//!
//! In a container, where the family is not seen, the folder of the subdev's device says which it is:
//!
//! ```text
//! copy /sys/bus/auxiliary/devices/$DSA_COPY_VFIO_NAME
//! ```

use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use iommufd_ioctls::IommuFd;
use nlctl::blocking::Client;
use vfio_bindings::bindings::vfio::{
    VFIO_PCI_BAR0_REGION_INDEX as BAR0, VFIO_PCI_BAR2_REGION_INDEX as BAR2,
    VFIO_PCI_CONFIG_REGION_INDEX as CONFIG, VFIO_REGION_INFO_FLAG_MMAP,
};
use vfio_ioctls::{VfioContainer, VfioDevice, VfioIommufd, VfioOps};
use vm_memory::{Bytes, FileOffset, MmapRegion, VolatileMemory};
use vmm_sys_util::eventfd::{EFD_NONBLOCK, EventFd};
use vmm_sys_util::poll::PollContext;

// Registers in BAR0, and codes of CMD: srctree drivers/dma/idxd/registers.h.
const OFFSETS: u64 = 0x60;
const CMD: u64 = 0xa0;
const CMDSTS: u64 = 0xa8;
const CMDSTS_ACTIVE: u32 = 1 << 31;
const ENABLE_DEVICE: u32 = 1;
const DISABLE_DEVICE: u32 = 2;
const ENABLE_WQ: u32 = 6;
const REQUEST_INTERRUPT_HANDLE: u32 = 13;
// Descriptors and completion records: srctree include/uapi/linux/idxd.h.
const MEMMOVE: u64 = 3;
const RECORD_VALID_AND_REQUESTED: u64 = 0b11 << 2;
const INTERRUPT_REQUESTED: u64 = 1 << 4;
const RECORD: usize = 32;
const SUCCESS: u8 = 1;

const PAGE: usize = 4096;
/// Where in BAR2 the portal of the first work queue is: a page of slots for a descriptor each.
const PORTAL: u64 = 0x1000;
const SLOT: usize = 64;
/// Where the device finds our memory: a page of completion records, one to copy, and the copies.
const IOVA: u64 = 0x1000_0000;
const PATIENCE: Duration = Duration::from_secs(10);

/// Has a subdev copy a page over and over, and says how fast that is.
#[derive(Parser)]
struct Arguments {
    /// Index, name or UUID of the subdev, or the folder of its device in sysfs
    subdev: String,
    #[arg(long, default_value_t = 10_000)]
    copies: usize,
    /// Open the device by its own node and IOMMUFD, not by its group and a container
    #[arg(long)]
    iommufd: bool,
    /// Sleep until there is an interrupt, and do not look at completion records all the time
    #[arg(long)]
    interrupt: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let (device, vfio) = open(&arguments.subdev, arguments.iommufd)?;
    let portal = map_portal(device, &arguments.subdev)?;
    let portal = portal.as_volatile_slice();

    // How many descriptors the first work queue holds, and memory for as many.
    let wqcfg = u64::from(read(device, OFFSETS) >> 16) * 0x100;
    let entries = (read(device, wqcfg) as usize & 0xffff).clamp(1, PAGE / SLOT);
    let memory = MmapRegion::<()>::new((2 + entries) * PAGE)?;
    // SAFETY: It is accessed as a `VolatileSlice` only.
    unsafe { vfio.vfio_dma_map(IOVA, memory.size(), memory.as_ptr()) }?;
    let memory = memory.as_volatile_slice();
    let source: Vec<_> = (0..PAGE).map(|n| (n >> 4) as u8).collect();
    memory.write_slice(&source, PAGE)?;
    // As if each were the end of a copy: its entry is free.
    memory.write_slice(&[SUCCESS; PAGE], 0)?;

    device.region_write(CONFIG, &[0b110, 0], 4); // COMMAND: memory and bus master.
    command(device, ENABLE_DEVICE, 0)?;
    command(device, ENABLE_WQ, 0)?;
    let done = EventFd::new(EFD_NONBLOCK)?;
    device.enable_msix(vec![&done, &done])?;
    let poll = PollContext::new()?;
    poll.add(&done, ())?;
    let handle = u64::from(command(device, REQUEST_INTERRUPT_HANDLE, 1)?);
    let interrupt = u64::from(arguments.interrupt) * INTERRUPT_REQUESTED;

    // There are never more under way than slots, so that the next slot is empty.
    let submit = |n: usize| -> Result<()> {
        let record = n % entries * RECORD;
        memory.store(0_u8, record, Release)?;
        let descriptor = [
            MEMMOVE << 56 | (RECORD_VALID_AND_REQUESTED | interrupt) << 32,
            IOVA + record as u64,
            IOVA + PAGE as u64,
            IOVA + ((2 + n % entries) * PAGE) as u64,
            handle << 32 | PAGE as u64,
        ];
        // Without MOVDIR64B the first word last: when it is not zero, the device takes the slot.
        for (word, value) in descriptor.into_iter().enumerate().rev() {
            portal.store(value, n * SLOT % PAGE + word * 8, Release)?;
        }
        Ok(())
    };
    // Until the entry of copy `n` is free: the copy that had it before has ended.
    let wait = |n: usize| -> Result<()> {
        let begin = Instant::now();
        loop {
            match memory.load(n % entries * RECORD, Acquire)? {
                0_u8 if begin.elapsed() < PATIENCE => std::hint::spin_loop(),
                0 => bail!("no copy has ended for {PATIENCE:?}; was the subdev deleted?"),
                SUCCESS => return Ok(()),
                status => bail!("a copy has ended with status {status:#04x}"),
            }
            if arguments.interrupt {
                poll.wait_timeout(PATIENCE)?;
                done.read().ok();
            }
        }
    };
    let copies = arguments.copies;
    let begin = Instant::now();
    for n in 0..copies {
        wait(n)?;
        submit(n)?;
    }
    (0..entries).try_for_each(wait)?;
    let rate = copies as f64 / begin.elapsed().as_secs_f64();
    let mut copy = vec![0; PAGE];
    for n in 0..copies.min(entries) {
        memory.read_slice(&mut copy, (2 + n) * PAGE)?;
        ensure!(copy == source, "copy {n} is not what was copied");
    }
    command(device, DISABLE_DEVICE, 0)?;
    println!("{copies} copies of {PAGE} bytes, {rate:.0} per second");
    Ok(())
}

/// Opens the VFIO device of a subdev, and an address space for it.
fn open(id: &str, iommufd: bool) -> Result<(&'static VfioDevice, Arc<dyn VfioOps>)> {
    let (path, told) = if id.starts_with('/') {
        (PathBuf::from(id), id.to_owned())
    } else {
        find(id)?
    };
    let vfio: Arc<dyn VfioOps> = if iommufd {
        let iommufd = IommuFd::new().context("cannot open /dev/iommu (IOMMUFD)")?;
        Arc::new(VfioIommufd::new(Arc::new(iommufd), None, None)?)
    } else {
        Arc::new(VfioContainer::new(None).context("is vfio_iommu_type1 loaded?")?)
    };
    // The number of its group and the name of its own node are found there.
    let device = VfioDevice::new(&path, vfio.clone(), true);
    let device = device.with_context(|| format!("cannot open {told}"))?;
    // The end of the process closes it: when dropped, it panics if the subdev was deleted meanwhile.
    Ok((Box::leak(Box::new(device)), vfio))
}

/// Asks the family where the device of a subdev is in sysfs, and how it is.
fn find(id: &str) -> Result<(PathBuf, String)> {
    let client = Client::new()?;
    let subdev = client.wait(client.handle().subdev().get(id).execute());
    let subdev = subdev.with_context(|| format!("cannot find {id}"))?;
    let Some(name) = &subdev.auxiliary_device else {
        bail!("{id} is inactive; `dsa-nl subdev set {id} state active` hands it to VFIO");
    };
    let path = Path::new("/sys/bus/auxiliary/devices").join(name);
    Ok((path, format!("{id}, which is {}", subdev.opstate)))
}

/// Maps the page of BAR2 that is the portal of the first work queue.
fn map_portal(device: &VfioDevice, id: &str) -> Result<MmapRegion> {
    ensure!(
        device.get_region_flags(BAR2) & VFIO_REGION_INFO_FLAG_MMAP != 0,
        "the portal of {id} is trapped; `dsa-nl subdev set {id} state inactive`, then \
         `dsa-nl subdev set {id} portal polled state active` make it one that can be mapped"
    );
    // SAFETY: The device is open.
    let file = unsafe { BorrowedFd::borrow_raw(device.as_raw_fd()) }.try_clone_to_owned()?;
    let portal = FileOffset::new(file.into(), device.get_region_offset(BAR2) + PORTAL);
    MmapRegion::from_file(portal, PAGE).context("cannot map BAR2")
}

/// Has the device carry out a command, and returns its result.
fn command(device: &VfioDevice, code: u32, operand: u32) -> Result<u32> {
    device.region_write(BAR0, &(code << 20 | operand).to_le_bytes(), CMD);
    let begin = Instant::now();
    while read(device, CMDSTS) & CMDSTS_ACTIVE != 0 {
        ensure!(begin.elapsed() < PATIENCE, "command {code} does not end");
    }
    let status = read(device, CMDSTS);
    ensure!(status & 0xff == 0, "command {code}: error {status:#04x}");
    Ok(status >> 8)
}

/// Reads a register; all ones where no device answers.
fn read(device: &VfioDevice, register: u64) -> u32 {
    let mut word = [0xff; 4];
    device.region_read(BAR0, &mut word, register);
    u32::from_le_bytes(word)
}
