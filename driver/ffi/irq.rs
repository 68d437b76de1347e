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
/// The handlers borrow from the vectors, and both live in this value: fields are dropped in the
/// order in which they are declared, so the handlers go first.
pub(crate) struct Vectors<'a, T: ThreadedHandler + 'static> {
    handlers: KVec<Pin<KBox<ThreadedRegistration<'a, T>>>>,
    vectors: KBox<IrqVectorRegistration<'a>>,
}

impl<'a, T: ThreadedHandler + Send + 'static> Vectors<'a, T> {
    /// Allocates exactly `count` MSI-X vectors.
    pub(crate) fn new(dev: &'a pci::Device<Bound>, count: u32) -> Result<Self> {
        let types = IrqTypes::default().with(IrqType::MsiX);
        Ok(Self {
            handlers: KVec::with_capacity(count as usize, GFP_KERNEL)?,
            vectors: KBox::new(dev.alloc_irq_vectors(count, count, types)?, GFP_KERNEL)?,
        })
    }

    /// Puts `handler` on the next vector that has none.
    pub(crate) fn add(&mut self, name: &'static CStr, handler: T) -> Result {
        let request = IrqRequest::from(self.vectors.index(self.handlers.len())?);
        // SAFETY: Only a lifetime changes. The request stands for a vector that is freed when
        // `vectors` is dropped, and what is made of it is dropped before that.
        let request: IrqRequest<'a> = unsafe { core::mem::transmute(request) };
        // SAFETY: The registration is owned by `self` and never forgotten.
        let init =
            unsafe { ThreadedRegistration::new(request, Flags::TRIGGER_NONE, name, Ok(handler)) };
        let registration = KBox::pin_init(init, GFP_KERNEL)?;
        self.handlers.push(registration, GFP_KERNEL)?;
        Ok(())
    }
}
