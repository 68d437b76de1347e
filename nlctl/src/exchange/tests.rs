// SPDX-License-Identifier: MIT OR Apache-2.0

//! Answers of all sorts, through the real stack from a scripted kernel.

use futures::{FutureExt, TryStreamExt};
use netlink_packet_core::{DefaultNla, NLM_F_DUMP_INTR, NLM_F_MULTIPART};
use proptest::prelude::*;
use tokio::time::Instant;

use super::DUMP_LIMIT;
use crate::connection::{Handle, connect};
use crate::error::Error;
use crate::fake_kernel::{
    FakeKernel, NOTHING, Reply, asked, handle, handle_reloaded, handle_without_family, object,
    resolved, run, whole,
};
use crate::generated::{Parent, ParentAttr, Subdev, SubdevAttr, SubdevWqAttr};

/// NLMSGERR_ATTR_MSG and NLMSGERR_ATTR_OFFS.
fn ext_ack(text: &str, offset: u32) -> [DefaultNla; 2] {
    [
        DefaultNla::new(1, [text.as_bytes(), b"\0"].concat()),
        DefaultNla::new(2, offset.to_ne_bytes().to_vec()),
    ]
}

fn part(flags: u16, index: u32) -> Reply {
    let parent = whole::<Parent>(vec![ParentAttr::Index(index)]);
    Reply::object(NLM_F_MULTIPART | flags, &parent)
}

/// The answer to a deletion.
fn deleted() -> Vec<Reply> {
    vec![
        Reply::object(0, &whole::<Subdev>(vec![SubdevAttr::Index(1)])),
        Reply::end(0, NOTHING),
    ]
}

fn complete(indices: &[u32]) -> Vec<Reply> {
    let parts = indices.iter().map(|index| part(0, *index));
    parts.chain([Reply::done(0, 0, NOTHING)]).collect()
}

fn interrupted() -> Vec<Reply> {
    vec![
        part(0, 7),
        part(NLM_F_DUMP_INTR, 8),
        Reply::done(0, NLM_F_DUMP_INTR, NOTHING),
    ]
}

/// Dumps objects that cannot be had in another way.
async fn dump(handle: Handle) -> Result<Vec<u32>, Error> {
    handle
        .parent()
        .dump()
        .execute()
        .map_ok(|parent| parent.index)
        .try_collect()
        .await
}

#[test]
fn an_object_comes_before_the_acknowledgement() {
    let answer = vec![
        Reply::object(0, &whole::<Subdev>(vec![SubdevAttr::Index(4)])),
        Reply::end(0, NOTHING),
    ];
    let subdev = run(async { handle([answer]).subdev().get(4).execute().await });
    let expected: Subdev = object(vec![SubdevAttr::Index(4)]);
    assert_eq!(subdev.expect("is answered").object, expected);
}

#[test]
fn what_is_not_polled_holds_up_no_other() {
    run(async {
        let handle = handle([deleted()]);
        // It asks for the family's number, and is left alone then.
        let mut left = Box::pin(handle.subdev().del(1).execute());
        assert!((&mut left).now_or_never().is_none());
        let deleted = handle.subdev().del(1).execute().await;
        deleted.expect("is answered");
    });
    run(async {
        let handle = handle([complete(&[1]), complete(&[2])]);
        let mut left = Box::pin(dump(handle.clone()));
        assert!((&mut left).now_or_never().is_none());
        assert_eq!(dump(handle).await.expect("is answered"), [1]);
        assert_eq!(left.await.expect("is answered"), [2]);
    });
}

#[test]
fn a_mere_acknowledgement_is_no_object() {
    let answer = || vec![Reply::end(0, NOTHING)];
    let error = run(async { handle([answer()]).subdev().get(4).execute().await });
    assert!(matches!(error, Err(Error::Malformed(_))), "{error:?}");
    let error = run(async { handle([answer()]).subdev().del(4).execute().await });
    assert!(matches!(error, Err(Error::Malformed(_))), "{error:?}");
}

#[test]
fn a_refusal_has_the_words_of_the_kernel() {
    let answer = vec![Reply::end(-16, &ext_ack("open by a VFIO user", 20))];
    let error = run(async { handle([answer]).subdev().del("net0").execute().await });
    let Err(Error::Refused(refusal)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(refusal.errno_name(), "EBUSY");
    assert_eq!(refusal.to_string(), "name: open by a VFIO user");
}

#[test]
fn a_warning_comes_with_the_answer() {
    let warned = || Reply::end(0, &ext_ack("deprecated: use x.\n", 20));
    let changed = || Reply::object(0, &whole::<Subdev>(vec![SubdevAttr::Index(4)]));
    let text = "name: deprecated: use x";
    run(async {
        let handle = handle([
            vec![changed(), warned()],
            vec![changed(), warned()],
            vec![part(0, 7), Reply::done(0, 0, &ext_ack("not all", 0))],
        ]);
        let got = handle.subdev().get("net0").execute().await;
        let warning = got.expect("is answered").warning.expect("has a warning");
        assert_eq!(warning.to_string(), text);
        let gone = handle.subdev().del("net0").execute().await;
        let warning = gone.expect("is deleted").warning.expect("has a warning");
        assert_eq!(warning.to_string(), text);
        let mut all = handle.parent().dump().execute();
        let first = all.try_next().await.expect("is answered");
        assert_eq!(first.map(|parent| parent.index), Some(7));
        let warning = all.warning().expect("has a warning");
        assert_eq!(warning.to_string(), "not all");
    });
}

#[test]
fn a_dump_that_fails_is_not_an_empty_one() {
    let answer = vec![part(0, 1), Reply::done(-19, 0, &ext_ack("it is gone", 0))];
    let error = run(dump_of([answer]));
    assert_eq!(error.expect_err("fails").to_string(), "it is gone");
}

async fn dump_of<const N: usize>(answers: [Vec<Reply>; N]) -> Result<Vec<u32>, Error> {
    dump(handle(answers)).await
}

#[test]
fn an_interrupted_dump_is_repeated_and_shows_nothing_twice() {
    let indices = run(dump_of([interrupted(), interrupted(), complete(&[1, 2])]));
    assert_eq!(indices.expect("ends well"), [1, 2]);
}

#[test]
fn a_dump_that_is_always_interrupted_ends_after_the_stated_time() {
    let (error, time) = run(async {
        let start = Instant::now();
        let error = dump_of(std::array::from_fn::<_, 1000, _>(|_| interrupted())).await;
        (error, start.elapsed())
    });
    assert!(matches!(error, Err(Error::Interrupted { .. })), "{error:?}");
    assert!(time >= DUMP_LIMIT && time < DUMP_LIMIT * 2, "{time:?}");
}

#[test]
fn a_dump_whose_answer_is_lost_is_repeated() {
    let lost = vec![part(0, 7), Reply::lost()];
    let indices = run(dump_of([lost, complete(&[1, 2])]));
    assert_eq!(indices.expect("ends well"), [1, 2]);
}

#[test]
fn a_dump_waits_until_an_abandoned_one_is_over() {
    let busy = || vec![Reply::end(-16, NOTHING)];
    let indices = run(dump_of([busy(), busy(), complete(&[1])]));
    assert_eq!(indices.expect("ends well"), [1]);
    let refused = vec![Reply::end(-16, &ext_ack("in use", 0))];
    let error = run(dump_of([refused, complete(&[1])]));
    assert!(matches!(error, Err(Error::Refused(_))), "{error:?}");
}

#[test]
fn an_operation_that_the_module_lacks_is_no_refusal() {
    let answer = vec![Reply::end(-95, NOTHING)];
    let error = run(async { handle([answer]).subdev().del(1).execute().await });
    assert!(
        matches!(error, Err(Error::NotSupported { .. })),
        "{error:?}"
    );
    let refused = vec![Reply::end(-95, &ext_ack("no such type", 0))];
    let error = run(async { handle([refused]).subdev().del(1).execute().await });
    assert!(matches!(error, Err(Error::Refused(_))), "{error:?}");
}

#[test]
fn a_request_may_be_given_a_time() {
    let limit = std::time::Duration::from_secs(3);
    let (error, time) = run(async {
        // The kernel takes the request and says nothing.
        let handle = handle([vec![]]);
        let start = Instant::now();
        let request = handle.subdev().del(1).within(limit);
        (request.execute().await, start.elapsed())
    });
    assert!(matches!(error, Err(Error::TimedOut { .. })), "{error:?}");
    assert_eq!(time, limit);
}

#[test]
fn a_later_word_counts_except_for_what_there_may_be_many_of() {
    run(async {
        let handle = handle([]);
        let request = handle
            .subdev()
            .add()
            .name("a")
            .wq(3)
            .name("b")
            .wq(4)
            .size(2);
        let wq = |id| SubdevAttr::Wq(vec![SubdevWqAttr::Id(id), SubdevWqAttr::Size(2)]);
        let expected = [wq(3), SubdevAttr::Name("b".into()), wq(4)];
        assert_eq!(request.0.attributes, expected);
    });
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let error = run(dump_of([]));
    assert!(matches!(error, Err(Error::Closed)), "{error:?}");
}

#[test]
fn without_the_module_it_says_how_to_load_it() {
    let error = run(async { dump(handle_without_family()).await }).expect_err("is absent");
    assert!(matches!(error, Error::FamilyAbsent), "{error:?}");
    assert!(error.to_string().contains("modprobe subdev"));
}

#[test]
fn a_lost_acknowledgement_ends_every_request_that_waits() {
    let errors = run(async {
        let handle = handle([vec![Reply::lost()], vec![]]);
        let one = handle.subdev().del(1).execute();
        let two = handle.subdev().add().parent("dsa0").wq(3).execute();
        futures::join!(two.map(Result::err), one.map(Result::err))
    });
    for error in [errors.0, errors.1] {
        let error = error.expect("fails");
        assert!(matches!(error, Error::Lost { .. }), "{error:?}");
        assert!(error.to_string().contains("unknown"), "{error}");
    }
}

#[test]
fn a_loss_before_a_request_does_not_concern_it() {
    let gone = run(async {
        let done = deleted();
        let handle = handle([vec![Reply::lost()], done]);
        let lost = handle.subdev().del(1).execute().await;
        assert!(matches!(lost, Err(Error::Lost { .. })), "{lost:?}");
        handle.subdev().del(2).execute().await
    });
    gone.expect("is deleted");
}

#[test]
fn an_answer_that_is_there_counts_although_others_were_lost() {
    let gone = run(async {
        let answer = [vec![Reply::lost()], deleted()].concat();
        let handle = handle([answer]);
        handle.subdev().del(1).execute().await
    });
    gone.expect("is deleted");
}

#[test]
fn the_connection_ends_with_the_last_handle() {
    run(async {
        let (driver, handle) = connect::<FakeKernel>().expect("makes a socket");
        let driver = tokio::task::spawn_local(driver);
        let clone = handle.clone();
        drop(handle);
        tokio::task::yield_now().await;
        assert!(!driver.is_finished());
        drop(clone);
        driver.await.expect("ends");
    });
}

#[test]
fn a_family_that_was_loaded_anew_is_found_again() {
    let (gone, asked) = run(async {
        let unknown = vec![Reply::end(-2, NOTHING)];
        let done = deleted;
        let handle = handle_reloaded([Some(0x21), Some(0x22)], [done(), unknown, done()]);
        handle.subdev().del(1).execute().await.expect("is deleted");
        (handle.subdev().del(2).execute().await, asked())
    });
    gone.expect("is deleted");
    assert_eq!(asked, [0x21, 0x21, 0x22]);
}

#[test]
fn a_family_that_went_away_is_absent_and_nothing_is_tried_for_ever() {
    for families in [vec![Some(0x21), None], vec![Some(0x21), Some(0x22)]] {
        let (error, asked) = run(async {
            let unknown = || vec![Reply::end(-2, NOTHING)];
            let handle = handle_reloaded(families.clone(), [unknown(), unknown()]);
            (handle.subdev().get(1).execute().await, asked())
        });
        assert!(matches!(error, Err(Error::FamilyAbsent)), "{error:?}");
        let there = families.iter().flatten().copied();
        assert_eq!(asked, there.collect::<Vec<_>>());
    }
}

#[test]
fn to_look_at_all_there_is_loads_no_module_that_was_unloaded() {
    for (families, times) in [([Some(0x21), None], 1), ([Some(0x21), Some(0x22)], 2)] {
        let (error, resolved) = run(async {
            let unknown = || vec![Reply::end(-2, NOTHING)];
            let handle = handle_reloaded(families, [unknown(), unknown()]);
            (handle.subdev().dump_stats().all().await, resolved())
        });
        assert!(matches!(error, Err(Error::FamilyAbsent)), "{error:?}");
        assert_eq!(resolved, times);
    }
}

#[test]
fn an_object_that_is_not_there_is_no_absent_family() {
    let (error, asked) = run(async {
        let answer = vec![Reply::end(-2, &ext_ack("no such subdev", 20))];
        let handle = handle_reloaded([Some(0x21), Some(0x22)], [answer]);
        (handle.subdev().get(1).execute().await, asked())
    });
    assert!(matches!(error, Err(Error::Refused(_))), "{error:?}");
    assert_eq!(asked, [0x21]);
}

/// A dump, and where in it a change interrupts, if one does: every message from there on says so.
fn answer() -> impl Strategy<Value = (Vec<u32>, Option<usize>)> {
    prop::collection::vec(any::<u32>(), 0..6).prop_flat_map(|indices| {
        let end = indices.len();
        // Mostly interrupted, so that the number of attempts matters.
        (Just(indices), prop::option::weighted(0.9, 0..=end))
    })
}

fn replies(indices: &[u32], from: Option<usize>) -> Vec<Reply> {
    let flag = |at| match from {
        Some(from) if at >= from => NLM_F_DUMP_INTR,
        _ => 0,
    };
    let parts = indices.iter().enumerate();
    parts
        .map(|(at, index)| part(flag(at), *index))
        .chain([Reply::done(0, flag(indices.len()), NOTHING)])
        .collect()
}

proptest! {
    #[test]
    fn a_dump_is_the_first_that_nothing_interrupts(
        answers in prop::collection::vec(answer(), 0..30),
    ) {
        let script: Vec<_> = answers.iter().map(|(all, from)| replies(all, *from)).collect();
        let result = run(async { dump(handle(script)).await });
        match answers.iter().find(|(_, from)| from.is_none()) {
            Some((indices, _)) => {
                prop_assert_eq!(&result.expect("one is whole"), indices);
            }
            // The script is at its end, and with it the connection.
            None => prop_assert!(matches!(result, Err(Error::Closed)), "{:?}", result),
        }
    }
}
