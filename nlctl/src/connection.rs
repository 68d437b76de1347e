// SPDX-License-Identifier: MIT OR Apache-2.0

//! The connection to the kernel and the handle to use it with.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::channel::mpsc::{self, UnboundedReceiver};
use futures::future::{Either, select};
use futures::lock::Mutex;
use futures::{FutureExt, StreamExt};
use genetlink::GenetlinkHandle;
use genetlink::message::RawGenlMessage;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_proto::sys::{AsyncSocket, SocketAddr};
use tokio::sync::watch;

use crate::error::Error;
use crate::generated::{Command, FamilyHandle, ParentHandle, SubdevHandle, TypeHandle, WqHandle};
use crate::monitor::{Monitor, Subscribe};
use crate::namespace::Namespace;
use crate::socket::NetlinkSocket;
use crate::supports::supports;
use crate::watch::Watch;

/// Drives the socket; to be spawned on the runtime.
///
/// It ends when every [`Handle`] is dropped.
#[must_use = "requests are answered only while the connection is polled"]
pub struct Connection(Driver<NetlinkSocket>);

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_unpin(cx)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// Opens a socket to the kernel, in the network namespace of the thread.
///
/// # Errors
///
/// When the system gives no socket, or outside a tokio runtime.
///
/// # Panics
///
/// In a tokio runtime whose I/O or time is switched off; `enable_all` switches
/// them on.
pub fn new_connection() -> io::Result<(Connection, Handle)> {
    open(Namespace::default())
}

/// As [`new_connection`], with all sockets in another network namespace: a program
/// in a container that has one of its own finds the family in the initial one,
/// which is that of process 1 of the host.
///
/// ```no_run
/// # fn example() -> std::io::Result<()> {
/// let namespace = std::fs::File::open("/proc/1/ns/net")?;
/// let (connection, handle) = nlctl::new_connection_in(namespace)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// When `namespace` is none, when the process has no CAP_SYS_ADMIN in it and in its
/// own user namespace, when the system gives no socket, or outside a tokio runtime.
///
/// # Panics
///
/// As [`new_connection`].
pub fn new_connection_in(namespace: impl Into<OwnedFd>) -> io::Result<(Connection, Handle)> {
    open(Namespace::of(namespace.into()))
}

fn open(namespace: Namespace) -> io::Result<(Connection, Handle)> {
    tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
    // Requests pause before they are repeated. A runtime that cannot do so is
    // to be noticed here and not then.
    drop(tokio::time::sleep(Duration::ZERO));
    let (mut driver, mut handle) = namespace.open(connect::<NetlinkSocket>)?;
    handle.namespace = namespace;
    let socket = driver.proto.socket_mut().socket_mut();
    socket.bind_auto()?;
    // Refusals are to say more than a number; the request need not come back
    // with them, as `exchange` keeps it.
    socket.set_ext_ack(true)?;
    socket.set_cap_ack(true)?;
    Ok((Connection(driver), handle))
}

/// Makes a socket and what drives it.
pub(crate) fn connect<S: AsyncSocket>() -> io::Result<(Driver<S>, Handle)> {
    let (mut proto, genetlink, unsolicited) = genetlink::new_connection_with_socket::<S>()?;
    // The end of an answer is what tells a complete one from one that was cut
    // short, and the end of a dump can carry an error.
    proto.set_forward_ack(true);
    proto.set_forward_done(true);
    let (losses, lost) = watch::channel(());
    let (user, users) = mpsc::channel(0);
    let driver = Driver {
        proto,
        unsolicited: Some(unsolicited),
        losses,
        users,
    };
    let handle = Handle {
        genetlink,
        number: Arc::default(),
        dumping: Arc::default(),
        namespace: Namespace::default(),
        lost,
        _user: user,
    };
    Ok((driver, handle))
}

/// Messages that answer no request.
type Unsolicited = UnboundedReceiver<(NetlinkMessage<RawGenlMessage>, SocketAddr)>;

/// Reads and writes the socket, and says when answers were lost.
pub(crate) struct Driver<S> {
    proto: netlink_proto::Connection<RawGenlMessage, S>,
    /// `proto` goes on as long as this is there.
    unsolicited: Option<Unsolicited>,
    /// Changes when answers were lost.
    losses: watch::Sender<()>,
    /// Ends with the last handle.
    users: mpsc::Receiver<Infallible>,
}

impl<S: AsyncSocket> Future for Driver<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.proto.poll_unpin(cx).is_ready() {
            return Poll::Ready(());
        }
        // All answers that are there have been handed on by now, so whoever
        // still waits may be waiting for one that is lost.
        let mut overrun = false;
        while let Some(unsolicited) = &mut this.unsolicited {
            match unsolicited.poll_next_unpin(cx) {
                Poll::Ready(Some((message, _))) => {
                    overrun |= matches!(message.payload, NetlinkPayload::Overrun(_));
                }
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        if overrun {
            this.losses.send_replace(());
        }
        if this.users.poll_next_unpin(cx).is_ready() {
            this.unsolicited = None;
            return this.proto.poll_unpin(cx);
        }
        Poll::Pending
    }
}

/// What requests are made with. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(crate) genetlink: GenetlinkHandle,
    /// The number of the family, once it was looked up.
    pub(crate) number: Arc<std::sync::Mutex<Option<u16>>>,
    /// Held during a dump: the kernel lets a socket have one at a time.
    pub(crate) dumping: Arc<Mutex<()>>,
    /// Where sockets for events are opened.
    pub(crate) namespace: Namespace,
    /// Changes when the kernel could not deliver an answer, whichever it was.
    lost: watch::Receiver<()>,
    /// Dropped after `genetlink`, so that the connection finds its end.
    _user: mpsc::Sender<Infallible>,
}

impl Handle {
    /// The family as a whole: version, generation, counts and limits.
    pub fn family(&self) -> FamilyHandle {
        FamilyHandle(self.clone())
    }

    /// Parents: the devices that subdevs are carved from.
    pub fn parent(&self) -> ParentHandle {
        ParentHandle(self.clone())
    }

    /// Hardware work queues of parents.
    pub fn wq(&self) -> WqHandle {
        WqHandle(self.clone())
    }

    /// Types: the catalogues of parents.
    pub fn types(&self) -> TypeHandle {
        TypeHandle(self.clone())
    }

    /// Subdevs: the virtual devices.
    pub fn subdev(&self) -> SubdevHandle {
        SubdevHandle(self.clone())
    }

    /// Subscribes to what happens to the objects of the family.
    ///
    /// Every change after this call has returned is in the stream. It uses a
    /// socket of its own, so slow readers of events do not hold up requests.
    /// Equivalent to `dsa-nl monitor`.
    ///
    /// # Errors
    ///
    /// When the family is absent or the system gives no socket.
    pub async fn monitor(&self) -> Result<Monitor, Error> {
        self.subscribe().monitor().await
    }

    /// Gets the state of the family and what changes it, in one stream.
    ///
    /// ```no_run
    /// # async fn example(handle: nlctl::Handle) -> Result<(), nlctl::Error> {
    /// use futures::TryStreamExt;
    ///
    /// let mut state = nlctl::State::default();
    /// let mut updates = handle.watch().await?;
    /// while let Some(update) = updates.try_next().await? {
    ///     state.update(update);
    ///     println!("there are {} subdevs", state.subdevs.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The state that results stays true when changes come faster than they
    /// are read, and when the module is loaded anew.
    ///
    /// # Errors
    ///
    /// When the family is absent or the system gives no socket.
    pub async fn watch(&self) -> Result<Watch, Error> {
        self.subscribe().watch().await
    }

    /// Whether the loaded module has that operation. One that is older than this
    /// library may not, and answers such a request with [`Error::NotSupported`].
    ///
    /// ```no_run
    /// # async fn example(handle: nlctl::Handle) -> Result<(), nlctl::Error> {
    /// if !handle.supports(nlctl::Command::SubdevNew).await? {
    ///     eprintln!("this module only shows what there is");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::FamilyAbsent`] when there is no module; see [`Error`] for what
    /// else can go wrong.
    pub async fn supports(&self, command: Command) -> Result<bool, Error> {
        supports(self, command).await
    }

    /// Subscribes to events, with options.
    pub fn subscribe(&self) -> Subscribe {
        Subscribe::new(self.clone())
    }

    /// Waits for an answer that the kernel may be unable to deliver.
    pub(crate) async fn unless_lost<T>(
        &self,
        command: Command,
        answer: impl Future<Output = T>,
    ) -> Result<T, Error> {
        let mut lost = self.lost.clone();
        lost.mark_unchanged();
        // The answer counts if it is there, whatever else was lost.
        match select(pin!(answer), pin!(lost.changed())).await {
            Either::Left((answer, _)) => Ok(answer),
            Either::Right((Ok(()), _)) => Err(Error::Lost { command }),
            // The connection has ended, which the answer says better.
            Either::Right((Err(_), answer)) => Ok(answer.await),
        }
    }
}
