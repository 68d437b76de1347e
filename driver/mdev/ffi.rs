// SPDX-License-Identifier: GPL-2.0

//! The only file of this module with unsafe code: an mdev driver whose devices are subdevs.
//!
//! C header: [`include/linux/mdev.h`](srctree/include/linux/mdev.h), `driver/face.h`

use kernel::{
    error::to_result,
    ffi::c_void,
    prelude::*,
    str::CString,
    time::{
        delay::fsleep,
        Delta, //
    },
    types::Opaque, //
};

use crate::bindings;

/// A type of a parent.
#[repr(C)]
struct Type {
    /// The first field: its address is that of the whole.
    raw: Opaque<bindings::mdev_type>,
    parent: u32,
    /// Its place in the catalogue.
    place: c_uint,
    name: CString,
    title: CString,
    description: CString,
}

impl Type {
    /// # Safety
    ///
    /// `raw` must be the type of a [`Parent`] that exists for `'a`.
    unsafe fn from_raw<'a>(raw: *mut bindings::mdev_type) -> &'a Self {
        // SAFETY: By the safety requirement; it is the first field.
        unsafe { &*raw.cast::<Self>() }
    }
}

/// A parent as the mdev core knows it.
///
/// # Invariants
///
/// It is registered, from the end of [`Self::new`] on.
struct Parent {
    raw: KBox<Opaque<bindings::mdev_parent>>,
    types: KVec<KBox<Type>>,
    /// For the core, in the same order.
    _pointers: KVec<*mut bindings::mdev_type>,
}

impl Parent {
    /// # Safety
    ///
    /// The device must be bound until the value is dropped, and the driver be registered. The types
    /// must have valid strings.
    unsafe fn new(
        parent: u32,
        dev: *mut kernel::bindings::device,
        types: &[bindings::subdev_face_type],
    ) -> Result<Self> {
        let mut list = KVec::with_capacity(types.len(), GFP_KERNEL)?;
        let mut pointers = KVec::with_capacity(types.len(), GFP_KERNEL)?;
        for (place, kind) in (0..).zip(types) {
            // SAFETY: By the safety requirement.
            let copy = |text| CString::try_from(unsafe { CStr::from_char_ptr(text) });
            let kind = KBox::new(
                Type {
                    raw: Opaque::zeroed(),
                    parent,
                    place,
                    name: copy(kind.name)?,
                    title: copy(kind.title)?,
                    description: copy(kind.description)?,
                },
                GFP_KERNEL,
            )?;
            let raw = kind.raw.get();
            // SAFETY: Nobody else has it yet. The strings are in heap memory of the type's own.
            unsafe {
                (*raw).sysfs_name = kind.name.as_char_ptr();
                (*raw).pretty_name = kind.title.as_char_ptr();
            }
            pointers.push(raw, GFP_KERNEL)?;
            list.push(kind, GFP_KERNEL)?;
        }
        let raw = KBox::new(Opaque::zeroed(), GFP_KERNEL)?;
        let count = c_uint::try_from(pointers.len())?;
        // SAFETY: All of it stays where it is until `drop` has unregistered the parent; the device is
        // there by the safety requirement.
        to_result(unsafe {
            bindings::mdev_register_parent(
                raw.get(),
                dev,
                &raw mut bindings::subdev_mdev_driver,
                pointers.as_mut_ptr(),
                count,
            )
        })?;
        // INVARIANT: It was just registered.
        Ok(Self {
            raw,
            types: list,
            _pointers: pointers,
        })
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        // SAFETY: It is registered by the type invariant.
        unsafe { bindings::mdev_unregister_parent(self.raw.get()) };
        // Whoever has a reference to a device that was removed puts it soon, and the core looks at the
        // type and the parent then.
        for kind in &self.types {
            // SAFETY: The type is there.
            while unsafe { bindings::subdev_mdev_type_in_use(kind.raw.get()) } {
                fsleep(Delta::from_millis(1));
            }
        }
        // And whoever puts the last one is about to look at them still.
        // SAFETY: May be called wherever sleep is allowed.
        unsafe { bindings::subdev_mdev_synchronize_rcu_tasks() };
        for kind in &self.types {
            // SAFETY: The type is there, and nobody has a reference to it or is putting one.
            unsafe { bindings::subdev_mdev_type_flush(kind.raw.get()) };
        }
    }
}

/// Shows a parent, see `driver/face.h`.
///
/// # Safety
///
/// See `driver/face.h`.
unsafe extern "C" fn show(
    parent: u32,
    dev: *mut kernel::bindings::device,
    types: *const bindings::subdev_face_type,
    count: c_uint,
) -> *mut c_void {
    // SAFETY: `subdev.ko` passes that many.
    let types = unsafe { core::slice::from_raw_parts(types, count as usize) };
    // Allocated first: once the parent is registered devices may be made, which must not go again.
    let shown = KBox::<Parent>::new_uninit(GFP_KERNEL).map_err(Error::from);
    let shown = shown.and_then(|memory| {
        // SAFETY: `subdev.ko` calls `hide` before the device is unbound, and before it unregisters the
        // face, after which the driver goes.
        Ok(memory.write(unsafe { Parent::new(parent, dev, types) }?))
    });
    match shown {
        Ok(shown) => KBox::into_raw(shown).cast(),
        Err(error) => error.to_ptr(),
    }
}

/// Undoes [`show`].
///
/// # Safety
///
/// See `driver/face.h`.
unsafe extern "C" fn hide(shown: *mut c_void) {
    // SAFETY: `show` has given it.
    drop(unsafe { KBox::from_raw(shown.cast::<Parent>()) });
}

static OPS: bindings::subdev_face_ops = bindings::subdev_face_ops {
    show: Some(show),
    hide: Some(hide),
};

/// Called by the mdev core: a device was made.
///
/// # Safety
///
/// For the mdev core only.
#[no_mangle]
unsafe extern "C" fn subdev_mdev_probe(mdev: *mut bindings::mdev_device) -> c_int {
    // SAFETY: The core passes a device that is being probed, which has a type of a parent of ours.
    let (dev, kind) = unsafe { (&raw mut (*mdev).dev, Type::from_raw((*mdev).type_)) };
    // SAFETY: The device is being probed.
    let taken = unsafe { bindings::subdev_mdev_take_remove(mdev) };
    if taken != 0 {
        return taken;
    }
    let discard = Some(bindings::subdev_mdev_discard as unsafe extern "C" fn(_));
    // SAFETY: The device is being probed. Whoever has a reference to it can discard it, and the module
    // stays as long as there is one, see `Parent`.
    let bound = unsafe { bindings::subdev_face_probe(kind.parent, kind.place, dev, discard) };
    match kernel::error::from_err_ptr(bound) {
        Ok(bound) => {
            // SAFETY: As above.
            unsafe { kernel::bindings::dev_set_drvdata(dev, bound) };
            0
        }
        Err(error) => error.to_errno(),
    }
}

/// Called by the mdev core: a device is being removed.
///
/// # Safety
///
/// For the mdev core only.
#[no_mangle]
unsafe extern "C" fn subdev_mdev_remove(mdev: *mut bindings::mdev_device) {
    // SAFETY: The core passes a device that was probed, and is called for it once. Its attributes,
    // which are the driver's, have gone. It does not become active any more.
    unsafe {
        let bound = kernel::bindings::dev_get_drvdata(&raw mut (*mdev).dev);
        bindings::subdev_face_remove(bound, (*mdev).active);
    }
}

/// Called by the mdev core: how many devices could be made.
///
/// # Safety
///
/// For the mdev core only.
#[no_mangle]
unsafe extern "C" fn subdev_mdev_available(kind: *mut bindings::mdev_type) -> c_uint {
    // SAFETY: The core passes a type of a parent of ours.
    let kind = unsafe { Type::from_raw(kind) };
    // SAFETY: May be called with any numbers.
    unsafe { bindings::subdev_face_available(kind.parent, kind.place) }
}

/// Called by the tables in C: what a type is.
///
/// # Safety
///
/// For the tables in C only.
#[no_mangle]
unsafe extern "C" fn subdev_mdev_description(kind: *mut bindings::mdev_type) -> *const c_char {
    // SAFETY: The core passes a type of a parent of ours.
    unsafe { Type::from_raw(kind) }.description.as_char_ptr()
}

/// The mdev driver, while it is registered.
pub(crate) struct Driver(());

impl Driver {
    /// Registers it.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: It is a static, and unregistered when the value is dropped.
        to_result(unsafe {
            bindings::mdev_register_driver(&raw mut bindings::subdev_mdev_driver)
            //
        })?;
        Ok(Self(()))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // SAFETY: `new` has registered it.
        unsafe { bindings::mdev_unregister_driver(&raw mut bindings::subdev_mdev_driver) };
    }
}

/// The face of `subdev.ko`, while it is registered. To be dropped before the driver.
pub(crate) struct Face(());

impl Face {
    /// Registers it: the parents are shown.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: The operations are a static, and unregistered when the value is dropped.
        to_result(unsafe { bindings::subdev_face_register(&OPS) })?;
        Ok(Self(()))
    }
}

impl Drop for Face {
    fn drop(&mut self) {
        // SAFETY: `new` has registered it.
        unsafe { bindings::subdev_face_unregister() };
    }
}
