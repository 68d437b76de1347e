// SPDX-License-Identifier: GPL-2.0

//! Subdevs as mediated devices, for who knows those only: libvirt, mdevctl, QEMU with IOMMUFD.
//!
//! A module of its own, as it needs the mdev core, which `subdev.ko` does not. What it shows and what
//! comes of a write to sysfs is decided there; `driver/face.h` is what joins the two.

mod bindings;
mod ffi;

use kernel::prelude::*;

/// The module. Fields are dropped in this order.
struct SubdevMdev {
    _face: ffi::Face,
    _driver: ffi::Driver,
}

impl kernel::Module for SubdevMdev {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let driver = ffi::Driver::new()?;
        Ok(Self {
            _face: ffi::Face::new()?,
            _driver: driver,
        })
    }
}

module! {
    type: SubdevMdev,
    name: "subdev_mdev",
    authors: ["The subdev developers"],
    description: "Virtual devices on accelerator work queues as mediated devices",
    license: "GPL",
}
