// SPDX-License-Identifier: GPL-2.0

//! Netlink sockets of userspace, and learning when they are closed.
//!
//! Generic netlink can keep private data for each socket, and frees it when the socket is closed; the
//! function that finds it is not exported to modules. The notifier chain of all netlink sockets is.
//! It names a socket by its port ID alone, which another socket may have been given meanwhile.
//!
//! C header: [`include/linux/netlink.h`](srctree/include/linux/netlink.h)

use core::ptr::NonNull;
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    types::Opaque, //
};

use super::bindings as local;

/// A socket, which stays in memory for as long as this does, closed or not.
pub(crate) struct Socket(NonNull<bindings::sock>);

// SAFETY: The reference count may be changed, and the flag be read, by any thread.
unsafe impl Send for Socket {}
// SAFETY: As above.
unsafe impl Sync for Socket {}

/// Which socket it is; not another one's while somebody has it as a [`Socket`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SocketKey(usize);

impl SocketKey {
    /// That of what the C side passes.
    pub(super) fn of(sk: *const bindings::sock) -> Self {
        Self(sk.addr())
    }
}

impl Socket {
    /// The socket that a message came from.
    ///
    /// # Safety
    ///
    /// `skb` must be a message that was received from netlink, whose sender has its socket open.
    pub(super) unsafe fn of_sender(skb: NonNull<bindings::sk_buff>) -> Option<Self> {
        // SAFETY: By the safety requirement. The shim takes a reference.
        let sk = unsafe { local::subdev_shim_sender(skb.as_ptr()) };
        NonNull::new(sk).map(Self)
    }

    /// Which socket it is.
    pub(crate) fn key(&self) -> SocketKey {
        SocketKey::of(self.0.as_ptr())
    }

    /// The user who opened it.
    pub(crate) fn uid(&self) -> u32 {
        // SAFETY: `self` has a reference.
        unsafe { local::subdev_shim_sock_uid(self.0.as_ptr()) }
    }

    /// Whether both are the same socket.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Whether it is closed, or about to be: nobody sends from it any more.
    pub(crate) fn is_closed(&self) -> bool {
        // SAFETY: `self` has a reference.
        unsafe { local::subdev_shim_sock_dead(self.0.as_ptr()) }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: The reference is that of `self`.
        unsafe { local::subdev_shim_sock_put(self.0.as_ptr()) };
    }
}

/// Has a function called each time a generic netlink socket was closed, until it is dropped.
pub(crate) struct Closings(Pin<KBox<Block>>);

/// What the C side has in its chain.
#[pin_data]
struct Block {
    #[pin]
    raw: Opaque<bindings::notifier_block>,
    closed: fn(),
}

// SAFETY: The C side alone uses the block, under a lock of its own.
unsafe impl Send for Block {}
// SAFETY: As above.
unsafe impl Sync for Block {}

impl Closings {
    /// From now on `closed` is called; it may sleep, and whoever closes a socket waits for it. The
    /// socket is closed by [`Socket::is_closed`] then.
    pub(crate) fn new(closed: fn()) -> Result<Self> {
        let raw = bindings::notifier_block {
            notifier_call: Some(notified),
            ..Default::default()
        };
        let block = pin_init!(Block {
            raw: Opaque::new(raw),
            closed,
        });
        let block = KBox::pin_init(block, GFP_KERNEL)?;
        // SAFETY: The block stays where it is until `drop` has taken it out of the chain.
        to_result(unsafe { bindings::netlink_register_notifier(block.raw.get()) })?;
        Ok(Self(block))
    }
}

impl Drop for Closings {
    fn drop(&mut self) {
        // SAFETY: `new` put it into the chain. Waits for calls that are under way.
        unsafe { bindings::netlink_unregister_notifier(self.0.raw.get()) };
    }
}

/// Called when any netlink socket was closed.
///
/// # Safety
///
/// For the notifier chain of netlink only.
unsafe extern "C" fn notified(
    raw: *mut bindings::notifier_block,
    event: c_ulong,
    data: *mut c_void,
) -> c_int {
    // CAST: A small number, as is the next.
    if event == bindings::NETLINK_URELEASE as c_ulong {
        // SAFETY: This is what the C side passes with this event.
        let protocol = unsafe { (*data.cast::<bindings::netlink_notify>()).protocol };
        if protocol == bindings::NETLINK_GENERIC as c_int {
            // SAFETY: The chain has blocks of `Closings` with this function only, and they are there.
            let block = unsafe { &*kernel::container_of!(Opaque::cast_from(raw), Block, raw) };
            (block.closed)();
        }
    }
    // CAST: NOTIFY_DONE is zero.
    bindings::NOTIFY_DONE as c_int
}
