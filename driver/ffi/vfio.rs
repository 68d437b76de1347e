// SPDX-License-Identifier: GPL-2.0

//! Emulated VFIO devices: devices whose regions, interrupts and DMA a driver serves in software.
//!
//! C header: [`include/linux/vfio.h`](srctree/include/linux/vfio.h)

use core::{
    marker::PhantomData,
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
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        AtomicFlag,
        Full,
        Relaxed,
        Release, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
    uaccess::{
        UserPtr,
        UserSlice,
        UserSliceReader,
        UserSliceWriter, //
    }, //
};

use super::{
    bindings as local,
    device::raw,
    mmap, //
};

mod irqs;
#[cfg(CONFIG_KUNIT = "y")]
mod kunit;
mod memory;

pub(crate) use irqs::{
    IrqData,
    IrqSet, //
};
pub(crate) use memory::Memory;

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
/// All callbacks run in process context and may sleep. The VFIO core calls `open` and `close` in
/// turn, and what is about the file only between them; all but those two may be called by several
/// threads at once. None is called once [`Registration::unregister`] has returned.
pub(crate) trait Operations: Send + Sync + Sized + 'static {
    /// Name of the driver as VFIO reports it.
    const NAME: &'static CStr;

    /// The first file of the device is being opened; until `close`, `memory` is that of who does it.
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

    /// Whether the user may map that part of the device's file.
    fn mmap(&self, mapping: &mmap::NewMapping<'_>) -> Result;

    /// The user accesses a page that it has mapped and that is not there. On success it is there, or
    /// the user tries again; ENOMEM says that there is no memory for it. The memory of the user's
    /// process is locked: this must not wait for anybody who waits for that.
    fn fault(&self, fault: &mmap::Fault<'_>) -> Result;

    /// The user takes a range of its memory away: on return nothing in it may be pinned.
    fn dma_unmap(&self, iova: u64, length: u64);

    /// The device is being unregistered while it is open; called every ten seconds.
    fn request(&self, count: u32);
}

/// Number of VFIO devices of this module that VFIO has not released.
static DEVICES: Atomic<u32> = Atomic::new(0);

/// Waits until VFIO has released all devices that this module has registered, and unregistered.
///
/// The last reference to a device may be put after its unregistration has returned: that of a file
/// of the device's own node is. To be called when the module is being unloaded, after which the
/// caller waits for the threads that are about to return from a release (`synchronize_rcu_tasks`).
pub(crate) fn wait_for_release() {
    // Hardly ever does this have to wait, and never for what a user may hold on to.
    while DEVICES.load(Acquire) > 0 {
        fsleep(Delta::from_millis(1));
    }
}

/// What the VFIO core offers to emulated devices for IOMMUFD, on a kernel that has it.
#[cfg(CONFIG_IOMMUFD)]
macro_rules! iommufd {
    ($function:ident) => {
        Some(local::$function)
    };
}

#[cfg(not(CONFIG_IOMMUFD))]
macro_rules! iommufd {
    ($function:ident) => {
        None
    };
}

/// The allocation that VFIO and we share. VFIO frees it when it likes, hence it holds plain data.
///
/// `vdev` comes first because the C side allocates by the size of the whole and frees by a pointer
/// to it.
#[repr(C)]
struct Inner<T> {
    vdev: local::vfio_device,
    /// What serves the device: the [`Registration`] owns it, and outlives all callbacks but
    /// `release`.
    data: *const T,
    /// Number of mappings of the device's file. VFIO allocates zeroes.
    mappings: Atomic<u32>,
}

impl<T: Operations> Inner<T> {
    const OPS: local::vfio_device_ops = local::vfio_device_ops {
        name: T::NAME.to_bytes_with_nul().as_ptr().cast_mut(),
        init: None,
        release: Some(Self::release),
        bind_iommufd: iommufd!(vfio_iommufd_emulated_bind),
        unbind_iommufd: iommufd!(vfio_iommufd_emulated_unbind),
        attach_ioas: iommufd!(vfio_iommufd_emulated_attach_ioas),
        detach_ioas: iommufd!(vfio_iommufd_emulated_detach_ioas),
        pasid_attach_ioas: None,
        pasid_detach_ioas: None,
        open_device: Some(Self::open_device),
        close_device: Some(Self::close_device),
        read: Some(Self::read),
        write: Some(Self::write),
        ioctl: Some(Self::ioctl),
        get_region_info_caps: Some(Self::get_region_info_caps),
        mmap: Some(Self::mmap),
        request: Some(Self::request),
        match_: None,
        match_token_uuid: None,
        dma_unmap: Some(Self::dma_unmap),
        device_feature: None,
    };

    const OPS_REF: &'static local::vfio_device_ops = &Self::OPS;

    const VM_OPS: bindings::vm_operations_struct = bindings::vm_operations_struct {
        open: Some(Self::mapping_open),
        close: Some(Self::mapping_close),
        may_split: Some(Self::may_split),
        fault: Some(Self::fault),
        ..pin_init::zeroed()
    };

    const VM_OPS_REF: &'static bindings::vm_operations_struct = &Self::VM_OPS;

    /// # Safety
    ///
    /// `vdev` must be within an `Inner<T>` that is registered for `'a`.
    unsafe fn data<'a>(vdev: *mut local::vfio_device) -> &'a T {
        // SAFETY: `vdev` is the first field of an `Inner<T>`, whose registration owns the data and
        // is not dropped before it has unregistered the device.
        unsafe { &*(*vdev.cast::<Self>()).data }
    }

    extern "C" fn release(_vdev: *mut local::vfio_device) {
        // What the device was served by has gone already. Pairs with `wait_for_release`.
        DEVICES.fetch_sub(1, Release);
    }

    extern "C" fn open_device(vdev: *mut local::vfio_device) -> c_int {
        from_result(|| {
            // SAFETY: VFIO calls with a device of ours that is registered until the call returns.
            let memory = unsafe { Memory::from_raw(vdev) };
            // SAFETY: As above.
            unsafe { Self::data(vdev) }.open(memory)?;
            Ok(0)
        })
    }

    extern "C" fn close_device(vdev: *mut local::vfio_device) {
        // SAFETY: VFIO calls with a device of ours that is registered until the call returns.
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
        // SAFETY: VFIO calls with a device of ours that is registered until the call returns.
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
        // SAFETY: VFIO calls with a device of ours that is registered until the call returns.
        transfer(position, |at| unsafe { Self::data(vdev) }.write(data, at))
    }

    extern "C" fn ioctl(vdev: *mut local::vfio_device, command: c_uint, arg: c_ulong) -> c_long {
        // SAFETY: VFIO calls with a device of ours that is registered until the call returns.
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
            // SAFETY: VFIO calls with a device of ours that is registered until the call returns.
            let region = unsafe { Self::data(vdev) }.region(info.index)?;
            info.size = region.size;
            info.offset = region.offset;
            info.flags = region.flags;
            Ok(0)
        })
    }

    extern "C" fn mmap(vdev: *mut local::vfio_device, vma: *mut bindings::vm_area_struct) -> c_int {
        from_result(|| {
            // SAFETY: VFIO calls with a mapping that is being made.
            let mapping = unsafe { mmap::NewMapping::from_raw(vma) }?;
            // SAFETY: VFIO calls with a device of ours that is registered until the call returns.
            unsafe { Self::data(vdev) }.mmap(&mapping)?;
            // SAFETY: As above.
            let mappings = unsafe { Self::mappings(vdev) };
            if mappings.fetch_add(1, Full) >= mmap::MAPPINGS {
                mappings.fetch_sub(1, Full);
                return Err(ENOMEM);
            }
            // SAFETY: The mapping has a reference to the device's file, and as long as there is that,
            // the device is not unregistered, nor the module unloaded.
            unsafe { mapping.serve(Self::VM_OPS_REF, vdev.cast()) };
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// `vdev` must be within an `Inner<T>` that is registered for `'a`.
    unsafe fn mappings<'a>(vdev: *mut local::vfio_device) -> &'a Atomic<u32> {
        // SAFETY: `vdev` is the first field of an `Inner<T>`.
        unsafe { &(*vdev.cast::<Self>()).mappings }
    }

    /// One mapping becomes two, by being split or, for a moment, moved.
    ///
    /// # Safety
    ///
    /// To be called for a mapping that [`Self::mmap`] has accepted.
    unsafe extern "C" fn mapping_open(vma: *mut bindings::vm_area_struct) {
        // SAFETY: By the safety requirement; the mapping keeps the device open and so registered.
        unsafe { Self::mappings(mmap::served(vma).cast()) }.fetch_add(1, Full);
    }

    /// # Safety
    ///
    /// As for [`Self::mapping_open`].
    unsafe extern "C" fn mapping_close(vma: *mut bindings::vm_area_struct) {
        // SAFETY: As in `mapping_open`.
        unsafe { Self::mappings(mmap::served(vma).cast()) }.fetch_sub(1, Full);
    }

    /// # Safety
    ///
    /// As for [`Self::mapping_open`].
    unsafe extern "C" fn may_split(vma: *mut bindings::vm_area_struct, _address: c_ulong) -> c_int {
        // SAFETY: As in `mapping_open`.
        let mappings = unsafe { Self::mappings(mmap::served(vma).cast()) };
        if mappings.load(Relaxed) < mmap::MAPPINGS {
            0
        } else {
            ENOMEM.to_errno()
        }
    }

    /// # Safety
    ///
    /// To be called for a mapping that [`Self::mmap`] has accepted.
    unsafe extern "C" fn fault(vmf: *mut bindings::vm_fault) -> bindings::vm_fault_t {
        // SAFETY: By the safety requirement.
        let fault = unsafe { mmap::Fault::from_raw(vmf) };
        let vdev = fault.data().cast::<local::vfio_device>();
        // SAFETY: It was given to the mapping, which keeps the device open and so registered.
        mmap::answer(unsafe { Self::data(vdev) }.fault(&fault))
    }

    extern "C" fn dma_unmap(vdev: *mut local::vfio_device, iova: u64, length: u64) {
        // SAFETY: VFIO calls with a device of ours that is registered until the call returns.
        unsafe { Self::data(vdev) }.dma_unmap(iova, length);
    }

    extern "C" fn request(vdev: *mut local::vfio_device, count: c_uint) {
        // SAFETY: VFIO calls with a device of ours that is registered until the call returns.
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
/// It is dropped while the device that it was made for is still bound; without that, nothing worse
/// happens than that VFIO keeps serving the device.
///
/// # Invariants
///
/// `inner` is a device that this value holds a reference to, and `_data` what it is served by. It
/// is registered until `unregistered` is set and [`Self::unregister`] has returned.
pub(crate) struct Registration<'bound, T: Operations> {
    inner: NonNull<Inner<T>>,
    unregistered: AtomicFlag,
    _data: KBox<T>,
    _bound: PhantomData<&'bound Device<Bound>>,
}

// SAFETY: A VFIO device may be unregistered from any thread, and `T` is `Send` and `Sync`.
unsafe impl<T: Operations> Send for Registration<'_, T> {}
// SAFETY: As above.
unsafe impl<T: Operations> Sync for Registration<'_, T> {}

impl<'bound, T: Operations> Registration<'bound, T> {
    /// Registers a device that `data` serves below `dev`.
    ///
    /// VFIO makes an IOMMU group for `dev`, so `dev` must not be in one.
    pub(crate) fn new(dev: &'bound Device<Bound>, data: T) -> Result<Self> {
        let data = KBox::new(data, GFP_KERNEL)?;
        let size = size_of::<Inner<T>>();
        // SAFETY: `dev` is a valid device and the operations are a static.
        let vdev = from_err_ptr(unsafe {
            local::_vfio_alloc_device(size, raw(dev), Inner::<T>::OPS_REF)
        })?;
        let inner = NonNull::new(vdev.cast::<Inner<T>>()).ok_or(ENOMEM)?;
        // VFIO calls `release` for it from here on.
        DEVICES.fetch_add(1, Relaxed);
        // SAFETY: The allocation is as large as `Inner<T>`, and nobody else has it yet.
        unsafe { (*inner.as_ptr()).data = &raw const *data };
        // SAFETY: `vdev` was just allocated and initialised.
        let registered = to_result(unsafe { local::vfio_register_emulated_iommu_dev(vdev) });
        if let Err(error) = registered {
            // SAFETY: The reference from the allocation is ours.
            unsafe { local::subdev_shim_vfio_put(vdev) };
            return Err(error);
        }
        // INVARIANT: The device is registered, and the reference from the allocation is kept.
        Ok(Self {
            inner,
            unregistered: AtomicFlag::new(false),
            _data: data,
            _bound: PhantomData,
        })
    }

    fn vdev(&self) -> *mut local::vfio_device {
        self.inner.as_ptr().cast()
    }

    /// Name of the VFIO device, for example `vfio0`.
    pub(crate) fn name(&self) -> &CStr {
        // SAFETY: The device is valid by the type invariant, and has a name, which does not change.
        unsafe { CStr::from_char_ptr(local::subdev_shim_vfio_name(self.vdev())) }
    }

    /// Whether somebody has opened the device, even without using it: [`Self::unregister`] would wait.
    pub(crate) fn is_held(&self) -> bool {
        // SAFETY: The device is valid by the type invariant.
        unsafe { local::subdev_shim_vfio_is_held(self.vdev()) }
    }

    /// Takes the device away from VFIO, and waits until its last user has closed it: what serves
    /// it is not called any more.
    ///
    /// Does nothing when it was called before, and does not wait for a call that is in progress.
    pub(crate) fn unregister(&self) {
        if !self.unregistered.xchg(true, Full) {
            // SAFETY: By the type invariant the device is registered; this is not done twice.
            unsafe { local::vfio_unregister_group_dev(self.vdev()) };
        }
    }
}

impl<T: Operations> Drop for Registration<'_, T> {
    fn drop(&mut self) {
        self.unregister();
        // SAFETY: By the type invariant the reference is ours. VFIO has no use for the data any
        // more: nobody else has `self`, so the unregistration has returned.
        unsafe { local::subdev_shim_vfio_put(self.vdev()) };
    }
}

/// Number of the IOMMU group of `dev`.
pub(crate) fn iommu_group(dev: &Device) -> Result<u32> {
    // SAFETY: `dev` is a valid device.
    let id = unsafe { local::subdev_shim_iommu_group(raw(dev)) };
    u32::try_from(id).map_err(|_| Error::from_errno(id))
}
