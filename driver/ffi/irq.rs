// SPDX-License-Identifier: GPL-2.0

//! The interrupt vectors of a PCI device together with the handlers on them.

use kernel::{
    device::Bound,
    irq::{
        Flags,
        IrqRequest,
        ThreadedHandler,
        ThreadedRegistration, //
    },
    pci::{
        self,
        IrqType,
        IrqTypes,
        IrqVectorRegistration, //
    },
    prelude::*, //
};

/// MSI-X vectors of a device, each with a threaded handler.
///
/// # Invariants
///
/// `vectors` is not moved out before all `handlers` are dropped: nothing hands it out, and fields
/// are dropped in the order in which they are declared.
pub(crate) struct Vectors<'a, T: ThreadedHandler + 'static> {
    handlers: KVec<Pin<KBox<ThreadedRegistration<'a, T>>>>,
    vectors: IrqVectorRegistration<'a>,
}

impl<'a, T: ThreadedHandler + Send + 'static> Vectors<'a, T> {
    /// Allocates exactly `count` MSI-X vectors.
    ///
    /// # Safety
    ///
    /// The value must be dropped, and not be forgotten.
    pub(super) unsafe fn new(dev: &'a pci::Device<Bound>, count: u32) -> Result<Self> {
        let types = IrqTypes::default().with(IrqType::MsiX);
        // INVARIANT: There is no handler yet.
        Ok(Self {
            handlers: KVec::with_capacity(count as usize, GFP_KERNEL)?,
            vectors: dev.alloc_irq_vectors(count, count, types)?,
        })
    }

    /// Puts `handler` on the next vector that has none.
    pub(crate) fn add(&mut self, name: &'static CStr, handler: T) -> Result {
        let request = IrqRequest::from(self.vectors.index(self.handlers.len())?);
        // SAFETY: Only a lifetime changes, from that of the borrow of `vectors` to that of the
        // binding. An `IrqRequest` keeps no reference: it is the number of an interrupt, which stays
        // that of the vector until `vectors` is dropped. By the type invariant the registration that
        // it is made into is gone by then.
        let request: IrqRequest<'a> = unsafe { core::mem::transmute(request) };
        // SAFETY: The registration is owned by `self`, which is dropped, as `new` requires.
        let init =
            unsafe { ThreadedRegistration::new(request, Flags::TRIGGER_NONE, name, Ok(handler)) };
        let registration = KBox::pin_init(init, GFP_KERNEL)?;
        self.handlers.push(registration, GFP_KERNEL)?;
        Ok(())
    }
}
