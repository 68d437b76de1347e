// SPDX-License-Identifier: MIT OR Apache-2.0

//! Datagrams of a multicast group, good and bad.

use std::cell::RefCell;
use std::rc::Rc;

use futures::StreamExt;
use netlink_packet_core::{DefaultNla, NLM_F_MULTIPART};
use proptest::prelude::*;

use super::*;
use crate::fake_kernel::{
    Change, FAMILY, FakeKernel, NOTHING, Reply, World, announcement, asked, echoed, group, handle,
    handle_reloaded, handle_to, joined, known, listener, listener_that_asks, listener_to,
    notification, run, say, whole,
};
use crate::generated::{Family, FamilyAttr, Subdev, SubdevAttr};
use crate::monitor::events;
use crate::object::Object;
use crate::watch::{Update, updates};

fn created(index: u32) -> Event {
    Event::Notification(Notification::SubdevCreate(subdev(index, 0)))
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
    let one = notification(FAMILY, create, &attributes(1, 0));
    let two = notification(FAMILY, create, &attributes(2, 0));
    assert_eq!(good(&[one, two].concat()), [created(1), created(2)]);
}

#[test]
fn other_families_and_unknown_notifications_do_no_harm() {
    let create = Command::SubdevCreateNtf.into();
    let datagram = [
        notification(FAMILY + 1, create, NOTHING),
        notification(FAMILY, 200, NOTHING),
        notification(FAMILY, create, &attributes(3, 0)),
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
    let whole = notification(FAMILY, create, &attributes(4, 0));
    let cut = &whole[..whole.len() - 1];
    let events = events(FAMILY, &[&whole, cut].concat());
    assert_eq!(events.len(), 2);
    assert!(matches!(events[0], Ok(Event::Notification(_))));
    assert!(matches!(events[1], Err(Error::Malformed(_))));
}

#[test]
fn what_a_request_with_an_echo_caused_is_heard_by_all() {
    let create = notification(FAMILY, Command::SubdevCreateNtf.into(), &attributes(1, 0));
    assert_eq!(good(&echoed(create)), [created(1)]);
}

#[test]
fn the_answer_to_a_filter_is_no_event() {
    let answer = notification(FAMILY, Command::NotifyFilterSet.into(), NOTHING);
    assert_eq!(good(&echoed(answer)), []);
}

/// A subscription whose events come in on `socket`.
fn subscription(handle: Handle, socket: FakeKernel) -> Subscription<FakeKernel> {
    Subscription {
        handle,
        socket,
        filter: None,
        filtering: None,
        unread: VecDeque::new(),
        family: Some(FAMILY),
        generation: None,
        due: None,
        watches: true,
        failures: 0,
        pending: VecDeque::new(),
        dead: false,
    }
}

/// Longer than the stream pauses.
const QUIET: Duration = Duration::from_secs(100);

/// All that comes out of a stream.
async fn all<T>(stream: impl Stream<Item = T>) -> Vec<T> {
    let mut stream = std::pin::pin!(stream);
    let mut all = Vec::new();
    while let Ok(Some(item)) = tokio::time::timeout(QUIET, stream.next()).await {
        all.push(item);
    }
    all
}

/// What comes of `sent` on the socket with a kernel that gives these answers.
fn heard(
    answers: impl IntoIterator<Item = Vec<Reply>>,
    sent: impl IntoIterator<Item = io::Result<Vec<u8>>>,
) -> Vec<Result<Event, Error>> {
    run(async {
        let handle = handle(answers);
        all(subscription(handle, listener(sent)).stream()).await
    })
}

/// The events in that; errors are not expected.
fn events_in(heard: Vec<Result<Event, Error>>) -> Vec<Event> {
    let all = heard.into_iter().collect::<Result<_, _>>();
    all.expect("are events")
}

fn change(command: Command, index: u32, generation: u64) -> io::Result<Vec<u8>> {
    let attributes = attributes(index, generation);
    Ok(notification(FAMILY, command.into(), &attributes))
}

fn create(index: u32, generation: u64) -> io::Result<Vec<u8>> {
    change(Command::SubdevCreateNtf, index, generation)
}

fn subdev(index: u32, generation: u64) -> Subdev {
    Subdev::read(attributes(index, generation)).expect("has all")
}

fn attributes(index: u32, generation: u64) -> Vec<SubdevAttr> {
    whole::<Subdev>(vec![
        SubdevAttr::Generation(generation),
        SubdevAttr::Index(index),
    ])
}

#[test]
fn with_a_filter_a_gap_is_no_loss() {
    let events = run(async {
        let sent = [create(1, 1), create(2, 9), create(3, 4)];
        let mut subscription = subscription(handle([]), listener(sent));
        subscription.filter = Some(Filter::new());
        all(subscription.stream()).await
    });
    let generations: Vec<_> = events_in(events)
        .iter()
        .map(|event| match event {
            Event::Notification(it) => it.generation(),
            other => panic!("not expected: {other:?}"),
        })
        .collect();
    assert_eq!(generations, [Some(1), Some(9)]);
}

#[test]
fn a_filter_is_set_before_the_group_is_joined_or_not_at_all() {
    run(async {
        // An announcement comes before the answer.
        let sent = [Ok(announcement(FAMILY + 1, true))];
        let handle = handle([]);
        let socket = listener_that_asks(sent, [filter_is_set()]);
        let mut subscription = subscription(handle, socket);
        subscription.filter = Some(Filter::new().kinds(crate::NotifyKinds::SUBDEV_FAULT));
        assert_eq!(subscription.join().await.expect("is there"), FAMILY);
        assert_eq!(asked(), [FAMILY]);
        assert_eq!(joined(), [group(FAMILY)]);
        assert_eq!(subscription.unread.len(), 2);

        let refused = [vec![Reply::end(-19, NOTHING)]];
        let error = filtered(subscription.handle, refused, []).await.err();
        assert!(matches!(error, Some(Error::Refused(_))), "{error:?}");
        assert_eq!(joined(), []);
    });
}

/// The kernel has set the filter.
fn filter_is_set() -> Vec<Reply> {
    let filter = Reply::object(0, NOTHING).to(Command::NotifyFilterSet);
    vec![filter, Reply::end(0, NOTHING)]
}

/// A subscription with a filter for a subdev by its name, of which `sent` comes then; requests for
/// the filter get these answers.
async fn filtered(
    handle: Handle,
    answers: impl IntoIterator<Item = Vec<Reply>>,
    sent: impl IntoIterator<Item = io::Result<Vec<u8>>>,
) -> Result<Subscription<FakeKernel>, Error> {
    drop(listener_that_asks([], answers));
    let filter = Filter::new().subdev("one");
    let subscription = Subscription::new(Subscribe::new(handle), Some(filter)).await?;
    sent.into_iter().for_each(say);
    Ok(subscription)
}

#[test]
fn a_filter_stays_as_it_is_when_events_are_lost() {
    run(async {
        // There is no subdev of that name any more.
        let gone = vec![Reply::end(-19, NOTHING)];
        let answers = answers(3, &[1]).into_iter();
        let answers = answers.chain(self::answers(4, &[]));
        let handle = handle(answers);
        let subscription = filtered(handle, [filter_is_set(), gone], [overrun()]).await;
        let mut stream = Box::pin(subscription.expect("is set").stream());
        let mut events = vec![stream.next().await];
        say(overrun());
        events.push(stream.next().await);
        let expected = [Event::Resync(state(3, &[1])), Event::Resync(state(4, &[]))];
        let events = events.into_iter().flatten().collect();
        assert_eq!(events_in(events), expected);
        assert_eq!(asked(), [FAMILY]);
    });
}

#[test]
fn a_module_that_is_loaded_anew_gets_the_filter_again() {
    let next = FAMILY + 1;
    for sent in [
        vec![
            Ok(announcement(FAMILY, false)),
            Ok(announcement(next, true)),
        ],
        // The announcements were lost.
        vec![overrun()],
    ] {
        let heard = run(async {
            let handle = handle_reloaded([Some(FAMILY), Some(next)], answers(0, &[]));
            let answers = [filter_is_set(), filter_is_set()];
            let subscription = filtered(handle, answers, sent).await.expect("is set");
            let heard = all(subscription.stream()).await;
            assert_eq!(asked(), [FAMILY, next]);
            assert_eq!(joined(), [group(FAMILY), group(next)]);
            heard
        });
        let expected = [Event::Gone, Event::Back(state(0, &[]))];
        assert_eq!(events_in(heard), expected);
    }
}

#[test]
fn what_is_lost_while_a_filter_is_set_may_be_that_the_module_went() {
    run(async {
        let next = FAMILY + 1;
        let handle = handle_reloaded([Some(FAMILY), Some(next)], []);
        // The error comes ahead of what is queued, which is read to end the congestion.
        let lost = vec![Reply::lost(), Reply::object(0, NOTHING)];
        let subscription = filtered(handle, [lost, filter_is_set()], []).await;
        let subscription = subscription.expect("is set");
        assert_eq!(subscription.family, Some(next));
        assert_eq!(asked(), [FAMILY, next]);
        assert_eq!(joined(), [group(next)]);
        assert_eq!(subscription.unread.len(), 1);
    });
}

#[test]
fn a_filter_whose_answer_is_lost_time_and_again_is_an_error() {
    run(async {
        let answers = vec![vec![Reply::lost()]; 3];
        let error = filtered(handle([]), answers, []).await;
        let error = error.err().expect("is an error");
        assert!(matches!(error, Error::Lost { .. }), "{error}");
        assert_eq!(joined(), []);
    });
}

#[test]
fn a_datagram_that_cannot_be_read_is_an_error_and_made_up_for() {
    let heard = run(async {
        let cut = create(1, 1).map(|mut it| {
            it.pop();
            it
        });
        let handle = handle(answers(4, &[4]));
        let subscription = filtered(handle, [filter_is_set()], [cut]).await;
        all(subscription.expect("is set").stream()).await
    });
    assert!(matches!(heard[0], Err(Error::Malformed(_))), "{heard:?}");
    assert!(matches!(&heard[1], Ok(Event::Resync(it)) if *it == state(4, &[4])));
}

fn overrun() -> io::Result<Vec<u8>> {
    Err(io::Error::from_raw_os_error(Errno::ENOBUFS as i32))
}

/// The answers to the questions for the state.
fn answers(generation: u64, subdevs: &[u32]) -> Vec<Vec<Reply>> {
    let end = || Reply::done(0, 0, NOTHING);
    let subdevs = subdevs
        .iter()
        .map(|index| Reply::object(NLM_F_MULTIPART, &attributes(*index, generation)));
    let overview = || {
        vec![
            Reply::object(
                0,
                &whole::<Family>(vec![FamilyAttr::Generation(generation)]),
            ),
            Reply::end(0, NOTHING),
        ]
    };
    vec![
        overview(),
        vec![end()],
        vec![end()],
        subdevs.chain([end()]).collect(),
        overview(),
    ]
}

fn state(generation: u64, subdevs: &[u32]) -> State {
    let subdevs = subdevs.iter().map(|index| subdev(*index, generation));
    State {
        instance: Some(0),
        generation: Some(generation),
        subdevs: subdevs.collect(),
        ..State::default()
    }
}

#[test]
fn what_was_queued_when_events_were_lost_is_older_than_the_state() {
    // The order of the kernel: the error comes ahead of what is queued.
    let events = events_in(heard(answers(3, &[]), [overrun(), create(1, 1)]));
    assert_eq!(events, [Event::Resync(state(3, &[]))]);
}

#[test]
fn what_the_state_has_is_not_told_again_and_what_follows_is() {
    let sent = [create(1, 1), overrun()];
    let events = run(async {
        let handle = handle(answers(7, &[5]));
        let mut stream = Box::pin(subscription(handle, listener(sent)).stream());
        let mut events = vec![stream.next().await, stream.next().await];
        for late in [create(5, 7), create(6, 8)] {
            say(late);
        }
        events.push(stream.next().await);
        events
    });
    let events: Vec<_> = events.into_iter().flatten().collect();
    let expected = [
        Event::Notification(Notification::SubdevCreate(subdev(1, 1))),
        Event::Resync(state(7, &[5])),
        Event::Notification(Notification::SubdevCreate(subdev(6, 8))),
    ];
    assert_eq!(events_in(events), expected);
}

#[test]
fn a_gap_in_the_generations_is_a_loss() {
    let sent = [create(1, 1), create(2, 2), create(4, 4)];
    let events = events_in(heard(answers(4, &[1, 2, 3, 4]), sent));
    let expected = [
        Event::Notification(Notification::SubdevCreate(subdev(1, 1))),
        Event::Notification(Notification::SubdevCreate(subdev(2, 2))),
        Event::Resync(state(4, &[1, 2, 3, 4])),
    ];
    assert_eq!(events, expected);
}

#[test]
fn a_state_that_cannot_be_had_is_asked_for_until_it_can() {
    let refused = || vec![Reply::end(-12, NOTHING)];
    let answers = [refused(), refused()].into_iter().chain(answers(3, &[2]));
    let heard = heard(answers, [overrun()]);
    assert_eq!(heard.len(), 3, "{heard:?}");
    assert!(heard[..2].iter().all(Result::is_err), "{heard:?}");
    assert!(matches!(&heard[2], Ok(Event::Resync(it)) if *it == state(3, &[2])));
}

#[test]
fn an_event_that_cannot_be_read_is_an_error_and_made_up_for() {
    let bad = [
        DefaultNla::new(1, 4u32.to_ne_bytes().to_vec()),
        DefaultNla::new(2, vec![1]),
    ];
    let bad = notification(FAMILY, Command::SubdevCreateNtf.into(), &bad);
    let heard = heard(answers(4, &[4]), [create(3, 3), Ok(bad)]);
    assert!(matches!(heard[1], Err(Error::Malformed(_))), "{heard:?}");
    assert!(matches!(&heard[2], Ok(Event::Resync(it)) if *it == state(4, &[4])));
}

#[test]
fn a_module_that_goes_and_comes_back_is_an_event_each() {
    let sent = [
        Ok(announcement(FAMILY + 9, false)),
        Ok(announcement(FAMILY, true)),
        create(1, 5),
        Ok(announcement(FAMILY, false)),
        Ok(announcement(FAMILY + 1, true)),
    ];
    let (events, joined) = run(async {
        let handle = handle_reloaded([Some(FAMILY + 1)], answers(0, &[]));
        let events = subscription(handle, listener(sent)).stream().take(3);
        (events.collect::<Vec<_>>().await, joined())
    });
    let expected = [
        Event::Notification(Notification::SubdevCreate(subdev(1, 5))),
        Event::Gone,
        Event::Back(state(0, &[])),
    ];
    assert_eq!(events_in(events), expected);
    assert_eq!(joined, [group(FAMILY + 1)]);
}

#[test]
fn a_module_that_is_gone_after_a_loss_is_told() {
    let events = run(async {
        let handle = handle_reloaded([None], []);
        let mut stream = Box::pin(subscription(handle, listener([overrun()])).stream());
        let first = stream.next().await;
        say(Ok(announcement(FAMILY + 1, false)));
        say(Err(io::ErrorKind::ConnectionReset.into()));
        [first, stream.next().await]
    });
    assert!(matches!(events[0], Some(Ok(Event::Gone))), "{events:?}");
    assert!(
        matches!(events[1], Some(Err(Error::Socket(_)))),
        "{events:?}"
    );
}

#[test]
fn a_broken_socket_or_connection_ends_the_stream_with_an_error() {
    let broken = || Err(io::ErrorKind::ConnectionReset.into());
    for sent in [vec![broken()], vec![overrun(), broken()]] {
        let all = heard([], sent);
        assert!(matches!(all.as_slice(), [Err(Error::Socket(_))]), "{all:?}");
    }
    let all = run(async {
        // No answer: the connection breaks.
        let handle = handle([]);
        let stream = subscription(handle, listener([overrun()])).stream();
        stream.collect::<Vec<_>>().await
    });
    assert!(matches!(all.as_slice(), [Err(Error::Closed)]), "{all:?}");
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

/// What may happen, mostly to few subdevs so that it meets.
fn happens() -> impl Strategy<Value = Change> {
    prop_oneof![
        8 => Just(Change::Create),
        8 => (0usize..4).prop_map(Change::Delete),
        8 => (0usize..4).prop_map(Change::Alter),
        4 => Just(Change::Quiet),
        1 => Just(Change::Unload),
        2 => Just(Change::Load),
    ]
}

proptest! {
    #[test]
    fn a_settled_state_is_that_of_one_time(
        room in 1usize..40,
        changes in proptest::collection::vec(happens(), 0..300),
    ) {
        run(async {
            // The module stays: else there is nothing to settle.
            let stays = |it: &Change| !matches!(it, Change::Unload);
            let changes = changes.into_iter().filter(stays);
            let world = Rc::new(RefCell::new(World::new(room, changes)));
            world.borrow_mut().remember();
            let handle = handle_to(&world);
            let mut subscription = subscription(handle.clone(), listener_to(&world));
            subscription.socket.join(group(FAMILY)).expect("is there");
            subscription.due = Some(Due::Resync);
            let state = State::settled(&handle, updates(subscription.stream())).await;
            let state = state.expect("settles");
            let settled: Vec<_> = state.subdevs.iter().map(known).collect();
            let generation = state.generation.unwrap_or_default();
            prop_assert_eq!(settled, world.borrow().subdevs_at(generation));
            Ok(())
        })?;
    }

    #[test]
    fn a_watched_state_ends_as_the_kernels(
        room in 1usize..12,
        changes in proptest::collection::vec(happens(), 0..300),
        // How much happens while the updates are not read.
        pauses in proptest::collection::vec(0usize..30, 1..20),
    ) {
        run(async {
            let world = Rc::new(RefCell::new(World::new(room, changes)));
            let handle = handle_to(&world);
            let mut subscription = subscription(handle, listener_to(&world));
            subscription.socket.join(group(FAMILY)).ok();
            subscription.due = Some(Due::Resync);
            let mut updates = Box::pin(updates(subscription.stream()));
            let mut state = State::default();
            let mut pauses = pauses.iter().cycle();
            loop {
                let over = world.borrow().changes.is_empty();
                match tokio::time::timeout(QUIET, updates.next()).await {
                    Ok(update) => {
                        let update = update.expect("does not end").expect("is no error");
                        if let Update::Changed(it) = &update {
                            prop_assert!(it.generation() > state.generation);
                        }
                        state.update(update);
                    }
                    // Nothing more is said of what happened so far.
                    Err(_) if over => break,
                    Err(_) => world.borrow_mut().go_on(),
                }
                for _ in 0..*pauses.next().unwrap_or(&0) {
                    world.borrow_mut().go_on();
                }
            }
            let watched: Vec<_> = state.subdevs.iter().map(known).collect();
            for parent in &state.parents {
                prop_assert_eq!(parent.subdev_count as usize, watched.len());
            }
            prop_assert_eq!(watched, world.borrow().subdevs());
            Ok(())
        })?;
    }
}
