// SPDX-License-Identifier: GPL-2.0

//! What an engine does with what a tenant submits, on hardware and memory made of software.

mod batch;
mod bench;
mod fake;
mod turns;

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            AtomicFlag,
            Full,
            Relaxed, //
        },
        Arc, //
    },
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};

use self::bench::{
    Bench,
    Descriptor,
    DST,
    SRC, //
};
use super::super::{
    span::Span,
    unmaps::REST, //
};
use crate::{
    dsa_core::{
        desc::code::status,
        regs::swerr, //
    },
    ffi::{
        memory::kunit::Pins,
        workqueue, //
    }, //
};

/// Less than a descriptor that is held takes.
const BRIEF: Delta = Delta::from_millis(50);

/// Runs `run` beside the test; the returned flag is set when it has ended.
fn beside(run: impl FnOnce() + Send + 'static) -> Result<Arc<AtomicFlag>> {
    let ended = Arc::new(AtomicFlag::new(false), GFP_KERNEL)?;
    let flag = ended.clone();
    workqueue::engines()
        .ok_or(ENODEV)?
        .try_spawn(GFP_KERNEL, move || {
            run();
            flag.xchg(true, Full);
        })?;
    Ok(ended)
}

#[kunit_tests(subdev_engine)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_complete_each_with_its_record_and_interrupt() -> Result {
        let bench = Bench::new(4)?;
        for n in 0..4u32 {
            bench.submit(Descriptor::memmove(64 + n).record(n).interrupt());
        }
        for n in 0..4 {
            assert_eq!(bench.wait_for_record(n)?, status::SUCCESS);
            assert_eq!(bench.bytes(n)?, 64 + n);
            assert_eq!(bench.submitter.length(n as usize), Some(64 + n));
        }
        assert!(bench.eventually(|| bench.host.interrupts() == 4));
        // Both buffers and the records stay pinned, once for all four.
        assert_eq!((bench.memory.pinned(), bench.memory.calls()), (3, 3));
        assert_eq!(bench.counts(), (4, [4, 0, 0, 0]));
        let counts = bench.stats.counts();
        assert_eq!(counts.bytes, 64 + 65 + 66 + 67);
        assert_eq!(counts.hw_submitted, 4);
        assert_eq!(counts.interrupts, 4);
        assert_eq!((counts.pinned_pages, counts.pinned_pages_max), (3, 3));
        assert_eq!(bench.swerr(), None);
        Ok(())
    }

    #[test]
    fn as_many_are_in_flight_as_the_share_allows() -> Result {
        let bench = Bench::new(4)?;
        bench.submitter.hold();
        for n in 0..4 {
            bench.submit(Descriptor::memmove(64).record(n));
        }
        assert!(bench.eventually(|| bench.submitter.count() == 4));
        // The third ends first.
        bench.submitter.complete(2);
        assert_eq!(bench.wait_for_record(2)?, status::SUCCESS);
        assert_eq!(bench.record(0)?, 0);
        // And leaves its entry to another.
        bench.submit(Descriptor::memmove(64).record(4));
        assert!(bench.eventually(|| bench.submitter.count() == 5));
        assert_eq!(bench.swerr(), None);
        bench.submitter.release();
        for n in [0, 1, 3, 4] {
            assert_eq!(bench.wait_for_record(n)?, status::SUCCESS);
        }
        Ok(())
    }

    #[test]
    fn one_more_than_the_share_is_refused() -> Result {
        let bench = Bench::new(2)?;
        bench.submitter.hold();
        bench.submit(Descriptor::noop().record(0));
        bench.submit(Descriptor::noop().record(1));
        assert_eq!(bench.swerr(), None);
        bench.submit(Descriptor::noop().record(2));
        assert_eq!(bench.swerr(), Some(swerr::WQ_FULL));
        bench.submitter.release();
        assert_eq!(bench.wait_for_record(0)?, status::SUCCESS);
        assert_eq!(bench.wait_for_record(1)?, status::SUCCESS);
        assert_eq!(bench.record(2)?, 0);
        // Both have ended, so there are entries again.
        bench.submit(Descriptor::noop().record(3));
        assert_eq!(bench.wait_for_record(3)?, status::SUCCESS);
        // What was not taken was not submitted.
        assert_eq!(bench.counts(), (3, [3, 0, 0, 0]));
        assert_eq!(bench.stats.counts().wq_full, 1);
        Ok(())
    }

    #[test]
    fn an_abort_drops_what_waits_and_waits_for_what_is_in_flight() -> Result {
        let bench = Bench::new(4)?;
        bench.submitter.hold();
        bench.submit(Descriptor::memmove(64).record(0));
        bench.submit(Descriptor::memmove(64).record(1));
        assert!(bench.eventually(|| bench.submitter.count() == 2));
        // Here, as the one beside the test may begin late.
        assert!(!bench.engine.abort_within(1, BRIEF));
        let engine = bench.engine.clone();
        let ended = beside(move || engine.abort(1))?;
        bench.pause();
        assert!(!ended.load(Relaxed));
        bench.submitter.release();
        assert!(bench.eventually(|| ended.load(Relaxed)));
        assert_eq!((bench.record(0)?, bench.record(1)?), (0, 0));
        // An abort disables nothing.
        bench.submit(Descriptor::noop().record(2));
        assert_eq!(bench.wait_for_record(2)?, status::SUCCESS);
        assert_eq!(bench.counts(), (3, [1, 0, 0, 2]));
        Ok(())
    }

    #[test]
    fn a_drain_and_an_abort_with_a_limit_say_whether_all_has_ended() -> Result {
        let bench = Bench::new(4)?;
        assert!(bench.engine.drain_within(1, BRIEF));
        assert!(bench.engine.abort_within(1, BRIEF));
        bench.submitter.hold();
        bench.submit(Descriptor::memmove(64).record(0));
        bench.submit(Descriptor::memmove(64).record(1));
        assert!(bench.eventually(|| bench.submitter.count() == 2));
        assert!(!bench.engine.drain_within(1, BRIEF));
        // Another virtual WQ has nothing in flight.
        assert!(bench.engine.drain_within(2, BRIEF));
        assert!(!bench.engine.abort_within(1, BRIEF));
        bench.submitter.release();
        bench.engine.abort(1);
        assert_eq!(bench.record(1)?, 0);
        bench.submit(Descriptor::noop().record(2));
        assert!(bench.engine.drain_within(1, Delta::from_secs(20)));
        assert_eq!(bench.record(2)?, status::SUCCESS);
        Ok(())
    }

    #[test]
    fn what_is_killed_submits_nothing_any_more() -> Result {
        let bench = Bench::new(4)?;
        bench.submitter.hold();
        bench.submit(Descriptor::memmove(64).record(0));
        bench.submit(Descriptor::noop().record(1));
        assert!(bench.eventually(|| bench.submitter.count() == 2));
        // Does not wait.
        bench.engine.kill();
        let engine = bench.engine.clone();
        let ended = beside(move || engine.quiesce())?;
        bench.pause();
        assert!(!ended.load(Relaxed));
        bench.submitter.release();
        assert!(bench.eventually(|| ended.load(Relaxed)));
        bench.submit(Descriptor::noop().record(2));
        assert_eq!(bench.swerr(), Some(swerr::WQ_NOT_ENABLED));
        bench.pause();
        assert_eq!(bench.submitter.count(), 2);
        assert_eq!((bench.record(0)?, bench.record(1)?), (0, 0));
        assert!(bench.eventually(|| bench.counts() == (3, [0, 0, 1, 2])));
        assert_eq!(bench.stats.counts().in_flight(), 0);
        Ok(())
    }

    #[test]
    fn what_was_checked_before_a_reset_is_not_accepted_after_it() -> Result {
        let bench = Bench::new(4)?;
        // As whoever resets does, between a check and the acceptance that follows it.
        bench.engine.set_epochs([1]);
        bench.submit(Descriptor::noop().record(0));
        assert_eq!(bench.swerr(), Some(swerr::WQ_NOT_ENABLED));
        bench.pause();
        assert_eq!(bench.submitter.count(), 0);
        // One that is behind changes nothing.
        bench.engine.set_epochs([0]);
        bench.submit(Descriptor::noop().record(0));
        bench.pause();
        assert_eq!(bench.submitter.count(), 0);
        Ok(())
    }

    #[test]
    fn a_noop_fails_when_the_hardware_is_lost() -> Result {
        let bench = Bench::new(4)?;
        bench.submitter.hold();
        bench.submit(Descriptor::noop().record(0));
        assert!(bench.eventually(|| bench.submitter.count() == 1));
        bench.submitter.lose();
        assert_eq!(bench.wait_for_record(0)?, status::HARDWARE);
        bench.submit(Descriptor::noop().record(1));
        assert_eq!(bench.wait_for_record(1)?, status::HARDWARE);
        assert!(bench.engine.is_lost());
        Ok(())
    }

    #[test]
    fn a_revoked_interrupt_handle_has_a_piece_submitted_again() -> Result {
        let bench = Bench::new(4)?;
        bench.submitter.revoke_handle();
        bench.submit(Descriptor::memmove(64).record(0));
        assert_eq!(bench.wait_for_record(0)?, status::SUCCESS);
        assert_eq!(bench.submitter.count(), 2);
        assert_eq!(bench.counts(), (1, [1, 0, 0, 0]));
        assert_eq!(bench.stats.counts().hw_submitted, 2);
        Ok(())
    }

    #[test]
    fn a_limit_of_pinned_memory_is_met_once_and_then_left_alone() -> Result {
        let bench = Bench::new(4)?;
        bench.memory.set_pins(Pins::Limited);
        bench.submit(Descriptor::memmove(64).record(0));
        assert_eq!(bench.wait_for_record(0)?, status::HARDWARE);
        assert_eq!(bench.memory.calls(), 1);
        bench.submit(Descriptor::memmove(64).record(1));
        assert_eq!(bench.wait_for_record(1)?, status::HARDWARE);
        assert_eq!(bench.memory.calls(), 1);
        assert_eq!(bench.stats.counts().pin_limited, 2);
        // What pins nothing goes on.
        bench.submit(Descriptor::noop().record(2));
        assert_eq!(bench.wait_for_record(2)?, status::SUCCESS);
        Ok(())
    }

    #[test]
    fn a_page_that_is_not_there_is_a_fault_at_its_place() -> Result {
        let bench = Bench::new(4)?;
        // From the middle of the last page but one to two pages behind the end.
        bench.submit(Descriptor::fill(bench::END - 6144, 4 * 4096).record(0));
        let fault = status::PAGE_FAULT | status::WRITE;
        assert_eq!(bench.wait_for_record(0)?, fault);
        assert_eq!(bench.bytes(0)?, 6144);
        // What was not pinned as a whole does not stay: the rest may come. The record's page does.
        assert!(bench.eventually(|| bench.memory.pinned() == 1));
        assert_eq!(bench.counts(), (1, [0, 1, 0, 0]));
        let counts = bench.stats.counts();
        assert_eq!((counts.bytes, counts.faults), (6144, 1));
        let codes = bench.stats.codes();
        assert!(codes.eq([(u32::from(status::PAGE_FAULT), 1)]));
        Ok(())
    }

    #[test]
    fn what_is_invalid_is_complete_when_the_submission_returns() -> Result {
        let bench = Bench::new(4)?;
        bench.submitter.hold();
        bench.submit(Descriptor::noop().record(0));
        assert!(bench.eventually(|| bench.submitter.count() == 1));
        // The engine's thread is busy, and not needed.
        bench.submit(Descriptor::unknown().record(1));
        assert_eq!(bench.record(1)?, status::OPCODE);
        assert_eq!(bench.record(0)?, 0);
        assert_eq!(bench.counts(), (2, [0, 0, 1, 0]));
        assert_eq!(bench.stats.counts().in_flight(), 1);
        assert!(bench.stats.codes().eq([(u32::from(status::OPCODE), 1)]));
        Ok(())
    }

    #[test]
    fn unmapping_waits_for_what_the_hardware_has() -> Result {
        let bench = Bench::new(4)?;
        bench.submitter.hold();
        bench.submit(Descriptor::memmove(64).record(0));
        assert!(bench.eventually(|| bench.submitter.count() == 1));
        let engine = bench.engine.clone();
        let span = Span { iova: DST, len: 1 };
        let ended = beside(move || engine.unmap(span))?;
        // Memory that is not pinned is not waited for.
        let elsewhere = bench::END;
        bench.engine.unmap(Span {
            iova: elsewhere,
            len: 4096,
        });
        bench.pause();
        assert!(!ended.load(Relaxed));
        bench.submitter.release();
        assert!(bench.eventually(|| ended.load(Relaxed)));
        // The source stays, and the record comes.
        assert!(bench.eventually(|| bench.memory.pinned() == 2));
        Ok(())
    }

    #[test]
    fn unmapping_takes_what_is_pinned_and_not_in_use() -> Result {
        let bench = Bench::new(4)?;
        bench.submit(Descriptor::memmove(64).record(0));
        assert_eq!(bench.wait_for_record(0)?, status::SUCCESS);
        assert_eq!(bench.memory.pinned(), 3);
        let engine = bench.engine.clone();
        let everything = Span {
            iova: 0,
            len: u64::MAX,
        };
        let ended = beside(move || engine.unmap(everything))?;
        assert!(bench.eventually(|| ended.load(Relaxed)));
        assert_eq!(bench.memory.pinned(), 0);
        Ok(())
    }

    #[test]
    fn closing_leaves_nothing_pinned() -> Result {
        let bench = Bench::new(4)?;
        bench.submit(Descriptor::memmove(64).record(0));
        assert_eq!(bench.wait_for_record(0)?, status::SUCCESS);
        let memory = bench.memory.clone();
        assert_eq!(memory.pinned(), 3);
        drop(bench);
        assert_eq!(memory.pinned(), 0);
        Ok(())
    }

    #[test]
    fn unmapping_does_not_wait_for_ever_for_a_thread_that_cannot_pin() -> Result {
        let bench = Bench::new(4)?;
        bench.memory.set_pins(Pins::Held);
        bench.submit(Descriptor::memmove(64).record(0));
        assert!(bench.eventually(|| bench.memory.calls() == 1));
        let since = Instant::<Monotonic>::now();
        // Returns, or this test does not.
        bench.engine.unmap(Span { iova: SRC, len: 1 });
        bench.memory.set_pins(Pins::Granted);
        // What was just pinned is unpinned before anything else.
        assert!(bench.eventually(|| bench.memory.pinned() == 0));
        // On a machine that is slow, the memory is left alone no longer when the call returns.
        let count = bench.submitter.count();
        assert!(count == 0 || since.elapsed() >= REST);
        // And pinned again when the memory is left alone no longer.
        assert_eq!(bench.wait_for_record(0)?, status::SUCCESS);
        Ok(())
    }
}
