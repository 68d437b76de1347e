// SPDX-License-Identifier: GPL-2.0

//! The interrupts of a VFIO device: eventfds that its user sets with VFIO_DEVICE_SET_IRQS.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
    uaccess::UserSliceReader, //
};

use crate::ffi::{
    bindings,
    eventfd::EventFd, //
};

/// The eventfds of one device. Masking is the user's own affair.
#[pin_data]
pub(super) struct Irqs {
    count: u32,
    #[pin]
    msix: Mutex<KVec<Option<EventFd>>>,
    #[pin]
    release: Mutex<Option<EventFd>>,
}

/// The fixed part of VFIO_DEVICE_SET_IRQS (`struct vfio_irq_set`).
struct Header {
    flags: u32,
    index: u32,
    start: u32,
    count: u32,
}

/// Bytes of the fixed part.
const HEADER: u32 = 20;

/// What comes with the request for each interrupt.
enum Data {
    None,
    Bool,
    EventFd,
}

impl Header {
    /// Reads and checks the fixed part, as `vfio_set_irqs_validate_and_prepare` does.
    fn read(reader: &mut UserSliceReader, irqs: &Irqs) -> Result<(Self, Data)> {
        let argsz: u32 = reader.read()?;
        let header = Self {
            flags: reader.read()?,
            index: reader.read()?,
            start: reader.read()?,
            count: reader.read()?,
        };
        let known = bindings::VFIO_IRQ_SET_DATA_TYPE_MASK | bindings::VFIO_IRQ_SET_ACTION_TYPE_MASK;
        let end = header.start.checked_add(header.count).ok_or(EINVAL)?;
        if header.flags & !known != 0 || end > irqs.count(header.index) {
            return Err(EINVAL);
        }
        let (data, size) = match header.flags & bindings::VFIO_IRQ_SET_DATA_TYPE_MASK {
            bindings::VFIO_IRQ_SET_DATA_NONE => (Data::None, 0),
            bindings::VFIO_IRQ_SET_DATA_BOOL => (Data::Bool, 1),
            bindings::VFIO_IRQ_SET_DATA_EVENTFD => (Data::EventFd, 4),
            _ => return Err(EINVAL),
        };
        let needed = header
            .count
            .checked_mul(size)
            .and_then(|n| n.checked_add(HEADER));
        if needed.is_none_or(|needed| argsz < needed) {
            return Err(EINVAL);
        }
        Ok((header, data))
    }
}

impl Irqs {
    /// No eventfds for `count` MSI-X vectors.
    pub(super) fn new(count: u32) -> Result<Arc<Self>> {
        let mut msix = KVec::with_capacity(count as usize, GFP_KERNEL)?;
        for _ in 0..count {
            msix.push(None, GFP_KERNEL)?;
        }
        Arc::pin_init(
            pin_init!(Self {
                count,
                msix <- new_mutex!(msix),
                release <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )
    }

    /// Number of interrupts with VFIO's index `index`.
    pub(super) fn count(&self, index: u32) -> u32 {
        match index {
            bindings::VFIO_PCI_MSIX_IRQ_INDEX => self.count,
            bindings::VFIO_PCI_REQ_IRQ_INDEX => 1,
            _ => 0,
        }
    }

    /// Signals MSI-X vector `vector`, if its eventfd is set.
    pub(super) fn signal(&self, vector: u32) {
        if let Some(Some(eventfd)) = self.msix.lock().get(vector as usize) {
            eventfd.signal();
        }
    }

    /// Asks the user to release the device; returns whether it listens.
    pub(super) fn request_release(&self) -> bool {
        let release = self.release.lock();
        if let Some(eventfd) = release.as_ref() {
            eventfd.signal();
        }
        release.is_some()
    }

    /// Forgets all eventfds.
    pub(super) fn clear(&self) {
        for slot in self.msix.lock().iter_mut() {
            *slot = None;
        }
        *self.release.lock() = None;
    }

    /// Serves VFIO_DEVICE_SET_IRQS.
    pub(super) fn set(&self, mut reader: UserSliceReader) -> Result {
        let (header, data) = Header::read(&mut reader, self)?;
        match header.flags & bindings::VFIO_IRQ_SET_ACTION_TYPE_MASK {
            bindings::VFIO_IRQ_SET_ACTION_TRIGGER => (),
            // The user masks for itself.
            bindings::VFIO_IRQ_SET_ACTION_MASK | bindings::VFIO_IRQ_SET_ACTION_UNMASK => {
                return Err(ENOTTY)
            }
            _ => return Err(EINVAL),
        }
        let range = header.start as usize..(header.start + header.count) as usize;
        match data {
            // No interrupts at all: take them all away.
            Data::None if header.count == 0 => self.unset(header.index),
            Data::None => {
                for at in range {
                    self.trigger(header.index, at);
                }
            }
            Data::Bool => {
                for at in range {
                    if reader.read::<u8>()? != 0 {
                        self.trigger(header.index, at);
                    }
                }
            }
            Data::EventFd => {
                // All of them or none: what cannot fail comes last.
                let mut fds = KVec::with_capacity(header.count as usize, GFP_KERNEL)?;
                for _ in 0..header.count {
                    let fd: i32 = reader.read()?;
                    let eventfd = if fd < 0 {
                        None
                    } else {
                        Some(EventFd::from_fd(fd)?)
                    };
                    fds.push(eventfd, GFP_KERNEL)?;
                }
                self.replace(header.index, range, fds);
            }
        }
        Ok(())
    }

    fn unset(&self, index: u32) {
        if index == bindings::VFIO_PCI_REQ_IRQ_INDEX {
            *self.release.lock() = None;
        } else {
            for slot in self.msix.lock().iter_mut() {
                *slot = None;
            }
        }
    }

    fn trigger(&self, index: u32, at: usize) {
        if index == bindings::VFIO_PCI_REQ_IRQ_INDEX {
            self.request_release();
        } else if let Some(Some(eventfd)) = self.msix.lock().get(at) {
            eventfd.signal();
        }
    }

    fn replace(&self, index: u32, range: core::ops::Range<usize>, mut fds: KVec<Option<EventFd>>) {
        if index == bindings::VFIO_PCI_REQ_IRQ_INDEX {
            if let Some(new) = fds.pop() {
                *self.release.lock() = new;
            }
            return;
        }
        if let Some(slots) = self.msix.lock().get_mut(range) {
            for (slot, new) in slots.iter_mut().zip(fds.iter_mut()) {
                core::mem::swap(slot, new);
            }
        }
        // What was replaced is in `fds` now, and goes with it.
    }
}
