// SPDX-License-Identifier: GPL-2.0

//! The PCI driver.

use kernel::{
    pci,
    prelude::*, //
};

use super::{
    bring_up::{
        self,
        Running, //
    },
    interrupts::Handler, //
};
use crate::ffi::pci::{
    self as driver,
    Probe, //
};

/// The driver.
pub(crate) struct Driver;

impl driver::Driver for Driver {
    type Handler = Handler;
    type Data = Running;

    fn check(dev: &pci::Device) -> Result {
        bring_up::check(dev)
    }

    fn probe(probe: &mut Probe<'_, Self>) -> Result<Running> {
        Running::new(probe)
    }

    fn unbind(running: &Running) {
        running.tear_down();
    }
}
