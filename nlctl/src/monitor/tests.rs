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

/// What a socket may come up with.
#[derive(Debug, Clone)]
enum Came {
    /// Events of these subdevs in one datagram.
    Events(Vec<u32>),
    /// Events were lost, and this is what there is.
    Lost(Vec<u32>),
    /// An event of another family.
    Other,
    Broken,
}

fn came() -> impl Strategy<Value = Came> {
    let indices = || proptest::collection::vec(any::<u32>(), 0..4);
    prop_oneof![
        6 => indices().prop_map(Came::Events),
        3 => indices().prop_map(Came::Lost),
        2 => Just(Came::Other),
        1 => Just(Came::Broken),
    ]
}

/// As it comes on the socket.
fn datagram(came: &Came) -> std::io::Result<Vec<u8>> {
    let create = Command::SubdevCreateNtf.into();
    match came {
        Came::Events(indices) => {
            let event = |index: &u32| notification(FAMILY, create, &[SubdevAttr::Index(*index)]);
            Ok(indices.iter().flat_map(event).collect())
        }
        Came::Lost(_) => Err(std::io::Error::from_raw_os_error(Errno::ENOBUFS as i32)),
        Came::Other => Ok(notification(FAMILY + 1, create, &[])),
        Came::Broken => Err(std::io::ErrorKind::ConnectionReset.into()),
    }
}

proptest! {
    #[test]
    fn every_event_comes_once_and_in_order(mut all in proptest::collection::vec(came(), 0..20)) {
        // Without an end the stream would wait for more.
        all.push(Came::Broken);
        let subdevs = |indices: &[u32]| -> Vec<Subdev> {
            let subdev = |index: &u32| Subdev::from(vec![SubdevAttr::Index(*index)]);
            indices.iter().map(subdev).collect()
        };
        let mut expected = Vec::new();
        let mut dumps = Vec::new();
        for came in all.iter().take_while(|came| !matches!(came, Came::Broken)) {
            match came {
                Came::Events(indices) => expected.extend(indices.iter().copied().map(created)),
                Came::Lost(now) => {
                    expected.push(Event::Resync { subdevs: subdevs(now) });
                    let parts = now.iter().map(|index| {
                        Reply::object(NLM_F_MULTIPART, &[SubdevAttr::Index(*index)])
                    });
                    dumps.push(parts.chain([Reply::done(0, 0, NOTHING)]).collect::<Vec<_>>());
                }
                Came::Other | Came::Broken => (),
            }
        }
        let mut told = run(async {
            let handle = handle(dumps);
            let socket = listener(all.iter().map(datagram));
            stream(handle, FAMILY, socket).collect::<Vec<_>>().await
        });
        let last = told.pop();
        prop_assert!(matches!(last, Some(Err(Error::Socket(_)))), "{:?}", last);
        let told = told.into_iter().collect::<Result<Vec<_>, _>>().expect("one error, the last");
        prop_assert_eq!(told, expected);
    }
}
