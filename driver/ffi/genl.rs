// SPDX-License-Identifier: GPL-2.0

//! Generic netlink: requests, refusals, replies, dumps and events of one family.
//!
//! `rust/kernel/net/netlink.rs` registers a family without operations and sends to the initial
//! network namespace; this file adds what operations need. The family itself, its policies and
//! its table of operations are generated C, see `driver/netlink/generated`.
//!
//! C header: [`include/net/genetlink.h`](srctree/include/net/genetlink.h)

use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

use super::bindings as local;

mod attr;
mod dump;
#[cfg(CONFIG_KUNIT = "y")]
mod kunit;
mod message;
mod request;
mod writer;

pub(crate) use attr::Attr;
pub(crate) use dump::Dump;
pub(crate) use message::{
    has_listeners,
    notify_loss,
    Message, //
};
pub(crate) use request::{
    Culprit,
    Request,
    Sender, //
};
pub(crate) use writer::Writer;

fn family() -> *mut bindings::genl_family {
    &raw mut local::subdev_nl_family
}

/// The registration of the family; dropping it takes the family away.
pub(crate) struct Registration(());

impl Registration {
    /// Registers the family: from now on requests arrive.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: The family is a static of this module and is registered once, by the module's
        // initialisation.
        to_result(unsafe { bindings::genl_register_family(family()) })?;
        Ok(Self(()))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: `new` registered the family. Waits for the operations that are running.
        unsafe { bindings::genl_unregister_family(family()) };
    }
}

/// Runs a handler of a request for the C side.
///
/// # Safety
///
/// `skb` and `info` must be what generic netlink passed to the operation.
pub(crate) unsafe fn run_do(
    skb: *mut bindings::sk_buff,
    info: *mut bindings::genl_info,
    handler: fn(&Request<'_>) -> Result,
) -> c_int {
    // SAFETY: By the safety requirement; the handler cannot keep the request.
    let Some(request) = (unsafe { Request::from_raw(info, skb) }) else {
        return EINVAL.to_errno();
    };
    match request.check_namespace().and_then(|()| handler(&request)) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// Runs a handler of a dump for the C side.
///
/// # Safety
///
/// `skb` and `cb` must be what generic netlink passed to the operation.
pub(crate) unsafe fn run_dump(
    skb: *mut bindings::sk_buff,
    cb: *mut bindings::netlink_callback,
    handler: fn(&mut Dump<'_>) -> Result,
) -> c_int {
    // SAFETY: By the safety requirement; the handler cannot keep the dump.
    let Some(mut dump) = (unsafe { Dump::from_raw(skb, cb) }) else {
        return EINVAL.to_errno();
    };
    let checked = dump.request().and_then(|request| request.check_namespace());
    match checked.and_then(|()| handler(&mut dump)) {
        Ok(()) => dump.outcome(),
        Err(error) => error.to_errno(),
    }
}

/// Defines the function that the generated table of operations names for a request.
macro_rules! genl_do {
    ($name:ident, $handler:path) => {
        /// Called by generic netlink, see `driver/netlink/generated`.
        ///
        /// # Safety
        ///
        /// For generic netlink only.
        #[no_mangle]
        unsafe extern "C" fn $name(
            skb: *mut ::kernel::bindings::sk_buff,
            info: *mut ::kernel::bindings::genl_info,
        ) -> ::kernel::ffi::c_int {
            // SAFETY: Generic netlink passes what belongs to the operation.
            unsafe { $crate::ffi::genl::run_do(skb, info, $handler) }
        }
    };
}

pub(crate) use genl_do;

/// Defines the function that the generated table of operations names for a dump.
macro_rules! genl_dump {
    ($name:ident, $handler:path) => {
        /// Called by generic netlink, see `driver/netlink/generated`.
        ///
        /// # Safety
        ///
        /// For generic netlink only.
        #[no_mangle]
        unsafe extern "C" fn $name(
            skb: *mut ::kernel::bindings::sk_buff,
            cb: *mut ::kernel::bindings::netlink_callback,
        ) -> ::kernel::ffi::c_int {
            // SAFETY: Generic netlink passes what belongs to the operation.
            unsafe { $crate::ffi::genl::run_dump(skb, cb, $handler) }
        }
    };
}

pub(crate) use genl_dump;
