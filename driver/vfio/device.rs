// SPDX-License-Identifier: GPL-2.0

//! A subdev as a VFIO device.

use kernel::{
    prelude::*,
    sync::Arc,
    uaccess::{
        UserSliceReader,
        UserSliceWriter, //
    }, //
};

use super::{
    host::Host,
    ioctl,
    irqs::Irqs,
    layout, //
};
use crate::{
    ffi::{
        bindings,
        vfio::{
            self,
            RegionInfo, //
        },
    },
    framework::{
        Region,
        Subdev, //
    }, //
};

/// Most bytes that reach the function at once: a descriptor.
const PIECE: usize = 64;

/// What serves the VFIO device of a subdev.
pub(super) struct Device {
    pub(super) subdev: Arc<Subdev>,
    pub(super) irqs: Arc<Irqs>,
}

impl Device {
    /// Serves `subdev`.
    pub(super) fn new(subdev: Arc<Subdev>) -> Result<Self> {
        let irqs = Irqs::new(subdev.function().vectors())?;
        Ok(Self { subdev, irqs })
    }

    /// A subdev that was removed answers nobody any more.
    pub(super) fn check_alive(&self) -> Result {
        if self.subdev.is_dead() {
            return Err(ENODEV);
        }
        Ok(())
    }

    /// Where a transfer goes and how much of it: up to the end of the region.
    fn locate(&self, position: u64, count: usize) -> Result<(Region, u64, usize)> {
        self.check_alive()?;
        let (region, offset) = layout::locate(position).ok_or(EINVAL)?;
        let size = self.subdev.function().region_size(region);
        let room = size
            .checked_sub(offset)
            .filter(|room| *room > 0)
            .ok_or(EINVAL)?;
        let count = usize::try_from(room).map_or(count, |room| count.min(room));
        Ok((region, offset, count))
    }
}

/// Bytes from `offset` to the end of the piece that it is in, at most `left`.
fn piece(offset: u64, left: usize) -> usize {
    // CAST: Below `PIECE`.
    let within = (offset % PIECE as u64) as usize;
    left.min(PIECE - within)
}

impl vfio::Operations for Device {
    const NAME: &'static CStr = c"vfio-subdev";

    fn open(&self, memory: vfio::Memory) -> Result {
        self.subdev.open()?;
        let opened = Host::of(memory, self).and_then(|host| self.subdev.function().open(host));
        if opened.is_err() {
            self.subdev.closed();
        }
        opened
    }

    fn close(&self) {
        self.subdev.function().close();
        self.irqs.clear();
        self.subdev.closed();
    }

    fn read(&self, mut out: UserSliceWriter, position: u64) -> Result<usize> {
        let (region, start, count) = self.locate(position, out.len())?;
        let mut done = 0;
        while done < count {
            let offset = start + done as u64;
            let mut buf = [0; PIECE];
            let buf = buf.get_mut(..piece(offset, count - done)).ok_or(EINVAL)?;
            self.subdev.function().read(region, offset, buf)?;
            out.write_slice(buf)?;
            done += buf.len();
        }
        Ok(done)
    }

    fn write(&self, mut data: UserSliceReader, position: u64) -> Result<usize> {
        let (region, start, count) = self.locate(position, data.len())?;
        let mut done = 0;
        while done < count {
            let offset = start + done as u64;
            let mut buf = [0; PIECE];
            let buf = buf.get_mut(..piece(offset, count - done)).ok_or(EINVAL)?;
            data.read_slice(buf)?;
            self.subdev.function().write(region, offset, buf)?;
            done += buf.len();
        }
        Ok(done)
    }

    fn ioctl(&self, command: u32, arg: usize) -> Result<isize> {
        self.check_alive()?;
        ioctl::serve(self, command, arg)
    }

    fn region(&self, index: u32) -> Result<RegionInfo> {
        if index >= layout::REGIONS {
            return Err(EINVAL);
        }
        let size = layout::region(index).map_or(0, |r| self.subdev.function().region_size(r));
        let flags = if size > 0 {
            bindings::VFIO_REGION_INFO_FLAG_READ | bindings::VFIO_REGION_INFO_FLAG_WRITE
        } else {
            0
        };
        Ok(RegionInfo {
            size,
            offset: layout::offset(index),
            flags,
        })
    }

    fn dma_unmap(&self, iova: u64, length: u64) {
        self.subdev.function().unmap(iova, length);
    }

    fn request(&self, count: u32) {
        if !self.irqs.request_release() && count == 0 {
            pr_info!(
                "{}: waiting for its VFIO user to close it\n",
                self.subdev.identity().name.as_str()
            );
        }
    }
}
