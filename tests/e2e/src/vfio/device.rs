// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device opened through its group.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use vfio_bindings::bindings::vfio::{
    VFIO_DEVICE_FLAGS_PCI, VFIO_DEVICE_FLAGS_RESET, VFIO_GROUP_FLAGS_VIABLE,
    VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_BAR2_REGION_INDEX, VFIO_PCI_CONFIG_REGION_INDEX,
    VFIO_PCI_MSIX_IRQ_INDEX, VFIO_PCI_REQ_IRQ_INDEX, VFIO_REGION_INFO_FLAG_MMAP,
};

use super::{Container, How, Interrupt, Mapping};
use crate::ffi::{self, IrqSet};

/// Where a device is to be found: what the kernel reports of a subdev.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Location {
    /// Device node of the group.
    pub group: PathBuf,
    /// Name of the device in its group.
    pub device: String,
}

/// A part of a PCI device that can be read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Registers.
    Bar0,
    /// Portals.
    Bar2,
    /// Config space.
    Config,
}

impl Region {
    /// All of them, each at the place of its discriminant.
    const ALL: [Self; 3] = [Self::Bar0, Self::Bar2, Self::Config];

    fn index(self) -> u32 {
        match self {
            Self::Bar0 => VFIO_PCI_BAR0_REGION_INDEX,
            Self::Bar2 => VFIO_PCI_BAR2_REGION_INDEX,
            Self::Config => VFIO_PCI_CONFIG_REGION_INDEX,
        }
    }
}

/// Where a region lies in the device's file.
#[derive(Clone, Copy, Default)]
struct Span {
    start: u64,
    len: u64,
    mappable: bool,
}

/// An open PCI device in a container of its own.
pub struct Device {
    // Closed in this order: device, group, container.
    file: File,
    _group: File,
    container: Arc<Container>,
    spans: [Span; Region::ALL.len()],
}

impl Device {
    /// Opens the device.
    pub fn open(location: &Location) -> Result<Self> {
        let path = location.group.display();
        let group = open_group(location)?;
        let flags = ffi::group_flags(&group).context("VFIO_GROUP_GET_STATUS")?;
        ensure!(
            flags & VFIO_GROUP_FLAGS_VIABLE != 0,
            "the group {path} is not viable (flags {flags:#x})"
        );
        let container = Container::new()?;
        container.attach(&group)?;
        let name = CString::new(location.device.as_str()).context("the device's name")?;
        let file = ffi::device_fd(&group, &name)
            .with_context(|| format!("VFIO_GROUP_GET_DEVICE_FD of {name:?} in {path}"))?;
        let file = File::from(file);
        let info = ffi::device_info(&file).context("VFIO_DEVICE_GET_INFO")?;
        ensure!(
            info.flags & VFIO_DEVICE_FLAGS_PCI != 0,
            "{name:?} is no PCI device (flags {:#x})",
            info.flags
        );
        ensure!(
            info.flags & VFIO_DEVICE_FLAGS_RESET != 0,
            "{name:?} cannot be reset (flags {:#x})",
            info.flags
        );
        let mut spans = [Span::default(); Region::ALL.len()];
        for (span, region) in spans.iter_mut().zip(Region::ALL) {
            let info = ffi::region_info(&file, region.index())
                .with_context(|| format!("VFIO_DEVICE_GET_REGION_INFO of {region:?}"))?;
            *span = Span {
                start: info.offset,
                len: info.size,
                mappable: info.flags & VFIO_REGION_INFO_FLAG_MMAP != 0,
            };
        }
        Ok(Self {
            file,
            _group: group,
            container: Arc::new(container),
            spans,
        })
    }

    /// The address space of the device.
    pub fn container(&self) -> &Arc<Container> {
        &self.container
    }

    /// Length of a region in bytes.
    pub fn region_len(&self, region: Region) -> u64 {
        self.span(region).len
    }

    /// Where in the file of the device a region begins.
    pub fn start(&self, region: Region) -> u64 {
        self.span(region).start
    }

    /// Whether the device says that a region can be mapped.
    pub fn is_mappable(&self, region: Region) -> bool {
        self.span(region).mappable
    }

    /// Maps a part of a region, whose `start` is an offset in it, whether or not it can be; the error
    /// is the kernel's.
    pub fn map(&self, region: Region, how: How) -> nix::Result<Mapping> {
        let start = self.span(region).start + how.start;
        Mapping::new(&self.file, How { start, ..how })
    }

    /// Maps the beginning of a region where `mapping` is, while others may access that.
    pub fn map_over(&self, region: Region, mapping: &Mapping) -> nix::Result<()> {
        mapping.show(&self.file, self.span(region).start)
    }

    fn span(&self, region: Region) -> Span {
        self.spans[region as usize]
    }

    /// Reads from a region; all of `bytes` in one access.
    pub fn read(&self, region: Region, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let wanted = bytes.len();
        let what = || format!("reading {wanted} bytes at {offset:#x} of {region:?}");
        let got = self.file.read_at(bytes, self.span(region).start + offset);
        complete(got, wanted).with_context(what)
    }

    /// Writes to a region; all of `bytes` in one access.
    pub fn write(&self, region: Region, offset: u64, bytes: &[u8]) -> Result<()> {
        let what = || format!("writing {} bytes at {offset:#x} of {region:?}", bytes.len());
        let put = self.file.write_at(bytes, self.span(region).start + offset);
        complete(put, bytes.len()).with_context(what)
    }

    /// Number of MSI-X vectors.
    pub fn vectors(&self) -> Result<u32> {
        let info = ffi::irq_info(&self.file, VFIO_PCI_MSIX_IRQ_INDEX)
            .context("VFIO_DEVICE_GET_IRQ_INFO of MSI-X")?;
        Ok(info.count)
    }

    /// Has the first MSI-X vectors signal `interrupts`; with none, disables MSI-X.
    pub fn arm(&self, interrupts: &[&Interrupt]) -> Result<()> {
        let fds: Vec<_> = interrupts.iter().map(|fd| fd.as_fd()).collect();
        ffi::set_irqs(&self.file, VFIO_PCI_MSIX_IRQ_INDEX, &fds)
            .context("VFIO_DEVICE_SET_IRQS of MSI-X")
    }

    /// Sets interrupts with any header and any data, right or wrong; the error is the kernel's.
    pub fn set_irqs(&self, header: IrqSet, data: &[u8]) -> nix::Result<()> {
        ffi::set_irqs_raw(&self.file, header, data)
    }

    /// Has the kernel signal `interrupt` when it wants the device back.
    pub fn arm_request(&self, interrupt: &Interrupt) -> Result<()> {
        ffi::set_irqs(&self.file, VFIO_PCI_REQ_IRQ_INDEX, &[interrupt.as_fd()])
            .context("VFIO_DEVICE_SET_IRQS of the device request")
    }

    /// Resets the device.
    pub fn reset(&self) -> Result<()> {
        ffi::reset(&self.file).context("VFIO_DEVICE_RESET")
    }
}

/// Opens the group of a device, and nothing else.
pub fn open_group(location: &Location) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(&location.group)
        .with_context(|| format!("cannot open {}", location.group.display()))
}

/// A short access is an error: registers and portals are accessed whole.
fn complete(done: io::Result<usize>, wanted: usize) -> io::Result<()> {
    match done? {
        done if done == wanted => Ok(()),
        done => Err(io::Error::other(format!("the kernel did only {done}"))),
    }
}
