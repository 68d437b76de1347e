// SPDX-License-Identifier: GPL-2.0

//! Proof that a device is bound to its driver, for code that runs apart from its driver's callbacks.
//!
//! [`Device<Bound>`] can only be borrowed as long as a callback of the bus runs. What runs on a
//! workqueue or on behalf of a file takes a [`Guard`] instead: while one exists, the device's
//! unbinding does not come to its end. It is what `Revocable` does, for readers that sleep.

use core::{
    marker::PhantomData,
    ops::Deref, //
};
use kernel::{
    device::{
        Bound,
        Device, //
    },
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            Acquire,
            Atomic,
            Full, //
        },
        Arc,
        Completion, //
    }, //
};

#[cfg(CONFIG_KUNIT = "y")]
pub(crate) mod kunit;

/// The bit of [`Gate::users`] that says that no further guard is handed out.
const REVOKED: u32 = 1 << 31;

/// What an anchor, its references and their guards share.
#[pin_data]
struct Gate {
    dev: ARef<Device>,
    /// Number of guards, and [`REVOKED`].
    users: Atomic<u32>,
    /// Done when the anchor is revoked and the last guard is gone.
    #[pin]
    idle: Completion,
}

impl Gate {
    fn enter(&self) -> bool {
        if self.users.fetch_add(1, Full) & REVOKED != 0 {
            self.leave();
            return false;
        }
        true
    }

    fn leave(&self) {
        if self.users.fetch_sub(1, Full) == REVOKED | 1 {
            self.idle.complete_all();
        }
    }
}

/// Held by a driver for a device that it is bound to. Dropping it revokes all references, and waits
/// until no guard is left.
///
/// # Invariants
///
/// The device is bound for `'bound`.
pub(crate) struct Anchor<'bound> {
    gate: Arc<Gate>,
    _bound: PhantomData<&'bound Device<Bound>>,
}

impl<'bound> Anchor<'bound> {
    /// Anchors `dev`.
    ///
    /// # Safety
    ///
    /// The value must be dropped before `'bound` ends, and not be forgotten.
    pub(crate) unsafe fn new(dev: &'bound Device<Bound>) -> Result<Self> {
        let gate = Arc::pin_init(
            pin_init!(Gate {
                dev: (&**dev).into(),
                users: Atomic::new(0),
                idle <- Completion::new(),
            }),
            GFP_KERNEL,
        )?;
        // INVARIANT: By the type of `dev`.
        Ok(Self {
            gate,
            _bound: PhantomData,
        })
    }

    /// A reference for whoever needs the device for as long as it is bound.
    pub(crate) fn reference(&self) -> BoundDevice {
        BoundDevice(self.gate.clone())
    }

    /// Lets no further guard be taken, and waits until those that there are have gone.
    pub(crate) fn revoke(&self) {
        let mut users = self.gate.users.load(Acquire);
        if users & REVOKED == 0 {
            // There is one anchor, and one thread that unbinds.
            users = self.gate.users.fetch_add(REVOKED, Full);
        }
        if users & !REVOKED != 0 {
            self.gate.idle.wait_for_completion();
        }
    }
}

impl Drop for Anchor<'_> {
    fn drop(&mut self) {
        self.revoke();
    }
}

/// A reference to a device that was bound when it was made, and may be bound no longer.
#[derive(Clone)]
pub(crate) struct BoundDevice(Arc<Gate>);

impl BoundDevice {
    /// The device, if it is bound still; it stays so while the guard exists.
    pub(crate) fn get(&self) -> Option<Guard<'_>> {
        // INVARIANT: The gate was entered.
        self.0.enter().then(|| Guard(&self.0))
    }

    /// As [`Self::get`], for as long as the holder likes.
    pub(crate) fn hold(&self) -> Option<Held> {
        // INVARIANT: The gate was entered.
        self.0.enter().then(|| Held(self.0.clone()))
    }

    /// The device, bound or not.
    pub(crate) fn device(&self) -> &Device {
        &self.0.dev
    }
}

/// Keeps a device bound.
///
/// # Invariants
///
/// The gate was entered for this value.
pub(crate) struct Guard<'a>(&'a Gate);

/// Keeps a device bound, without a borrow.
///
/// # Invariants
///
/// The gate was entered for this value.
pub(crate) struct Held(Arc<Gate>);

/// # Safety
///
/// The caller has entered the gate, and does not leave it while the result is borrowed.
unsafe fn bound(gate: &Gate) -> &Device<Bound> {
    let dev: &Device = &gate.dev;
    // SAFETY: `Device<Ctx>` differs in a marker only. The anchor was made of a bound device, and
    // waits for who is past the gate before its lifetime, that of the binding, ends.
    unsafe { &*core::ptr::from_ref(dev).cast::<Device<Bound>>() }
}

impl Deref for Guard<'_> {
    type Target = Device<Bound>;

    fn deref(&self) -> &Device<Bound> {
        // SAFETY: By the type invariant.
        unsafe { bound(self.0) }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Deref for Held {
    type Target = Device<Bound>;

    fn deref(&self) -> &Device<Bound> {
        // SAFETY: By the type invariant.
        unsafe { bound(&self.0) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.leave();
    }
}
