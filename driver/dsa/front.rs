// SPDX-License-Identifier: GPL-2.0

//! What a tenant sees of its subdev: the registers of the virtual function, and who has it open.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

use super::waker::Waker;
use crate::{
    dsa_core::{
        desc::{
            code::status,
            Limits, //
        },
        virt::{
            self,
            Effect,
            Swerr, //
        }, //
    },
    framework::{
        Count,
        Culprit,
        Fault,
        FaultKind,
        Host, //
    }, //
};

/// The registers, and who has the device open. Both are there from open to close.
#[pin_data]
pub(super) struct Front {
    params: virt::Params,
    /// Wakes the thread of the engine behind it.
    waker: Arc<Waker>,
    /// How many descriptors the hardware has of the tenant.
    flights: Arc<Count>,
    /// The number of the hardware's WQ behind each virtual one.
    wqs: [u32; virt::MAX_WQS as usize],
    /// Taken before `registers`.
    #[pin]
    host: Mutex<Option<Arc<dyn Host>>>,
    #[pin]
    registers: Mutex<Option<KBox<virt::Function>>>,
}

impl Front {
    /// A function that nobody has open, with its virtual WQs on those of the hardware in `ids`.
    pub(super) fn new(params: &virt::Params, ids: &[u32]) -> Result<Arc<Self>> {
        let mut wqs = [0; virt::MAX_WQS as usize];
        for (place, id) in wqs.iter_mut().zip(ids) {
            *place = *id;
        }
        let waker = Waker::new()?;
        let flights = Count::new()?;
        Arc::pin_init(
            pin_init!(Self {
                params: *params,
                waker,
                flights,
                wqs,
                host <- new_mutex!(None, "Front::host"),
                registers <- new_mutex!(None, "Front::registers"),
            }),
            GFP_KERNEL,
        )
    }

    /// What wakes the thread of the engine behind it.
    pub(super) fn waker(&self) -> &Arc<Waker> {
        &self.waker
    }

    /// What the hardware has of the engine behind it.
    pub(super) fn flights(&self) -> &Arc<Count> {
        &self.flights
    }

    /// Something went wrong in the hardware with what was submitted for it.
    pub(super) fn fault_of_hardware(&self, fault: Fault) {
        if let Some(host) = self.host() {
            host.fault(fault, Culprit::Hardware);
        }
    }

    /// The registers as after power-on, for `host`.
    pub(super) fn open(&self, host: Arc<dyn Host>) -> Result {
        let registers = KBox::new(virt::Function::new(&self.params), GFP_KERNEL)?;
        let mut place = self.host.lock();
        *self.registers.lock() = Some(registers);
        let old = place.replace(host);
        drop(place);
        drop(old);
        Ok(())
    }

    /// From now on nobody is notified of anything.
    pub(super) fn forget_host(&self) {
        let host = self.host.lock().take();
        drop(host);
    }

    /// There are no registers any more.
    pub(super) fn close(&self) {
        let registers = self.registers.lock().take();
        drop(registers);
    }

    /// Who has the device open.
    pub(super) fn host(&self) -> Option<Arc<dyn Host>> {
        self.host.lock().clone()
    }

    /// Raises an interrupt.
    pub(super) fn interrupt(&self, vector: u16) {
        if let Some(host) = self.host() {
            host.interrupt(u32::from(vector));
        }
    }

    /// Looks at the registers.
    pub(super) fn look<R>(&self, at: impl FnOnce(&virt::Function) -> R) -> Option<R> {
        let registers = self.registers.lock();
        registers.as_deref().map(at)
    }

    /// Changes the registers, and notifies the host if that enables, disables or revives the device,
    /// and of an error that no completion record tells of.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut virt::Function) -> R) -> Option<R> {
        // Held until the host was notified, so that it is notified in order.
        let host = self.host.lock();
        let (result, enabled, was, halts, revived, error) = {
            let mut registers = self.registers.lock();
            let registers = registers.as_deref_mut()?;
            let (was, halted) = (registers.is_enabled(), registers.is_halted());
            let result = change(registers);
            let (enabled, halts) = (registers.is_enabled(), registers.is_halted());
            let error = registers.take_reported();
            (result, enabled, was, halts, halted && !halts, error)
        };
        if let Some(host) = host.as_ref() {
            // A halt is not the user's doing, and whoever halts it tells of it.
            if (was != enabled && !halts) || revived {
                host.enabled(enabled);
            }
            if revived {
                host.works();
            }
            if let Some(error) = error {
                let culprit = match error.code {
                    status::HARDWARE => Culprit::Hardware,
                    _ => Culprit::User,
                };
                host.fault(self.fault(&error), culprit);
            }
        }
        Some(result)
    }

    /// What a descriptor that is submitted to `wq` now is checked against.
    pub(super) fn limits(&self, wq: u8) -> Option<Limits> {
        self.look(|registers| registers.limits(wq))
    }

    /// Reports an error that no completion record can report.
    pub(super) fn software_error(&self, error: Swerr) {
        let effect = self.change(|registers| registers.report_swerr(error));
        if let Some(Effect::Interrupt(vector)) = effect {
            self.interrupt(vector);
        }
    }

    /// An error that the tenant sees, as others see it.
    fn fault(&self, error: &Swerr) -> Fault {
        Fault {
            code: Some(error.code),
            wq: error
                .wq
                .and_then(|wq| self.wqs.get(usize::from(wq)))
                .copied(),
            operation: error.opcode,
            address: error.addr,
            ..FaultKind::SoftwareError.into()
        }
    }
}
