// SPDX-License-Identifier: GPL-2.0

//! Leases of the sockets that requests come from.

use kernel::{
    prelude::*,
    sync::{
        global_lock,
        Arc, //
    }, //
};

use crate::{
    ffi::{
        genl::Request,
        netlink::Socket, //
    },
    framework::Lease, //
};

global_lock! {
    // SAFETY: Initialised by `init`, which `netlink::Registration` calls before all else.
    unsafe(uninit) static LEASES: Mutex<KVec<(Socket, Arc<Lease>)>> = KVec::new();
}

/// Makes the list of leases ready.
///
/// # Safety
///
/// Must be called exactly once, before anything else here.
pub(super) unsafe fn init() {
    // SAFETY: By the safety requirement.
    unsafe { LEASES.init() };
}

/// The lease of the socket that a request came from. It is there until the socket is closed, and
/// nothing is seen of it before there is a subdev with it.
pub(super) fn of_sender(request: &Request<'_>) -> Result<Arc<Lease>> {
    let socket = request.socket().ok_or(EINVAL)?;
    let mut leases = LEASES.lock();
    if let Some((_, lease)) = leases.iter().find(|(other, _)| other.is(&socket)) {
        return Ok(lease.clone());
    }
    let lease = Lease::new(request.sender().port)?;
    leases.push((socket, lease.clone()), GFP_KERNEL)?;
    Ok(lease)
}

/// Ends the leases of sockets that are closed. Does not wait for what comes of it.
///
/// All are looked at, as a port ID that was closed may be another socket's by now. A socket that is
/// closed sends no request any more, so that no subdev gets a lease that has ended.
pub(super) fn end_closed() {
    LEASES.lock().retain(|(socket, lease)| {
        let closed = socket.is_closed();
        if closed {
            lease.clone().end();
        }
        !closed
    });
}

/// Forgets all leases: there are no subdevs any more.
pub(super) fn clear() {
    let leases = core::mem::take(&mut *LEASES.lock());
    drop(leases);
}
