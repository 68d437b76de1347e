// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device that another process has opened.

use std::fs::{self, File};

use anyhow::{Context, Result};
use nix::sys::mman::{MapFlags, ProtFlags};
use vfio_bindings::bindings::vfio::VFIO_PCI_BAR2_REGION_INDEX;

use super::{How, Mapping};
use crate::ffi;

/// The file of a device, taken from who has opened it.
pub struct Taken(File);

impl Taken {
    /// Takes the only VFIO device that a process has open, which keeps it.
    pub fn from_process(process: u32) -> Result<Self> {
        let folder = format!("/proc/{process}/fd");
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {folder}"))? {
            let entry = entry?;
            // A file that was closed meanwhile is none.
            let target = fs::read_link(entry.path()).unwrap_or_default();
            if target.to_string_lossy().contains("[vfio-device]") {
                let number = entry.file_name().to_string_lossy().parse()?;
                let file = ffi::file_of(process, number).context("pidfd_getfd")?;
                return Ok(Self(File::from(file)));
            }
        }
        anyhow::bail!("the process {process} has no VFIO device open")
    }

    /// Maps all of its portals.
    pub fn map_portal(&self) -> Result<Mapping> {
        let info = ffi::region_info(&self.0, VFIO_PCI_BAR2_REGION_INDEX)
            .context("VFIO_DEVICE_GET_REGION_INFO of the portals")?;
        let how = How {
            start: info.offset,
            len: info.size as usize,
            prot: ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
            flags: MapFlags::MAP_SHARED,
        };
        Mapping::new(&self.0, how).context("mapping the portals of another process")
    }
}
