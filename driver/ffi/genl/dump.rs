// SPDX-License-Identifier: GPL-2.0

//! Dumps.

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    prelude::*, //
};

use super::{
    family,
    request::Request,
    writer::Writer, //
};
use crate::ffi::bindings as local;

/// A dump in progress: the C side calls the handler again until it adds nothing.
///
/// # Invariants
///
/// Both pointers are valid, and not used by anyone else, for `'a`.
pub(crate) struct Dump<'a> {
    skb: NonNull<bindings::sk_buff>,
    cb: NonNull<bindings::netlink_callback>,
    _lifetime: PhantomData<&'a mut ()>,
}

impl<'a> Dump<'a> {
    /// Wraps what the C side passed to a handler.
    ///
    /// # Safety
    ///
    /// Both pointers must be valid, and not used by anyone else, for `'a`.
    pub(super) unsafe fn from_raw(
        skb: *mut bindings::sk_buff,
        cb: *mut bindings::netlink_callback,
    ) -> Option<Self> {
        // INVARIANT: By the safety requirement.
        Some(Self {
            skb: NonNull::new(skb)?,
            cb: NonNull::new(cb)?,
            _lifetime: PhantomData,
        })
    }

    /// The request that started the dump.
    pub(crate) fn request(&self) -> Result<Request<'a>> {
        // SAFETY: `cb` is valid by the type invariant, and the request is kept for the dump.
        let info = unsafe { local::subdev_shim_dump_info(self.cb.as_ptr()) };
        // SAFETY: As above.
        unsafe { Request::from_raw(info, core::ptr::null_mut()) }.ok_or(EINVAL)
    }

    /// How far the dump has come; zero at its start.
    pub(crate) fn position(&self) -> u64 {
        // SAFETY: `cb` is valid by the type invariant; the scratch area starts zeroed, and any
        // bytes are valid for it.
        unsafe { self.cb.as_ref().__bindgen_anon_1.args[0] as u64 }
    }

    /// Remembers how far the dump has come.
    fn set_position(&mut self, position: u64) {
        // SAFETY: As above, and exclusive.
        unsafe { self.cb.as_mut().__bindgen_anon_1.args[0] = position as c_long };
    }

    /// Says which generation of the state the next entries show, so that the reader is told when
    /// the state changed in the middle of a dump. Zero would mean "unknown".
    pub(crate) fn set_generation(&mut self, generation: u64) {
        // SAFETY: As above.
        unsafe { self.cb.as_mut().seq = (generation as u32).wrapping_add(1).max(1) };
    }

    /// Goes on after the entry with the key `key`, which is not to be shown.
    pub(crate) fn skip(&mut self, key: u64) {
        self.set_position(key + 1);
    }

    /// Adds the entry with the key `key` that `fill` fills, and remembers where to go on. Returns
    /// whether it fitted; the C side calls again with more room when it did not.
    pub(crate) fn show(
        &mut self,
        key: u64,
        command: u32,
        fill: impl FnOnce(&mut Writer<'_>) -> Result,
    ) -> Result<bool> {
        let fits = self.entry(command, fill)?;
        self.set_position(if fits { key + 1 } else { key });
        Ok(fits)
    }

    /// Adds an entry that `fill` fills. Returns whether it fitted; the C side calls again with
    /// more room when it did not.
    fn entry(
        &mut self,
        command: u32,
        fill: impl FnOnce(&mut Writer<'_>) -> Result,
    ) -> Result<bool> {
        let request = self.request()?;
        let info = request.info();
        let skb = self.skb.as_ptr();
        // SAFETY: `skb` is valid by the type invariant; commands fit in a byte.
        let header = unsafe {
            bindings::genlmsg_put(
                skb,
                info.snd_portid,
                info.snd_seq,
                family(),
                bindings::NLM_F_MULTI as c_int,
                command as u8,
            )
        };
        if header.is_null() {
            return Ok(false);
        }
        let mut writer = Writer {
            skb: self.skb,
            _lifetime: PhantomData,
        };
        match fill(&mut writer) {
            Ok(()) => {
                // SAFETY: `header` is that of the message that is being built in `skb`.
                unsafe {
                    local::subdev_shim_dump_check_consistent(self.cb.as_ptr(), header);
                    bindings::genlmsg_end(skb, header);
                }
                Ok(true)
            }
            Err(error) => {
                // SAFETY: As above.
                unsafe { bindings::genlmsg_cancel(skb, header) };
                // An entry that does not even fit into an empty buffer never will.
                if error == EMSGSIZE && self.outcome() > 0 {
                    Ok(false)
                } else {
                    Err(error)
                }
            }
        }
    }

    /// What the handler returns to the C side: more to come as long as something was added.
    pub(super) fn outcome(&self) -> c_int {
        // SAFETY: `skb` is valid by the type invariant.
        unsafe { self.skb.as_ref().len as c_int }
    }
}
