// SPDX-License-Identifier: GPL-2.0

//! The functions that other modules call to show subdevs as devices of another kind, and those of
//! theirs that are called for it.
//!
//! C header: `driver/face.h`

use kernel::{
    device::{
        Bound,
        Device, //
    },
    error::{
        from_err_ptr,
        from_result, //
    },
    ffi::c_void,
    prelude::*,
    str::CString,
    sync::Arc,
    types::ForeignOwnable, //
};

use super::{
    bindings,
    device::raw,
    removable::{
        Discard,
        Removable, //
    }, //
};

/// What a face does. It stays until it is unregistered.
pub(crate) struct Ops(&'static bindings::subdev_face_ops);

/// A type of a parent, for people.
pub(crate) struct ShownType {
    pub(crate) name: CString,
    pub(crate) title: CString,
    pub(crate) description: CString,
}

/// A parent that a face shows until this is dropped, which has to be before the face is unregistered
/// and the parent is unbound.
pub(crate) struct ShownParent {
    hide: unsafe extern "C" fn(*mut c_void),
    shown: *mut c_void,
}

// SAFETY: A face may be called from any thread.
unsafe impl Send for ShownParent {}

impl Ops {
    /// Has the face show a parent.
    pub(crate) fn show(
        &self,
        parent: u32,
        dev: &Device<Bound>,
        types: &[ShownType],
    ) -> Result<ShownParent> {
        let (show, hide) = (self.0.show.ok_or(EINVAL)?, self.0.hide.ok_or(EINVAL)?);
        let mut list = KVec::with_capacity(types.len(), GFP_KERNEL)?;
        for kind in types {
            let kind = bindings::subdev_face_type {
                name: kind.name.as_char_ptr(),
                title: kind.title.as_char_ptr(),
                description: kind.description.as_char_ptr(),
            };
            list.push(kind, GFP_KERNEL)?;
        }
        let count = c_uint::try_from(list.len())?;
        // SAFETY: The device is bound, and the list has so many types, whose strings last for the call.
        let shown = from_err_ptr(unsafe { show(parent, raw(dev), list.as_ptr(), count) })?;
        Ok(ShownParent { hide, shown })
    }
}

impl Drop for ShownParent {
    fn drop(&mut self) {
        // SAFETY: `show` gave the value, and this is done once.
        unsafe { (self.hide)(self.shown) };
    }
}

/// A device of a face that a subdev is shown as.
pub(crate) struct Shown {
    dev: &'static Device<Bound>,
    discard: Discard,
}

impl Shown {
    /// The device, which is bound until [`Exports::remove`] returns, or [`Exports::probe`] fails.
    pub(crate) fn device(&self) -> &'static Device<Bound> {
        self.dev
    }

    /// To do away with the device.
    pub(crate) fn removable(&self) -> Removable {
        // SAFETY: The face has passed the two, see `probe` below.
        unsafe { Removable::new(self.dev, self.discard) }
    }
}

/// Serves what faces call.
pub(crate) trait Exports: Send + Sync + 'static {
    /// There is a face from now on.
    fn register(ops: Ops) -> Result;

    /// The face is gone on return.
    fn unregister();

    /// How many subdevs could be made now of the type at `place` of a parent.
    fn available(parent: u32, place: usize) -> u32;

    /// A device is there, and gets a subdev. A failure leaves nothing that uses the device.
    fn probe(parent: u32, place: usize, shown: Shown) -> Result<Arc<Self>>;

    /// The device goes, or its making is undone; nothing uses it on return.
    fn remove(&self, made: bool);

    /// Writes an attribute, one of `SUBDEV_FACE_*`, and returns the bytes.
    fn get(&self, what: u32, out: &mut [u8]) -> Result<usize>;

    /// Changes an attribute to what was written.
    fn set(&self, what: u32, text: &[u8]) -> Result;
}

/// See [`face_exports`].
///
/// # Safety
///
/// As `driver/face.h` says of `subdev_face_register`.
pub(crate) unsafe fn register<T: Exports>(ops: *const bindings::subdev_face_ops) -> c_int {
    // SAFETY: The face stays until it is unregistered.
    from_result(|| T::register(Ops(unsafe { &*ops })).map(|()| 0))
}

/// See [`face_exports`].
pub(crate) fn available<T: Exports>(parent: u32, place: c_uint) -> c_uint {
    // CAST: Widening.
    T::available(parent, place as usize)
}

/// See [`face_exports`].
///
/// # Safety
///
/// As `driver/face.h` says of `subdev_face_probe`.
pub(crate) unsafe fn probe<T: Exports>(
    parent: u32,
    place: c_uint,
    dev: *mut kernel::bindings::device,
    discard: Option<Discard>,
) -> *mut c_void {
    let Some(discard) = discard else {
        return EINVAL.to_ptr();
    };
    // SAFETY: The device is being probed, and bound until `remove`, or until this has failed, after
    // which nothing uses it, see `Exports`.
    let dev = unsafe { &*dev.cast::<Device<Bound>>() };
    // CAST: Widening.
    match T::probe(parent, place as usize, Shown { dev, discard }) {
        Ok(bound) => bound.into_foreign(),
        Err(error) => error.to_ptr(),
    }
}

/// See [`face_exports`].
///
/// # Safety
///
/// `bound` must be from [`probe`], with the same `T`, and not have been removed.
pub(crate) unsafe fn remove<T: Exports>(bound: *mut c_void, made: bool) {
    // SAFETY: By the safety requirement.
    unsafe { Arc::<T>::from_foreign(bound) }.remove(made);
}

/// See [`face_exports`].
///
/// # Safety
///
/// As for [`remove`], which is not called meanwhile; `buf` must have room for `size` bytes.
pub(crate) unsafe fn get<T: Exports>(
    bound: *mut c_void,
    what: u32,
    buf: *mut c_char,
    size: usize,
) -> isize {
    // SAFETY: By the safety requirement.
    let bound = unsafe { Arc::<T>::borrow(bound) };
    // SAFETY: As above.
    let out = unsafe { core::slice::from_raw_parts_mut(buf.cast::<u8>(), size) };
    match bound.get(what, out) {
        // CAST: At most `size`, which is a page.
        Ok(done) => done as isize,
        // CAST: Widening.
        Err(error) => error.to_errno() as isize,
    }
}

/// See [`face_exports`].
///
/// # Safety
///
/// As for [`remove`], which is not called meanwhile; `buf` must have `count` bytes.
pub(crate) unsafe fn set<T: Exports>(
    bound: *mut c_void,
    what: u32,
    buf: *const c_char,
    count: usize,
) -> c_int {
    // SAFETY: By the safety requirement.
    let bound = unsafe { Arc::<T>::borrow(bound) };
    // SAFETY: As above.
    let text = unsafe { core::slice::from_raw_parts(buf.cast::<u8>(), count) };
    from_result(|| bound.set(what, text).map(|()| 0))
}

/// Defines the functions of `driver/face.h`, served by an [`Exports`]. The shim exports them.
macro_rules! face_exports {
    ($served:ty) => {
        /// See `driver/face.h`.
        ///
        /// # Safety
        ///
        /// See `driver/face.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_face_register(
            ops: *const $crate::ffi::bindings::subdev_face_ops,
        ) -> ::kernel::ffi::c_int {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::face::register::<$served>(ops) }
        }

        /// See `driver/face.h`.
        #[no_mangle]
        extern "C" fn subdev_face_unregister() {
            <$served as $crate::ffi::face::Exports>::unregister();
        }

        /// See `driver/face.h`.
        #[no_mangle]
        extern "C" fn subdev_face_available(
            parent: u32,
            place: ::kernel::ffi::c_uint,
        ) -> ::kernel::ffi::c_uint {
            $crate::ffi::face::available::<$served>(parent, place)
        }

        /// See `driver/face.h`.
        ///
        /// # Safety
        ///
        /// See `driver/face.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_face_probe(
            parent: u32,
            place: ::kernel::ffi::c_uint,
            dev: *mut ::kernel::bindings::device,
            discard: ::core::option::Option<unsafe extern "C" fn(*mut ::kernel::bindings::device)>,
        ) -> *mut ::kernel::ffi::c_void {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::face::probe::<$served>(parent, place, dev, discard) }
        }

        /// See `driver/face.h`.
        ///
        /// # Safety
        ///
        /// See `driver/face.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_face_remove(bound: *mut ::kernel::ffi::c_void, made: bool) {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::face::remove::<$served>(bound, made) }
        }

        /// See `driver/face.h`.
        ///
        /// # Safety
        ///
        /// See `driver/face.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_face_get(
            bound: *mut ::kernel::ffi::c_void,
            what: ::kernel::ffi::c_uint,
            buf: *mut ::kernel::ffi::c_char,
            size: usize,
        ) -> isize {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::face::get::<$served>(bound, what, buf, size) }
        }

        /// See `driver/face.h`.
        ///
        /// # Safety
        ///
        /// See `driver/face.h`.
        #[no_mangle]
        unsafe extern "C" fn subdev_face_set(
            bound: *mut ::kernel::ffi::c_void,
            what: ::kernel::ffi::c_uint,
            buf: *const ::kernel::ffi::c_char,
            count: usize,
        ) -> ::kernel::ffi::c_int {
            // SAFETY: By the safety requirement.
            unsafe { $crate::ffi::face::set::<$served>(bound, what, buf, count) }
        }
    };
}

pub(crate) use face_exports;
