// SPDX-License-Identifier: GPL-2.0

//! Memory of a user that there is not, and a device that can be given its pages.

use kernel::{
    device::{
        Bound,
        Device, //
    },
    new_condvar,
    new_mutex,
    page::{
        Page,
        PAGE_SIZE, //
    },
    sync::{
        Arc,
        CondVar,
        Mutex, //
    },
    warn_on, //
};

use super::{
    super::device::raw,
    *, //
};

/// The address of the first byte.
pub(crate) const BASE: u64 = 0x10_0000;

/// Number of pages.
const PAGES: usize = 8;

/// What happens to calls that pin pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pins {
    /// They succeed.
    Granted,
    /// A limit does not allow them.
    Limited,
    /// They do not return.
    Held,
}

struct State {
    pins: Pins,
    /// Calls to pin so far.
    calls: usize,
    /// What calls have pinned: address and number of pages.
    pinned: KVec<(u64, usize)>,
}

/// Some pages from [`BASE`] on. Copies are made under the lock.
#[pin_data]
pub(crate) struct Fake {
    pages: KVec<Page>,
    #[pin]
    state: Mutex<State>,
    #[pin]
    changed: CondVar,
}

impl Fake {
    /// Memory that is all zero.
    pub(crate) fn new() -> Result<Arc<Self>> {
        let mut pages = KVec::with_capacity(PAGES, GFP_KERNEL)?;
        for _ in 0..PAGES {
            pages.push(Page::alloc_page(GFP_KERNEL | __GFP_ZERO)?, GFP_KERNEL)?;
        }
        let state = State {
            pins: Pins::Granted,
            calls: 0,
            pinned: KVec::new(),
        };
        Arc::pin_init(
            pin_init!(Self {
                pages,
                state <- new_mutex!(state),
                changed <- new_condvar!(),
            }),
            GFP_KERNEL,
        )
    }

    /// Decides what happens to calls that pin from now on, and to those that are held.
    pub(crate) fn set_pins(&self, pins: Pins) {
        self.state.lock().pins = pins;
        self.changed.notify_all();
    }

    /// Calls to pin so far.
    pub(crate) fn calls(&self) -> usize {
        self.state.lock().calls
    }

    /// Where a byte is.
    fn place(&self, iova: u64) -> Result<(&Page, usize)> {
        let at = iova.checked_sub(BASE).ok_or(EINVAL)? as usize;
        let page = self.pages.get(at / PAGE_SIZE).ok_or(EINVAL)?;
        Ok((page, at % PAGE_SIZE))
    }

    /// Pages that are pinned.
    pub(crate) fn pinned(&self) -> usize {
        self.state
            .lock()
            .pinned
            .iter()
            .map(|(_, count)| count)
            .sum()
    }
}

// SAFETY: The pages are there until the value is dropped.
unsafe impl Memory for Fake {
    fn read(&self, iova: u64, data: &mut [u8]) -> Result {
        let _state = self.state.lock();
        for (n, byte) in (0..).zip(data) {
            let (page, at) = self.place(iova + n)?;
            // SAFETY: A byte, which nobody else writes but by the functions here and with volatile
            // accesses.
            unsafe { page.read_raw(byte, at, 1)? };
        }
        Ok(())
    }

    fn write(&self, iova: u64, data: &[u8]) -> Result {
        let _state = self.state.lock();
        for (n, byte) in (0..).zip(data) {
            let (page, at) = self.place(iova + n)?;
            // SAFETY: As above.
            unsafe { page.write_raw(byte, at, 1)? };
        }
        Ok(())
    }

    fn pin(&self, iova: u64, _write: bool, pages: &mut [*mut bindings::page]) -> Result {
        let at = iova.checked_sub(BASE).ok_or(EINVAL)? as usize / PAGE_SIZE;
        let there = self.pages.get(at..at + pages.len()).ok_or(EINVAL)?;
        let mut state = self.state.lock();
        state.calls += 1;
        while state.pins == Pins::Held {
            self.changed.wait(&mut state);
        }
        if state.pins == Pins::Limited {
            return Err(ENOMEM);
        }
        state.pinned.push((iova, pages.len()), GFP_KERNEL)?;
        for (to, page) in pages.iter_mut().zip(there) {
            *to = page.as_ptr();
        }
        Ok(())
    }

    unsafe fn unpin(&self, iova: u64, count: usize) {
        let pinned = &mut self.state.lock().pinned;
        let at = pinned.iter().position(|pin| *pin == (iova, count));
        // As IOMMUFD does.
        if !warn_on!(at.is_none()) {
            at.map(|at| pinned.remove(at));
        }
    }
}

/// Has pages mapped for `dev`, which must be one that nothing else is mapped for.
pub(crate) fn let_do_dma(dev: &Device<Bound>) {
    let dev = raw(dev);
    // SAFETY: The device is valid. The mask that it has for streaming is the one that is in itself.
    unsafe {
        (*dev).coherent_dma_mask = u64::MAX;
        (*dev).dma_mask = &raw mut (*dev).coherent_dma_mask;
    }
}
