// SPDX-License-Identifier: GPL-2.0

//! A subdev as a VFIO device.

use kernel::{
    prelude::*,
    sync::Arc,
    uaccess::{
        UserSliceReader,
        UserSliceWriter, //
    },
    warn_on, //
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
        mmap,
        vfio::{
            self,
            RegionInfo, //
        }, //
    },
    framework::{
        Function,
        Holder,
        Region,
        Subdev, //
    }, //
};

/// Most bytes that are passed to the function at once (see [`Function::write`]).
const PIECE: usize = 64;

/// What serves the VFIO device of a subdev.
pub(super) struct Device {
    subdev: Arc<Subdev>,
    function: Arc<dyn Function>,
    irqs: Arc<Irqs>,
}

impl Device {
    /// Serves `subdev`.
    pub(super) fn new(subdev: Arc<Subdev>) -> Result<Self> {
        let function = subdev.function().ok_or(ENODEV)?;
        let irqs = Irqs::new(function.vectors())?;
        Ok(Self {
            subdev,
            function,
            irqs,
        })
    }

    /// The function, for a user that asks something of it: a subdev that is inactive or being
    /// removed answers nobody.
    fn alive(&self) -> Result<&dyn Function> {
        if self.subdev.is_dead() {
            return Err(ENODEV);
        }
        Ok(&*self.function)
    }

    /// Accesses up to `count` bytes at `position` of the file, piece by piece: `access` gets the
    /// function, the region, the offset in it, and room for a piece.
    fn access(
        &self,
        position: u64,
        count: usize,
        mut access: impl FnMut(&dyn Function, Region, u64, &mut [u8]) -> Result,
    ) -> Result<usize> {
        if count == 0 {
            return Ok(0);
        }
        let function = self.alive()?;
        let (region, start) = layout::locate(position)?;
        let count = layout::clip(region, function.region_size(region), start, count)?;
        let mut done = 0;
        while done < count {
            // CAST: Widening.
            let offset = start + done as u64;
            let mut room = [0; PIECE];
            // A piece ends at a multiple of `PIECE`, so that an aligned value is never cut.
            // CAST: Below `PIECE`.
            let within = (offset % PIECE as u64) as usize;
            let len = (count - done).min(PIECE - within);
            let Some(piece) = room.get_mut(..len) else {
                warn_on!(true);
                return Err(EINVAL);
            };
            access(function, region, offset, piece)?;
            done += len;
        }
        Ok(done)
    }
}

impl Device {
    fn host(&self, memory: vfio::Memory) -> Result<Arc<Host>> {
        let host = Host {
            memory: Arc::new(memory, GFP_KERNEL)?,
            irqs: self.irqs.clone(),
            subdev: self.subdev.clone(),
        };
        Ok(Arc::new(host, GFP_KERNEL)?)
    }
}

impl vfio::Operations for Device {
    const NAME: &'static CStr = c"vfio-subdev";

    fn open(&self, memory: vfio::Memory) -> Result {
        self.subdev.open(self.irqs.clone())?;
        let opened = self.host(memory).and_then(|host| self.function.open(host));
        if opened.is_err() {
            self.subdev.closed();
        }
        opened
    }

    fn close(&self) {
        self.function.close();
        self.irqs.clear();
        self.subdev.closed();
    }

    fn read(&self, mut out: UserSliceWriter, position: u64) -> Result<usize> {
        self.access(position, out.len(), |function, region, offset, piece| {
            function.read(region, offset, piece)?;
            out.write_slice(piece)
        })
    }

    fn write(&self, mut data: UserSliceReader, position: u64) -> Result<usize> {
        self.access(position, data.len(), |function, region, offset, piece| {
            data.read_slice(piece)?;
            function.write(region, offset, piece)
        })
    }

    fn ioctl(&self, command: u32, arg: usize) -> Result<isize> {
        ioctl::serve(self.alive()?, &self.irqs, command, arg)
    }

    fn region(&self, index: u32) -> Result<RegionInfo> {
        let function = self.alive()?;
        let (size, is_mappable) = match layout::slot(index)? {
            layout::Slot::Function(region) => {
                function.prepare(region)?;
                (function.region_size(region), function.is_mappable(region))
            }
            layout::Slot::Rom => (0, false),
        };
        let mut flags = 0;
        if size > 0 {
            flags |= bindings::VFIO_REGION_INFO_FLAG_READ | bindings::VFIO_REGION_INFO_FLAG_WRITE;
        }
        if is_mappable {
            flags |= bindings::VFIO_REGION_INFO_FLAG_MMAP;
        }
        Ok(RegionInfo {
            size,
            offset: layout::offset(index),
            flags,
        })
    }

    fn mmap(&self, mapping: &mmap::NewMapping<'_>) -> Result {
        let function = self.alive()?;
        let (region, start) = layout::locate(mapping.position())?;
        let end = start.checked_add(mapping.len()).ok_or(EINVAL)?;
        if !function.is_mappable(region) || end > function.region_size(region) {
            return Err(EINVAL);
        }
        Ok(())
    }

    fn fault(&self, fault: &mmap::Fault<'_>) -> Result {
        // Also of a subdev that is dead: its user has the mapping still.
        let (region, _) = layout::locate(fault.position())?;
        self.function.fault(region, fault)
    }

    fn dma_unmap(&self, iova: u64, length: u64) {
        // Also of a subdev that is dead, which may have pages pinned still.
        self.function.unmap(iova, length);
    }

    fn request(&self, count: u32) {
        if !self.irqs.request_release() && count == 0 {
            pr_info!(
                "{}: waiting for its VFIO user to close it\n",
                self.subdev.settings().name.as_str()
            );
        }
    }
}
