// SPDX-License-Identifier: GPL-2.0

//! A request, and the extended ACK that explains why it is refused.

use core::{
    fmt::Write,
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    prelude::*, //
};

use super::attr::{
    Attr,
    Attrs, //
};
use crate::ffi::{
    bindings as local,
    netlink::Socket, //
};

/// What an extended ACK points at.
#[derive(Clone, Copy)]
pub(crate) enum Culprit<'a> {
    /// An attribute that the request has.
    Bad(Attr<'a>),
    /// The number of an attribute that the request lacks.
    Missing(u32),
    /// The number of an attribute that a nest in the request lacks.
    MissingIn(Attr<'a>, u32),
    /// Nothing in particular.
    Nothing,
}

/// Who sent a request.
#[derive(Clone, Copy)]
pub(crate) struct Sender {
    /// Port ID of the socket.
    pub(crate) port: u32,
    /// Sequence number of the request.
    pub(crate) sequence: u32,
}

/// A request to the family.
///
/// # Invariants
///
/// `info` is valid for `'a`; so is `skb`, the message, if there is one.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(super) info: NonNull<bindings::genl_info>,
    /// Not kept for a dump.
    skb: Option<NonNull<bindings::sk_buff>>,
    _lifetime: PhantomData<&'a ()>,
}

impl<'a> Request<'a> {
    /// Wraps what the C side passed to a handler.
    ///
    /// # Safety
    ///
    /// `info` must be valid for `'a`, and `skb` be null or what was received, valid for `'a` too.
    pub(super) unsafe fn from_raw(
        info: *const bindings::genl_info,
        skb: *mut bindings::sk_buff,
    ) -> Option<Self> {
        // INVARIANT: By the safety requirement.
        Some(Self {
            info: NonNull::new(info.cast_mut())?,
            skb: NonNull::new(skb),
            _lifetime: PhantomData,
        })
    }

    pub(super) fn info(&self) -> &'a bindings::genl_info {
        // SAFETY: By the type invariant.
        unsafe { self.info.as_ref() }
    }

    /// Who sent it.
    pub(crate) fn sender(&self) -> Sender {
        let info = self.info();
        Sender {
            port: info.snd_portid,
            sequence: info.snd_seq,
        }
    }

    /// The socket that it came from; not of a dump.
    pub(crate) fn socket(&self) -> Option<Socket> {
        // SAFETY: By the type invariant this is a message that was received, and its sender waits
        // for the handler to end.
        unsafe { Socket::of_sender(self.skb?) }
    }

    /// Whether the sender has CAP_NET_ADMIN in the initial user namespace; not of a dump.
    pub(crate) fn is_of_admin(&self) -> bool {
        self.skb.is_some_and(|skb| {
            // SAFETY: By the type invariant this is a message that was received.
            unsafe { local::subdev_shim_sender_is_admin(skb.as_ptr()) }
        })
    }

    /// Whether the sender wants to get the events that the request causes.
    pub(crate) fn wants_echo(&self) -> bool {
        // SAFETY: By the type invariant; the C side sets the header of the message.
        let flags = unsafe { (*self.info().nlhdr).nlmsg_flags };
        u32::from(flags) & bindings::NLM_F_ECHO != 0
    }

    /// Refuses a sender in another than the initial network namespace.
    pub(super) fn check_namespace(&self) -> Result {
        // SAFETY: By the type invariant.
        if unsafe { local::subdev_shim_in_init_net(self.info.as_ptr()) } {
            return Ok(());
        }
        let text = "the family is for the initial network namespace only";
        self.explain(Culprit::Nothing, &text);
        Err(EPERM)
    }

    /// All attributes at the top level, in the order of the message.
    pub(crate) fn attrs(&self) -> impl Iterator<Item = Attr<'a>> {
        let mut len = 0;
        // SAFETY: By the type invariant; the shim looks at the headers of the message only.
        let start = unsafe { local::subdev_shim_attrs(self.info.as_ptr(), &mut len) };
        let rest = match usize::try_from(len) {
            // SAFETY: The C side received `len` bytes of attributes there, which stay for `'a`.
            Ok(len) if !start.is_null() => unsafe {
                core::slice::from_raw_parts(start.cast::<u8>(), len)
            },
            _ => &[],
        };
        Attrs { rest }
    }

    /// The attribute `number`; the last one, if there are several.
    pub(crate) fn attr(&self, number: u32) -> Option<Attr<'a>> {
        self.attrs().filter(|a| a.number == number).last()
    }

    /// The attribute `number` as a number.
    pub(crate) fn u32(&self, number: u32) -> Option<u32> {
        self.attr(number)?.u32()
    }

    /// Whether there is the attribute `number`.
    pub(crate) fn flag(&self, number: u32) -> bool {
        self.attr(number).is_some()
    }

    /// The attribute `number` as a text.
    pub(crate) fn text(&self, number: u32) -> Option<&'a [u8]> {
        Some(self.attr(number)?.text())
    }

    /// Explains in the extended ACK why the request is refused.
    ///
    /// The kernel carries a text of up to 79 bytes; what is longer is cut.
    pub(crate) fn explain(&self, culprit: Culprit<'_>, text: &dyn core::fmt::Display) {
        // SAFETY: The C side sets `extack` to null or to a structure that outlives the handler,
        // and nobody else uses it meanwhile.
        let Some(extack) = (unsafe { self.info().extack.as_mut() }) else {
            return;
        };
        let mut out = Cursor {
            buf: &mut extack._msg_buf,
            len: 0,
        };
        // The cursor swallows what does not fit, so this cannot fail.
        let _ = write!(out, "{text}");
        extack._msg = extack._msg_buf.as_ptr();
        match culprit {
            Culprit::Bad(attr) => extack.bad_attr = attr.raw,
            Culprit::Missing(number) => extack.miss_type = number as u16,
            Culprit::MissingIn(nest, number) => {
                extack.miss_nest = nest.raw;
                extack.miss_type = number as u16;
            }
            Culprit::Nothing => {}
        }
    }
}

/// Writes a NUL-terminated text into a fixed buffer.
pub(super) struct Cursor<'a> {
    pub(super) buf: &'a mut [c_char],
    pub(super) len: usize,
}

impl Write for Cursor<'_> {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        for byte in s.bytes() {
            let Some([slot, end]) = self.buf.get_mut(self.len..self.len + 2) else {
                break;
            };
            // CAST: A C string holds bytes.
            *slot = byte as c_char;
            *end = 0;
            self.len += 1;
        }
        Ok(())
    }
}
