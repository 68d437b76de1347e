// SPDX-License-Identifier: GPL-2.0

//! Virtual devices on the work queues of an accelerator, managed through generic netlink and
//! handed to VFIO.
//!
//! This file lists the rooms and starts them; imports run downward only: netlink, vfio and dsa
//! use the framework, all use the core and ffi.

mod dsa;
#[path = "dsa/core/lib.rs"]
mod dsa_core;
mod ffi;
mod framework;
mod netlink;
#[path = "core/lib.rs"]
mod subdev_core;
mod vfio;

use kernel::{
    auxiliary,
    driver,
    pci,
    prelude::*,
    InPlaceModule,
    ModuleMetadata, //
};

/// The module. Fields are dropped in this order: parents first, and with them all subdevs, while
/// the drivers and the family that they need are still there.
#[pin_data]
struct SubdevModule {
    #[pin]
    _dsa: driver::Registration<pci::Adapter<dsa::Driver>>,
    #[pin]
    _vfio: driver::Registration<auxiliary::Adapter<vfio::Driver>>,
    _netlink: netlink::Registration,
    _framework: Framework,
}

/// The framework, stopped when dropped.
struct Framework;

impl Drop for Framework {
    fn drop(&mut self) {
        framework::stop();
        ffi::task::wait_for_stragglers();
    }
}

impl InPlaceModule for SubdevModule {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // Anything that fails undoes what came before it.
        pin_init::pin_init_scope(move || {
            // SAFETY: This is the one place, and the first thing to happen.
            unsafe { framework::start()? };
            let framework = Framework;
            Ok(try_pin_init!(Self {
                _dsa <- driver::Registration::new(<LocalModule as ModuleMetadata>::NAME, module),
                _vfio <- driver::Registration::new(<LocalModule as ModuleMetadata>::NAME, module),
                _netlink: netlink::Registration::new()?,
                _framework: framework,
            }? Error))
        })
    }
}

module! {
    type: SubdevModule,
    name: "subdev",
    authors: ["The subdev developers"],
    description: "Virtual devices on accelerator work queues, by generic netlink and VFIO",
    license: "GPL",
}
