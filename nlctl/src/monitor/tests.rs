// SPDX-License-Identifier: MIT OR Apache-2.0

//! Datagrams of a multicast group, good and bad.

use futures::StreamExt;
use netlink_packet_core::{Emitable, NLM_F_MULTIPART};
use netlink_packet_generic::GenlHeader;
use proptest::prelude::*;

use super::*;
use crate::fake_kernel::{FAMILY, NOTHING, Reply, handle, listener, run};

fn notification(family: u16, command: u8, attributes: &[SubdevAttr]) -> Vec<u8> {
    let mut payload = vec![0; attributes.buffer_len()];
    attributes.emit(&mut payload);
    let header = GenlHeader {
        cmd: command,
        version: 1,
    };
    let mut message = NetlinkMessage::from(RawGenlMessage::new(header, payload, family));
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

fn created(index: u32) -> Event {
    let attributes = vec![SubdevAttr::Index(index)];
    Event::Notification(Notification::SubdevCreate(Subdev::from(attributes)))
}

fn good(datagram: &[u8]) -> Vec<Event> {
    events(FAMILY, datagram)
        .into_iter()
        .map(|event| event.expect("is an event"))
        .collect()
}

#[test]
fn each_message_is_an_event() {
    let create = Command::SubdevCreateNtf.into();
    let one = notification(FAMILY, create, &[SubdevAttr::Index(1)]);
    let two = notification(FAMILY, create, &[SubdevAttr::Index(2)]);
    assert_eq!(good(&[one, two].concat()), [created(1), created(2)]);
}

#[test]
fn other_families_and_unknown_notifications_do_no_harm() {
    let create = Command::SubdevCreateNtf.into();
    let datagram = [
        notification(FAMILY + 1, create, &[]),
        notification(FAMILY, 200, &[]),
        notification(FAMILY, create, &[SubdevAttr::Index(3)]),
    ]
    .concat();
    assert_eq!(
        good(&datagram),
        [Event::Unknown { command: 200 }, created(3)]
    );
}

#[test]
fn a_cut_message_is_an_error_and_what_came_before_is_not_lost() {
    let create = Command::SubdevCreateNtf.into();
    let whole = notification(FAMILY, create, &[SubdevAttr::Index(4)]);
    let cut = &whole[..whole.len() - 1];
    let events = events(FAMILY, &[&whole, cut].concat());
    assert_eq!(events.len(), 2);
    assert!(matches!(events[0], Ok(Event::Notification(_))));
    assert!(matches!(events[1], Err(Error::Malformed(_))));
}

#[test]
fn lost_events_are_told_and_made_up_for() {
    let create = Command::SubdevCreateNtf.into();
    let event = |index| Ok(notification(FAMILY, create, &[SubdevAttr::Index(index)]));
    let events = run(async {
        let now = vec![
            Reply::object(NLM_F_MULTIPART, &[SubdevAttr::Index(9)]),
            Reply::done(0, 0, NOTHING),
        ];
        let handle = handle([now]);
        let lost = std::io::Error::from_raw_os_error(Errno::ENOBUFS as i32);
        let socket = listener([event(1), Err(lost), event(2)]);
        let events = stream(handle, FAMILY, socket).take(3);
        events.try_collect::<Vec<_>>().await
    });
    let now = vec![Subdev::from(vec![SubdevAttr::Index(9)])];
    assert_eq!(
        events.expect("are events"),
        [created(1), Event::Resync { subdevs: now }, created(2)]
    );
}

#[test]
fn a_broken_socket_ends_the_stream_with_an_error() {
    let events = run(async {
        let socket = listener([Err(std::io::ErrorKind::ConnectionReset.into())]);
        stream(handle([]), FAMILY, socket).collect::<Vec<_>>().await
    });
    assert!(
        matches!(events.as_slice(), [Err(Error::Socket(_))]),
        "{events:?}"
    );
}

proptest! {
    #[test]
    fn no_datagram_makes_it_panic_or_hang(
        mut datagram in proptest::collection::vec(any::<u8>(), 0..200),
        length in 0u8..80,
    ) {
        // Make the first length plausible, to get beyond it.
        if let Some(head) = datagram.get_mut(..4) {
            head.copy_from_slice(&[length, 0, 0, 0]);
        }
        let most = datagram.len() / 16 + 1;
        prop_assert!(events(FAMILY, &datagram).len() <= most);
    }
}
