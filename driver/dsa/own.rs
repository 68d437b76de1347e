// SPDX-License-Identifier: GPL-2.0

//! The work queues of a device that this driver is bound to.

use kernel::{
    device::{
        Bound,
        Device, //
    },
    prelude::*,
    sync::Arc, //
};

use super::{
    port::Port,
    registers::Registers,
    slots::Slots,
    submitter::Make,
    wq, //
};
use crate::{
    dsa_core::{
        desc::{
            Completion,
            DESC_LEN, //
        },
        regs::table::portal, //
    },
    ffi::records::Records, //
};

/// Descriptors that a page of a portal takes at different addresses.
const PLACES: u64 = portal::PAGE / DESC_LEN as u64;

/// A hardware work queue that is ours.
pub(super) type Wq = wq::Wq<Own>;

/// Its portal and its completion records.
pub(super) struct Own {
    id: u8,
    regs: Arc<Registers>,
    records: Records,
    /// Interrupt handle for completions.
    handle: u16,
    /// Where in the page of the portal the next descriptor is stored.
    place: u64,
}

/// Completion records for as many descriptors at a time as a work queue has entries.
pub(super) struct Room {
    slots: Slots,
    records: Records,
}

impl Room {
    fn new(dev: &Device<Bound>, size: u16) -> Result<Self> {
        let size = usize::from(size);
        Ok(Self {
            slots: Slots::new(size)?,
            records: Records::new(dev, size.max(1))?,
        })
    }
}

impl Wq {
    /// A work queue that is disabled, with completion records for `size` descriptors at a time.
    pub(super) fn new(
        dev: &Device<Bound>,
        regs: Arc<Registers>,
        id: u8,
        size: u16,
    ) -> Result<Arc<Self>> {
        let Room { slots, records } = Room::new(dev, size)?;
        let port = Own {
            id,
            regs,
            records,
            handle: 0,
            place: 0,
        };
        Self::with_port(id, slots, port)
    }

    /// Allocates what the work queue needs with `size` entries.
    pub(super) fn room(&self, size: u16) -> Result<Room> {
        let regs = self.with(|_, port| port.regs.clone());
        let dev = regs.bound().get().ok_or(ENODEV)?;
        Room::new(&dev, size)
    }

    /// The work queue, which is disabled and has nothing in flight, has another size from now on.
    pub(super) fn resize(&self, mut room: Room) {
        self.with(|slots, port| {
            core::mem::swap(slots, &mut room.slots);
            core::mem::swap(&mut port.records, &mut room.records);
        });
        // What was there before is freed without the lock.
    }

    /// The interrupt handle that descriptors ask for.
    pub(super) fn handle(&self) -> u16 {
        self.with(|_, port| port.handle)
    }

    /// Changes the interrupt handle that descriptors ask for from now on.
    pub(super) fn set_handle(&self, handle: u16) {
        self.with(|_, port| port.handle = handle);
    }
}

impl Port for Own {
    fn submit(&mut self, at: usize, make: Make<'_>) -> Result<[u8; DESC_LEN]> {
        let descriptor = {
            let dev = self.regs.bound().get().ok_or(ENODEV)?;
            let record = self.records.get(&dev, at)?;
            record.clear();
            make(record.address(), self.handle)
        };
        // Each descriptor goes to another address than the one before, as with idxd: a CPU may
        // combine stores to the same one.
        let page = portal::offset(self.id, portal::LIMITED_MSIX);
        let place = page + self.place * DESC_LEN as u64;
        self.place = (self.place + 1) % PLACES;
        self.regs.submit(place as usize, &descriptor)?;
        Ok(descriptor)
    }

    fn reap(&self, slots: &mut Slots) -> bool {
        // Without the device there are no records either.
        let Some(dev) = self.regs.bound().get() else {
            return false;
        };
        slots.reap(|at| {
            let record = self.records.get(&dev, at).ok()?.read()?;
            Some(Completion::from_bytes(&record))
        })
    }
}
