// SPDX-License-Identifier: GPL-2.0

//! Emulated VFIO devices: devices whose regions, interrupts and DMA a driver serves in software.
//!
//! C header: [`include/linux/vfio.h`](srctree/include/linux/vfio.h)

use core::{
    mem::MaybeUninit,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    error::{
        from_err_ptr,
        from_result,
        to_result, //
    },
    page::PAGE_SIZE,
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice,
        UserSliceReader,
        UserSliceWriter, //
    }, //
};

use super::{
    bindings as local,
    device::raw, //
};

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

/// Most pages that can be pinned in one call (`VFIO_PIN_PAGES_MAX_ENTRIES`).
pub(crate) const PIN_MAX: usize = 512;

/// What a region of a device is.
#[derive(Clone, Copy, Default)]
pub(crate) struct RegionInfo {
    /// Bytes; zero for a region that the device does not have.
    pub(crate) size: u64,
    /// Offset of the region in the device's file.
    pub(crate) offset: u64,
    /// `VFIO_REGION_INFO_FLAG_*`.
    pub(crate) flags: u32,
}

/// What serves a VFIO device.
///
/// All callbacks run in process context and may sleep. `open`, `close` and what comes between them
/// are ordered by the VFIO core; everything else may be called by several threads at once.
pub(crate) trait Operations: Send + Sync + Sized + 'static {
    /// Name of the driver as VFIO reports it.
    const NAME: &'static CStr;

    /// The device was opened; until `close`, `memory` is that of who did it.
    fn open(&self, memory: Memory) -> Result;

    /// The last file of the device is being closed. Nothing may stay pinned.
    fn close(&self);

    /// Reads from the device's file at `position`, returns the bytes read.
    fn read(&self, out: UserSliceWriter, position: u64) -> Result<usize>;

    /// Writes to the device's file at `position`, returns the bytes written.
    fn write(&self, data: UserSliceReader, position: u64) -> Result<usize>;

    /// Serves an ioctl other than VFIO_DEVICE_GET_REGION_INFO; `arg` is its argument.
    fn ioctl(&self, command: u32, arg: usize) -> Result<isize>;

    /// Describes region `index`.
    fn region(&self, index: u32) -> Result<RegionInfo>;

    /// The user takes a range of its memory away: on return nothing in it may be pinned.
    fn dma_unmap(&self, iova: u64, length: u64);

    /// The device is being unregistered while it is open; called every ten seconds.
    fn request(&self, count: u32);
}

/// What the VFIO core offers to emulated devices for IOMMUFD, on a kernel that has it.
mod iommufd {
    use super::{
        bindings,
        c_int,
        local, //
    };

    pub(super) const BIND: Option<
        unsafe extern "C" fn(
            *mut local::vfio_device,
            *mut bindings::iommufd_ctx,
            *mut u32,
        ) -> c_int,
    > = {
        #[cfg(CONFIG_IOMMUFD)]
        {
            Some(local::vfio_iommufd_emulated_bind)
        }
        #[cfg(not(CONFIG_IOMMUFD))]
        {
            None
        }
    };

    pub(super) const UNBIND: Option<unsafe extern "C" fn(*mut local::vfio_device)> = {
        #[cfg(CONFIG_IOMMUFD)]
        {
            Some(local::vfio_iommufd_emulated_unbind)
        }
        #[cfg(not(CONFIG_IOMMUFD))]
        {
            None
        }
    };

    pub(super) const ATTACH: Option<
        unsafe extern "C" fn(*mut local::vfio_device, *mut u32) -> c_int,
    > = {
        #[cfg(CONFIG_IOMMUFD)]
        {
            Some(local::vfio_iommufd_emulated_attach_ioas)
        }
        #[cfg(not(CONFIG_IOMMUFD))]
        {
            None
        }
    };

    pub(super) const DETACH: Option<unsafe extern "C" fn(*mut local::vfio_device)> = {
        #[cfg(CONFIG_IOMMUFD)]
        {
            Some(local::vfio_iommufd_emulated_detach_ioas)
        }
        #[cfg(not(CONFIG_IOMMUFD))]
        {
            None
        }
    };
}

/// The allocation that VFIO and we share.
///
/// `vdev` comes first because the C side allocates by the size of the whole and frees by a pointer
/// to it.
#[repr(C)]
struct Inner<T> {
    vdev: local::vfio_device,
    data: MaybeUninit<T>,
}

impl<T: Operations> Inner<T> {
    const OPS: local::vfio_device_ops = local::vfio_device_ops {
        name: T::NAME.to_bytes_with_nul().as_ptr().cast_mut(),
        init: None,
        release: Some(Self::release),
        bind_iommufd: iommufd::BIND,
        unbind_iommufd: iommufd::UNBIND,
        attach_ioas: iommufd::ATTACH,
        detach_ioas: iommufd::DETACH,
        pasid_attach_ioas: None,
        pasid_detach_ioas: None,
        open_device: Some(Self::open_device),
        close_device: Some(Self::close_device),
        read: Some(Self::read),
        write: Some(Self::write),
        ioctl: Some(Self::ioctl),
        get_region_info_caps: Some(Self::get_region_info_caps),
        mmap: None,
        request: Some(Self::request),
        match_: None,
        match_token_uuid: None,
        dma_unmap: Some(Self::dma_unmap),
        device_feature: None,
    };

    const OPS_REF: &'static local::vfio_device_ops = &Self::OPS;

    /// # Safety
    ///
    /// `vdev` must be within an `Inner<T>` whose data is initialised, for `'a`.
    unsafe fn data<'a>(vdev: *mut local::vfio_device) -> &'a T {
        // SAFETY: `vdev` is the first field of an `Inner<T>` with initialised data.
        unsafe { (*vdev.cast::<Self>()).data.assume_init_ref() }
    }

    extern "C" fn release(vdev: *mut local::vfio_device) {
        // SAFETY: The last reference is gone; the data was initialised by `Registration::new`
        // before anything could fail, and nobody reaches it any more.
        unsafe { (*vdev.cast::<Self>()).data.assume_init_drop() };
    }

    extern "C" fn open_device(vdev: *mut local::vfio_device) -> c_int {
        from_result(|| {
            // SAFETY: VFIO calls with a registered device of ours.
            let memory = unsafe { Memory::from_raw(vdev) };
            // SAFETY: As above.
            unsafe { Self::data(vdev) }.open(memory)?;
            Ok(0)
        })
    }

    extern "C" fn close_device(vdev: *mut local::vfio_device) {
        // SAFETY: VFIO calls with a registered device of ours.
        unsafe { Self::data(vdev) }.close();
    }

    extern "C" fn read(
        vdev: *mut local::vfio_device,
        buf: *mut c_char,
        count: usize,
        ppos: *mut bindings::loff_t,
    ) -> isize {
        // SAFETY: The C side passes the position of the file, which is ours while it is read.
        let position = unsafe { &mut *ppos };
        let out = UserSlice::new(UserPtr::from_ptr(buf.cast()), count).writer();
        // SAFETY: VFIO calls with a registered device of ours.
        transfer(position, |at| unsafe { Self::data(vdev) }.read(out, at))
    }

    extern "C" fn write(
        vdev: *mut local::vfio_device,
        buf: *const c_char,
        count: usize,
        ppos: *mut bindings::loff_t,
    ) -> isize {
        // SAFETY: The C side passes the position of the file, which is ours while it is written.
        let position = unsafe { &mut *ppos };
        let data = UserSlice::new(UserPtr::from_ptr(buf.cast_mut().cast()), count).reader();
        // SAFETY: VFIO calls with a registered device of ours.
        transfer(position, |at| unsafe { Self::data(vdev) }.write(data, at))
    }

    extern "C" fn ioctl(vdev: *mut local::vfio_device, command: c_uint, arg: c_ulong) -> c_long {
        // SAFETY: VFIO calls with a registered device of ours.
        match unsafe { Self::data(vdev) }.ioctl(command, arg) {
            Ok(value) => value,
            // CAST: Widening.
            Err(error) => error.to_errno() as c_long,
        }
    }

    extern "C" fn get_region_info_caps(
        vdev: *mut local::vfio_device,
        info: *mut local::vfio_region_info,
        _caps: *mut local::vfio_info_cap,
    ) -> c_int {
        from_result(|| {
            // SAFETY: The C side passes a structure of its own to be filled in.
            let info = unsafe { &mut *info };
            // SAFETY: VFIO calls with a registered device of ours.
            let region = unsafe { Self::data(vdev) }.region(info.index)?;
            info.size = region.size;
            info.offset = region.offset;
            info.flags = region.flags;
            Ok(0)
        })
    }

    extern "C" fn dma_unmap(vdev: *mut local::vfio_device, iova: u64, length: u64) {
        // SAFETY: VFIO calls with a registered device of ours.
        unsafe { Self::data(vdev) }.dma_unmap(iova, length);
    }

    extern "C" fn request(vdev: *mut local::vfio_device, count: c_uint) {
        // SAFETY: VFIO calls with a registered device of ours.
        unsafe { Self::data(vdev) }.request(count);
    }
}

/// Moves the position of a file by what was transferred.
fn transfer(position: &mut bindings::loff_t, run: impl FnOnce(u64) -> Result<usize>) -> isize {
    let done = u64::try_from(*position).map_err(|_| EINVAL).and_then(run);
    match done {
        // CAST: A transfer is at most as long as what userspace asked for, below `isize::MAX`.
        Ok(done) => {
            *position += done as bindings::loff_t;
            done as isize
        }
        // CAST: Widening.
        Err(error) => error.to_errno() as isize,
    }
}

/// The registration of an emulated VFIO device.
///
/// Dropping it takes the device away from VFIO, and waits until its last user has closed it.
///
/// # Invariants
///
/// `inner` is a registered device that this value holds a reference to.
pub(crate) struct Registration<T: Operations> {
    inner: NonNull<Inner<T>>,
}

// SAFETY: A VFIO device may be unregistered from any thread, and `T` is `Send` and `Sync`.
unsafe impl<T: Operations> Send for Registration<T> {}
// SAFETY: As above.
unsafe impl<T: Operations> Sync for Registration<T> {}

impl<T: Operations> Registration<T> {
    /// Registers a device that `data` serves below `dev`.
    ///
    /// VFIO makes an IOMMU group for `dev`, so `dev` must not be in one.
    pub(crate) fn new(dev: &Device<Bound>, data: T) -> Result<Self> {
        let size = size_of::<Inner<T>>();
        // SAFETY: `dev` is a valid device and the operations are a static.
        let vdev = from_err_ptr(unsafe {
            local::_vfio_alloc_device(size, raw(dev), Inner::<T>::OPS_REF)
        })?;
        let inner = NonNull::new(vdev.cast::<Inner<T>>()).ok_or(ENOMEM)?;
        // SAFETY: The allocation is as large as `Inner<T>`, and nobody else has it yet.
        unsafe { (*inner.as_ptr()).data.write(data) };
        // SAFETY: `vdev` was just allocated and initialised.
        let registered = to_result(unsafe { local::vfio_register_emulated_iommu_dev(vdev) });
        if let Err(error) = registered {
            // SAFETY: The reference from the allocation is ours; `release` drops the data.
            unsafe { local::subdev_shim_vfio_put(vdev) };
            return Err(error);
        }
        // INVARIANT: The device is registered, and the reference from the allocation is kept.
        Ok(Self { inner })
    }

    fn vdev(&self) -> *mut local::vfio_device {
        self.inner.as_ptr().cast()
    }

    /// Name of the device's own node below `/dev/vfio/devices`, where the kernel has such nodes.
    pub(crate) fn cdev(&self) -> Option<&CStr> {
        // SAFETY: The device is valid by the type invariant.
        let name = unsafe { local::subdev_shim_vfio_cdev(self.vdev()) };
        if name.is_null() {
            return None;
        }
        // SAFETY: The name of a registered device does not change.
        Some(unsafe { CStr::from_char_ptr(name) })
    }
}

impl<T: Operations> Drop for Registration<T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant; neither is done twice.
        unsafe {
            local::vfio_unregister_group_dev(self.vdev());
            local::subdev_shim_vfio_put(self.vdev());
        }
    }
}

/// Number of the IOMMU group of `dev`.
pub(crate) fn iommu_group(dev: &Device) -> Result<u32> {
    // SAFETY: `dev` is a valid device.
    let id = unsafe { local::subdev_shim_iommu_group(raw(dev)) };
    u32::try_from(id).map_err(|_| Error::from_errno(id))
}

/// Access to the memory of who has a device open.
///
/// It is handed to [`Operations::open`] and must be dropped in [`Operations::close`].
///
/// # Invariants
///
/// `vdev` is a device that this value holds a reference to.
pub(crate) struct Memory {
    vdev: NonNull<local::vfio_device>,
}

// SAFETY: The C functions that use the device may be called from any thread.
unsafe impl Send for Memory {}
// SAFETY: As above; they lock what they need.
unsafe impl Sync for Memory {}

impl Memory {
    /// # Safety
    ///
    /// `vdev` must be a valid device.
    unsafe fn from_raw(vdev: *mut local::vfio_device) -> Self {
        // SAFETY: By the safety requirement; the reference taken here is given back in `drop`.
        let vdev = unsafe {
            local::subdev_shim_vfio_get(vdev);
            NonNull::new_unchecked(vdev)
        };
        // INVARIANT: A reference was just taken.
        Self { vdev }
    }

    /// Pins the pages at `iova` and writes them to `pages`; all of them or none.
    pub(super) fn pin(&self, iova: u64, write: bool, pages: &mut [*mut bindings::page]) -> Result {
        if pages.is_empty() || pages.len() > PIN_MAX || iova % PAGE_SIZE as u64 != 0 {
            return Err(EINVAL);
        }
        let mut prot = bindings::IOMMU_READ;
        if write {
            prot |= bindings::IOMMU_WRITE;
        }
        // CAST: `len` is at most `PIN_MAX`.
        let wanted = pages.len() as c_int;
        // SAFETY: The device is valid by the type invariant, and `pages` has room for `wanted`.
        let pinned = unsafe {
            local::vfio_pin_pages(
                self.vdev.as_ptr(),
                iova,
                wanted,
                prot as c_int,
                pages.as_mut_ptr(),
            )
        };
        if pinned < 0 {
            return Err(Error::from_errno(pinned));
        }
        if pinned != wanted {
            if pinned > 0 {
                self.unpin(iova, pinned as usize);
            }
            return Err(EFAULT);
        }
        Ok(())
    }

    /// Gives `count` pages at `iova` back.
    pub(super) fn unpin(&self, iova: u64, count: usize) {
        // CAST: `count` is at most `PIN_MAX`.
        // SAFETY: The device is valid by the type invariant; VFIO ignores what is not pinned.
        unsafe { local::vfio_unpin_pages(self.vdev.as_ptr(), iova, count as c_int) };
    }

    /// Copies from the user's memory.
    pub(crate) fn read(&self, iova: u64, data: &mut [u8]) -> Result {
        self.copy(iova, data.as_mut_ptr(), data.len(), false)
    }

    /// Copies to the user's memory.
    pub(crate) fn write(&self, iova: u64, data: &[u8]) -> Result {
        self.copy(iova, data.as_ptr().cast_mut(), data.len(), true)
    }

    fn copy(&self, iova: u64, data: *mut u8, len: usize, write: bool) -> Result {
        if len == 0 {
            return Ok(());
        }
        // SAFETY: The device is valid by the type invariant; `data` has `len` bytes, which are
        // only read if `write`.
        to_result(unsafe { local::vfio_dma_rw(self.vdev.as_ptr(), iova, data.cast(), len, write) })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the reference is ours.
        unsafe { local::subdev_shim_vfio_put(self.vdev.as_ptr()) };
    }
}
