// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::UdpSocket;
use std::time::Duration;

use netlink_sys::AsyncSocketExt;
use netlink_sys::protocols::NETLINK_GENERIC;
use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(10);
/// How long is waited for what does not come.
const WHILE: Duration = Duration::from_millis(200);

/// A socket that gets an error, and no message, for each datagram that it sends.
///
/// On a netlink socket it takes a race or a failed allocation. The kernel polls
/// both with `datagram_poll`.
fn refused() -> UdpSocket {
    let any = ("127.0.0.1", 0);
    let nobody = UdpSocket::bind(any).and_then(|it| it.local_addr());
    let socket = UdpSocket::bind(any).expect("there is a socket");
    socket
        .connect(nobody.expect("there is a port"))
        .expect("connects");
    socket.set_nonblocking(true).expect("does not block");
    socket
}

fn send(socket: &UdpSocket) {
    socket.send(b"?").expect("is sent");
}

#[tokio::test]
async fn tokio_does_not_count_an_error_as_readable() {
    let socket = refused();
    let reader = tokio::net::UdpSocket::from_std(socket.try_clone().expect("has a duplicate"));
    let reader = reader.expect("is taken");
    send(&socket);
    reader.ready(Interest::ERROR).await.expect("has an error");
    let readable = timeout(WHILE, reader.readable()).await;
    assert!(
        readable.is_err(),
        "tokio wakes readers on errors: `socket` is not needed"
    );
}

#[tokio::test]
async fn each_error_is_reported_once() {
    let socket = refused();
    let mut errors = errors(&socket).expect("is taken");
    for _ in 0..3 {
        send(&socket);
        let error = timeout(SOON, errors.next()).await.expect("is woken");
        let error = error.expect("goes on").raw_os_error();
        assert_eq!(error, Some(Errno::ECONNREFUSED as i32));
        assert!(timeout(WHILE, errors.next()).await.is_err());
    }
}

#[tokio::test]
async fn an_error_that_the_reader_received_is_not_reported() {
    let socket = refused();
    let mut errors = errors(&socket).expect("is taken");
    send(&socket);
    let error = socket.take_error().expect("is asked");
    assert!(error.is_some());
    assert!(timeout(WHILE, errors.next()).await.is_err());
}

#[tokio::test]
async fn messages_stay_in_the_queue() {
    let socket = refused();
    let mut errors = errors(&socket).expect("is taken");
    send(&socket);
    let peer = UdpSocket::bind(socket.peer_addr().expect("is connected"));
    let to = socket.local_addr().expect("has an address");
    let sent = peer.and_then(|peer| peer.send_to(b"!", to));
    sent.expect("is sent");
    let error = timeout(SOON, errors.next()).await.expect("is woken");
    assert!(error.is_some());
    assert!(timeout(WHILE, errors.next()).await.is_err());
    assert_eq!(socket.recv(&mut [0; 8]).expect("is there"), 1);
}

#[tokio::test]
async fn the_reader_gets_the_error() {
    let mut socket = NetlinkSocket::new(NETLINK_GENERIC).expect("there is a socket");
    let overrun = stream::iter([Errno::ENOBUFS.into()]);
    socket.errors = Mutex::new(overrun.chain(stream::pending()).boxed());
    let read = timeout(SOON, socket.recv_from_full()).await.expect("ends");
    let error = read.expect_err("there is nothing to be read");
    assert_eq!(error.raw_os_error(), Some(Errno::ENOBUFS as i32));
    assert!(timeout(WHILE, socket.recv_from_full()).await.is_err());
}
