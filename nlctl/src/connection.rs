// SPDX-License-Identifier: MIT OR Apache-2.0

//! The connection to the kernel and the handle to use it with.

use futures::channel::mpsc::UnboundedReceiver;
use genetlink::GenetlinkHandle;
use genetlink::message::RawGenlMessage;
use netlink_packet_core::NetlinkMessage;
use netlink_proto::sys::{AsyncSocket, SocketAddr};

use crate::error::Error;
use crate::monitor::{self, Monitor};
use crate::parent::ParentHandle;
use crate::subdev::SubdevHandle;
use crate::types::TypeHandle;
use crate::wq::WqHandle;

/// Drives the socket; to be spawned on a tokio runtime.
///
/// It ends when every handle and the [`Messages`] are dropped.
pub type Connection = netlink_proto::Connection<RawGenlMessage>;

/// Messages that answer no request. There are none as long as nobody joins a
/// multicast group on this socket; [`Handle::monitor`] uses one of its own.
pub type Messages = UnboundedReceiver<(NetlinkMessage<RawGenlMessage>, SocketAddr)>;

/// Opens a socket to the kernel.
///
/// # Errors
///
/// When the system gives no socket.
pub fn new_connection() -> std::io::Result<(Connection, Handle, Messages)> {
    let (mut connection, genetlink, messages) = genetlink::new_connection()?;
    let socket = connection.socket_mut().socket_mut();
    socket.bind_auto()?;
    // Refusals are to say more than a number; the request need not come back
    // with them, as `exchange` keeps it.
    socket.set_ext_ack(true)?;
    socket.set_cap_ack(true)?;
    // The end of an answer is what tells a complete one from one that was cut
    // short, and the end of a dump can carry an error.
    connection.set_forward_ack(true);
    connection.set_forward_done(true);
    Ok((connection, Handle { genetlink }, messages))
}

/// What requests are made with. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(crate) genetlink: GenetlinkHandle,
}

impl Handle {
    /// Parents: the devices that subdevs are carved from.
    pub fn parent(&self) -> ParentHandle {
        ParentHandle::new(self.clone())
    }

    /// Hardware work queues of parents.
    pub fn wq(&self) -> WqHandle {
        WqHandle::new(self.clone())
    }

    /// Types: the catalogues of parents.
    pub fn types(&self) -> TypeHandle {
        TypeHandle::new(self.clone())
    }

    /// Subdevs: the virtual devices.
    pub fn subdev(&self) -> SubdevHandle {
        SubdevHandle::new(self.clone())
    }

    /// Subscribes to what happens to the objects of the family.
    ///
    /// Every change after this call has returned is in the stream. It uses a
    /// socket of its own, so slow readers of events do not hold up requests.
    /// The stream ends after an error of the socket only.
    ///
    /// # Errors
    ///
    /// When the family is absent or the system gives no socket.
    pub async fn monitor(&self) -> Result<Monitor, Error> {
        monitor::subscribe(self).await
    }
}
