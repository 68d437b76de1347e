// SPDX-License-Identifier: GPL-2.0

//! Virtual devices on the work queues of an accelerator, managed through generic netlink and
//! handed to VFIO.
//!
//! This file lists the modules and starts them; imports run downward only: netlink, vfio and dsa
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
    _loaded: framework::Loaded,
    #[pin]
    _dsa: driver::Registration<pci::Adapter<ffi::pci::Adapter<dsa::Driver>>>,
    #[pin]
    _vfio: driver::Registration<auxiliary::Adapter<vfio::Driver>>,
    _netlink: netlink::Registration,
    _engines: ffi::workqueue::Running,
    _framework: framework::Framework,
    _stragglers: Stragglers,
}

/// Waits, when dropped, for what still runs in the module, or is about to.
struct Stragglers;

impl Drop for Stragglers {
    fn drop(&mut self) {
        ffi::vfio::wait_for_release();
        ffi::task::wait_for_stragglers();
    }
}

impl InPlaceModule for SubdevModule {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // Anything that fails undoes what came before it.
        pin_init::pin_init_scope(move || {
            let stragglers = Stragglers;
            // SAFETY: This is the one place, and the first thing to happen. What is started here is
            // dropped after the drivers, and so after all parents.
            let (framework, engines, netlink) = unsafe {
                (
                    framework::start(netlink::send)?,
                    ffi::workqueue::ENGINES.start()?,
                    netlink::Registration::new()?, //
                )
            };
            // In the reverse order: who is told of the first parent is there.
            Ok(try_pin_init!(Self {
                _stragglers: stragglers,
                _framework: framework,
                _engines: engines,
                _netlink: netlink,
                _vfio <- driver::Registration::new(<LocalModule as ModuleMetadata>::NAME, module),
                _dsa <- driver::Registration::new(<LocalModule as ModuleMetadata>::NAME, module),
                _loaded: framework::Loaded::new(),
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
