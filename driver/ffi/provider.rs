// SPDX-License-Identifier: GPL-2.0

//! The functions that other modules call to lend work queues of devices that they, or somebody else,
//! drive, and those of theirs that are called for it.
//!
//! C header: `driver/provider.h`

use kernel::{
    bindings::device,
    device::{
        Bound,
        Device, //
    },
    error::{
        from_result,
        to_result, //
    },
    ffi::c_void,
    prelude::*,
    sync::{
        barrier,
        Arc, //
    },
    types::ForeignOwnable, //
};

use super::{
    bindings,
    bound::{
        Anchor,
        BoundDevice, //
    }, //
};

/// Bytes of what is read of a completion record.
const RECORD: usize = 32;

/// A device of a lender, whose registers can be read.
#[derive(Clone, Copy)]
pub(crate) struct Lender {
    ops: &'static bindings::subdev_provider_ops,
    device: *mut c_void,
}

// SAFETY: A lender may be called from any thread.
unsafe impl Send for Lender {}
// SAFETY: As above.
unsafe impl Sync for Lender {}

impl Lender {
    /// Reads a register. To be called while a work queue of the device is lent.
    pub(crate) fn read32(&self, offset: usize) -> Result<u32> {
        let (read, offset) = (self.ops.read32.ok_or(EINVAL)?, u32::try_from(offset)?);
        // SAFETY: It is the device that came with the operations.
        Ok(unsafe { read(self.device, offset) })
    }

    /// As [`Self::read32`], for one of 64 bits.
    pub(crate) fn read64(&self, offset: usize) -> Result<u64> {
        let (read, offset) = (self.ops.read64.ok_or(EINVAL)?, u32::try_from(offset)?);
        // SAFETY: It is the device that came with the operations.
        Ok(unsafe { read(self.device, offset) })
    }
}

/// A work queue that is lent, with its completion records. To be dropped, or not used any more, when it
/// is removed.
pub(crate) struct Lent {
    ops: &'static bindings::subdev_provider_ops,
    wq: *mut c_void,
    id: u32,
    records: *const u8,
    addr: u64,
    record_size: usize,
    count: usize,
}

// SAFETY: A lender may be called from any thread, and the records are memory.
unsafe impl Send for Lent {}
// SAFETY: As above.
unsafe impl Sync for Lent {}

impl Lent {
    /// Its number on the device.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// How many completion records it has.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether the hardware works on it. Where it does not, it has nothing of it either.
    pub(crate) fn is_enabled(&self) -> bool {
        let Some(is_enabled) = self.ops.is_enabled else {
            return false;
        };
        // SAFETY: It is the work queue that came with the operations.
        unsafe { is_enabled(self.wq) }
    }

    /// Address of a completion record as the device sees it.
    pub(crate) fn address(&self, at: usize) -> Result<u64> {
        if at >= self.count {
            return Err(EINVAL);
        }
        // CAST: The offset is within one allocation.
        Ok(self.addr.wrapping_add((at * self.record_size) as u64))
    }

    /// Submits a descriptor with the completion record `at`, which nothing is in flight with.
    pub(crate) fn submit(&self, at: usize, descriptor: &[u8; 64]) -> Result {
        let submit = self.ops.submit.ok_or(EINVAL)?;
        let at = c_uint::try_from(at)?;
        // SAFETY: It is the work queue that came with the operations, and there are 64 bytes.
        to_result(unsafe { submit(self.wq, at, descriptor.as_ptr().cast()) })
    }

    /// The completion record `at`, if it was written and its owner is done with it.
    pub(crate) fn read(&self, at: usize) -> Option<[u8; RECORD]> {
        if at >= self.count {
            return None;
        }
        let bytes = self.records.wrapping_add(at * self.record_size);
        // SAFETY: There are so many records until the work queue is removed; the device may be
        // writing it.
        if unsafe { bytes.read_volatile() } == 0 {
            return None;
        }
        let is_listed = self.ops.is_listed?;
        // SAFETY: It is the work queue that came with the operations, which has so many records.
        // CAST: `count` was one.
        if unsafe { is_listed(self.wq, at as c_uint) } {
            return None;
        }
        // The first byte is written last: what follows it must not be read before it.
        barrier::dma_mb(barrier::Read);
        let mut copy = [0; RECORD];
        for (i, byte) in copy.iter_mut().enumerate() {
            // SAFETY: A record has at least so many, see `get_wq`; the device is done with it.
            *byte = unsafe { bytes.wrapping_add(i).read_volatile() };
        }
        Some(copy)
    }

    /// On success the hardware has nothing of what was submitted before. Bounded in time.
    pub(crate) fn drain(&self) -> Result {
        let drain = self.ops.drain.ok_or(EINVAL)?;
        // SAFETY: It is the work queue that came with the operations.
        to_result(unsafe { drain(self.wq) })
    }
}

/// Serves what lenders call, for a device.
pub(crate) trait Exports: Send + Sync + Sized + 'static {
    /// A work queue of it.
    type Wq: Send + Sync + 'static;

    /// A device that another driver is bound to, which calls it `number`.
    fn new(bound: BoundDevice, number: u32, lender: Lender) -> Result<Arc<Self>>;

    /// A work queue is lent, and nobody is to see it yet.
    fn wq(self: &Arc<Self>, lent: Lent) -> Result<Arc<Self::Wq>>;

    /// It is shown.
    fn add(wq: &Arc<Self::Wq>) -> Result;

    /// Something has ended on it.
    fn completed(wq: &Self::Wq);

    /// It goes: the lender is not called for it any more on return.
    fn remove(wq: &Arc<Self::Wq>);
}

/// A device with what says that it is bound.
pub(crate) struct Anchored<T> {
    device: Arc<T>,
    ops: &'static bindings::subdev_provider_ops,
    // Dropped last.
    _anchor: Anchor<'static>,
}

/// See [`provider_exports`].
///
/// # Safety
///
/// As `driver/provider.h` says of `subdev_provider_get_device`.
pub(crate) unsafe fn get_device<T: Exports>(
    dev: *mut device,
    number: u32,
    ops: *const bindings::subdev_provider_ops,
    device: *mut c_void,
) -> *mut c_void {
    // SAFETY: By the safety requirement it is bound until `put_device`.
    let dev = unsafe { &*dev.cast::<Device<Bound>>() };
    let lender = Lender {
        // SAFETY: By the safety requirement they stay until `put_device`.
        ops: unsafe { &*ops },
        device,
    };
    let anchored = || {
        // SAFETY: `put_device` drops it, before the device is unbound.
        let anchor = unsafe { Anchor::new(dev) }?;
        let device = T::new(anchor.reference(), number, lender)?;
        let anchored = Anchored {
            device,
            ops: lender.ops,
            _anchor: anchor,
        };
        Ok(KBox::new(anchored, GFP_KERNEL)?)
    };
    match anchored() {
        Ok(anchored) => KBox::into_raw(anchored).cast(),
        Err(error) => Error::to_ptr(error),
    }
}

/// See [`provider_exports`].
///
/// # Safety
///
/// `device` must be from [`get_device`], with the same `T`, and not have been put.
pub(crate) unsafe fn put_device<T: Exports>(device: *mut c_void) {
    // SAFETY: By the safety requirement.
    drop(unsafe { KBox::from_raw(device.cast::<Anchored<T>>()) });
}

/// See [`provider_exports`].
///
/// # Safety
///
/// As for [`put_device`], which is not called meanwhile; `wq` must be valid, and its records until
/// [`remove_wq`].
pub(crate) unsafe fn get_wq<T: Exports>(
    device: *mut c_void,
    wq: *const bindings::subdev_provider_wq,
) -> *mut c_void {
    // SAFETY: By the safety requirement.
    let (anchored, wq) = unsafe { (&*device.cast::<Anchored<T>>(), &*wq) };
    let lent = || {
        // CAST: Widening.
        let (record_size, count) = (wq.record_size as usize, wq.count as usize);
        if record_size < RECORD {
            return Err(EINVAL);
        }
        anchored.device.wq(Lent {
            ops: anchored.ops,
            wq: wq.wq,
            id: wq.id,
            records: wq.records.cast(),
            addr: wq.records_addr,
            record_size,
            count,
        })
    };
    match lent() {
        Ok(wq) => wq.into_foreign(),
        Err(error) => error.to_ptr(),
    }
}

/// See [`provider_exports`].
///
/// # Safety
///
/// `wq` must be from [`get_wq`], with the same `T`, and not have been put.
pub(crate) unsafe fn add_wq<T: Exports>(wq: *mut c_void) -> c_int {
    // SAFETY: By the safety requirement.
    let wq = unsafe { Arc::<T::Wq>::borrow(wq) };
    from_result(|| T::add(&wq.into()).map(|()| 0))
}

/// See [`provider_exports`].
///
/// # Safety
///
/// As for [`add_wq`].
pub(crate) unsafe fn completed<T: Exports>(wq: *mut c_void) {
    // SAFETY: By the safety requirement.
    let wq = unsafe { Arc::<T::Wq>::borrow(wq) };
    T::completed(&wq);
}

/// See [`provider_exports`].
///
/// # Safety
///
/// As for [`add_wq`].
pub(crate) unsafe fn remove_wq<T: Exports>(wq: *mut c_void) {
    // SAFETY: By the safety requirement.
    let wq = unsafe { Arc::<T::Wq>::borrow(wq) };
    T::remove(&wq.into());
}

/// See [`provider_exports`].
///
/// # Safety
///
/// As for [`add_wq`].
pub(crate) unsafe fn put_wq<T: Exports>(wq: *mut c_void) {
    // SAFETY: By the safety requirement.
    drop(unsafe { Arc::<T::Wq>::from_foreign(wq) });
}

/// Defines the functions of `driver/provider.h`, served by an [`Exports`]. The shim exports them.
macro_rules! provider_exports {
    ($served:ty) => {
        /// See `driver/provider.h`.
        ///
        /// # Safety
        ///
        /// See `driver/provider.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_provider_get_device(
            dev: *mut ::kernel::bindings::device,
            number: u32,
            ops: *const $crate::ffi::bindings::subdev_provider_ops,
            device: *mut ::kernel::ffi::c_void,
        ) -> *mut ::kernel::ffi::c_void {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::provider::get_device::<$served>(dev, number, ops, device) }
        }

        /// See `driver/provider.h`.
        ///
        /// # Safety
        ///
        /// See `driver/provider.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_provider_put_device(device: *mut ::kernel::ffi::c_void) {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::provider::put_device::<$served>(device) }
        }

        /// See `driver/provider.h`.
        ///
        /// # Safety
        ///
        /// See `driver/provider.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_provider_get_wq(
            device: *mut ::kernel::ffi::c_void,
            wq: *const $crate::ffi::bindings::subdev_provider_wq,
        ) -> *mut ::kernel::ffi::c_void {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::provider::get_wq::<$served>(device, wq) }
        }

        /// See `driver/provider.h`.
        ///
        /// # Safety
        ///
        /// See `driver/provider.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_provider_add_wq(
            wq: *mut ::kernel::ffi::c_void,
        ) -> ::kernel::ffi::c_int {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::provider::add_wq::<$served>(wq) }
        }

        /// See `driver/provider.h`.
        ///
        /// # Safety
        ///
        /// See `driver/provider.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_provider_completed(wq: *mut ::kernel::ffi::c_void) {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::provider::completed::<$served>(wq) }
        }

        /// See `driver/provider.h`.
        ///
        /// # Safety
        ///
        /// See `driver/provider.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_provider_remove_wq(wq: *mut ::kernel::ffi::c_void) {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::provider::remove_wq::<$served>(wq) }
        }

        /// See `driver/provider.h`.
        ///
        /// # Safety
        ///
        /// See `driver/provider.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_provider_put_wq(wq: *mut ::kernel::ffi::c_void) {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::provider::put_wq::<$served>(wq) }
        }
    };
}

pub(crate) use provider_exports;
