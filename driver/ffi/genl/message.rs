// SPDX-License-Identifier: GPL-2.0

//! Replies and events.

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

use super::{
    family,
    request::{
        Request,
        Sender, //
    },
    writer::Writer, //
};
use crate::ffi::{
    bindings as local,
    netlink::SocketKey, //
};

/// How large a message may become without being asked for more.
const ROOM: usize = bindings::GENLMSG_DEFAULT_SIZE;

/// A message that is being made.
///
/// # Invariants
///
/// `skb` is a socket buffer that this value owns, and `header` the family's header in it.
pub(crate) struct Message {
    pub(super) skb: NonNull<bindings::sk_buff>,
    pub(super) header: NonNull<c_void>,
}

impl Message {
    fn new(portid: u32, seq: u32, command: u32, room: usize) -> Result<Self> {
        // SAFETY: Takes integers only.
        let skb = unsafe { bindings::genlmsg_new(room, bindings::GFP_KERNEL) };
        let skb = NonNull::new(skb).ok_or(ENOMEM)?;
        // SAFETY: `skb` was just made and the family is a static. Commands fit in a byte.
        let header =
            unsafe { bindings::genlmsg_put(skb.as_ptr(), portid, seq, family(), 0, command as u8) };
        let Some(header) = NonNull::new(header) else {
            // SAFETY: The buffer is ours and is not used any more.
            unsafe { bindings::nlmsg_free(skb.as_ptr()) };
            return Err(EMSGSIZE);
        };
        // INVARIANT: Both were just made.
        Ok(Self { skb, header })
    }

    /// Starts the reply to `request`.
    pub(crate) fn reply(request: &Request<'_>, command: u32) -> Result<Self> {
        Self::reply_with_room(request, command, 0)
    }

    /// Starts the reply to `request`, with room for `more` bytes of attributes than usual.
    pub(crate) fn reply_with_room(
        request: &Request<'_>,
        command: u32,
        more: usize,
    ) -> Result<Self> {
        let info = request.info();
        Self::new(info.snd_portid, info.snd_seq, command, ROOM + more)
    }

    /// Starts an event, which whoever `echo` says gets as an answer.
    pub(crate) fn event(command: u32, echo: Option<Sender>) -> Result<Self> {
        let (port, sequence) = echo.map_or((0, 0), |sender| (sender.port, sender.sequence));
        Self::new(port, sequence, command, ROOM)
    }

    /// Puts attributes.
    pub(crate) fn writer(&mut self) -> Writer<'_> {
        // INVARIANT: `self` is borrowed mutably for as long.
        Writer {
            skb: self.skb,
            _lifetime: PhantomData,
        }
    }

    fn finish(self) -> NonNull<bindings::sk_buff> {
        let skb = self.skb;
        // SAFETY: By the type invariant.
        unsafe { bindings::genlmsg_end(skb.as_ptr(), self.header.as_ptr()) };
        // Whoever sends the buffer consumes it.
        core::mem::forget(self);
        skb
    }

    /// Sends the message to who made `request`.
    pub(crate) fn send(self, request: &Request<'_>) -> Result {
        let skb = self.finish();
        // SAFETY: `skb` is ours and is consumed; `info` is valid while the request is handled.
        to_result(unsafe { local::subdev_shim_reply(skb.as_ptr(), request.info.as_ptr()) })
    }

    /// Sends the message to the listeners of `group` in the initial network namespace, and to
    /// whoever `echo` says.
    ///
    /// That nobody listens is no error. A listener that cannot take it is told so by the C side.
    pub(crate) fn notify(self, group: u32, echo: Option<Sender>) {
        self.notify_filtered(group, echo, None, core::ptr::null_mut());
    }

    /// As [`Self::notify`], to those listeners only for which `wants` returns true. It must not
    /// sleep.
    pub(crate) fn notify_those(
        self,
        group: u32,
        echo: Option<Sender>,
        mut wants: &dyn Fn(SocketKey) -> bool,
    ) {
        let data = (&raw mut wants).cast();
        self.notify_filtered(group, echo, Some(leaves_out), data);
    }

    /// `filter` must take `data` for the time of the call.
    fn notify_filtered(
        self,
        group: u32,
        echo: Option<Sender>,
        filter: local::subdev_shim_filter_fn,
        data: *mut c_void,
    ) {
        let skb = self.finish();
        let port = echo.map_or(0, |sender| sender.port);
        let to_port = echo.is_some();
        // SAFETY: `skb` is ours and is consumed; the family is registered for as long as there
        // is anything to report; the callers pass a filter together with what it takes.
        unsafe { local::subdev_shim_notify(skb.as_ptr(), port, group, to_port, filter, data) };
    }
}

/// Called for each listener by the C side, which leaves out those for which it is not zero.
///
/// # Safety
///
/// For [`Message::notify_those`] only.
unsafe extern "C" fn leaves_out(
    sk: *mut bindings::sock,
    _skb: *mut bindings::sk_buff,
    data: *mut c_void,
) -> c_int {
    // SAFETY: `notify_those` passes a pointer to this, which is there until the call ends.
    let wants = unsafe { *data.cast::<&dyn Fn(SocketKey) -> bool>() };
    c_int::from(!wants(SocketKey::of(sk)))
}

/// Whether anybody listens to `group` in the initial network namespace.
pub(crate) fn has_listeners(group: u32) -> bool {
    // SAFETY: The family is registered for as long as there is anything to report.
    unsafe { local::subdev_shim_has_listeners(group) }
}

/// Tells the listeners of `group` that a message to them was lost.
pub(crate) fn notify_loss(group: u32) {
    // SAFETY: Takes integers only; the family is registered for as long as there is anything to
    // report.
    unsafe { local::subdev_shim_notify_loss(group) };
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the buffer is ours.
        unsafe { bindings::nlmsg_free(self.skb.as_ptr()) };
    }
}
