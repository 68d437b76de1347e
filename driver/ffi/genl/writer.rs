// SPDX-License-Identifier: GPL-2.0

//! Attributes of a message that is being made.

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

use super::attr::HEADER;
use crate::ffi::bindings as local;

/// Puts attributes into a message.
///
/// # Invariants
///
/// `skb` is valid and not used by anyone else for `'a`.
pub(crate) struct Writer<'a> {
    pub(super) skb: NonNull<bindings::sk_buff>,
    pub(super) _lifetime: PhantomData<&'a mut ()>,
}

impl Writer<'_> {
    fn put(&mut self, number: u32, payload: &[u8]) -> Result {
        let len = u16::try_from(payload.len() + HEADER).map_err(|_| EMSGSIZE)?;
        // CAST: Attribute numbers are below 2^14, and the length was just checked.
        let (number, len) = (number as c_int, c_int::from(len) - HEADER as c_int);
        // SAFETY: `skb` is valid by the type invariant; `payload` has `len` bytes.
        to_result(unsafe {
            bindings::nla_put(self.skb.as_ptr(), number, len, payload.as_ptr().cast())
        })
    }

    /// Puts a `u32`.
    pub(crate) fn u32(&mut self, number: u32, value: u32) -> Result {
        self.put(number, &value.to_ne_bytes())
    }

    /// Puts a `uint`: four bytes if the value fits, else eight.
    pub(crate) fn uint(&mut self, number: u32, value: u64) -> Result {
        match u32::try_from(value) {
            Ok(small) => self.u32(number, small),
            Err(_) => self.put(number, &value.to_ne_bytes()),
        }
    }

    /// Puts a flag.
    pub(crate) fn flag(&mut self, number: u32) -> Result {
        self.put(number, &[])
    }

    /// Puts bytes.
    pub(crate) fn binary(&mut self, number: u32, value: &[u8]) -> Result {
        self.put(number, value)
    }

    /// Puts a string and its closing NUL.
    pub(crate) fn string(&mut self, number: u32, value: &str) -> Result {
        let len = value.len() + 1;
        if len > usize::from(u16::MAX) - HEADER {
            return Err(EMSGSIZE);
        }
        // CAST: As in `put`.
        // SAFETY: `skb` is valid by the type invariant.
        let attr =
            unsafe { bindings::nla_reserve(self.skb.as_ptr(), number as c_int, len as c_int) };
        let attr = NonNull::new(attr).ok_or(EMSGSIZE)?.cast::<u8>().as_ptr();
        // SAFETY: The C side reserved a header and `len` bytes.
        unsafe {
            let payload = attr.add(HEADER);
            payload.copy_from_nonoverlapping(value.as_ptr(), value.len());
            payload.add(value.len()).write(0);
        }
        Ok(())
    }

    /// Puts a nest that `fill` fills.
    pub(crate) fn nest(&mut self, number: u32, fill: impl FnOnce(&mut Self) -> Result) -> Result {
        // SAFETY: `skb` is valid by the type invariant.
        let nest = unsafe { local::subdev_shim_nest_start(self.skb.as_ptr(), number as c_int) };
        let nest = NonNull::new(nest).ok_or(EMSGSIZE)?;
        // A nest that could not be filled goes away with the whole message.
        fill(self)?;
        // SAFETY: The nest was started in this message, which is still being built.
        unsafe { local::subdev_shim_nest_end(self.skb.as_ptr(), nest.as_ptr()) };
        Ok(())
    }
}
