// SPDX-License-Identifier: MIT OR Apache-2.0

//! A netlink socket that wakes its reader on errors as well as on messages.
//!
//! The kernel reports messages that it could not deliver as ENOBUFS. When the
//! receive queue is empty at that moment, epoll reports EPOLLERR without EPOLLIN
//! (srctree net/core/datagram.c, `datagram_poll`), which tokio does not count as
//! readable: the reader of a [`TokioSocket`] sleeps on. After an overrun the
//! kernel delivers nothing until the socket was read (srctree
//! net/netlink/af_netlink.c, `netlink_overrun`), so no message wakes it either.
//!
//! The queue can be empty when the reader takes the last message between the
//! check for space and the overrun, and when the kernel has no memory for a
//! message (`netlink_ack`, `netlink_set_err`).

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::BufMut;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use netlink_sys::{AsyncSocket, Socket, SocketAddr, TokioSocket};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A [`TokioSocket`] whose reader also gets the errors.
pub(crate) struct NetlinkSocket {
    socket: TokioSocket,
    /// Polled through a shared reference, as the trait has it.
    errors: Mutex<BoxStream<'static, io::Error>>,
}

impl NetlinkSocket {
    /// The result of a read, or an error of the socket if there is nothing to read.
    fn or_error<T>(&self, cx: &mut Context<'_>, read: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if read.is_ready() {
            return read;
        }
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        match errors.poll_next_unpin(cx) {
            Poll::Ready(Some(error)) => Poll::Ready(Err(error)),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

/// The errors of a socket, except those that a reader of it received.
fn errors(socket: &impl AsFd) -> io::Result<BoxStream<'static, io::Error>> {
    // epoll takes a descriptor once, and that of the reader is registered already.
    let socket = socket.as_fd().try_clone_to_owned()?;
    #[expect(
        deprecated,
        reason = "what replaces it is unsafe; an `OwnedFd` fulfils its requirements"
    )]
    let socket = AsyncFd::with_interest(socket, Interest::ERROR)?;
    let errors = stream::unfold(socket, async |socket| {
        Some((next_error(&socket).await, socket))
    });
    Ok(errors.boxed())
}

async fn next_error(socket: &AsyncFd<OwnedFd>) -> io::Error {
    loop {
        match socket.ready(Interest::ERROR).await {
            // Before the error is read, so that the next one wakes again.
            Ok(mut ready) => ready.clear_ready(),
            Err(error) => return error,
        }
        // Clears the error and leaves messages in the queue. Unlike reading
        // SO_ERROR it also ends the congestion if the queue is empty
        // (`netlink_rcv_wake`).
        let peek = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        match recv(socket.as_raw_fd(), &mut [], peek) {
            // The reader received the error.
            Ok(_) | Err(Errno::EAGAIN) => (),
            Err(error) => return error.into(),
        }
    }
}

impl AsyncSocket for NetlinkSocket {
    fn socket_ref(&self) -> &Socket {
        self.socket.socket_ref()
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.socket.socket_mut()
    }

    fn new(protocol: isize) -> io::Result<Self> {
        let socket = TokioSocket::new(protocol)?;
        let errors = Mutex::new(errors(socket.socket_ref())?);
        Ok(Self { socket, errors })
    }

    fn poll_send(&self, cx: &mut Context<'_>, request: &[u8]) -> Poll<io::Result<usize>> {
        self.socket.poll_send(cx, request)
    }

    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        request: &[u8],
        to: &SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.socket.poll_send_to(cx, request, to)
    }

    fn poll_recv<B: BufMut>(&self, cx: &mut Context<'_>, out: &mut B) -> Poll<io::Result<()>> {
        let read = self.socket.poll_recv(cx, out);
        self.or_error(cx, read)
    }

    fn poll_recv_from<B: BufMut>(
        &self,
        cx: &mut Context<'_>,
        out: &mut B,
    ) -> Poll<io::Result<SocketAddr>> {
        let read = self.socket.poll_recv_from(cx, out);
        self.or_error(cx, read)
    }

    fn poll_recv_from_full(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Vec<u8>, SocketAddr)>> {
        let read = self.socket.poll_recv_from_full(cx);
        self.or_error(cx, read)
    }
}

#[cfg(test)]
mod tests;
