// SPDX-License-Identifier: GPL-2.0

//! The interrupts of a VFIO device: eventfds that its user sets with VFIO_DEVICE_SET_IRQS.

use core::{
    mem,
    ops::Range, //
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

use crate::{
    ffi::{
        bindings,
        eventfd::EventFd,
        vfio::{
            IrqData,
            IrqSet, //
        }, //
    },
    framework::Holder, //
};

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

/// The eventfds of one device. Masking is the user's own affair.
///
/// Neither lock is held while memory of the user is accessed.
#[pin_data]
pub(super) struct Irqs {
    /// Number of MSI-X vectors.
    vectors: u32,
    #[pin]
    msix: Mutex<Msix>,
    #[pin]
    release: Mutex<Option<EventFd>>,
}

/// The eventfds of MSI-X.
struct Msix {
    /// Whether the user has set eventfds, and has not disabled MSI-X since.
    enabled: bool,
    /// One place for each vector.
    eventfds: KVec<Option<EventFd>>,
}

impl Msix {
    fn disable(&mut self) {
        self.enabled = false;
        for eventfd in self.eventfds.iter_mut() {
            *eventfd = None;
        }
    }
}

impl Irqs {
    /// No eventfds for `vectors` MSI-X vectors.
    pub(super) fn new(vectors: u32) -> Result<Arc<Self>> {
        let mut eventfds = KVec::with_capacity(vectors as usize, GFP_KERNEL)?;
        for _ in 0..vectors {
            eventfds.push(None, GFP_KERNEL)?;
        }
        let msix = Msix {
            enabled: false,
            eventfds,
        };
        Arc::pin_init(
            pin_init!(Self {
                vectors,
                msix <- new_mutex!(msix),
                release <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )
    }

    /// Number of interrupts with VFIO's index `index`.
    pub(super) fn count(&self, index: u32) -> u32 {
        match index {
            bindings::VFIO_PCI_MSIX_IRQ_INDEX => self.vectors,
            bindings::VFIO_PCI_REQ_IRQ_INDEX => 1,
            _ => 0,
        }
    }

    /// Signals MSI-X vector `vector`, if its eventfd is set.
    pub(super) fn signal(&self, vector: u32) {
        if let Some(Some(eventfd)) = self.msix.lock().eventfds.get(vector as usize) {
            eventfd.signal();
        }
    }

    /// Forgets all eventfds.
    pub(super) fn clear(&self) {
        self.msix.lock().disable();
        let old = self.release.lock().take();
        drop(old);
    }

    /// Serves VFIO_DEVICE_SET_IRQS, as `vfio-pci` does for a device that has MSI-X alone; but if an
    /// eventfd is refused, then all of them are, and what was set before stays.
    pub(super) fn set(&self, set: IrqSet) -> Result {
        if set.action != bindings::VFIO_IRQ_SET_ACTION_TRIGGER {
            return Err(ENOTTY);
        }
        match set.index {
            bindings::VFIO_PCI_MSIX_IRQ_INDEX => self.set_msix(set.range, set.data),
            bindings::VFIO_PCI_REQ_IRQ_INDEX => self.set_release(set.range, set.data),
            _ => Err(EINVAL),
        }
    }

    fn set_msix(&self, range: Range<usize>, data: IrqData) -> Result {
        match data {
            IrqData::None if range.is_empty() => {
                let mut msix = self.msix.lock();
                if !msix.enabled {
                    return Err(EINVAL);
                }
                msix.disable();
                Ok(())
            }
            IrqData::None => self.trigger(range.start, range.map(|_| true)),
            IrqData::Bool(chosen) => self.trigger(range.start, chosen.iter().map(|it| *it != 0)),
            IrqData::EventFd(fds) => {
                let mut eventfds = KVec::with_capacity(fds.len(), GFP_KERNEL)?;
                for fd in fds {
                    let eventfd = (fd >= 0).then(|| EventFd::from_fd(fd)).transpose()?;
                    eventfds.push(eventfd, GFP_KERNEL)?;
                }
                self.replace(range, eventfds)
            }
        }
    }

    /// Signals those of the vectors from `start` on that are `chosen`.
    fn trigger(&self, start: usize, chosen: impl Iterator<Item = bool>) -> Result {
        let msix = self.msix.lock();
        if !msix.enabled {
            return Err(EINVAL);
        }
        for (eventfd, chosen) in msix.eventfds.iter().skip(start).zip(chosen) {
            if let (Some(eventfd), true) = (eventfd, chosen) {
                eventfd.signal();
            }
        }
        Ok(())
    }

    /// Sets the eventfds of `range`, which enables MSI-X.
    fn replace(&self, range: Range<usize>, mut eventfds: KVec<Option<EventFd>>) -> Result {
        {
            let mut msix = self.msix.lock();
            // MSI-X cannot be enabled with no vectors.
            if !msix.enabled && range.end == 0 {
                return Err(ERANGE);
            }
            msix.enabled = true;
            let places = msix.eventfds.iter_mut().skip(range.start);
            for (place, eventfd) in places.zip(eventfds.iter_mut()) {
                mem::swap(place, eventfd);
            }
        }
        // What was replaced is in `eventfds` now, and goes with it.
        Ok(())
    }

    fn set_release(&self, range: Range<usize>, data: IrqData) -> Result {
        match data {
            IrqData::None if range.is_empty() => {
                let old = self.release.lock().take();
                old.map(drop).ok_or(EINVAL)
            }
            IrqData::None => self.request_release().then_some(()).ok_or(EINVAL),
            IrqData::Bool(chosen) => {
                if *chosen.first().ok_or(EINVAL)? != 0 {
                    self.request_release();
                }
                Ok(())
            }
            IrqData::EventFd(fds) => {
                let new = match *fds.first().ok_or(EINVAL)? {
                    -1 => None,
                    fd if fd < 0 => return Err(EINVAL),
                    fd => Some(EventFd::from_fd(fd)?),
                };
                let old = mem::replace(&mut *self.release.lock(), new);
                drop(old);
                Ok(())
            }
        }
    }
}

impl Holder for Irqs {
    fn request_release(&self) -> bool {
        let release = self.release.lock();
        if let Some(eventfd) = release.as_ref() {
            eventfd.signal();
        }
        release.is_some()
    }
}
