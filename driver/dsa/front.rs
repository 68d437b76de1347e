// SPDX-License-Identifier: GPL-2.0

//! What a tenant sees of its subdev: the registers of the virtual function, and who is told.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

use crate::{
    framework::Host,
    dsa_core::{
        desc::Limits,
        virt::{
            self,
            Effect,
            Swerr, //
        }, //
    }, //
};

/// The registers, and who has the device open.
#[pin_data]
pub(super) struct Front {
    #[pin]
    registers: Mutex<virt::Function>,
    #[pin]
    host: Mutex<Option<Arc<dyn Host>>>,
}

impl Front {
    /// A function as after power-on, that nobody has open.
    pub(super) fn new(params: &virt::Params) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                registers <- new_mutex!(virt::Function::new(params)),
                host <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )
    }

    /// Who has the device open.
    pub(super) fn host(&self) -> Option<Arc<dyn Host>> {
        self.host.lock().clone()
    }

    /// Changes who has the device open.
    pub(super) fn set_host(&self, host: Option<Arc<dyn Host>>) {
        let old = core::mem::replace(&mut *self.host.lock(), host);
        drop(old);
    }

    /// Raises an interrupt.
    pub(super) fn interrupt(&self, vector: u16) {
        if let Some(host) = self.host() {
            host.interrupt(u32::from(vector));
        }
    }

    /// Looks at the registers.
    pub(super) fn look<R>(&self, at: impl FnOnce(&virt::Function) -> R) -> R {
        at(&self.registers.lock())
    }

    /// Changes the registers; tells the host if that enables or disables the device.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut virt::Function) -> R) -> R {
        // Held until the host is told, so that it is told in order.
        let host = self.host.lock();
        let (result, before, after) = {
            let mut registers = self.registers.lock();
            let before = registers.is_enabled();
            let result = change(&mut registers);
            (result, before, registers.is_enabled())
        };
        if before != after {
            if let Some(host) = host.as_ref() {
                host.enabled(after);
            }
        }
        result
    }

    /// What a descriptor that is submitted to `wq` now is checked against.
    pub(super) fn limits(&self, wq: u8) -> Limits {
        self.look(|registers| registers.limits(wq))
    }

    /// Reports an error that no completion record can tell of.
    pub(super) fn software_error(&self, error: Swerr) {
        let effect = self.change(|registers| registers.report_swerr(error));
        if let Effect::Interrupt(vector) = effect {
            self.interrupt(vector);
        }
    }
}
